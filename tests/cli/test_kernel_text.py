# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review check` and `replay` with --tree, --rev and --patch, as a user runs them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from pte_review.models.kernel_tree.tree import open_tree
from tests.cli.conftest import Run
from tests.kit.build import page
from tests.kit.changes import NOTHING, SMEAR, before_set
from tests.kit.golden import assert_golden
from tests.kit.kernel_text import FEW, PAIR, make_patch, make_tree, snapshot
from tests.kit.little_tree import MREMAP, commit, git
from tests.kit.trees import diff, linux

X86 = ("--arch", "x86_64", *FEW)
FIXED = {"FPB_RESPECT_WRITE);": "FPB_RESPECT_WRITE | 0);"}


@pytest.fixture(autouse=True)
def tree(folder: Path) -> Path:
    return make_tree()


def timeless(text: str) -> str:
    return re.sub(r"in [\d.]+ s,\s", "in 1.0 s, ", text)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_patch_that_changes_nothing_that_matters(cli: Run, tree: Path):
    before = snapshot(tree)
    make_patch("fix.patch", NOTHING)
    done = cli("check", *PAIR, "--tree", "batching", "--patch", "fix.patch", *FEW)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(
        "tree: mm/mremap.c of batching\ntree+patch: mm/mremap.c of batching with fix.patch\n"
        "tree -> tree+patch: no difference found\n"
    )
    assert "again:" not in done.out
    assert snapshot(tree) == before


def test_a_patch_beside_the_function_is_said(cli: Run):
    make_patch("beside.patch", {"#include <asm/tlb.h>": "#include <asm/tlb.h>\n\nstatic int nobody_asks;"})
    done = cli("check", *PAIR, "--tree", "batching", "--patch", "beside.patch", *FEW)
    assert (done.status, done.err) == (0, "")
    assert "\nthe patches change nothing of move_ptes() and what it uses\n" in done.out
    make_patch("fix.patch", NOTHING)
    assert "change nothing" not in cli("check", *PAIR, "--tree", "batching", "--patch", "fix.patch", *FEW).out


def test_a_bug_is_shown(cli: Run):
    make_patch("smear.patch", SMEAR)
    done = cli("check", *PAIR, "--tree", "batching", "--patch", "smear.patch", *X86)
    assert (done.status, done.err) == (1, "")
    shown, again, command = timeless(done.out).partition("again: ")
    assert_golden("kernel-text", shown)
    assert (again, command.split()[:2]) == ("again: ", ["pte-review", "check"])  # test_again() has the rest


def test_json_save_and_replay(cli: Run):
    make_patch("smear.patch", SMEAR)
    make_patch("fixed.patch", FIXED)
    text = ("--tree", "batching", "--patch", "smear.patch")
    done = cli("check", *PAIR, *text, *X86, "--json", "v.json", "--save", "saved")
    data = json.loads(Path("v.json").read_text())
    assert (data["base"], data["candidate"], data["verdict"]) == (*PAIR, "diverges")
    assert {one["kind"] for one in data["divergences"]} == {"write-gained", "write-lost", "page-table-check"}
    lines = [line for line in done.out.splitlines() if line.startswith("saved ")]
    assert len(lines) == len(data["divergences"])
    for line in lines:
        again = shlex.split(line.partition("again: ")[2].partition("; as a test")[0])
        assert again[:2] == ["pte-review", "replay"]
        assert again[3:] == list(text)
        done = cli(*again[1:])
        assert (done.status, done.err) == (1, "")
        assert f"{again[2]}: STILL DIVERGES: " in done.out
        assert "tree+patch" in done.out
        done = cli("replay", again[2], "--tree", "batching", "--patch", "fixed.patch")
        assert (done.status, done.out) == (0, f"{again[2]}: FIXED: tree and tree+patch do not diverge on it\n")
        done = cli("replay", again[2], "--tree", "batching", "--candidate", "tree")
        assert (done.status, done.err) == (0, "")


def test_a_counterexample_as_a_test(cli: Run, monkeypatch: pytest.MonkeyPatch):
    """The test that --snippet prints runs in the folder where it was printed."""
    make_patch("smear.patch", SMEAR)
    text = ("--tree", "batching", "--patch", "smear.patch")
    cli("check", *PAIR, *text, *X86, "--save", "saved")
    path = next(map(str, Path("saved").iterdir()))
    done = cli("replay", "--snippet", path, *text)
    assert (done.status, done.err) == (0, "")
    namespace: dict[str, object] = {}
    exec(compile(done.out, "snippet", "exec"), namespace)
    (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
    with pytest.raises(AssertionError, match="tree\\+patch"):
        test()  # type: ignore[operator]
    assert cli("replay", "--snippet", path).status == 2


def test_again(cli: Run, tree: Path):
    """The line repeats everything, and works."""
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    git(tree, "tag", "v9.1")
    Path("my patches").mkdir()
    make_patch("my patches/smear.patch", SMEAR)
    text = ("--tree", "batching", "--rev", "v9.1", "--patch", "my patches/smear.patch")
    (tree / "mm" / "mremap.c").unlink()  # the revision counts, not what is checked out
    done = cli("check", *PAIR, *text, *X86, "--seed", "3")
    assert done.status == 1
    assert "tree: mm/mremap.c of batching@v9.1\n" in done.out
    assert "tree+patch: mm/mremap.c of batching@v9.1 with smear.patch\n" in done.out
    (line,) = [line for line in done.out.splitlines() if line.startswith("again: ")]
    again = shlex.split(line.removeprefix("again: "))
    assert again[:4] == ["pte-review", "check", *PAIR]
    assert again[-6:] == list(text)
    repeated = cli(*again[1:])
    assert (repeated.status, timeless(repeated.out)) == (1, timeless(done.out))
    assert git(tree, "status", "--porcelain") == " D mm/mremap.c\n"


def test_two_patches(cli: Run):
    make_patch("one.patch", NOTHING)
    make_patch("two.patch", SMEAR)
    patches = ("--patch", "one.patch", "--patch", "two.patch")
    done = cli("check", *PAIR, "--tree", "batching", *patches, *X86)
    assert done.status == 1
    assert "tree+patch: mm/mremap.c of batching with one.patch, two.patch\n" in done.out
    assert flat(done.out).endswith("--tree batching --patch one.patch --patch two.patch")


@pytest.mark.parametrize("base", ["v4_fixed", "pre_patch"])
def test_a_port_against_a_tree(cli: Run, base: str):
    done = cli("check", base, "tree", "--tree", "batching", *FEW)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"tree: mm/mremap.c of batching\n{base} -> tree: no difference found")


def test_a_crash_is_a_divergence_and_the_review_goes_on(cli: Run):
    make_patch("crash.patch", {**SMEAR, **before_set("if (!pte_young(pte)) dst = NULL, *dst = pte;")})
    done = cli(
        "check",
        *PAIR,
        "--tree",
        "batching",
        "--patch",
        "crash.patch",
        "--arch",
        "x86_64",
        "--max-examples",
        "100",
        "--json",
        "v.json",
    )
    assert (done.status, done.err) == (1, "")
    assert "crash (high)" in done.out
    assert "SIGSEGV, at or after mm/mremap.c:" in flat(done.out)
    data = json.loads(Path("v.json").read_text())
    assert data["examples"] == 100
    assert {"crash", "write-gained"} <= {one["kind"] for one in data["divergences"]}


ASSIGNS = "\t\tpte = get_and_clear_full_ptes(mm, from, src, nr, 0);\n"
SOMETIMES = f"\t\tif (!pte_present(seen))\n\t\t\tpte_clear(mm, from, src);\n\t\telse\n\t{ASSIGNS}"


def test_an_unassigned_and_a_stale_read(cli: Run):
    """Where an earlier pass has left something in the local, it only looks assigned."""
    make_patch("unassigned.patch", {ASSIGNS: SOMETIMES})
    text = ("--tree", "batching", "--patch", "unassigned.patch")
    done = cli("check", *PAIR, *text, *X86, "--save", "saved")
    assert (done.status, done.err) == (1, "")
    assert "unassigned-read (high)" in done.out
    assert "tree+patch reads `pte` before it is assigned (mm/mremap.c:" in flat(done.out)
    assert "earlier pass" not in done.out
    path = next(Path("saved").glob("*unassigned-read*.json"))
    data = json.loads(path.read_text())
    scenario = data["divergence"]["scenario"]
    ((index, marker),) = scenario["tables"][0]["entries"]
    scenario["tables"][0]["entries"] = [[index, page("x86_64", 0x900)], [index + 1, marker]]
    for where in scenario["ranges"]:
        where["nr"] = 2
    path.write_text(json.dumps(data))
    done = cli("replay", str(path), *text)
    assert (done.status, done.err) == (1, "")
    assert "which holds what an earlier pass left" in flat(done.out)


# A real tree.


def test_linux_against_its_port(cli: Run):
    done = cli("check", "pre_patch", "tree", "--tree", str(linux()), *FEW)
    assert (done.status, done.err) == (0, "")
    assert "pre_patch -> tree: no difference found" in done.out


def test_linux_with_a_bug(cli: Run):
    kernel = open_tree(linux(), MREMAP)
    found = re.search(r"\n\s*set_pte_at\(.*, pte\);\n", str(kernel.read("mm/mremap.c")))
    assert found is not None
    Path("bug.patch").write_text(diff({found[0]: found[0].replace(", pte)", ", pte_wrprotect(pte))")}, tree=kernel))
    done = cli("check", *PAIR, "--tree", str(linux()), "--patch", "bug.patch", *X86)
    assert (done.status, done.err) == (1, "")
    assert "write-lost (medium)" in done.out
