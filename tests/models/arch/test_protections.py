# SPDX-License-Identifier: GPL-2.0-only
"""Words under a new protection: pte_modify(), PAGE_NONE, pte_needs_flush(), what a TLB may go on with; swap entries."""

import pytest

from pte_review.models.arch import words
from pte_review.models.arch.word import SwpEntry
from pte_review.models.config import Config
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, arm, page, swap, x86

X86, SHSTK = words("x86_64", Config()), words("x86_64", Config(shstk=True))
SOFT = words("x86_64", Config(mem_soft_dirty=True))
ARM, ARM_OWN = words("arm64", Config()), words("arm64", Config(own_needs_flush=True))
READ, WRITTEN = Vma(write=False), Vma()
EXECUTED = Vma(write=False, exec=True)


def prot(w, vma, *, shared=False):
    return w.vm_get_page_prot(vma, shared=shared)


@pytest.mark.parametrize(
    ("w", "pte", "vma", "shared", "expected"),
    [  # 2.4
        (X86, x86("P US RW D A NX", 0x100), READ, False, x86("P US SAVED_DIRTY A NX", 0x100)),
        (X86, x86("P US RW NX", 0x100), EXECUTED, False, x86("P US", 0x100)),  # accessed stays what it was
        (X86, x86("P US SAVED_DIRTY NX", 0x100), WRITTEN, True, x86("P US RW D NX", 0x100)),
        (X86, x86("P US SAVED_DIRTY NX", 0x100), WRITTEN, False, x86("P US SAVED_DIRTY NX", 0x100)),
        (SHSTK, x86("P US D NX", 0x100), WRITTEN, False, x86("P US D NX", 0x100)),  # a shadow stack stays one
        (SOFT, x86("P US RW SD NX", 0x100), READ, False, x86("P US SD NX", 0x100)),
        (X86, x86("P US UFFD_WP SPECIAL NX", 0x100), EXECUTED, False, x86("P US UFFD_WP SPECIAL", 0x100)),
        (ARM, page("arm64", 0x100, "WDA"), READ, False, page("arm64", 0x100, "DA")),
        (ARM, page("arm64", 0x100, "WA"), READ, False, page("arm64", 0x100, "A")),
        (ARM, page("arm64", 0x100, "D"), WRITTEN, True, page("arm64", 0x100, "WD")),
        (ARM, page("arm64", 0x100, "WAC"), READ, False, page("arm64", 0x100, "AC")),  # CONT stays
        (ARM, page("arm64", 0x100, "A"), EXECUTED, False, arm("VALID TYPE USER RDONLY AF nG PXN", 0x100)),
    ],
)
def test_pte_modify(w, pte, vma, shared, expected):
    # The builder's arm64 pages are of no shareability, which no protection changes.
    assert w.pte_modify(pte, prot(w, vma, shared=shared)) == expected


@pytest.mark.parametrize("w", [X86, ARM])
def test_page_none_and_back(w):
    pte = page(w.arch, 0x100, "DA")
    none = w.pte_modify(pte, w.PAGE_NONE)
    assert (w.pte_present(none), w.pte_valid(none), w.pte_protnone(none)) == (True, False, True)
    assert (w.pte_pfn(none), w.pte_dirty(none), w.pte_young(none)) == (0x100, True, True)
    assert w.pte_modify(none, prot(w, READ)) == pte


@pytest.mark.parametrize(
    ("old", "new", "needs"),
    [  # 2.5: arch/x86/include/asm/tlbflush.h
        (x86("PROTNONE", 0x100), x86("P US RW NX", 0x100), False),
        (x86("P US RW NX", 0x100), x86("P US NX", 0x100), True),
        (x86("P US NX", 0x100), x86("P US RW NX", 0x100), True),  # RW counts both ways
        (x86("P US NX", 0x100), x86("P US NX", 0x101), True),
        (x86("P US A NX", 0x100), x86("P US NX", 0x100), False),  # accessed is ignored
        (x86("P US RW D NX", 0x100), x86("P US RW NX", 0x100), True),
        (x86("P US RW NX", 0x100), x86("P US RW D NX", 0x100), False),
        (x86("P US NX UFFD_WP SD SPECIAL SAVED_DIRTY", 0x100), x86("P US NX", 0x100), False),
        (x86("P US", 0x100), x86("P US NX", 0x100), True),
        (x86("P US NX", 0x100), x86("PROTNONE", 0x100), True),
    ],
)
def test_pte_needs_flush_on_x86_64(old, new, needs):
    assert X86.pte_needs_flush(old, new) is needs


@pytest.mark.parametrize(
    ("old", "new", "needs"),
    [  # v6.19: nothing where the old entry was not valid, or where only software bits differ
        (page("arm64", 0x100, "N"), page("arm64", 0x100, "W"), False),
        (page("arm64", 0x100, "U"), page("arm64", 0x100), False),
        (page("arm64", 0x100, "D"), page("arm64", 0x100), False),
        (page("arm64", 0x100), page("arm64", 0x100, "W"), True),
        (page("arm64", 0x100, "A"), page("arm64", 0x100), True),
        (page("arm64", 0x100), page("arm64", 0x100, "N"), True),
    ],
)
def test_pte_needs_flush_on_arm64(old, new, needs):
    assert ARM_OWN.pte_needs_flush(old, new) is needs
    assert ARM.pte_needs_flush(old, new) is True  # include/asm-generic/tlb.h


@pytest.mark.parametrize("w", [X86, ARM])
@pytest.mark.parametrize(
    ("cached", "flags", "forgiven"),
    [
        ("", "", True),
        ("", "W", True),
        ("W", "", False),  # a right that is left over
        ("W", "W", True),
        ("WD", "W", False),  # a store through it would be lost
        ("W", "WD", True),
        ("WD", "WD", True),
        ("D", "", True),  # nobody stores through it
        ("A", "", True),
        ("", "N", False),
    ],
)
def test_what_a_tlb_may_go_on_with(w, cached, flags, forgiven):
    assert w.mmu_forgives(page(w.arch, 0x100, cached), page(w.arch, 0x100, flags)) is forgiven
    assert w.mmu_forgives(page(w.arch, 0x100, cached), page(w.arch, 0x101, flags)) is False


@pytest.mark.parametrize("w", [X86, ARM])
def test_the_right_to_execute(w):
    data, code = page(w.arch, 0x100), page(w.arch, 0x100) & ~w.NO_EXEC
    assert (w.mmu_forgives(data, code), w.mmu_forgives(code, data)) == (True, False)
    assert (w.pte_user_exec(data), w.pte_user_exec(code)) == (False, True)


def test_pushes_to_a_shadow_stack():
    pushed, read_only = x86("P US D NX", 0x100), x86("P US SAVED_DIRTY NX", 0x100)
    assert SHSTK.mmu_forgives(pushed, pushed)
    assert not SHSTK.mmu_forgives(pushed, read_only)
    assert X86.mmu_forgives(pushed, read_only)  # no CPU pushes there


@pytest.mark.parametrize("arch", ARCHES)
def test_swap_entries(arch):
    w = words(arch, Config())
    young = 1 << w.SWP_PFN_BITS  # SWP_MIG_YOUNG
    entry = w.pte_to_swp_entry(swap(arch, 27, 0x300 | young, "F"))
    assert entry == w.softleaf_from_pte(swap(arch, 27, 0x300 | young)) == SwpEntry(27, 0x300 | young)
    assert w.is_writable_migration_entry(entry)
    assert w.softleaf_is_migration_write(entry)
    # The offset is taken whole, and accessed with it.
    assert w.swp_entry_to_pte(*w.make_readable_migration_entry(entry.offset)) == swap(arch, 25, 0x300 | young)
    assert w.make_readable_exclusive_migration_entry(entry.offset) == (26, 0x300 | young)
    assert w.make_readable_device_private_entry(7) == (29, 7)
    assert w.is_writable_device_private_entry(SwpEntry(28, 7))
    assert not w.softleaf_is_device_private_write(SwpEntry(29, 7))
    assert w.pte_swp_mkuffd_wp(swap(arch, 0, 5)) == swap(arch, 0, 5, "F")


@pytest.mark.parametrize("arch", ARCHES)
def test_markers(arch):
    w = words(arch, Config())
    assert w.make_pte_marker(1) == swap(arch, 31, 1)
    kinds = [
        (w.is_pte_marker_entry(entry), w.is_poisoned_swp_entry(entry), w.is_guard_swp_entry(entry))
        for entry in (SwpEntry(31, 1), SwpEntry(31, 2), SwpEntry(31, 4), SwpEntry(0, 2))
    ]
    assert kinds == [(True, False, False), (True, True, False), (True, False, True), (False, False, False)]
