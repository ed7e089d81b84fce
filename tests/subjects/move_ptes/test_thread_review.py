# SPDX-License-Identifier: GPL-2.0-only
"""The review of the thread: every pair, architecture and contract has the verdict that is known for it."""

import re
from collections.abc import Callable
from functools import cache

import pytest

from pte_review.harness import Verdict, check
from pte_review.harness.known import Known
from pte_review.harness.subjects.move_ptes.thread import KNOWN
from pte_review.harness.verdict import DIVERGES, NO_DIFFERENCE
from pte_review.models.entry import show
from tests.kit.build import ARCHES
from tests.kit.moves import as_move

RecordVerdict = Callable[[Verdict], Verdict]
EXAMPLES = 400

# What `exact` adds: accessed and dirty that a batch, or a contpte fold of BASE, spread inside a folio.
SPREAD = {"dirty-gained", "dirty-lost", "young-gained", "young-lost"}


@cache
def reviewed(base: str, candidate: str, arch: str, hostile: str | None = None) -> Verdict:
    """One review a pair and architecture, whatever number of tests looks at it."""
    return check(base, candidate, arch=arch, hostile=hostile, max_examples=EXAMPLES)


def both_arches(base: str, candidate: str) -> list[Verdict]:
    return [reviewed(base, candidate, arch) for arch in ARCHES]


def name(known: Known) -> str:
    return f"{known.base}-{known.candidate}-{known.hostile or 'legal'}"


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("known", KNOWN, ids=name)
def test_folio_ad(known: Known, arch: str, record_verdict: RecordVerdict) -> None:
    verdict = record_verdict(reviewed(known.base, known.candidate, arch, known.hostile))
    assert verdict.verdict == (DIVERGES if known.must else NO_DIFFERENCE)
    assert known.must <= set(verdict.kinds)
    assert set(verdict.kinds) <= known.must | known.may


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("known", [known for known in KNOWN if known.hostile is None], ids=name)
def test_exact(known: Known, arch: str, record_verdict: RecordVerdict) -> None:
    verdict = record_verdict(check(known.base, known.candidate, arch=arch, contract="exact", max_examples=EXAMPLES))
    spread = known.base == "pre_patch"  # v4 and the refactors batch alike
    assert known.must <= set(verdict.kinds)
    assert set(verdict.kinds) <= known.must | known.may | (SPREAD if spread else set())
    if spread:
        assert {"dirty-gained", "young-gained"} <= set(verdict.kinds)


def smallest(verdict: Verdict, kind: str) -> str:
    """The entries of the smallest scenario of `kind`, as the picture shows them; a shadow stack has one of its own."""
    scenarios = (d.scenario for d in verdict.divergences if d.kind == kind)
    scenario = next(scenario for scenario in scenarios if not scenario.vma.shadow_stack)
    return ", ".join(show(scenario.words, pte) for _, pte in as_move(scenario).old_table + as_move(scenario).new_table)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("base", "candidate", "hostile", "kind", "entries"),
    [
        ("pre_patch", "v4", None, "write-gained", "pfn=0x100 W, pfn=0x101"),
        ("pre_patch", "v4", None, "write-lost", "pfn=0x100, pfn=0x101 W"),
        ("pre_patch", "refactor", None, "unassigned-read", "swap 0:[^ ]+"),
        ("pre_patch", "refactor", None, "foreign-entry", "pfn=0x100( W)?, swap 0:[^ ]+"),
        ("pre_patch", "refactor", None, "entry-lost", "pfn=0x100( W)?, swap 0:[^ ]+"),
        ("v4", "refactor_keep_old", None, "entry-duplicated", "swap 0:[^ ]+"),
        ("v4", "refactor_clear_new", None, "entry-left-behind", "marker UFFD_WP"),
        ("v4", "refactor_intended", "destination-occupied", "destination-kept", "marker UFFD_WP, [^,]+"),
    ],
)
def test_smallest_case(arch: str, base: str, candidate: str, hostile: str | None, kind: str, entries: str) -> None:
    verdict = reviewed(base, candidate, arch, hostile)
    found = smallest(verdict, kind)
    assert re.fullmatch(entries, found)


def test_write_gained_is_two_entries_of_one_order_2_folio() -> None:
    verdict = reviewed("pre_patch", "v4", "x86_64")
    scenario = next(d.scenario for d in verdict.divergences if d.kind == "write-gained")
    assert [(folio.order, folio.anon) for folio in scenario.folios] == [(2, True)]
    assert scenario.nr == 2
    assert scenario.config == type(scenario.config)()
    assert scenario.vma == type(scenario.vma)()


def test_unassigned_read_says_what_both_stacks_would_install() -> None:
    verdict = reviewed("pre_patch", "refactor", "x86_64")
    summary = next(d.summary for d in verdict.divergences if d.kind == "unassigned-read")
    assert "reads `pte` before it is assigned (models/move_ptes/refactor.py:" in summary
    assert "a zero-initialised stack installs 0x0 in new[0]" in summary
    assert "a pattern-initialised stack installs 0xaaaaaaaaaaaaaaaa in new[0]" in summary


def test_v4_and_refactor_intended_are_both_told_to_smear() -> None:
    for verdict in both_arches("v4", "refactor_intended"):
        assert verdict.verdict == NO_DIFFERENCE
        assert {"write-gained", "write-lost"} <= {shared.kind for shared in verdict.shared}


def test_accessed_and_dirty_are_allowed_by_folio_ad_and_counted() -> None:
    for verdict in both_arches("pre_patch", "v4"):
        assert verdict.allowed["dirty-gained"] > 0
        assert verdict.allowed["young-gained"] > 0


def test_no_vacuous_pass() -> None:
    """The review says how often the changed path ran, and that it did."""
    for verdict in both_arches("v4", "refactor_intended"):
        assert sum(verdict.changed.values()) > verdict.examples // 4
        assert verdict.exercised["batch"] > verdict.examples // 4
        assert verdict.exercised["uffd-wp marker"] > 0
