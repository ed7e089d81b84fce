# SPDX-License-Identifier: GPL-2.0-only
"""A fix is a fix: where every divergence is BASE's alone, the verdict is `fixes`, and says of which kinds."""

import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from pte_review.harness import check
from pte_review.harness.known import Known
from pte_review.harness.reports.report import row, rows, verdict_lines
from pte_review.harness.verdict import (
    DIVERGES,
    FIXES,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    Divergence,
    Shared,
    Verdict,
    fixed_kinds,
    verdict_from_json,
    verdict_on,
)
from pte_review.models.move_ptes.call import MoveCall
from pte_review.models.move_ptes.pre_patch import move_ptes as right
from tests.kit.saved import counterexample

ONE = counterexample().divergence


def of(kind: str, by: str = "candidate", arch: str = "x86_64") -> Divergence:
    return replace(ONE, kind=kind, by=by, arch=arch)


def verdict(*divergences: Divergence, shared: tuple[str, ...] = (), why: str = "") -> Verdict:
    return Verdict(
        "move_ptes", "v4", "port.py", "folio-ad", verdict_on(divergences, why, NO_DIFFERENCE), 100, 1.0, 0,
        changed={"x86_64": 9}, scenarios={"x86_64": 50, "arm64": 50}, divergences=divergences,
        arches=("x86_64", "arm64"), shared=tuple(Shared(kind, 3) for kind in shared), why=why,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("divergences", "why", "expected"),
    [
        ([], "", NO_DIFFERENCE),
        ([], "time is up", INCONCLUSIVE),
        ([of("crash", "base")], "", FIXES),
        ([of("crash", "base"), of("write-lost", "base", "arm64")], "", FIXES),
        ([of("crash", "base")], "time is up", INCONCLUSIVE),
        ([of("crash", "base"), of("write-lost")], "", DIVERGES),
        ([of("crash")], "time is up", DIVERGES),
    ],
)
def test_the_verdict(divergences: list[Divergence], why: str, expected: str):
    assert verdict_on(divergences, why, NO_DIFFERENCE) == expected


def test_what_counts_as_fixed():
    """Not what the candidate shows elsewhere: at another place, on the other architecture, or as BASE does."""
    assert fixed_kinds([of("write-lost", "base"), of("crash", "base")]) == ("crash", "write-lost")
    assert fixed_kinds([of("write-lost", "base"), of("write-lost")]) == ()
    assert fixed_kinds([of("write-lost", "base"), of("write-lost", arch="arm64")]) == ()
    assert fixed_kinds([of("write-lost", "base")], ["write-lost"]) == ()
    assert verdict(of("write-lost", "base"), of("crash", "base"), shared=("crash",)).fixed == ("write-lost",)


@pytest.mark.parametrize(
    ("one", "headline", "cell"),
    [
        (
            verdict(of("write-gained", "base"), of("write-lost", "base"), of("write-lost", "base", "arm64")),
            "v4 -> port.py: FIXES write-gained, write-lost; nothing new",
            "FIXES write-gained (x86_64), write-lost",
        ),
        (
            verdict(of("write-gained", "base"), of("crash", "base", "arm64"), shared=("write-gained",)),
            "v4 -> port.py: FIXES crash; in part write-gained; nothing new",
            "FIXES crash (arm64); in part write-gained (x86_64)",
        ),
        (
            verdict(of("write-gained", "base"), shared=("write-gained",)),
            "v4 -> port.py: FIXES in part write-gained; nothing new",
            "FIXES in part write-gained (x86_64)",
        ),
        (
            verdict(of("write-gained", "base"), of("crash", "candidate"), of("crash", "base", "arm64")),
            "v4 -> port.py: DIVERGES also fixes: write-gained",
            "crash (BASE only, arm64), crash (x86_64); also fixes: write-gained (x86_64)",
        ),
        (verdict(of("crash")), "v4 -> port.py: DIVERGES legal", "crash (x86_64)"),
        (
            verdict(of("crash", "base"), why="time is up"),
            "v4 -> port.py: INCONCLUSIVE (time is up)",
            "inconclusive: time is up",
        ),
    ],
)
def test_text_and_matrix(one: Verdict, headline: str, cell: str):
    assert " ".join(verdict_lines(one).split()).startswith(headline)
    assert row([one]).says == cell
    again = verdict_from_json(one.to_json(), MoveCall)
    assert again == one
    assert one.to_json()["fixed"] == list(one.fixed)


def test_a_row_of_both_architectures():
    """What is fixed on one and shown on the other is not fixed."""
    first = [replace(verdict(of("write-lost", "base")), arches=("x86_64",))]
    second = [replace(verdict(of("crash", "base", "arm64")), arches=("arm64",))]
    assert rows(first + second)[0].says == "FIXES crash (arm64), write-lost (x86_64)"
    second = [replace(verdict(of("write-lost", arch="arm64")), arches=("arm64",))]
    says = rows(first + second)[0].says
    assert says == "write-lost (BASE only, x86_64), write-lost (arm64)"


def test_v4_and_its_fix():
    """04d1c9d60c6e: what the smear does to write permission, and what follows from that."""
    fix, back = check("v4", "v4_fixed", max_examples=100), check("v4_fixed", "v4", max_examples=100)
    assert fix.verdict == FIXES
    assert {"write-gained", "write-lost"} <= set(fix.fixed) == set(fix.kinds)
    assert fix.added == ()
    assert {d.by for d in fix.divergences} == {"base"}
    assert back.verdict == DIVERGES
    assert {"write-gained", "write-lost"} <= set(back.added)
    assert back.fixed == ()


def test_a_fix_that_adds_something():
    """v4 after v2: the stale nr is gone, the smear is there where v2 does something worse."""
    one = check("v2_stale_nr", "v4", max_examples=400)
    assert one.verdict == DIVERGES
    assert "entry-left-behind" in one.fixed
    assert not set(one.fixed) & set(one.added)


def test_the_refactor_as_it_was_meant():
    one = check("refactor", "refactor_intended", max_examples=1000)
    assert one.verdict == FIXES
    assert {"unassigned-read", "foreign-entry", "entry-lost"} <= set(one.fixed)


def always(end: Callable[[], None]) -> Callable[..., int]:
    def move_ptes(k, pmc, extent, old_pmd, new_pmd):
        end()
        return right(k, pmc, extent, old_pmd, new_pmd)

    return move_ptes


def crash() -> None:
    raise ValueError


def test_what_is_compared_with_nothing_is_not_fixed():
    """BASE never returns: v4's own smear stands beside nothing, so nobody knows whether it is new."""
    one = check(always(crash), "v4", max_examples=60)
    assert one.verdict == INCONCLUSIVE
    assert one.why.startswith("move_ptes ends early where the candidate shows write-gained")
    assert [d.kind for d in one.divergences] == ["crash", "crash"]
    assert check(always(crash), "pre_patch", max_examples=60).verdict == FIXES


def test_a_base_that_takes_seconds_is_inconclusive():
    """One scenario is too few to say that nothing is new."""
    one = check(always(lambda: signal.raise_signal(signal.SIGPROF)), "pre_patch", arch="x86_64", max_examples=60)
    assert one.verdict == INCONCLUSIVE
    assert one.why == "a run of move_ptes takes seconds: stopped after 1 scenarios on x86_64"


def test_a_known_kind_has_to_be_the_candidates():
    known = Known("v4", "port.py", frozenset({"crash"}))
    assert known.agrees(verdict(of("crash")))
    assert not known.agrees(verdict(of("crash", "base")))
    assert not known.agrees(replace(verdict(of("crash", "base")), verdict=DIVERGES))
