# SPDX-License-Identifier: GPL-2.0-only
"""models.legal, every rule: a table that breaks it, and the nearest ones that do not."""

import pytest

from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.config import Config
from pte_review.models.legal import ONLY_ON, breaches, broken_rules
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, NEW, OLD, arm, page, pages, scenario, swap, x86

FOUR = (Folio(0x100, 2, exclusive=((0, 4),)),)
FILE = Vma(vm_file=True, anon_vma=False)
UFFD = Vma(uffd=True)
DEVICE = {"pfnmap": Vma(vm_file=True, anon_vma=False, pfnmap=True), "mixedmap": Vma(True, False, mixedmap=True)}
TOP = Config().highest_memmap_pfn


def entries(rule, what):
    """(table, entry) of every breach, all of which must be of `rule`."""
    found = list(breaches(what))
    assert {breach.rule for breach in found} == {rule}
    return [(breach.table, breach.entry) for breach in found]


def test_every_rule_has_a_name_and_a_sentence():
    assert set(MOVE_PTES.rules) == {
        "destination-occupied", "page-mapped-twice", "write-without-exclusive", "write-with-uffd-wp",
        "uffd-wp-unregistered", "mixed-marker",
        "dirty-read-only", "stray-special", "bad-pfn", "malformed-cont", "mixed-protection", "overlap",
    }  # fmt: skip
    assert ONLY_ON == {"dirty-read-only": "x86_64", "malformed-cont": "arm64"}
    assert all(MOVE_PTES.rules.values())


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


def legal(what):
    assert list(breaches(what)) == []


def test_destination_occupied(arch):
    at = (0, 4, 2)
    for occupant in (page(arch, 0x100), swap(arch, 0, 9), swap(arch, 31, 2)):
        for index in (4, 5):
            broken = scenario(arch, {0: swap(arch, 0, 1)}, {index: occupant}, at, folios=FOUR)
            assert entries("destination-occupied", broken) == [(1, index)]
        for index in (3, 6):
            legal(scenario(arch, {0: swap(arch, 0, 1)}, {index: occupant}, at, folios=FOUR))


def test_destination_occupied_in_one_table(arch):
    def one_table(old):
        return scenario(arch, old, at=(0, 0, 2), new_addr=OLD + 4 * 4096)

    assert entries("destination-occupied", one_table({5: swap(arch, 0, 1)})) == [(0, 5)]
    legal(one_table({0: swap(arch, 0, 1), 1: swap(arch, 0, 2), 3: swap(arch, 0, 3), 6: swap(arch, 0, 4)}))


def test_stray_accessed_and_dirty_do_not_occupy():
    legal(scenario("x86_64", {}, {0: 0x20, 1: 0x60}, (0, 0, 2)))


def test_overlap(arch):
    old = {i: swap(arch, 0, 1 + i) for i in range(4, 8)}
    for shift in (-3, -1, 0, 1, 3):
        broken = scenario(arch, old, at=(4, 0, 4), new_addr=OLD + (4 + shift) * 4096)
        assert entries("overlap", broken) == [(0, 4 + shift)]
    for shift in (-4, 4):
        legal(scenario(arch, old, at=(4, 0, 4), new_addr=OLD + (4 + shift) * 4096))


def test_page_mapped_twice(arch):
    def broken_at(old, new=None):
        return entries("page-mapped-twice", scenario(arch, old, new, (0, 8, 1), folios=FOUR))

    assert broken_at({0: page(arch, 0x101), 5: page(arch, 0x101, "A")}) == [(0, 5)]
    assert broken_at({0: page(arch, 0x101)}, {2: page(arch, 0x101)}) == [(1, 2)]
    assert broken_at({}, {2: page(arch, 0x101), 3: page(arch, 0x101)}) == [(1, 3)]
    assert broken_at({0: swap(arch, 3, 7), 1: swap(arch, 3, 7, "E")}) == [(0, 1)]
    assert broken_at({0: swap(arch, 26, 7), 1: swap(arch, 26, 7)}) == [(0, 1)]


def test_what_may_stand_in_many_entries(arch):
    legal(scenario(arch, {i: swap(arch, 31, 4) for i in range(3)}))
    legal(scenario(arch, {i: page(arch, 1, "X") for i in range(3)}))
    legal(scenario(arch, {i: page(arch, 0x999, "X") for i in range(3)}, vma=DEVICE["pfnmap"]))
    legal(scenario(arch, {0: swap(arch, 3, 7), 1: swap(arch, 4, 7), 2: swap(arch, 3, 8)}))
    legal(scenario(arch, {0: page(arch, 0x100), 1: page(arch, 0x101)}, folios=FOUR))


def test_write_without_exclusive(arch):
    folio = (Folio(0x100, 2, exclusive=((1, 3),)),)
    for index in (0, 3):
        broken = scenario(arch, {index: page(arch, 0x100 + index, "W")}, folios=folio)
        assert entries("write-without-exclusive", broken) == [(0, index)]
        legal(scenario(arch, {index: page(arch, 0x100 + index, "DA")}, folios=folio))
    legal(scenario(arch, pages(arch, 1, 0x101, ["W", "WD"]), folios=folio))
    legal(scenario(arch, {0: page(arch, 0x100, "W")}, vma=FILE, folios=(Folio(0x100, 2, anon=False),)))


def test_a_shadow_stack_entry_is_writable():
    old = {0: x86("P US NX D", 0x100)}
    options = {"vma": Vma(shadow_stack=True), "shstk": True}
    legal(scenario("x86_64", old, folios=FOUR, **options))
    broken = scenario("x86_64", old, folios=(Folio(0x100),), **options)
    assert broken_rules(broken) == ("write-without-exclusive",)


def test_write_with_uffd_wp(arch):
    assert entries("write-with-uffd-wp", scenario(arch, {0: page(arch, 0x100, "WU")}, folios=FOUR, vma=UFFD)) == [
        (0, 0)
    ]
    legal(scenario(arch, {0: page(arch, 0x100, "U"), 1: page(arch, 0x101, "W")}, folios=FOUR, vma=UFFD))


@pytest.mark.parametrize("type_", [0, *range(24, 31)])
def test_uffd_wp_on_entries_that_stand_for_a_writable_page(arch, type_):
    """page_table_check warns about migration-write and device-write; about device-exclusive until v6.14."""
    flagged = scenario(arch, {0: swap(arch, type_, 5, "F")}, vma=UFFD)
    assert broken_rules(flagged) == (("write-with-uffd-wp",) if type_ in (27, 28) else ())
    legal(scenario(arch, {0: swap(arch, type_, 5, "E")}, vma=UFFD))


@pytest.mark.parametrize("marker", range(1, 8))
def test_mixed_marker(arch, marker):
    what = scenario(arch, {0: swap(arch, 31, marker)}, vma=UFFD)
    assert broken_rules(what) == (() if marker in (1, 2, 4) else ("mixed-marker",))


def test_dirty_read_only():
    dirty = {0: x86("P US NX D", 0x100)}
    assert entries("dirty-read-only", scenario("x86_64", dirty, folios=FOUR)) == [(0, 0)]
    assert broken_rules(scenario("x86_64", {0: x86("PROTNONE D", 0x100)}, folios=FOUR)) == ("dirty-read-only",)
    legal(scenario("x86_64", {0: x86("P US NX SAVED_DIRTY", 0x100)}, folios=FOUR))
    legal(scenario("x86_64", {0: x86("P US NX RW D", 0x100)}, folios=FOUR))
    legal(scenario("x86_64", dirty, folios=FOUR, vma=Vma(shadow_stack=True), shstk=True))


def test_stray_special(arch):
    """Special marks the zero page, and in PFNMAP and MIXEDMAP VMAs memory without a struct page."""
    assert entries("stray-special", scenario(arch, {0: page(arch, 0x100, "X")}, folios=FOUR)) == [(0, 0)]
    legal(scenario(arch, {0: page(arch, 1, "X")}))
    legal(scenario(arch, {0: page(arch, 0x55, "X")}, zero_pfn=0x55))
    for vma in DEVICE.values():
        legal(scenario(arch, {0: page(arch, TOP + 1, "XW")}, vma=vma))


def test_bad_pfn(arch):
    assert entries("bad-pfn", scenario(arch, {0: page(arch, TOP + 1)})) == [(0, 0)]
    legal(scenario(arch, {0: page(arch, TOP)}, folios=(Folio(TOP),)))


EXECUTABLE = {"x86_64": 1 << 63, "arm64": 1 << 54}
PKEY = {"x86_64": 1 << 59, "arm64": 1 << 60}
CACHE = {"x86_64": 1 << 4, "arm64": 1 << 2}


@pytest.mark.parametrize("bits", [EXECUTABLE, PKEY, CACHE])
def test_mixed_protection(arch, bits):
    odd = {0: page(arch, 0x100), 1: page(arch, 0x101, "A") ^ bits[arch]}
    broken = scenario(arch, odd, at=(0, 0, 2), folios=FOUR)
    assert entries("mixed-protection", broken) == [(0, 1)]
    legal(scenario(arch, odd, at=(0, 0, 1), folios=FOUR))  # another VMA's entry
    alike = {index: pte ^ bits[arch] for index, pte in pages(arch, 0, 0x100, ["", "A"]).items()}
    legal(scenario(arch, alike, at=(0, 0, 2), folios=FOUR, vma=Vma(exec=bits is EXECUTABLE)))


def test_numa_hints_are_no_mixed_protection(arch):
    hint = {0: page(arch, 0x100, "W"), 1: page(arch, 0x101, "N"), 2: page(arch, 0x102, "W"), 3: page(arch, 0x103, "N")}
    legal(scenario(arch, hint, at=(0, 0, 4), folios=FOUR))
    odd = {**hint, 3: hint[3] ^ CACHE[arch]}
    assert broken_rules(scenario(arch, odd, at=(0, 0, 4), folios=FOUR)) == ("mixed-protection",)


def test_one_table_is_judged_where_its_entries_are(arch):
    """The new address of a move inside one table does not change which entries are looked at."""
    assert NEW != OLD
    old = {0: page(arch, 0x100, "W"), 1: swap(arch, 31, 3)}
    what = scenario(arch, old, at=(0, 0, 2), new_addr=OLD + 8 * 4096, folios=FOUR, vma=UFFD)
    assert entries("mixed-marker", what) == [(0, 1)]


def test_all_breaches_are_told(arch):
    what = scenario(arch, {0: swap(arch, 31, 3), 1: page(arch, TOP + 1)}, {0: swap(arch, 0, 1)}, (0, 0, 2), vma=UFFD)
    assert broken_rules(what) == ("bad-pfn", "destination-occupied", "mixed-marker")


def test_arm64_write_is_dbm_not_rdonly():
    """RDONLY set with WRITE is a clean writable entry (2.2)."""
    old = {0: arm("VALID TYPE USER nG PXN UXN WRITE RDONLY", 0x100)}
    assert broken_rules(scenario("arm64", old, folios=(Folio(0x100),))) == ("write-without-exclusive",)
