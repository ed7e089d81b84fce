# SPDX-License-Identifier: GPL-2.0-only
"""The review of history: every version has the kinds that are known of it, and the smallest case is what follows.

What is known of a pair of the thread is reviewed in test_thread.py.
"""

import pytest

from pte_review.harness import Verdict, check
from pte_review.harness.known import Bug, hunt
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.subjects.move_ptes.thread import KNOWN
from pte_review.harness.verdict import DIVERGES, NO_DIFFERENCE, Divergence
from pte_review.models.arch.word import PteWords
from pte_review.models.scenario import Scenario
from tests.kit.build import ARCHES
from tests.kit.moves import as_move

EXAMPLES = 1000  # the default
OF = {bug.version: bug for bug in reversed(BUGS)}  # the first kind of each
THREAD = {(known.base, known.candidate, known.hostile) for known in KNOWN}
HISTORY = [bug for bug in BUGS if (bug.base or MOVE_PTES.base, bug.version, bug.hostile) not in THREAD]
VERDICTS: dict[tuple[str, str], Verdict] = {}


def reviewed(bug: Bug, arch: str) -> Verdict:
    """One review a pair and architecture, whatever number of tests looks at it."""
    if (bug.version, arch) not in VERDICTS:
        VERDICTS[bug.version, arch] = check(bug.base or MOVE_PTES.base, bug.version, arch=arch, max_examples=EXAMPLES)
    return VERDICTS[bug.version, arch]


def smallest(version: str, arch: str, kind: str = "") -> tuple[Divergence, Scenario, PteWords]:
    """The smallest case of `kind`, or of the first by which the version is known."""
    bug = OF[version]
    hits = [d for d in reviewed(bug, arch).divergences if d.kind == (kind or bug.kind)]
    assert len(hits) == 1
    return hits[0], hits[0].scenario, hits[0].scenario.words


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("bug", HISTORY, ids=lambda bug: f"{bug.version}-{bug.kind}")
def test_known_kinds(bug: Bug, arch: str) -> None:
    verdict = reviewed(bug, arch)
    if arch not in bug.arches:
        assert verdict.verdict == NO_DIFFERENCE
        return
    assert verdict.verdict == DIVERGES
    assert bug.must <= set(verdict.kinds)
    assert set(verdict.kinds) <= bug.must | bug.may
    assert {d.by for d in verdict.divergences} == {"candidate"}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.version}-{bug.kind}")
def test_every_bug_is_found_with_the_first_seeds(bug: Bug) -> None:
    assert hunt(MOVE_PTES, bug, bug.arches, seeds=3, max_examples=EXAMPLES).found_by_all


def test_v1_stride_is_two_entries_of_a_contpte_block_and_a_debug_config() -> None:
    """A batch needs the hint of a contpte entry and a second one; seeing it again needs CONFIG_DEBUG_VM."""
    divergence, scenario, words = smallest("v1_stride", "arm64")
    assert (scenario.nr, scenario.config.debug_vm, scenario.config.contpte) == (2, True, True)
    first, *rest = (pte for _, pte in as_move(scenario).old_table)
    assert len(rest) == scenario.config.cont_ptes - 1 > 0
    assert all(words.pte_valid(pte) and pte & words.CONT for pte in (first, *rest))
    assert scenario.config.cont_ptes == 16  # as a kernel has it
    assert [folio.order for folio in scenario.folios] == [4]  # one block
    assert as_move(scenario).new_table == ()
    assert "VM_WARN_ON_ONCE" in divergence.summary


@pytest.mark.parametrize("arch", ARCHES)
def test_v2_stale_nr_is_a_batch_a_hole_and_an_entry_at_odds_with_it(arch: str) -> None:
    """A batch of two makes the hole be crossed in twos: an entry behind an odd number of holes is stepped over."""
    divergence, scenario, words = smallest("v2_stale_nr", arch)
    (first, a), (second, b), (left, _) = as_move(scenario).old_table
    assert (first, second) == (as_move(scenario).old_index, first + 1)
    assert words.pte_pfn(b) == words.pte_pfn(a) + 1
    assert scenario.folio_of(words.pte_pfn(a)) == scenario.folio_of(words.pte_pfn(b)) == scenario.folios[0]
    assert (left - second - 1) % 2 == 1
    assert (divergence.at.table, divergence.at.entry) == ("old", left)
    assert scenario.nr == left - first + 1


@pytest.mark.parametrize("arch", ARCHES)
def test_before_uffd_wp_clear_is_one_entry_with_uffd_wp_where_userfaultfd_is_not_told(arch: str) -> None:
    _, scenario, words = smallest("before_uffd_wp_clear", arch)
    assert (scenario.vma.uffd, scenario.vma.uffd_event_remap, scenario.nr) == (True, False, 1)
    ((_, pte),) = as_move(scenario).old_table
    assert words.pte_uffd_wp(pte) or words.pte_swp_uffd_wp(pte) or words.pte_marker_uffd_wp(pte)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", ["before_flush_under_ptl", "before_dirty_flush"])
def test_late_flushes_are_one_valid_entry(version: str, arch: str) -> None:
    """Nothing caches what the hardware cannot walk."""
    divergence, scenario, words = smallest(version, arch)
    ((entry, pte),) = as_move(scenario).old_table
    assert words.pte_present(pte)
    assert pte & 1  # P, VALID
    assert (divergence.at.table, divergence.at.entry, scenario.nr) == ("old", entry, 1)


@pytest.mark.parametrize("arch", ARCHES)
def test_before_dirty_flush_loses_a_write_as_its_fix_tells_it(arch: str) -> None:
    """5d1904204c99: a CPU has a writable translation; mremap() drops the locks; the page is cleaned; the CPU writes."""
    divergence, scenario, words = smallest("before_dirty_flush", arch, "dirty-lost")
    ((entry, pte),) = as_move(scenario).old_table
    assert words.pte_write(pte)
    assert (divergence.at.table, divergence.at.entry, scenario.nr) == ("new", as_move(scenario).new_index, 1)
    assert entry == as_move(scenario).old_index
    events = [(event.actor, event.range, event.slot) for event in scenario.actions]
    assert events == [("write", "old", 0), ("mkclean", "new", 0), ("write", "old", 0)]
    caches, cleans, writes = scenario.actions
    assert caches.cpu == writes.cpu != 0
    assert (caches.when.phase, cleans.when.phase) == ("call", "unlocked")


@pytest.mark.parametrize("arch", ARCHES)
def test_before_dirty_recheck_loses_a_write_between_check_and_removal(arch: str) -> None:
    """The first store comes after the entry was looked at, so the entry was clean then, and before it is removed."""
    _, scenario, words = smallest("before_dirty_recheck", arch, "dirty-lost")
    ((_, pte),) = as_move(scenario).old_table
    assert words.pte_write(pte)
    assert not words.pte_dirty(pte)
    first, cleaned, second = scenario.actions
    assert (first.actor, first.when.phase, first.when.range, first.when.slot) == ("write", "change", "old", 0)
    assert (cleaned.actor, second.actor) == ("mkclean", "write")


@pytest.mark.parametrize("arch", ARCHES)
def test_asking_after_the_removal_loses_nothing(arch: str) -> None:
    assert "dirty-lost" not in reviewed(OF["before_flush_under_ptl"], arch).kinds
    assert not {d.kind for d in reviewed(OF["before_flush_under_ptl"], arch).divergences} & {"dirty-lost"}


def test_v4_batch_hint_smears_from_one_contpte_block_into_the_next_entry() -> None:
    """Without a hint there is no batch, and inside a block there is nothing to smear."""
    divergence, scenario, words = smallest("v4_batch_hint", "arm64")
    block, table = scenario.config.cont_ptes, dict(as_move(scenario).old_table)
    gained = divergence.at.entry - as_move(scenario).new_index + as_move(scenario).old_index
    batch = range(as_move(scenario).old_index, gained)
    assert all(words.pte_write(table[i]) for i in batch)
    assert not words.pte_write(table[gained])
    assert table[gained - 1] & words.CONT
    assert gained % block == 0
    assert len({scenario.folio_of(words.pte_pfn(table[i])) for i in (*batch, gained)}) == 1
