# SPDX-License-Identifier: GPL-2.0-only
"""What can be wrong with a kernel tree or the machine: exit status 2, one message, and nothing left behind."""

import os
import re
import shutil
from pathlib import Path

import pytest

from pte_review.models.native import cache
from tests.cli.conftest import Run
from tests.kit.changes import SMEAR, before_set
from tests.kit.kernel_text import PAIR, change, make_patch, one_line, process
from tests.kit.little_tree import commit, git
from tests.kit.trees import ROOT, linux

pytestmark = pytest.mark.usefixtures("kernel")
CHECK = ("check", *PAIR, "--tree", "batching", "--max-examples", "5")
FIX = ("--patch", "fix.patch")


# The call.


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("check tree tree+patch --patch fix.patch", "'tree' is the text of a kernel tree: give --tree"),
        ("check tree tree+patch --tree batching", "'tree+patch' is a kernel tree with patches: give --patch"),
        ("check pre_patch tree --tree batching --patch fix.patch", "--patch is unused: name 'tree+patch' as BASE"),
        ("check pre_patch v4 --tree batching", "--tree is unused: name 'tree' or 'tree+patch'"),
        ("check pre_patch v4 --rev v6.12", "--rev needs --tree, a git repository of the kernel"),
        ("check pre_patch tree --tree nowhere", "nowhere: no such folder: expected an unpacked kernel tree"),
        ("check pre_patch tree --tree fix.patch", "fix.patch: is a file: expected the folder of a kernel tree"),
        ("check pre_patch tree --tree temporary", "temporary: not a kernel tree: it has no mm/mremap.c"),
        ("check pre_patch tree --tree batching/mm", "batching/mm: not a kernel tree: it has no mm/mremap.c; try "),
        ("check pre_patch tree --tree batching --rev v1", "batching: --rev v1 needs a git repository, "),
        ("check tree tree+patch --tree batching --patch no.patch", "no.patch: no such file: expected the output"),
        ("check tree tree+patch --tree batching --patch batching", "batching: is a folder: expected the output"),
        ("exhaust tree tree+patch --tree batching", "'tree+patch' is a kernel tree with patches: give --patch"),
        ("exhaust pre_patch v4 --tree batching", "--tree is unused: name 'tree' or 'tree+patch'"),
    ],
)  # fmt: skip
def test_a_wrong_call(refused: Run, arguments: str, says: str):
    assert one_line(refused(*arguments.split())).startswith(says)


def test_a_revision_that_is_not_there(refused: Run):
    git(Path("batching"), "init", "-q", "-b", "main")
    commit(Path("batching"), "first")
    git(Path("batching"), "tag", "v6.12")
    assert "no revision 'v6.13': did you mean v6.12?" in one_line(refused(*CHECK, *FIX, "--rev", "v6.13"))


# The tree.


def test_a_tree_without_the_function(refused: Run):
    change("mm/mremap.c", "move_ptes(", "move_entries(")
    says = "batching: mm/mremap.c defines no move_ptes()"
    assert one_line(refused("check", "pre_patch", "tree", "--tree", "batching")) == says


def test_a_parameter_that_cannot_be_bound(refused: Run):
    change("mm/mremap.c", "unsigned long extent, pmd_t", "unsigned long extent, struct zap_details *how, pmd_t")
    says = one_line(refused("check", "pre_patch", "tree", "--tree", "batching"))
    assert "move_ptes() has a parameter that cannot be bound, 'struct zap_details *how': expected one of vma," in says


@pytest.mark.parametrize("command", ["check", "exhaust"])
def test_c_that_does_not_compile(refused: Run, command: str):
    make_patch("broken.patch", before_set("nr = = 1;"))
    done = refused(command, *PAIR, "--tree", "batching", "--patch", "broken.patch")
    first, second = done.err.splitlines()
    line = Path("batching/mm/mremap.c").read_text().partition("\t\t\tset_ptes(")[0].count("\n") + 1
    assert first == "pte-review: batching: does not compile:"
    assert second.startswith(f"mm/mremap.c:{line}:")
    assert "expected expression before '=' token" in second


@pytest.mark.parametrize("command", ["check", "exhaust"])
def test_names_that_are_missing(refused: Run, command: str):
    make_patch("missing.patch", before_set("nr = new_helper(pte, NEW_FLAG);"))
    done = refused(command, *PAIR, "--tree", "batching", "--patch", "missing.patch", how=process)
    first, *names, lacks = done.err.splitlines()
    assert first == "pte-review: batching: 2 names are missing: neither the tree nor pte-review has them"
    assert lacks.startswith("not in the tree: arch/x86/include/asm/page_types.h, ")
    assert [name.rpartition(" ")[2] for name in names] == ["new_helper", "NEW_FLAG"]
    assert all(name.startswith("mm/mremap.c:1") for name in names)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mm/internal.h", "folio_pte_batch_flags"),
        ("include/linux/leafops.h", "pte_is_uffd_wp_marker"),
        ("arch/x86/include/asm/pgtable_types.h", "_PAGE_RW"),
    ],
)
def test_a_partial_checkout(refused: Run, folder: Path, path: str, name: str):
    shutil.copytree(
        linux("7.2"), folder / "partial", ignore=lambda at, names: [n for n in names if f"{at}/{n}".endswith(path)]
    )
    done = refused("check", "pre_patch", "tree", "--tree", "partial", "--arch", "x86_64")
    assert any(line.endswith(f": {name}") for line in done.err.splitlines())
    assert done.err.splitlines()[-1] == f"not in the tree: {path}; is it a partial checkout, or an older kernel?"


def test_a_replay_of_what_does_not_compile(refused: Run, cli: Run):
    make_patch("smear.patch", SMEAR)
    cli(*CHECK[:-1], "40", "--arch", "x86_64", "--patch", "smear.patch", "--save", "saved")
    path = next(map(str, Path("saved").iterdir()))
    make_patch("missing.patch", before_set("nr = new_helper(pte);"))
    done = refused("replay", path, "--tree", "batching", "--patch", "missing.patch")
    assert done.err.splitlines()[1].endswith(": new_helper")
    assert "give --tree" in one_line(refused("replay", path))
    assert "give --patch" in one_line(refused("replay", path, "--tree", "batching"))


# The machine.


@pytest.mark.parametrize("command", ["check", "exhaust"])
def test_no_compiler(refused: Run, monkeypatch: pytest.MonkeyPatch, command: str, folder: Path):
    call = (command, *PAIR, "--tree", "batching", *FIX)
    monkeypatch.setenv("CC", "/nonexistent")
    assert one_line(refused(*call)).startswith("CC=/nonexistent: no such compiler")
    monkeypatch.delenv("CC")
    (folder / "bin").mkdir()
    for directory in os.environ["PATH"].split(os.pathsep):
        if (git_itself := Path(directory, "git")).exists():
            (folder / "bin" / "git").symlink_to(git_itself)
            break
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert one_line(refused(*call)).startswith("no C compiler: kernel text is compiled by cc, gcc or clang")


@pytest.mark.parametrize("command", ["check --max-examples 40", "exhaust --entries 1"])
def test_a_cache_that_cannot_be_written(cli: Run, monkeypatch: pytest.MonkeyPatch, command: str):
    cache._usable.cache_clear()  # it is said once in a process
    monkeypatch.setenv("PTE_REVIEW_CACHE", "/proc/x")
    done = cli(*command.split(), *PAIR, "--tree", "batching", *FIX)
    assert done.status == 0
    assert re.fullmatch(
        r"pte-review: /proc/x: cannot be written \(.+\); \S+ is used instead, until the end\n", done.err
    )


@pytest.mark.parametrize(
    ("module", "call", "says"),
    [
        ("tree_sitter", "check", "kernel text needs the package tree_sitter: pip install 'pte-review[tree]'"),
        ("tree_sitter_c", "check", "kernel text needs the package tree_sitter_c: pip install 'pte-review[tree]'"),
        ("cffi", "exhaust", "kernel text needs the package cffi: pip install 'pte-review[tree]'"),
        ("distributed", "exhaust --dask local", "--dask needs Dask: python -m pip install 'pte-review[dask]'"),
    ],
)
def test_a_package_that_is_missing(
    refused: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, call: str, says: str
):
    (folder / "fake").mkdir()
    (folder / "fake" / "sitecustomize.py").write_text(f"import sys\n\nsys.modules[{module!r}] = None\n")
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'fake'}{os.pathsep}{ROOT}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    command, *options = call.split()
    assert one_line(refused(command, *PAIR, "--tree", "batching", *FIX, *options, how=process)) == says
