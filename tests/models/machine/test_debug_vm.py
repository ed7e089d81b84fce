# SPDX-License-Identifier: GPL-2.0-only
"""What CONFIG_DEBUG_VM adds: reads of its own, and warnings (5.2, 6)."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, arm, kernel, move, n, page, pages, scenario, trace

FOLIO = (Folio(0x200, 5),)
ALL = ("pre_patch", "v4", "refactor", "refactor_clear_new", "refactor_intended", "refactor_keep_old")


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("arch", ARCHES)
def test_an_occupied_new_slot_warns_even_where_nothing_is_moved(arch, version):
    """Loop top: before the old entry is examined, so also for old none."""
    what = scenario(arch, {}, {1: page(arch, 0x200)}, at=(0, 0, 3), folios=FOLIO, debug_vm=True)
    outcome = move(version, what)
    assert outcome.warnings == ("VM_WARN_ON_ONCE",)
    assert trace(outcome) == "Rd n0, R o0, Rd n1, R o1, Rd n2, R o2"  # one plain read each


def test_the_check_gathers_nothing():
    what = scenario("arm64", {}, pages("arm64", 0, 0x200, ["C"] * 16), folios=FOLIO, debug_vm=True)
    assert trace(move("v4", what)) == "Rd n0, R o0"


@pytest.mark.parametrize("arch", ARCHES)
def test_no_check_without_the_config(arch):
    what = scenario(arch, {}, {0: page(arch, 0x200)}, folios=FOLIO)
    outcome = move("v4", what)
    assert (outcome.warnings, trace(outcome)) == ((), "R o0")


@pytest.mark.parametrize("arch", ARCHES)
def test_a_stray_accessed_bit_is_none(arch):
    what = scenario(arch, {}, {0: 0x20}, debug_vm=True)  # 1.1: pte_none() on x86_64 only
    assert bool(move("v4", what).warnings) is (arch == "arm64")


def test_set_ptes_on_arm64_reads_each_target():
    k = kernel("arm64", folios=FOLIO, debug_vm=True)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page("arm64", 0x200), 3)
    assert trace(k) == "Rd n0, S n0, Rd n1, S n1, Rd n2, S n2"


def test_set_ptes_on_x86_64_does_not():
    k = kernel("x86_64", folios=FOLIO, debug_vm=True)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page("x86_64", 0x200), 3)
    assert trace(k) == "S n0-2"


USER = "VALID TYPE USER nG PXN UXN RDONLY"


@pytest.mark.parametrize(
    ("before", "after", "warnings"),
    [  # __check_safe_pte_update(), pgattr_change_is_safe(): only from valid to valid
        (f"{USER} AF", f"{USER} AF", 0),
        (USER, f"{USER} AF", 1),  # AF is no bit that may change
        (USER, USER, 1),  # not young
        (f"{USER} AF WRITE", f"{USER} AF", 1),  # writable before, not dirty now
        (f"{USER} AF WRITE", f"{USER} AF WRITE DIRTY", 0),
        (f"{USER} AF", f"{USER} AF WRITE", 0),
        (f"{USER} AF", f"{USER} AF UFFD_WP SPECIAL DIRTY DEVMAP", 0),  # software bits
        (f"{USER} AF", f"{USER} AF GP", 1),
        (f"{USER} AF", "VALID TYPE nG PXN UXN RDONLY AF", 1),
        (f"{USER} AF", "VALID TYPE USER nG UXN RDONLY AF", 0),  # PXN
        (f"{USER} AF", "VALID TYPE USER PXN UXN RDONLY AF", 1),  # nG must not go away
        ("VALID TYPE USER PXN UXN RDONLY AF", f"{USER} AF", 0),  # but may come
        ("TYPE nG PXN UXN RDONLY", USER, 0),
        (f"{USER} AF", "TYPE nG PXN UXN RDONLY", 0),
        ("", USER, 0),
    ],
)
def test_valid_over_valid(before, after, warnings):
    k = kernel("arm64", {}, {0: arm(before, 0x200)} if before else {}, debug_vm=True, contpte=False)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), arm(after, 0x200))
    assert len(k.warnings) == warnings


def test_each_warning_is_given_once():
    k = kernel("arm64", {}, {0: page("arm64", 0x200)}, debug_vm=True)
    for _ in range(3):
        k.set_pte_at(1, 0x8000_0000, n(k, 0), page("arm64", 0x200))
    assert len(k.warnings) == 1 == sum(event[0] == "warning" for event in k.events)


@pytest.mark.parametrize(("before", "after"), [("", "CONT"), ("CONT", ""), ("CONT", "CONT")])
def test_a_live_contiguous_entry_may_not_change(before, after):
    k = kernel("arm64", {}, {0: arm(f"{USER} AF {before}", 0x200)}, debug_vm=True, contpte=False)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), arm(f"{USER} AF {after}", 0x200))
    assert [warning.partition(": ")[2] for warning in k.warnings] == ["unsafe attribute change"]


def test_a_live_pfn_may_not_change():
    k = kernel("arm64", {}, {0: page("arm64", 0x200, "A")}, debug_vm=True)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), page("arm64", 0x201, "A"))
    assert len(k.warnings) == 1
