# SPDX-License-Identifier: GPL-2.0-only
"""models.legal, what no scenario breaks: entries that contradict the config, the VMA or the folios around them."""

import pytest

from pte_review.models.legal import SHAPE, breaches, broken_rules
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, arm, page, scenario, swap, x86

ONE = (Folio(0x100, exclusive=((0, 1),)),)
FOUR = (Folio(0x100, 2, exclusive=((0, 4),)),)
ANON, FILE, PRIVATE = Vma(), Vma(vm_file=True, anon_vma=False), Vma(vm_file=True)
UFFD = Vma(uffd=True)


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


def wrong(what):
    """What is said about a scenario that breaks SHAPE and nothing else."""
    found = list(breaches(what))
    assert {breach.rule for breach in found} <= {SHAPE}
    return [breach.what for breach in found]


@pytest.mark.parametrize("order", [0, 1, 2, 3, 9])
def test_anon_folios_have_no_order_1(arch, order):
    assert wrong(scenario(arch, {}, folios=(Folio(0x200, order),))) == (
        ["anon folios have order 0 or at least 2"] if order == 1 else []
    )
    assert wrong(scenario(arch, {}, folios=(Folio(0x200, order, anon=False),), vma=FILE)) == []


def test_folios_fit_the_vma(arch):
    anon, file = Folio(0x100, 2), Folio(0x200, 2, anon=False)
    assert wrong(scenario(arch, {}, folios=(anon,), vma=FILE)) == ["an anon folio in a VMA without anon_vma"]
    assert wrong(scenario(arch, {}, folios=(file,), vma=ANON)) == ["a file folio in a VMA without a file"]
    assert wrong(scenario(arch, {}, folios=(anon, file), vma=PRIVATE)) == []


def test_anon_exclusive_is_for_anon_folios(arch):
    file = Folio(0x100, 2, anon=False, exclusive=((1, 2),))
    assert wrong(scenario(arch, {}, folios=(file,), vma=FILE)) == ["AnonExclusive on a file folio"]


@pytest.mark.parametrize(("shared", "clash"), [((0, 1), False), ((0, 2), True), ((2, 4), True), ((3, 4), False)])
def test_an_exclusive_page_is_not_shared(arch, shared, clash):
    folio = Folio(0x100, 2, exclusive=((1, 3),), shared=(shared,))
    told = ["a page that is AnonExclusive and mapped by another process"] if clash else []
    assert wrong(scenario(arch, {}, folios=(folio,))) == told


def test_shadow_stacks_need_the_cpu_and_no_file():
    told = ["a shadow-stack VMA needs config.shstk and VM_WRITE, and has no file"]
    assert wrong(scenario("x86_64", {}, vma=Vma(shadow_stack=True))) == told
    assert wrong(scenario("x86_64", {}, vma=Vma(shadow_stack=True, vm_file=True), shstk=True)) == told
    assert wrong(scenario("x86_64", {}, vma=Vma(shadow_stack=True), shstk=True)) == []
    assert wrong(scenario("x86_64", {}, vma=Vma(vm_file=True), shstk=True)) == []


def test_pages_of_a_folio_stand_in_order(arch):
    told = ["the pages of a folio are not in the order of their addresses"]
    assert wrong(scenario(arch, {0: page(arch, 0x101), 1: page(arch, 0x100)}, folios=FOUR)) == told
    assert wrong(scenario(arch, {0: page(arch, 0x100), 2: page(arch, 0x101)}, folios=FOUR)) == told
    assert wrong(scenario(arch, {5: page(arch, 0x100), 7: page(arch, 0x102)}, folios=FOUR)) == []
    assert wrong(scenario(arch, {5: page(arch, 0x100)}, {0: page(arch, 0x101)}, (5, 1, 1), folios=FOUR)) == []


def test_mapped_pages_have_a_folio(arch):
    told = ["a mapped page without a folio"]
    for pfn in (0xFF, 0x104):
        assert wrong(scenario(arch, {0: page(arch, pfn)}, folios=FOUR)) == told
    assert wrong(scenario(arch, {0: page(arch, 0x103)}, folios=FOUR)) == []
    assert wrong(scenario(arch, {0: page(arch, 1)})) == told  # the zero page is special where it is mapped
    assert wrong(scenario(arch, {0: page(arch, 1, "X")})) == []


def test_uffd_wp_needs_a_userfaultfd(arch):
    flagged = (swap(arch, 0, 5, "F"), swap(arch, 25, 5, "F"), swap(arch, 31, 1), swap(arch, 31, 4, "F"))
    for pte in (page(arch, 0x100, "U"), *flagged):
        assert broken_rules(scenario(arch, {0: pte}, folios=ONE)) == ("uffd-wp-unregistered",)
        assert wrong(scenario(arch, {0: pte}, folios=ONE, vma=UFFD)) == []
        assert wrong(scenario(arch, {0: pte}, folios=ONE, vma=Vma(uffd=True, uffd_event_remap=True))) == []
    for pte in (swap(arch, 0, 5, "E"), swap(arch, 31, 2), swap(arch, 31, 4)):
        assert wrong(scenario(arch, {0: pte})) == []


def test_prot_none_takes_the_write_bit_away():
    told = ["PROT_NONE with write permission"]
    assert wrong(scenario("x86_64", {0: x86("PROTNONE RW", 0x100)}, folios=ONE)) == told
    broken = arm("TYPE nG PXN UXN RDONLY WRITE", 0x100)
    assert wrong(scenario("arm64", {0: broken}, folios=ONE)) == told
    assert wrong(scenario("arm64", {0: page("arm64", 0x100, "NAD")}, folios=ONE)) == []


def test_the_zero_page_is_not_written(arch):
    assert wrong(scenario(arch, {0: page(arch, 1, "XW")})) == ["a writable zero page"]
    mixedmap = Vma(vm_file=True, anon_vma=False, mixedmap=True)
    assert wrong(scenario(arch, {0: page(arch, 1, "XW")}, vma=mixedmap)) == ["a writable zero page"]
    assert wrong(scenario(arch, {0: page(arch, 2, "XW")}, vma=mixedmap)) == []


def test_the_zero_page_is_dirty_in_private_memory_only(arch):
    """Of KSM; can_change_shared_pte_writable() warns of a dirty one in shared memory."""
    assert wrong(scenario(arch, {0: page(arch, 1, "XD")})) == []
    shared = Vma(vm_file=True, anon_vma=False)
    assert wrong(scenario(arch, {0: page(arch, 1, "X")}, vma=shared)) == []
    assert wrong(scenario(arch, {0: page(arch, 1, "XD")}, vma=shared)) == ["a dirty zero page in a shared mapping"]


def test_arm64_entries_have_write_or_rdonly():
    """2.2: the canonical states are clean-RO, clean-RW, dirty-RO and dirty-RW."""
    told = ["an arm64 entry with neither WRITE nor RDONLY"]
    user = "VALID TYPE USER nG PXN UXN"
    assert wrong(scenario("arm64", {0: arm(f"{user} DIRTY", 0x100)}, folios=ONE)) == told
    for state in ("RDONLY", "WRITE RDONLY", "RDONLY DIRTY", "WRITE", "WRITE DIRTY"):
        assert wrong(scenario("arm64", {0: arm(f"{user} {state}", 0x100)}, folios=ONE)) == []


@pytest.mark.parametrize(
    ("arch", "bit", "config"),
    [
        ("x86_64", 10, {"uffd_wp": False, "pte_marker_uffd_wp": False}),
        ("x86_64", 11, {"mem_soft_dirty": False}),
        ("x86_64", 52, {}),
        ("arm64", 58, {"uffd_wp": False, "pte_marker_uffd_wp": False}),
        ("arm64", 5, {}),
        ("arm64", 63, {}),
    ],
)
def test_bits_without_a_meaning(arch, bit, config):
    told = [f"bits without a meaning under this config: {1 << bit:#x}"]
    pte = page(arch, 0x100) | 1 << bit
    assert wrong(scenario(arch, {0: pte}, folios=ONE, vma=UFFD, **config)) == told


def test_bits_with_a_meaning():
    soft_dirty = {0: page("x86_64", 0x100, "S")}
    assert wrong(scenario("x86_64", soft_dirty, folios=ONE, mem_soft_dirty=True)) == []


@pytest.mark.parametrize(("arch", "bits"), [("x86_64", (5, 6, 7)), ("arm64", (1, 5, 62, 63))])
def test_bits_that_are_0_in_swap_entries(arch, bits):
    for bit in bits:
        pte = swap(arch, 3, 7) | 1 << bit
        assert wrong(scenario(arch, {0: pte})) == [f"bits that are 0 in every swap entry: {1 << bit:#x}"]


@pytest.mark.parametrize(("arch", "bit", "option"), [("x86_64", 1, "SD"), ("x86_64", 2, "F"), ("arm64", 3, "F")])
def test_swap_flags_without_their_config(arch, bit, option):
    off = {"uffd_wp": False, "pte_marker_uffd_wp": False}
    told = [f"bits that are 0 in every swap entry: {1 << bit:#x}"]
    assert wrong(scenario(arch, {0: swap(arch, 3, 7, option)}, vma=UFFD, **off)) == told
    on = {"mem_soft_dirty": True} if option == "SD" else {}
    assert wrong(scenario(arch, {0: swap(arch, 3, 7, option)}, vma=UFFD, **on)) == []


def test_markers_have_a_known_bit(arch):
    told = ["a PTE marker without a marker bit, or with an unknown one"]
    for marker in (0, 8, 16):
        assert wrong(scenario(arch, {0: swap(arch, 31, marker)}, vma=UFFD)) == told


def test_uffd_wp_markers_need_their_config(arch):
    told = ["a UFFD_WP marker without CONFIG_PTE_MARKER_UFFD_WP"]
    for marker in (1, 2, 4):
        what = scenario(arch, {0: swap(arch, 31, marker)}, vma=UFFD, pte_marker_uffd_wp=False)
        assert wrong(what) == (told if marker == 1 else [])
