# SPDX-License-Identifier: GPL-2.0-only
"""The minimiser on events: those that do not matter go, times become phases, slots follow their entries."""

from dataclasses import replace

import pytest

from pte_review.harness.judging.findings import findings_of
from pte_review.harness.search.minimise import all_steps
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.steps import STEPS
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.actions import action
from tests.kit.build import ARCHES, page, pages, scenario
from tests.kit.moves import as_move, minimise, run
from tests.kit.ports import port

FILE = {"vma": Vma(vm_file=True, anon_vma=False), "folios": (Folio(0x200, 5, anon=False),)}


def noisy(arch: str) -> Scenario:
    """Pages at slots 4 to 7 of a move of 12; the story is about slot 6, the rest is noise."""
    story = (action("write", "old 6", "old 5 1", 3), action("mkclean", "new 6", "unlocking", 5),
             action("write", "old 6", "unlocked", 3))  # fmt: skip
    noise = (action("walk", "old 5", "call"), action("gup", "new 4", "new 4 1", 2),
             action("write", "old -1", "returned", 7), action("mkclean", "new 5", "returned"))  # fmt: skip
    mixed = (noise[0], story[0], noise[1], story[1], noise[2], story[2], noise[3])
    old = pages(arch, 14, 0x204, ["A", "W", "WA", "DA"]) | {10: page(arch, 0x200, "W")}
    return scenario(arch, old, at=(10, 23, 12), actions=mixed, page_table_check=True, **FILE)


def loses_a_write(s: Scenario) -> bool:
    found = findings_of(MovePromise(s), run(s, port("flush after both locks")))
    return any(f.kind == "dirty-lost" and f.seen for f in found)


@pytest.mark.parametrize("arch", ARCHES)
def test_what_is_left_is_the_story_of_one_page(arch):
    start = noisy(arch)
    assert broken_rules(start) == ()
    assert loses_a_write(start)
    s = minimise(start, loses_a_write)
    assert loses_a_write(s)
    assert [(e.actor, e.range, e.slot, e.when.phase, e.cpu) for e in s.actions] == [
        ("write", "old", 0, "call", 1),
        ("mkclean", "new", 0, "unlocked", 2),
        ("write", "old", 0, "unlocked", 1),
    ]
    assert (s.ranges[0].nr, as_move(s).old_index, as_move(s).new_index, [i for i, _ in as_move(s).old_table]) == (
        1,
        0,
        0,
        [0],
    )
    assert s.words.mmu_may_write(as_move(s).old_table[0][1])
    assert broken_rules(s) == ()
    smaller = [t for step in all_steps(STEPS) for t in step(s) if t != s and broken_rules(t) == ()]
    assert not any(map(loses_a_write, smaller))


@pytest.mark.parametrize("arch", ARCHES)
def test_events_that_do_not_matter_are_dropped(arch):
    assert minimise(noisy(arch), lambda s: len(as_move(s).old_table) > 2).actions == ()


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("pfn", [0x204, 0x205, 0x206, 0x207])
def test_slots_follow_their_entry(arch, pfn):
    """Whatever becomes of the range: the one action stays with the page that it is about."""
    start = noisy(arch)

    def at_that_page(s: Scenario) -> bool:
        table = dict(as_move(s).old_table)
        return any(
            s.words.pte_pfn(table.get(as_move(s).old_index + e.slot, 0)) == pfn and e.when.slot == e.slot
            for e in s.actions
            if e.actor == "gup" and 0 <= e.slot < s.nr
        )

    slot = pfn - 0x204 + 4
    s = replace(start, actions=(*start.actions, action("gup", f"old {slot}", f"old {slot} 3", 4)))
    result = minimise(s, at_that_page)
    assert [(e.actor, e.slot, e.when.slot) for e in result.actions] == [("gup", 0, 0)]
    assert result.nr == 1
    assert [result.words.pte_pfn(pte) for _, pte in as_move(result).old_table] == [pfn]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (("write", "old 0", "old 0 4", 1), ("write", "old 0", "call", 1)),
        (("gup", "new 0", "new 0 2", 6), ("gup", "new 0", "call", 1)),
        (("write", "old 0", "locking", 1), ("write", "old 0", "call", 1)),
        (("mkclean", "new 0", "unlocking", 1), ("mkclean", "new 0", "returned", 1)),
        (("reclaim", "old 0", "locking", 2), ("reclaim", "old 0", "call", 1)),
    ],
)
def test_times_become_phases(arch, start, end):
    s = scenario(arch, {}, actions=(action(*start),))
    assert minimise(s, lambda s: [e.actor for e in s.actions] == [start[0]]).actions == (action(*end),)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_time_that_no_phase_has_stays(arch):
    """The store has to come between the look and the clearing, whatever number of looks there was."""
    s = scenario(arch, pages(arch, 0, 0x200, ["WA", "WA"]), at=(0, 0, 2), **FILE,
                 actions=(action("walk", "old 0", "call"), action("write", "old 1", "old 1 3")))  # fmt: skip

    def fails(s: Scenario) -> bool:
        found = findings_of(MovePromise(s), run(s, port("read, then clear")))
        return broken_rules(s) == () and any(f.kind == "dirty-lost" for f in found)

    assert minimise(s, fails).actions == (action("write", "old 0", "change old 0 1"),)
