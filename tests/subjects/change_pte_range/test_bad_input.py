# SPDX-License-Identifier: GPL-2.0-only
"""A counterexample of change_pte_range() that holds what no caller passes: refused by name, exit status 2."""

import json
from typing import Any

import pytest

from pte_review.harness.cli.main import main
from pte_review.harness.files.counterexample import Counterexample, divergences_on, dumps
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from tests.kit.build import page
from tests.subjects.change_pte_range.calls import READ_ONLY, anon, call, load


@pytest.fixture
def saved() -> dict[str, Any]:
    """The head-page bug, one entry."""
    folio = anon(0x200, 2, exclusive=[(0, 1)])
    scenario = call("x86_64", {0: page("x86_64", 0x201)}, [folio], vma=READ_ONLY)
    pair = load("before_batching"), load("as_merged")
    divergence = divergences_on(CHANGE_PTE_RANGE, scenario, *pair, CONTRACTS["folio-ad"])[0]
    held = Counterexample("change_pte_range", "before_batching", "as_merged", "folio-ad", divergence)
    parsed: dict[str, Any] = json.loads(dumps(held))
    return parsed


def replayed(saved, tmp_path, capsys) -> tuple[int, str]:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(saved))
    with pytest.raises(SystemExit) as ended:
        main(["replay", str(path)])
    return int(ended.value.code or 0), capsys.readouterr().err


def test_as_it_was_saved_it_replays(saved, tmp_path, capsys):
    assert replayed(saved, tmp_path, capsys) == (1, "")


def refused(saved, tmp_path, capsys, says):
    status, error = replayed(saved, tmp_path, capsys)
    assert status == 2
    assert says in error
    assert len(error.splitlines()) == 1


CALLS = {
    "flags beside a caller": (
        {"caller": "numa", "cp_flags": 3},
        "call.cp_flags: expected one of the fields caller, protection, single_threaded, newprot_of",
    ),
    "two callers at once": ({"caller": "numa uffd-protect"}, "call.caller: expected one of mprotect, numa, uffd-pr"),
    "flags for a caller": ({"caller": 6}, "call.caller: expected a string, got 6"),
    "a protection that no VMA has": (
        {"protection": "wr"},
        "call.protection: expected one of '', 'r', 'w', 'rw', 'rx',",
    ),
    "newprot as a word": ({"newprot": 37}, "call.newprot: expected one of the fields caller, protection, single_thr"),
    "newprot of no VMA": ({"newprot_of": "rwz"}, "call.newprot_of: expected one of 'vma', '', 'r', 'w', 'rw', 'rx',"),
    "newprot of a number": ({"newprot_of": 0}, "call.newprot_of: expected a string, got 0"),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_call_that_nobody_makes(saved, tmp_path, capsys, case):
    fields, says = CALLS[case]
    saved["divergence"]["scenario"]["call"] = fields
    refused(saved, tmp_path, capsys, says)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda s: s["ranges"][0].update(nr=513),
            "ranges[0].nr: expected 1 to 512 entries, up to the end of the table",
        ),
        (lambda s: s["ranges"][0].update(first=511, nr=2), "ranges[0].nr: expected 1 to 1 entries, up to the end"),
        (
            lambda s: s["ranges"].append({**s["ranges"][0], "name": "more"}),
            "ranges: expected the range pte alone, got ['pte', 'more']",
        ),
        (lambda s: s["tables"].append({"base": 1 << 21}), "tables: expected one table of one VMA, got 2"),
    ],
    ids=["longer than the table", "over its end", "two ranges", "two tables"],
)
def test_a_range_over_two_pmds(saved, tmp_path, capsys, change, says):
    change(saved["divergence"]["scenario"])
    refused(saved, tmp_path, capsys, says)
