# SPDX-License-Identifier: GPL-2.0-only
"""The reference relation, clause by clause: what stands in the new range after any correct move."""

import pytest

from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.gathering import gathered
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, arm, bits, page, pages, x86
from tests.kit.outcomes import CLEARS, KEEPS, MARKER, marker, moving, scenario, swap

NO_UFFD = Vma()


def e(arch: str, pfn: int, flags: str) -> int:
    """A page as E() has it: the software dirty bit of an arm64 entry that is dirty in hardware says no more."""
    pte = page(arch, pfn, flags)
    return pte & ~arm("DIRTY") if arch == "arm64" and {"W", "D"} <= set(flags) else pte


def want(arch: str, pte: int, vma: Vma, destination: int = 0, **config: bool) -> int:
    """New entry 0 afterwards when old entry 0 is `pte`."""
    s = scenario(arch, {0: pte}, {0: destination} if destination else {}, vma=vma, folios=(Folio(0x100),), **config)
    return MovePromise(s).want[0]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flags", "vma", "moved"),
    [
        ("", NO_UFFD, ""),
        ("W", NO_UFFD, "W"),
        ("WDA", NO_UFFD, "WDA"),
        ("D", NO_UFFD, "D"),
        ("N", NO_UFFD, "N"),
        ("NDA", NO_UFFD, "NDA"),
        ("U", KEEPS, "U"),
        ("U", CLEARS, ""),  # and write permission is not restored
        ("UDA", CLEARS, "DA"),
        ("WA", CLEARS, "WA"),
    ],
)
def test_present(arch, flags, vma, moved):
    assert want(arch, page(arch, 0x100, flags), vma) == e(arch, 0x100, moved)


@pytest.mark.parametrize("flags", ["", "W", "WDA", "N"])
def test_soft_dirty_is_set_on_present_entries_where_configured(flags):
    assert want("x86_64", page("x86_64", 0x100, flags), NO_UFFD, mem_soft_dirty=True) == page(
        "x86_64", 0x100, flags + "S"
    )


@pytest.mark.parametrize(("type_", "offset"), [(0, 5), (24, 9), (25, 9), (27, 9), (28, 9), (MARKER, 2), (MARKER, 1)])
def test_soft_dirty_is_set_on_every_kind_of_swap_entry_where_configured(type_, offset):
    assert want("x86_64", swap("x86_64", type_, offset), NO_UFFD, mem_soft_dirty=True) == swap(
        "x86_64", type_, offset, "SD"
    )
    assert want("x86_64", swap("x86_64", type_, offset), NO_UFFD) == swap("x86_64", type_, offset)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("before", "vma", "moved"),
    [  # type, offset, flags
        ((3, 0x12, "E"), NO_UFFD, "E"),
        ((3, 0x12, "E F"), KEEPS, "E F"),
        ((3, 0x12, "E F"), CLEARS, "E"),
        ((24, 0x12, "F"), CLEARS, ""),  # hwpoison
        ((25, 3 << 36 | 0x12, "F"), CLEARS, ""),  # migration: what is above the PFN stays
        ((29, 0x12, "F"), CLEARS, ""),  # device
        ((MARKER, 2, ""), CLEARS, ""),
        ((MARKER, 4, ""), CLEARS, ""),
        ((MARKER, 1, ""), KEEPS, ""),
        ((MARKER, 1, ""), NO_UFFD, ""),
    ],
)
def test_not_present(arch, before, vma, moved):
    type_, offset, flags = before
    assert want(arch, swap(arch, type_, offset, flags), vma) == swap(arch, type_, offset, moved)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("which", [1, 1 | 2, 1 | 4])
def test_a_uffd_wp_marker_is_dropped_when_uffd_wp_is_cleared(arch, which):
    assert want(arch, marker(arch, which), CLEARS) == 0
    assert want(arch, marker(arch, which), CLEARS, destination=page(arch, 0x200)) == 0


@pytest.mark.parametrize("arch", ARCHES)
def test_a_uffd_wp_marker_stays_without_the_config(arch):
    assert want(arch, marker(arch, 1), CLEARS, pte_marker_uffd_wp=False) == marker(arch, 1)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_none_entry_leaves_the_destination_alone(arch):
    occupied = page(arch, 0x200, "A")
    s = scenario(arch, {1: page(arch, 0x100)}, {0: occupied}, at=(0, 0, 2), folios=(Folio(0x100), Folio(0x200)))
    assert list(MovePromise(s).want) == [occupied, page(arch, 0x100)]


def test_stray_accessed_and_dirty_of_x86_none_entries_count_as_none():
    occupied = page("x86_64", 0x200)
    assert want("x86_64", bits("x86_64", "A D"), NO_UFFD, destination=occupied) == occupied


def test_e_is_what_ptep_get_returns():
    block = pages("arm64", 16, 0x200, ["WC"] * 14 + ["WDC", "WAC"])
    table = [0] * 16 + [block[16 + i] for i in range(16)] + [page("arm64", 0x210, "W")]
    words = moving("arm64", [""]).words
    for i in range(16):
        assert gathered(words, table, 16 + i) == e("arm64", 0x200 + i, "WDA")
    assert gathered(words, table, 32) == page("arm64", 0x210, "W")


@pytest.mark.parametrize("flags", ["", "D", "A", "W", "WD", "WA"])
def test_e_of_a_uniform_block_is_the_entry_without_cont(flags):
    table = [page("arm64", 0x200 + i, flags + "C") for i in range(16)]
    assert gathered(moving("arm64", [""]).words, table, 3) == e("arm64", 0x203, flags)


def test_e_without_contpte_gathers_nothing():
    table = [page("arm64", 0x200 + i, "CA" if i else "C") for i in range(16)]
    assert gathered(moving("arm64", [""], contpte=False).words, table, 0) == page("arm64", 0x200)


def test_e_of_an_invalid_cont_entry_gathers_nothing():
    table = [page("arm64", 0x200 + i, "NCA" if i else "NC") for i in range(16)]
    assert gathered(moving("arm64", [""]).words, table, 0) == page("arm64", 0x200, "N")


@pytest.mark.parametrize(
    ("arch", "pte", "masked"),
    [  # x86: bits 5, 6, 58; arm64: 10, 55, and 7 where 51 is set
        ("x86_64", x86("P RW A D SAVED_DIRTY SD"), "P RW SD"),
        ("arm64", arm("VALID WRITE RDONLY AF DIRTY"), "VALID WRITE"),
        ("arm64", arm("VALID RDONLY AF DIRTY"), "VALID RDONLY"),
    ],
)
def test_accessed_and_dirty_fields(arch, pte, masked):
    assert moving(arch, [""]).words.without_ad(pte) == bits(arch, masked)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("old_maps", "new_maps"), [(False, True), (True, False), (False, False)])
def test_a_table_that_does_not_map_is_eagain(arch, old_maps, new_maps):
    assert MovePromise(moving(arch, ["W"], old_maps=old_maps, new_maps=new_maps)).returned == -11
    assert MovePromise(moving(arch, ["W"])).returned == 0


@pytest.mark.parametrize("arch", ARCHES)
def test_what_a_large_folio_had(arch):
    """From entries of either table, outside the range too; never from another folio or an order-0 one."""
    old = {0: page(arch, 0x100), 9: page(arch, 0x103, "A"), 10: page(arch, 0x200, "DA"), 11: page(arch, 0x300, "DA")}
    new = {5: page(arch, 0x101, "D")}
    folios = (Folio(0x100, 2), Folio(0x200, 2), Folio(0x300))
    x = MovePromise(scenario(arch, old, new, folios=folios))
    assert x.folio_had(page(arch, 0x102)) == (True, True)
    assert x.folio_had(page(arch, 0x203)) == (True, True)
    assert x.folio_had(page(arch, 0x300)) == (False, False)
    assert x.folio_had(page(arch, 0x400)) == (False, False)
    only_old = MovePromise(scenario(arch, old, folios=folios))
    assert only_old.folio_had(page(arch, 0x102)) == (True, False)
