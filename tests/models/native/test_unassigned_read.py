# SPDX-License-Identifier: GPL-2.0-only
"""Locals of C that are read before they are assigned: which, where, what a stack installs; and no false alarms."""

import pytest

from pte_review.models.outcome import RETURNED, UNASSIGNED_READ
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, scenario, swap
from tests.kit.trees import small

PATTERN = 0xAAAA_AAAA_AAAA_AAAA  # -ftrivial-auto-var-init=pattern on 64 bits
FOLIO = (Folio(0x200, 4),)
UFFD = Vma(uffd=True)

WHOLE = small().read("mm/mremap.c")
BODY = WHOLE[WHOLE.index("\t\tif (pte_present(seen)) {\n") : WHOLE.index("\tarch_leave_lazy_mmu_mode();")]
# The posted refactor: where the entry is not present, it looks at `pte`, which it does not assign.
REFACTOR = """\
		if (pte_present(seen)) {
			nr = batch_length(vma, from, src, seen, most);
			flush = true;
			pte = get_and_clear_full_ptes(mm, from, src, nr, 0);
			pte = move_pte(pte, from, to);
			pte = pte_mksoft_dirty(pte);
			if (drop_uffd_wp)
				pte = pte_clear_uffd_wp(pte);
			set_ptes(mm, to, dst, pte, nr);
		} else if (drop_uffd_wp && pte_marker_uffd_wp(pte)) {
			pte_clear(mm, from, src);
		} else {
			pte_clear(mm, from, src);
			if (is_swap_pte(pte)) {
				if (drop_uffd_wp)
					pte = pte_swp_clear_uffd_wp(pte);
				pte = pte_swp_mksoft_dirty(pte);
			}
			set_pte_at(mm, to, dst, pte);
		}
	}

"""
SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"


def line_of(body, text):
    at = WHOLE.index(BODY) + body.index(text)
    return f"mm/mremap.c:{WHOLE.replace(BODY, body)[:at].count(chr(10)) + 1}"


def mixed(arch, count=6, **options):
    """A page, a swap entry, a page, ..."""
    entries = {i: page(arch, 0x300 + i, "W") if i % 2 == 0 else swap(arch, 3, 8 + i) for i in range(count)}
    folios = tuple(Folio(0x300 + i) for i in range(count))
    return scenario(arch, entries, at=(0, 0, count), folios=folios, **options)


def unassigned(outcome, name):
    assert (outcome.ended, outcome.variable, outcome.returned) == (UNASSIGNED_READ, name, None)
    return outcome.why


# (a) Before any assignment.


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("uffd", [False, True])
def test_before_any_assignment(ran, arch, uffd):
    outcome = ran(scenario(arch, {0: swap(arch, 3, 8)}, vma=Vma(uffd=uffd)), {BODY: REFACTOR})
    place = "pte_marker_uffd_wp(pte)" if uffd else "if (is_swap_pte(pte))"
    assert unassigned(outcome, "pte") == line_of(REFACTOR, place)
    assert [(i.stack, i.value, i.ptep, i.pte) for i in outcome.installed] == [
        ("zero", 0, 1536, 0),
        ("pattern", PATTERN, 1536, PATTERN),
    ]


# (b) Stale: an earlier pass assigned it.


@pytest.mark.parametrize("arch", ARCHES)
def test_what_an_earlier_pass_left(ran, arch):
    outcome = ran(mixed(arch), {BODY: REFACTOR})
    why = unassigned(outcome, "pte")
    assert why == line_of(REFACTOR, "if (is_swap_pte(pte))") + ", which holds what an earlier pass left"
    assert [i.stack for i in outcome.installed] == ["zero", "pattern"]
    # What is installed behind the read: the page of the pass before, once more, whatever the stack held.
    assert {i.ptep for i in outcome.installed} == {1537}
    assert len({i.pte for i in outcome.installed}) == 1


def test_stale_after_hundreds_of_passes(ran):
    entries = {**{i: page("x86_64", 0x400 + i) for i in range(300)}, 300: swap("x86_64", 3, 8)}
    folios = tuple(Folio(0x400 + i) for i in range(300))
    outcome = ran(scenario("x86_64", entries, at=(0, 0, 301), folios=folios), {BODY: REFACTOR})
    assert "which holds what an earlier pass left" in unassigned(outcome, "pte")


# (c) No false alarm.


CARRIED = "\tpte_t last;\n\tbool first = true;\n\tpmd_t unused;\n"
FINE = {
    "assigned on the first pass, carried over": {
        "\tpmd_t unused;\n": CARRIED,
        SET: "\t\t\tif (first) { last = pte; first = false; }\n\t\t\tnr += pte_none(last);\n" + SET,
    },
    "assigned by present entries, read by those behind": {
        "\tpmd_t unused;\n": CARRIED,
        SET: "\t\t\tif (pte_present(pte)) { last = pte; first = false; }\n\t\t\tif (!first) nr += pte_none(last);\n"
        + SET,
    },
    "read behind the loop": {
        "\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n": (
            "\tif (pte_none(pte)) ret = 1;\n\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n"
        ),
    },
    "assigned through its address": {
        "/* Nothing of this is needed by move_ptes(). */": "static void put(pte_t *to, pte_t pte) { *to = pte; }",
        "\t\tpte = move_pte(pte, from, to);\n": (
            "\t\tpte_t other;\n\t\tput(&other, pte);\n\t\tpte = move_pte(other, from, to);\n"
        ),
    },
    "assigned in both branches": {
        "\t\tpte = mark_moved(pte);\n": (
            "\t\tpte_t both;\n\t\tif (pte_present(pte))\n\t\t\tboth = pte_mkold(pte);\n\t\telse\n\t\t\tboth = pte;\n"
            "\t\tif (!pte_none(both))\n\t\t\tpte = mark_moved(pte);\n"
        ),
    },
    "assigned in the head of the loop": {
        "\t\tseen = ptep_get(src);\n\t\tif (pte_none(seen))": "\t\tif (pte_none(seen = ptep_get(src)))",
    },
    "with an initialiser in the loop": {"\t\tseen = ptep_get(src);\n": "\t\tpte_t seen = ptep_get(src);\n"},
    "an array and a struct": {
        "\tpmd_t unused;\n": "\tpte_t two[2];\n\tstruct { pte_t pte; } box;\n\tpmd_t unused;\n",
        SET: "\t\t\ttwo[1] = box.pte = pte;\n\t\t\tnr += pte_none(two[1]) + pte_none(box.pte);\n" + SET,
    },
    "copied before it is assigned, and not looked at": {
        "\t\tnr = 1;\n\t\tmost": "\t\tpte_t copy = pte;\n\n\t\tnr = 1;\n\t\tmost",
    },
    "static": {SET: "\t\t\tstatic pte_t kept;\n\t\t\tstatic int calls;\n\t\t\tnr += !pte_none(kept) + calls;\n" + SET},
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("change", FINE)
def test_no_false_alarm(ran, arch, change):
    what = mixed(arch, mem_soft_dirty=arch == "x86_64", vma=UFFD)
    outcome = ran(what, FINE[change])
    assert (outcome.ended, outcome.variable, outcome.why) == (RETURNED, "", "")
    assert outcome.tables[1] == ran(what).tables[1]


# (d) Integers.


@pytest.mark.parametrize("arch", ARCHES)
def test_an_integer_that_a_setter_gets(ran, arch):
    steps = "src += nr, from += nr * PAGE_SIZE, dst += nr, to += nr * PAGE_SIZE"
    changes = {"\t\tnr = 1;\n\t\tmost": "\t\tmost", steps: "src++, from += PAGE_SIZE, dst++, to += PAGE_SIZE"}
    outcome = ran(scenario(arch, {0: swap(arch, 3, 8)}), changes)
    assert unassigned(outcome, "nr").startswith("mm/mremap.c:")
    assert [i.stack for i in outcome.installed] == ["zero", "pattern"]


@pytest.mark.parametrize("kind", ["int", "unsigned int", "long", "unsigned long", "u64", "size_t"])
def test_integers_of_every_kind(ran, kind):
    outcome = ran(mixed("x86_64"), {SET: f"\t\t\t{kind} count;\n" + SET.replace("nr", "count")})
    unassigned(outcome, "count")


def test_two_locals_are_told_apart(ran):
    change = {"\tpmd_t unused;\n": "\tpte_t one, other, *third;\n\tpmd_t unused;\n"}
    for name in ("one", "other"):
        unassigned(ran(mixed("x86_64"), {**change, SET: SET.replace("pte,", f"{name},")}), name)
