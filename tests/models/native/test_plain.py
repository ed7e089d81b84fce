# SPDX-License-Identifier: GPL-2.0-only
"""Plain accesses of C text to entries are events in their order; accesses through other pointers are none."""

from dataclasses import replace

import pytest

from pte_review.models.actions import Action, When
from pte_review.models.outcome import RETURNED
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, scenario, swap

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
NEW0 = 1536  # its ptep
FOLIO = (Folio(0x200, 4),)


def one(arch="x86_64", **options):
    return scenario(arch, {0: swap(arch, 3, 8)}, folios=FOLIO, **options)


def accesses(outcome):
    """What happened at new[0] and new[1], raw: of what stands in the place of set_ptes()."""
    assert outcome.ended == RETURNED, outcome.why
    return [e for e in outcome.events if e[0] in ("R", "S", "X") and e[1] in (NEW0, NEW0 + 1)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("seen = *dst;", [("R", 0, 0)]),
        ("seen = dst[1];", [("R", 1, 0)]),
        ("most = dst->pte;", [("R", 0, 0)]),
        ("most = (*dst).pte;", [("R", 0, 0)]),
        ("most = pte_val(dst[0]) + pte_none(*(dst + 1));", [("R", 0, 0), ("R", 1, 0)]),
        ("const pte_t *p = dst; seen = *p;", [("R", 0, 0)]),
        ("pte_t **pp = &dst; seen = **pp;", [("R", 0, 0)]),
        ("*dst = __pte(8);", [("S", 0, 8)]),
        ("dst[1] = __pte(8);", [("S", 1, 8)]),
        ("dst->pte = 8;", [("S", 0, 8)]),
        ("(*dst).pte = 8;", [("S", 0, 8)]),
        ("dst[1].pte = 8;", [("S", 1, 8)]),
        ("dst->pte = 8; dst->pte |= 4;", [("S", 0, 8), ("R", 0, 8), ("S", 0, 12)]),
        ("dst[1].pte += 4;", [("R", 1, 0), ("S", 1, 4)]),
        ("dst[1] = dst[0] = __pte(8);", [("S", 0, 8), ("S", 1, 8)]),
        ("pte_t *p = dst; *p++ = __pte(8); *p = p[-1];", [("S", 0, 8), ("R", 0, 8), ("S", 1, 8)]),
        ("*dst = __pte(8); swap(dst[0], pte);", [("S", 0, 8)]),  # a macro that takes its arguments for places
    ],
)
def test_events(ran, arch, text, events):
    outcome = ran(one(arch), {SET: f"\t\t\t{text}\n"})
    assert accesses(outcome) == [(name, NEW0 + slot, value) for name, slot, value in events]


@pytest.mark.parametrize(
    "text",
    [
        "pte_t own = pte, *p = &own; *p = __pte(8); seen = *p; p->pte |= 1; most = p[0].pte;",
        "pte_t *p = &*dst; most = sizeof(*dst) + sizeof(dst[1]); (void)p;",
        "__typeof__(*dst) other = pte; seen = other;",
        "int numbers[2] = { 1, 2 }, *p = numbers; p[1] = *p; (*p)++; *p += 2; most = numbers[1];",
        "volatile int numbers[2]; numbers[1] = 3; most = numbers[1];",
        "struct { pte_t *pte; } it, *at = &it; at->pte = dst; it.pte = at->pte;",
        "int (*f)(pte_t) = pte_none; most = (*f)(seen);",
        "struct vm_area_struct copy = *vma; most = !copy.vm_mm;",
    ],
)
def test_what_is_no_access_to_an_entry(ran, text):
    assert accesses(ran(one(), {SET: f"\t\t\t{text}\n"})) == []


def test_the_tables_hold_what_was_stored(ran):
    outcome = ran(one(), {SET: "\t\t\tdst[0] = pte; dst[1].pte = 4; dst[1].pte |= 8;\n"})
    assert outcome.tables[1][:3] == (swap("x86_64", 3, 8), 12, 0)


def test_a_store_between_look_and_store_is_lost(ran):
    """What others do right before the second access comes between the two of a plain read-modify-write."""
    s = scenario("x86_64", {0: page("x86_64", 0x200, "WA")}, folios=FOLIO)
    looks = {"\t\tpte = get_and_clear_full_ptes(mm, from, src, nr, 0);\n": "\t\tpte = *src; src->pte = 0;\n"}
    alone = ran(s, looks)
    acts = Action("write", "old", 0, When("change", "old", 0, 1))
    outcome = ran(replace(s, actions=(acts,)), looks)
    assert (alone.ended, outcome.ended) == (RETURNED, RETURNED)
    after = [e[0] for e in outcome.events if e[1:2] == (512,) or e[0] == "write"]
    assert after[after.index("R") :][:5] == ["R", "R", "hw", "write", "S"]
    assert not s.words.pte_dirty(outcome.tables[1][0])  # the store came after the look
