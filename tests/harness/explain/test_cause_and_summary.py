# SPDX-License-Identifier: GPL-2.0-only
"""The one sentence and the call that did it, for every kind."""

import re

import pytest

from pte_review.harness.explain.cause import call, cause
from pte_review.harness.explain.summary import summary
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.judging.kinds import SENTENCES, SEVERITY
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.words import WORDS
from pte_review.models.outcome import Installed
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, NEW, OLD
from tests.kit.moves import as_move
from tests.kit.outcomes import CLEARS, FOLIO, left, marker, move, moving, page, scenario, swap

X86 = "x86_64"


# -- names of slots


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("table", "entry", "name"),
    [("old", 3, "old[0]"), ("old", 5, "old[2]"), ("old", 1, "old[-2]"), ("new", 7, "new[0]"), ("new", 9, "new[2]")],
)
def test_slots_are_counted_from_the_start_of_their_range(arch, table, entry, name):
    s = scenario(arch, {}, at=(3, 7, 2))
    assert s.places.label(s.places.at(table, entry)) == name


def test_slots_of_one_table():
    s = scenario(X86, {}, at=(3, 0, 2), new_addr=OLD + 7 * 4096)
    at = [("old", 3), ("old", 4), ("new", 7), ("old", 8), ("old", 9)]
    assert [s.places.label(s.places.at(*place)) for place in at] == ["old[0]", "old[1]", "new[0]", "new[1]", "old[6]"]


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (("set_ptes", 0x8000_0000, 3 * 512, page(X86, 0x100, "W"), 2), "set_ptes(new[0], pfn=0x100 W, nr=2)"),
        (("set_pte_at", 0x8000_1000, 3 * 512 + 1, swap(X86, 1, 5)), "set_pte_at(new[1], swap 1:0x5)"),
        (("pte_clear", 0x4000_0000, 512), "pte_clear(old[0])"),
        (("ptep_get_and_clear", 0x4000_1000, 513), "ptep_get_and_clear(old[1])"),
        (("get_and_clear_full_ptes", 0x4000_0000, 512, 4, 0), "get_and_clear_full_ptes(old[0], nr=4)"),
        (
            ("modify_prot_commit_ptes", 0x4000_0000, 512, page(X86, 0x100), page(X86, 0x100, "W"), 2),
            "modify_prot_commit_ptes(old[0], pfn=0x100, pfn=0x100 W, nr=2)",
        ),
        (("flush_tlb_range", 0x4000_0000, 0x4000_2000), "flush_tlb_range(0x40000000, 0x40002000)"),
        (("arch_leave_lazy_mmu_mode",), "arch_leave_lazy_mmu_mode()"),
    ],
)
def test_calls(event, shown):
    assert call(scenario(X86, {}, at=(0, 0, 4)), event) == shown


# -- causes


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("version", "finding", "expected"),
    [
        ("v4", Finding("write-gained", "new", 1), "set_ptes(new[0], pfn=0x100 W, nr=2)"),
        ("pre_patch", Finding("write-gained", "new", 1), "set_pte_at(new[1], pfn=0x101)"),
        ("pre_patch", Finding("entry-left-behind", "old", 0), "ptep_get_and_clear(old[0])"),
        ("v4", Finding("entry-left-behind", "old", 1), "get_and_clear_full_ptes(old[0], nr=2)"),
        ("v4", Finding("entry-lost", "new", 2), "new[2] is never written"),
    ],
)
def test_the_call_that_last_wrote_the_entry(arch, version, finding, expected):
    s = moving(arch, ["W", ""])
    assert cause(s, move(version, s), finding).replace(" -SH", "") == expected


@pytest.mark.parametrize("arch", ARCHES)
def test_the_call_in_which_a_contract_was_broken(arch):
    """set_ptes() of two over an occupied destination."""
    s = moving(arch, ["", ""])
    occupied = (s.folios[0], Folio(0x200))
    s = scenario(arch, dict(as_move(s).old_table), {1: page(arch, 0x200)}, at=(0, 0, 2), folios=occupied)
    outcome = move("v4", s)
    (broken,) = [f for f in findings_of(MovePromise(s), outcome) if f.kind == "primitive-contract"]
    assert cause(s, outcome, broken).replace(" -SH", "") == "set_ptes(new[0], pfn=0x100, nr=2)"


@pytest.mark.parametrize("arch", ARCHES)
def test_the_call_in_which_page_table_check_would_have_bugged(arch):
    folios = (Folio(FOLIO, 2, True, ((0, 1),), ((1, 2),)),)
    s = moving(arch, ["W", ""], folios=folios, page_table_check=True)
    outcome = move("v4", s)
    (bug,) = [f for f in findings_of(MovePromise(s), outcome) if f.kind == "page-table-check"]
    assert cause(s, outcome, bug).replace(" -SH", "") == "set_ptes(new[0], pfn=0x100 W, nr=2)"


def test_an_entry_that_is_written_twice():
    s, new = moving(X86, [""]), 3 * 512
    first, second = ("set_pte_at", NEW, new, page(X86, FOLIO)), ("pte_clear", NEW, new)
    events = (first, ("S", new, page(X86, FOLIO)), second, ("S", new, 0), ("arch_leave_lazy_mmu_mode",))
    assert cause(s, left(s, events=events), Finding("entry-lost", "new", 0)) == "pte_clear(new[0])"


def test_a_run_that_called_nothing():
    s = moving(X86, [""])
    assert cause(s, left(s, events=()), Finding("return-value")) == "before any primitive"


# -- sentences


def said(kind: str, table: str = "new", entry: int = 1, what: str = "", **changes) -> str:
    s = scenario(X86, {0: page(X86, 0x100), 1: swap(X86, 1, 5)}, at=(0, 0, 2), vma=CLEARS, folios=(Folio(0x100),))
    return summary(
        MovePromise(s), "THIS", "THAT", left(s, **changes), Finding(kind, table, entry, what), WORDS.sentences
    )


SWAP, GUARD, POISONED = swap(X86, 1, 5), marker(X86, 4), marker(X86, 2)


@pytest.mark.parametrize(
    ("kind", "table", "new", "old", "sentence"),
    [
        ("write-gained", "new", {}, {}, "makes new[1] writable; the page was mapped read-only before the move."),
        ("entry-lost", "new", {1: 0}, {}, "loses swap 1:0x5: it is in neither table afterwards."),
        ("entry-left-behind", "old", {1: 0}, {1: SWAP}, "leaves swap 1:0x5 in old[1], and out of the new range."),
        ("entry-duplicated", "old", {}, {1: SWAP}, "leaves swap 1:0x5 in old[1], and has it in the new range as well."),
        ("foreign-entry", "new", {1: page(X86, 0x100)}, {}, "installs pfn=0x100 in new[1]; it belongs to old[0]."),
        ("foreign-entry", "new", {1: SWAP}, {}, "installs swap 1:0x5 in new[1]; it belongs to old[1]."),
        ("wrong-page", "new", {1: GUARD}, {}, "installs marker GUARD in new[1]; no slot of the range held it."),
        ("destination-kept", "new", {1: POISONED}, {}, "keeps marker POISONED, which new[1] held before the move."),
        ("dirty-lost", "new", {}, {}, "loses the dirty bit of new[1]."),
        ("uffd-wp-kept", "new", {}, {}, "keeps uffd-wp in new[1], which the move should have cleared."),
        ("soft-dirty-missing", "new", {}, {}, "does not set soft-dirty in new[1]."),
    ],
)  # fmt: skip
def test_sentences_of_entries(kind, table, new, old, sentence):
    assert said(kind, table, new=new, old=old) == f"THIS {sentence}"


@pytest.mark.parametrize("kind", SENTENCES)
def test_every_sentence_of_an_entry_is_whole(kind):
    text = said(kind)
    assert text.startswith("THIS ")
    assert text.endswith(".")
    assert not re.search(r"[{}]|None|\n", text)


STACKS = (Installed("zero", 0, 0, 0), Installed("pattern", 0xAA, 3 * 512 + 1, 0xAA))


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        ("table-overrun", {"why": "entry 512 of 512, a.py:7"}, "runs off the page table: entry 512 of 512, a.py:7."),
        ("no-progress", {"why": "more than 9 passes, a.py:7"}, "does not come to an end: more than 9 passes, a.py:7."),
        ("crash", {"why": "ValueError: no, a.py:7"}, "raises ValueError: no, a.py:7."),
        ("unassigned-read", {"variable": "pte", "why": "a.py:7"}, "reads `pte` before it is assigned (a.py:7)."),
        (
            "unassigned-read",
            {"variable": "pte", "why": "a.py:7", "installed": STACKS},
            "reads `pte` before it is assigned (a.py:7); a zero-initialised stack installs nothing, "
            "a pattern-initialised stack installs 0xaa in new[1].",
        ),
    ],
)
def test_sentences_of_early_ends(kind, changes, sentence):
    assert said(kind, "", -1, **changes) == f"THIS {sentence}"


@pytest.mark.parametrize("kind", [kind for kind in SEVERITY if kind not in SENTENCES or kind == "stale-tlb"])
def test_every_kind_of_a_run_has_a_sentence_with_its_text(kind):
    text = said(kind, "", -1, what="SOMETHING", why="SOMETHING", variable="SOMETHING")
    assert text.startswith("THIS ")
    assert text.endswith(".")
    assert "SOMETHING" in text
