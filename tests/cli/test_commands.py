# SPDX-License-Identifier: GPL-2.0-only
"""Each command once, as a process: exit status, what is printed, what is written."""

import json
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.models.move_ptes import pre_patch, v4
from tests.cli.conftest import Run
from tests.kit.moves import names, scenario_from_json

RECORDED = Path(__file__).parents[1] / "data" / "recorded"
FEW = ("--max-examples", "60")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".hypothesis")


def test_nothing_is_left_behind(process: Run, folder: Path):
    process("check", "v4", "v4", *FEW)
    assert list(folder.iterdir()) == []


def test_no_difference(process: Run, folder: Path):
    done = process("check", "v4", "refactor_intended", *FEW)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("v4 -> refactor_intended: no difference found\n")
    assert "120 scenarios in " in done.out
    assert "seed 0" in done.out
    assert "shared by both versions, scenarios: " in done.out
    assert files(folder) == []


def test_a_fix_exits_0_and_the_way_back_exits_1(cli: Run, folder: Path):
    few = ("--max-examples", "60", "--json", "v.json")
    fix = cli("check", "v4", "v4_fixed", *few, "--save", "found")
    assert (fix.status, fix.err) == (0, "")
    assert " ".join(fix.out.split()).startswith("v4 -> v4_fixed: FIXES write-gained, ")
    assert "; nothing new legal tables" in " ".join(fix.out.split())
    assert "\nwrite-gained (critical), BASE only\n" in fix.out
    data = json.loads((folder / "v.json").read_text())
    assert data["verdict"] == "fixes"
    assert {"write-gained", "write-lost"} <= set(data["fixed"])
    assert cli("check", "v4_fixed", "v4", *few).status == 1
    assert json.loads((folder / "v.json").read_text())["verdict"] == "diverges"
    paths = sorted(map(str, (folder / "found").iterdir()))
    for path in paths:
        again = cli("replay", path)
        assert again.status == 0
        assert f"{path}: FIXED: only v4 shows " in again.out
        assert ", v4_fixed adds nothing\n" in again.out
    back = cli("replay", *paths, "--base", "v4_fixed", "--candidate", "v4")
    assert (back.status, back.out.count("STILL DIVERGES")) == (1, len(paths))


def test_diverges(process: Run, folder: Path):
    done = process("check", "pre_patch", "v4", *FEW, "--arch", "x86_64", "--seed", "3")
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith("pre_patch -> v4: DIVERGES\n")
    assert "60 scenarios in " in done.out
    assert "seed 3" in done.out
    assert "write-gained (critical)" in done.out
    assert "write-lost (medium)" in done.out
    assert files(folder) == []


def test_inconclusive_is_3(cli: Run, monkeypatch: pytest.MonkeyPatch):
    """A divergence that does not happen again from its saved form is a bug of the harness, and called that."""
    monkeypatch.setattr(import_module("pte_review.harness.review"), "smallest_case", lambda *arguments: None)
    done = cli("check", "pre_patch", "v4", *FEW)
    assert done.status == 3
    assert "INCONCLUSIVE" in done.out
    assert "a bug of pte-review" in " ".join(done.out.split())


def test_hostile(cli: Run):
    done = cli("check", "v4", "refactor_intended", "--hostile", "destination-occupied", *FEW)
    assert done.status == 1
    assert "hostile: destination-occupied" in done.out
    assert "destination-kept (medium)" in done.out


def test_exact(cli: Run):
    done = cli("check", "pre_patch", "v4", "--contract", "exact", *FEW)
    assert done.status == 1
    assert "contract exact" in done.out
    assert "dirty-gained (medium)" in done.out


def test_the_review_of_the_thread(process: Run, folder: Path):
    done = process("--max-examples", "200")
    assert (done.status, done.err) == (0, "")
    assert "12 verdicts, 12 as known" in done.out
    assert "UNEXPECTED" not in done.out
    assert files(folder) == []


def test_a_review_with_a_verdict_that_is_not_the_known_one(cli: Run):
    """One scenario an architecture does not find what is known to be there."""
    done = cli("--max-examples", "1")
    assert done.status == 1
    assert "UNEXPECTED" in done.out


@pytest.mark.parametrize("arch", [None, "x86_64"])
def test_history(process: Run, folder: Path, arch: str | None):
    """Every bug is found with the seeds 0 and 1; the two that arm64 alone has are not looked for on x86_64."""
    done = process("history", "--seeds", "2", *(["--arch", arch] if arch else []))
    assert (done.status, done.err) == (0, "")
    assert done.out.count("arm64 only") == (2 if arch else 0)
    rows = len(BUGS) - (2 if arch else 0)
    assert f"\n{rows} rows, {rows} found with every seed, 0-1; " in done.out
    assert files(folder) == []


def test_history_that_misses_a_bug(cli: Run):
    """One scenario holds no batch, but a valid entry that is flushed late."""
    done = cli("history", "--seeds", "1", "--max-examples", "1")
    assert done.status == 1
    assert re.search(r"\nv4: write bit smear +\|.*\| +1\+ \(1\+-1\+\) \|", done.out)
    assert re.search(r"\nflush after new PTL +\|.*\| +1 \(1-1\) \|", done.out)


def test_list(process: Run):
    done = process("list")
    assert (done.status, done.err) == (0, "")
    for name in (*names(), "x86_64", "arm64", "folio-ad", "exact", "destination-occupied", "overlap"):
        assert f"\n  {name} " in done.out
    assert "not modelled: s390, powerpc, sparc64" in done.out


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("check", "--help"), ("replay", "-h"), ("list", "--help")])
def test_help(cli: Run, arguments: tuple[str, ...]):
    done = cli(*arguments)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Usage: pte-review ")
    assert max(map(len, done.out.splitlines())) <= 80


def test_version(cli: Run):
    assert cli("--version").out.startswith("pte-review, version ")


# -- --json


def test_json_is_the_fixed_interface(process: Run, folder: Path):
    done = process("check", "pre_patch", "refactor", *FEW, "--json", "verdict.json")
    assert (done.status, files(folder)) == (1, ["verdict.json"])
    data = json.loads((folder / "verdict.json").read_text())
    fixed = {
        "base": str, "candidate": str, "contract": str, "verdict": str, "examples": int, "seconds": float, "seed": int,
        "allowed": dict, "exercised": dict, "shared": list, "divergences": list,
    }  # fmt: skip
    assert {name: type(data[name]) for name in fixed} == fixed
    assert [name for name in data if name in fixed][: len(fixed) - 3] == list(fixed)[:-3]
    assert (data["base"], data["candidate"], data["contract"]) == ("pre_patch", "refactor", "folio-ad")
    assert (data["verdict"], data["examples"], data["seed"]) == ("diverges", 120, 0)
    assert all(type(count) is int for count in (*data["allowed"].values(), *data["exercised"].values()))
    assert {d["kind"] for d in data["divergences"]} >= {"unassigned-read", "foreign-entry", "entry-lost"}
    for divergence in data["divergences"]:
        assert {"kind", "severity", "arch", "at", "examples_to_find", "summary", "scenario"} <= divergence.keys()
        assert divergence["severity"] == SEVERITY[divergence["kind"]]
        assert set(divergence["at"]) == {"table", "entry", "addr"}
        assert 1 <= divergence["examples_to_find"] <= 60
        assert scenario_from_json(divergence["scenario"]).arch == divergence["arch"]


def test_json_without_divergences_is_written_as_well(cli: Run, folder: Path):
    assert cli("check", "v4", "v4", *FEW, "--json", "v.json").status == 0
    data = json.loads((folder / "v.json").read_text())
    assert (data["verdict"], data["divergences"], data["shared"][0].keys()) == (
        "no-difference-found", [], {"kind", "examples"},
    )  # fmt: skip


# -- --save and replay


def test_save_then_replay_then_fixed(process: Run, folder: Path):
    shutil.copy(v4.__file__, folder / "port.py")
    done = process("check", "pre_patch", "port.py", *FEW, "--save", "found/here")
    saved = sorted((folder / "found" / "here").iterdir())
    assert done.status == 1
    assert {
        f"pre_patch-port.py-{arch}-{kind}.json"
        for arch in ("x86_64", "arm64")
        for kind in ("write-gained", "write-lost")
    } <= {path.name for path in saved}
    assert all(f"pte-review replay found/here/{path.name}" in done.out for path in saved)
    paths = [str(path) for path in saved]

    again = process("replay", *paths)
    assert (again.status, again.err) == (1, "")
    assert again.out.count("STILL DIVERGES: ") == len(paths)
    assert "port.py makes new[1] writable" in again.out

    fixed = process("replay", "--candidate", "pre_patch", *paths)
    assert (fixed.status, fixed.err) == (0, "")
    assert [line.split(": ")[1] for line in fixed.out.splitlines()] == ["FIXED"] * len(paths)

    shutil.copy(pre_patch.__file__, folder / "port.py")
    assert process("replay", *paths).status == 0


def test_one_that_still_diverges_among_the_fixed_is_1(cli: Run):
    cli("check", "pre_patch", "v4", *FEW, "--save", "a")
    cli("check", "v4", "refactor_keep_old", *FEW, "--save", "b")
    (duplicated,) = Path("b").glob("*x86_64-entry-duplicated.json")
    (gained,) = Path("a").glob("*x86_64-write-gained.json")
    assert cli("replay", str(gained), "--candidate", "pre_patch").status == 0
    both = cli("replay", str(gained), str(duplicated), "--base", "pre_patch", "--candidate", "v4")
    assert [line.split(": ")[1] for line in both.out.splitlines() if ".json: " in line] == ["STILL DIVERGES", "FIXED"]
    assert both.status == 1
    assert cli("replay", str(duplicated), "--candidate", "refactor_intended").status == 0


def test_snippet(cli: Run):
    cli("check", "pre_patch", "v4", *FEW, "--save", "a")
    (path,) = Path("a").glob("*arm64-write-gained.json")
    done = cli("replay", "--snippet", str(path))
    assert done.status == 0
    compile(done.out, "snippet", "exec")
    assert "@example(" in done.out


def test_recordings(process: Run):
    names = ["linux-6.17.8-arm64.jsonl.gz", "linux-6.17.13-arm64.jsonl.gz"]
    done = process("replay", *(str(RECORDED / name) for name in names))
    assert (done.status, done.err) == (1, "")
    assert "pre_patch predicts 403 of 405 records" in done.out
    assert "record 346 (mthp, 512 pages), pages 209-224: write-lost" in done.out
    assert "record 381 (thp2m, 64 pages), pages 44-59: write-lost" in done.out
    assert "pre_patch predicts 205 of 205 records" in done.out
    assert process("replay", str(RECORDED / names[1])).status == 0


@pytest.mark.parametrize(("version", "predicted", "status"), [("v4_batch_hint", 405, 0), ("v4_fixed", 403, 1)])
def test_what_a_kernel_shipped_and_its_successor(cli: Run, version: str, predicted: int, status: int):
    done = cli("replay", "--candidate", version, str(RECORDED / "linux-6.17.8-arm64.jsonl.gz"))
    assert (done.status, done.err) == (status, "")
    assert f"{version} predicts {predicted} of 405 records" in done.out
    assert "folios inferred from PFNs before the move" in done.out
    assert done.out.count("write-lost") == 405 - predicted


def test_recordings_through_another_version(cli: Run):
    done = cli("replay", "--candidate", "refactor_clear_new", str(RECORDED / "linux-6.17.13-arm64.jsonl.gz"))
    assert "refactor_clear_new predicts " in done.out


def test_a_table_that_no_kernel_has_is_not_just_fixed(cli: Run):
    """An edited file, on which nothing diverges."""
    cli("check", "mprotect/before_batching", "mprotect/as_merged", *FEW, "--save", "a")
    path = next(iter(Path("a").iterdir()))
    saved = json.loads(path.read_text(encoding="utf-8"))
    saved["divergence"]["scenario"]["call"] = {"caller": "uffd-protect"}
    path.write_text(json.dumps(saved), encoding="utf-8")
    done = cli("replay", str(path))
    assert done.status == 0
    assert "FIXED: " in done.out
    assert done.out.endswith("  reach: only from a table that breaks not-registered\n")
