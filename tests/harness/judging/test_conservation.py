# SPDX-License-Identifier: GPL-2.0-only
"""Tables by hand, entry by entry: each breach of the relation is named by its kind, at its place."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, bits
from tests.kit.outcomes import CLEARS, FOLIO, KEEPS, MARKER, found, left, marker, moving, page, scenario, swap

NO_EXECUTE = {"x86_64": bits("x86_64", "NX"), "arm64": bits("arm64", "UXN")}
PFN = FOLIO
pytestmark = pytest.mark.parametrize("arch", ARCHES)


@pytest.mark.parametrize(
    ("before", "new", "old", "kinds"),
    [  # entries 0 and 1 before the move, what is changed in what a correct move leaves
        (["", ""], {}, {}, []),
        (["W", ""], {1: "W"}, {}, [("write-gained", "new", 1)]),
        (["", "W"], {1: ""}, {}, [("write-lost", "new", 1)]),
        (["WD", "D"], {1: "WD"}, {}, [("write-gained", "new", 1)]),
        (["D", "WD"], {1: "D"}, {}, [("write-lost", "new", 1)]),
        (["", "D"], {1: ""}, {}, [("dirty-lost", "new", 1)]),
        (["W", "WD"], {1: "W"}, {}, [("dirty-lost", "new", 1)]),
        (["A", ""], {0: ""}, {}, [("young-lost", "new", 0)]),
        (["DA", "DA"], {0: "A", 1: "D"}, {}, [("dirty-lost", "new", 0), ("young-lost", "new", 1)]),
        (["", ""], {1: None}, {}, [("entry-lost", "new", 1)]),
        (["", ""], {0: None, 1: None}, {}, [("entry-lost", "new", 0), ("entry-lost", "new", 1)]),
        (["", ""], {1: None}, {1: ""}, [("entry-left-behind", "old", 1)]),
        (["W", "WDA"], {1: None}, {1: "WDA"}, [("entry-left-behind", "old", 1)]),
        (["", ""], {}, {1: ""}, [("entry-duplicated", "old", 1)]),
        (["N", "N"], {}, {0: "N"}, [("entry-duplicated", "old", 0)]),
    ],
)  # fmt: skip
def test_one_entry(arch, before, new, old, kinds):
    def words(changed):
        return {i: 0 if flags is None else page(arch, PFN + i, flags) for i, flags in changed.items()}

    s = moving(arch, before)
    assert found(s, left(s, words(new), words(old))) == kinds


def test_the_right_page_in_the_wrong_slot(arch):
    s = moving(arch, ["", ""])
    swapped = left(s, {0: page(arch, PFN + 1), 1: page(arch, PFN)})
    assert found(s, swapped) == [("foreign-entry", "new", 0), ("foreign-entry", "new", 1)]


def test_the_first_page_a_second_time_and_the_second_gone(arch):
    s = moving(arch, ["", ""])
    assert found(s, left(s, {1: page(arch, PFN)})) == [("foreign-entry", "new", 1), ("entry-lost", "new", 1)]


def test_a_page_from_another_slot_where_nothing_belongs(arch):
    s = scenario(arch, {0: page(arch, PFN)}, at=(0, 0, 2), folios=(Folio(PFN),))
    assert found(s, left(s, {1: page(arch, PFN)})) == [("foreign-entry", "new", 1)]


@pytest.mark.parametrize(
    "strange", [lambda arch: page(arch, 0x777), lambda arch: swap(arch, 3, 4), lambda arch: marker(arch, 4)]
)
def test_what_no_slot_held(arch, strange):
    s = scenario(arch, {0: page(arch, PFN)}, at=(0, 0, 2), folios=(Folio(PFN),))
    assert found(s, left(s, {1: strange(arch)})) == [("wrong-page", "new", 1)]
    assert found(s, left(s, {0: strange(arch)})) == [("wrong-page", "new", 0), ("entry-lost", "new", 0)]
    assert found(s, left(s, old={1: strange(arch)})) == [("wrong-page", "old", 1)]


def test_a_page_that_is_left_in_a_slot_it_did_not_come_from(arch):
    s = scenario(arch, {0: page(arch, PFN)}, at=(0, 0, 2), folios=(Folio(PFN),))
    assert found(s, left(s, old={1: page(arch, PFN)})) == [("foreign-entry", "old", 1)]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [  # a swap entry: its payload is its identity, E and A/D of migration are bits that stay
        (swap_args, (*swap_args[:2], flags), kinds)
        for swap_args, flags, kinds in [
            ((3, 5, "E"), "", ["other-bits"]),
            ((3, 5, ""), "E", ["other-bits"]),
            ((3, 5, "E F"), "E", ["uffd-wp-lost"]),
            ((3, 5, "E F"), "F", ["other-bits"]),
            ((3, 5, ""), "F", ["uffd-wp-kept"]),
        ]
    ],
)
def test_a_swap_entrys_flags(arch, before, after, kinds):
    s = scenario(arch, {0: swap(arch, *before)}, vma=KEEPS)
    assert found(s, left(s, {0: swap(arch, *after)})) == [(kind, "new", 0) for kind in kinds]


@pytest.mark.parametrize(
    ("before", "after"), [((3, 5), (3, 6)), ((3, 5), (2, 5)), ((25, 5), (25, 1 << 36 | 5)), ((27, 5), (25, 5))]
)
def test_a_swap_entrys_payload_a_migrations_accessed_and_kind_included(arch, before, after):
    s = scenario(arch, {0: swap(arch, *before)})
    assert found(s, left(s, {0: swap(arch, *after)})) == [("wrong-page", "new", 0), ("entry-lost", "new", 0)]


@pytest.mark.parametrize("flags", ["U", "UDA"])
def test_uffd_wp_of_a_page(arch, flags):
    clear = flags.replace("U", "")
    s = moving(arch, [flags], vma=CLEARS)
    assert found(s, left(s, {0: page(arch, PFN, flags)})) == [("uffd-wp-kept", "new", 0)]
    s = moving(arch, [flags], vma=KEEPS)
    assert found(s, left(s, {0: page(arch, PFN, clear)})) == [("uffd-wp-lost", "new", 0)]


def test_write_that_comes_back_with_uffd_wp_is_gained(arch):
    s = moving(arch, ["UD"], vma=CLEARS)
    assert found(s, left(s, {0: page(arch, PFN, "WD")})) == [("write-gained", "new", 0)]


def test_uffd_wp_of_a_swap_entry(arch):
    s = scenario(arch, {0: swap(arch, 3, 5, "F")}, vma=CLEARS)
    assert found(s, left(s, {0: swap(arch, 3, 5, "F")})) == [("uffd-wp-kept", "new", 0)]


def test_a_marker_that_should_have_been_dropped(arch):
    s = scenario(arch, {0: marker(arch, 1)}, vma=CLEARS)
    assert found(s, left(s)) == []
    assert found(s, left(s, {0: marker(arch, 1)})) == [("uffd-wp-kept", "new", 0)]
    assert found(s, left(s, old={0: marker(arch, 1)})) == [("entry-left-behind", "old", 0)]


def test_a_marker_that_should_have_been_moved(arch):
    s = scenario(arch, {0: marker(arch, 1)}, vma=KEEPS)
    assert found(s, left(s, {0: 0})) == [("entry-lost", "new", 0)]
    assert found(s, left(s, old={0: marker(arch, 1)})) == [("entry-duplicated", "old", 0)]


@pytest.mark.parametrize("which", [2, 4])
def test_poisoned_and_guard_markers_are_moved_whatever_userfaultfd_says(arch, which):
    s = scenario(arch, {0: marker(arch, which)}, vma=CLEARS)
    assert found(s, left(s)) == []
    assert found(s, left(s, {0: 0})) == [("entry-lost", "new", 0)]


@pytest.mark.parametrize("entry", [lambda arch: swap(arch, MARKER, 4), lambda arch: page(arch, 1, "X")])
def test_one_of_two_alike_that_is_lost(arch, entry):
    """Markers and the zero page stand in many slots: that another slot has one does not bring this one back."""
    s = scenario(arch, {0: entry(arch), 1: entry(arch)}, at=(0, 0, 2))
    assert found(s, left(s, {1: 0})) == [("entry-lost", "new", 1)]


def test_bits_that_no_predicate_reads(arch):
    s = moving(arch, ["", "W"])
    executable = {i: page(arch, PFN + i, flags) & ~NO_EXECUTE[arch] for i, flags in enumerate(["", "W"])}
    assert found(s, left(s, executable)) == [("other-bits", "new", 0), ("other-bits", "new", 1)]


def test_special_and_prot_none_are_bits_of_their_own(arch):
    s = moving(arch, [""], vma=Vma(mixedmap=True))
    assert found(s, left(s, {0: page(arch, PFN, "X")})) == [("other-bits", "new", 0)]
    assert found(s, left(s, {0: page(arch, PFN, "N")})) == [("other-bits", "new", 0)]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [  # gained from an entry of the same large folio, or from nowhere
        (["DA", ""], "DA", []),
        (["D", ""], "D", []),
        (["A", ""], "DA", ["dirty-gained"]),
        (["D", ""], "DA", ["young-gained"]),
        (["", ""], "DA", ["young-gained", "dirty-gained"]),
        (["WDA", ""], "DA", []),
    ],
)
def test_accessed_and_dirty_inside_a_large_folio(arch, before, after, kinds):
    s = moving(arch, before)
    assert found(s, left(s, {1: page(arch, PFN + 1, after)})) == [(kind, "new", 1) for kind in kinds]


def test_accessed_and_dirty_of_a_neighbouring_folio_are_not_to_be_had(arch):
    folios = tuple(Folio(PFN + i, 0, True, ((0, 1),)) for i in range(2))
    s = moving(arch, ["DA", ""], folios=folios)
    gained = [("young-gained", "new", 1), ("dirty-gained", "new", 1)]
    assert found(s, left(s, {1: page(arch, PFN + 1, "DA")})) == gained


def test_the_folios_dirty_bit_may_come_from_outside_the_range(arch):
    old = {0: page(arch, PFN), 3: page(arch, PFN + 3, "D")}
    s = scenario(arch, old, folios=(Folio(PFN, 2),))
    assert found(s, left(s, {0: page(arch, PFN, "D")})) == []
