# SPDX-License-Identifier: GPL-2.0-only
"""--json and --save never touch a file that the call reads, by whatever name: exit status 2, before the work."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review import models
from pte_review.models.move_ptes import v4
from tests.cli.conftest import Run
from tests.kit.kernel_text import PAIR

HERE = ("--tree", "batching", "--patch", "fix.patch")
FEW = ("--max-examples", "1", "--arch", "x86_64")


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("command", ["check", "exhaust"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("batching/mm/mremap.c", "that is in the tree batching, which is never written to"),
        ("batching/v.json", "that is in the tree batching, which is never written to"),
        ("link-to-file", "that is in the tree batching, which is never written to"),
        ("hard-link", "that is in the tree batching, which is never written to"),
        ("link-to-tree/v.json", "that is in the tree batching, which is never written to"),
        ("fix.patch", "the call reads fix.patch"),
        ("hard-link-to-patch", "the call reads fix.patch"),
    ],
)
def test_json_in_the_tree_or_over_the_patch(refused: Run, command: str, name: str, says: str):
    Path("link-to-file").symlink_to("batching/mm/mremap.c")
    Path("link-to-tree").symlink_to("batching")
    os.link("batching/mm/mremap.c", "hard-link")
    os.link("fix.patch", "hard-link-to-patch")
    done = refused(command, *PAIR, *HERE, "--json", name)
    assert done.err == f"pte-review: --json {name}: {says}\n"


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("command", ["check", "exhaust"])
@pytest.mark.parametrize("name", ["batching", "batching/mm", "batching/found", "link-to-tree/found"])
def test_save_in_the_tree(refused: Run, command: str, name: str):
    Path("link-to-tree").symlink_to("batching")
    done = refused(command, *PAIR, *HERE, "--save", name)
    assert done.err == f"pte-review: --save {name}: that is in batching, which is never written to\n"


@pytest.mark.parametrize("command", ["check", "exhaust"])
@pytest.mark.parametrize("name", ["port.py", "link", "hard-link"])
def test_json_over_a_version(refused: Run, port: Callable[[str], str], command: str, name: str):
    port("return 0")
    Path("link").symlink_to("port.py")
    os.link("port.py", "hard-link")
    for pair in (("pre_patch", "port.py"), ("port.py", "pre_patch")):
        assert refused(command, *pair, "--json", name).err.startswith(f"pte-review: --json {name}: the call reads ")


def test_json_over_what_a_version_imports(refused: Run, process: Run, port: Callable[[str], str]):
    Path("my_helper.py").write_text(Path(v4.__file__).read_text())
    port("from my_helper import move_ptes\n")
    done = refused("check", "v4", "port.py", "--json", "my_helper.py", how=process)
    assert done.err == f"pte-review: --json my_helper.py: the call reads {Path('my_helper.py').resolve()}\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [("models/move_ptes/v4.py", "the call reads "), ("harness/new.json", "that is in the source of pte-review")],
)
def test_json_in_our_own_source(refused: Run, name: str, says: str):
    path = Path(models.__file__).parents[1] / name
    before = path.read_bytes() if path.exists() else None
    assert f": {says}" in refused("check", "pre_patch", "v4", "--json", str(path)).err
    assert (path.read_bytes() if path.exists() else None) == before


NAME = "pre_patch-port.py-x86_64-crash.json"


@pytest.mark.parametrize("how", ["symbolic", "hard"])
def test_a_counterexample_over_a_version(refused: Run, port: Callable[[str], str], how: str):
    port("raise ValueError\n")
    Path("found").mkdir()
    (Path("found") / NAME).symlink_to("../port.py") if how == "symbolic" else os.link("port.py", f"found/{NAME}")
    done = refused("check", "pre_patch", "port.py", *FEW, "--save", "found")
    assert f"--save found: a counterexample may overwrite {NAME}: the call reads port.py" in done.err


def test_json_and_a_counterexample_of_one_name(refused: Run, port: Callable[[str], str]):
    port("raise ValueError\n")
    done = refused("check", "pre_patch", "port.py", *FEW, "--save", "found", "--json", f"found/{NAME}")
    assert "--json found/" in done.err
    Path("found").mkdir()
    done = refused("check", "pre_patch", "port.py", *FEW, "--save", "found", "--json", f"found/{NAME}")
    assert "a counterexample of --save found may get that name" in done.err


def test_save_where_no_folder_can_be(refused: Run):
    Path("taken").write_text("mine")
    refused("check", "pre_patch", "v4", *FEW, "--save", "taken/found")


def test_files_that_are_not_read_are_written(cli: Run, port: Callable[[str], str]):
    """An older counterexample of the pair is replaced, the folder may hold anything else, also the candidate."""
    port("raise ValueError\n")
    assert cli("check", "pre_patch", "port.py", *FEW, "--save", ".", "--json", "v.json").status == 1
    before = Path(NAME).read_text()
    assert cli("check", "pre_patch", "port.py", *FEW, "--save", ".", "--json", "v.json").status == 1
    assert Path(NAME).read_text() == before


def test_merging_shards(cli: Run, refused: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("port.py").write_text(Path(v4.__file__).read_text())
    assert cli("exhaust", "v4", "port.py", "--entries", "1", "--arch", "x86_64", "--json", "whole.json").status == 0
    for name in ("whole.json", "port.py"):
        assert f"--json {name}: the call reads " in refused("exhaust", "--merge", "whole.json", "--json", name).err


def test_the_progress_of_an_interrupted_run(cli: Run, refused: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shard = ("exhaust", "pre_patch", "v4_fixed", "--entries", "1", "--shard", "2/4")
    cli(*shard)
    (state,) = (tmp_path / "cache" / "pte-review").iterdir()
    assert "the call reads" in refused(*shard, "--json", str(state)).err
    assert "the call reads" in refused(*shard, "--restart", "--json", str(state)).err


def test_cost(cli: Run, refused: Run):
    Path("port.py").write_text(Path(v4.__file__).read_text())
    cost = ("cost", "--workload", "order-0", "--arch", "x86_64")
    assert cli(*cost, "pre_patch", "port.py", "--json", "old.json").status == 0
    os.link("old.json", "hard-link")
    for name in ("port.py", "old.json", "hard-link"):
        done = refused(*cost, "port.py", "--baseline", "old.json", "--json", name)
        assert f"--json {name}: the call reads " in done.err
