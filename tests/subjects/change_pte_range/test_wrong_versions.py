# SPDX-License-Identifier: GPL-2.0-only
"""Every part of the promise can be broken: a port with one change, the smallest table that shows it, its kind."""

from dataclasses import replace
from pathlib import Path

import pytest

from pte_review.models.actions import Action, When
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.loading import load_here
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages, swap
from tests.subjects.change_pte_range.calls import READ_ONLY, SHARED, anon, call, file, kinds, load, run

UFFD, UFFD_FILE = Vma(uffd=True), replace(SHARED, uffd=True)
NOTIFIED = replace(SHARED, write=False, writenotify=True)


def wrong(tmp_path, old, new, version="batching"):
    """A port with `old` changed to `new`, which occurs once."""
    source = Path(load(version).filename).read_text(encoding="utf-8")
    assert source.count(old) == 1
    path = tmp_path / "wrong.py"
    path.write_text(source.replace(old, new))
    return load_here(path, FUNCTION)


def one(arch, flags, folio=None, **options):
    """A call on one page."""
    return call(arch, {0: page(arch, 0x200, flags)}, [folio or anon(0x200)], **options)


CASES = {
    "the new protection is not taken": (
        "ptent = k.pte_modify(oldpte, newprot)", "ptent = oldpte",
        lambda arch: one(arch, "W", protection="r"), ["write-gained"],
    ),
    "PROT_NONE is not taken": (
        "ptent = k.pte_modify(oldpte, newprot)", "ptent = oldpte",
        lambda arch: one(arch, "", vma=READ_ONLY, protection=""), ["other-bits"],
    ),
    "dirty is lost": (
        "ptent = k.pte_modify(oldpte, newprot)", "ptent = k.pte_mkclean(k.pte_modify(oldpte, newprot))",
        lambda arch: one(arch, "WD", protection="r"), ["dirty-lost"],
    ),
    "accessed is lost": (
        "ptent = k.pte_modify(oldpte, newprot)", "ptent = k.pte_mkold(k.pte_modify(oldpte, newprot))",
        lambda arch: one(arch, "A", protection="r"), ["young-lost"],
    ),
    "nobody asks whether the page is exclusive": (
        "expected_anon_exclusive = k.PageAnonExclusive(first_page + sub_batch_idx)", "expected_anon_exclusive = True",
        lambda arch: one(arch, "", anon(0x200, exclusive=()), vma=READ_ONLY), ["write-gained"],
    ),
    "a clean shared page is upgraded": (
        "    return k.pte_dirty(pte)\n", "    return True\n",
        lambda arch: one(arch, "", file(0x200), vma=NOTIFIED), ["write-gained"],
    ),
    "uffd-wp is not asked": (
        "    if k.userfaultfd_pte_wp(vma, pte):\n        return False\n", "",
        lambda arch: one(arch, "U", vma=replace(UFFD, write=False)), ["write-gained"],
    ),
    "uffd-wp is not set": (
        "ptent = k.pte_mkuffd_wp(ptent)", "pass",
        lambda arch: one(arch, "", vma=UFFD, caller="uffd-protect"), ["uffd-wp-lost"],
    ),
    "a protected page stays writable, as newprot says": (
        "ptent = k.pte_mkuffd_wp(ptent)", "ptent = k.pte_mkwrite_novma(k.pte_mkuffd_wp(ptent))",
        lambda arch: one(arch, "W", file(0x200), vma=SHARED, caller="uffd-protect", legal=False), ["write-gained"],
    ),
    "uffd-wp is not resolved": (
        "ptent = k.pte_clear_uffd_wp(ptent)", "pass",
        lambda arch: one(arch, "U", vma=UFFD, caller="uffd-resolve"), ["uffd-wp-kept"],
    ),
    "nothing is flushed": (
        "    if k.pte_needs_flush(oldpte, ptent):\n", "    if False:\n",
        lambda arch: one(arch, "W", protection="r"), ["stale-tlb"],
    ),
    "the flush is one page short": (
        "k.tlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE)", "k.tlb_flush_pte_range(tlb, addr, PAGE_SIZE)",
        lambda arch: call(arch, pages(arch, 0, 0x200, ["W", "W"]), [anon(0x200, 2)], protection="r"), ["stale-tlb"],
    ),
    "a sub-batch is too long": (
        "if expected_anon_exclusive != k.PageAnonExclusive(first_page + idx):", "if False:",
        lambda arch: call(arch, pages(arch, 0, 0x200, ["", ""]), [anon(0x200, 2, exclusive=[(0, 1)])], vma=READ_ONLY),
        ["write-gained"],
    ),
    "the count is wrong": (
        "pages += nr_ptes", "pages += 1",
        lambda arch: call(arch, pages(arch, 0, 0x200, ["W", "W"]), [anon(0x200, 2)], protection="r"), ["return-value"],
    ),
    "PROT_NONE counts for NUMA balancing": (
        "    if k.pte_protnone(oldpte):\n        return True\n", "",
        lambda arch: one(arch, "N", anon(0x200, nid=1), caller="numa"), ["return-value"],
    ),
    "a KSM page gets a hint": (
        " or k.folio_test_ksm(folio)", "",
        lambda arch: one(arch, "", anon(0x200, nid=1, ksm=True), caller="numa"), ["return-value", "other-bits"],
    ),
    "a writable migration entry stays one": (
        "if k.is_writable_migration_entry(entry):", "if False:",
        lambda arch: call(arch, {0: swap(arch, 27, 0x300)}, protection="r"), ["return-value", "write-gained"],
    ),
    "a migration entry of anon memory is shared": (
        "if k.folio_test_anon(folio):", "if False:",
        lambda arch: call(arch, {0: swap(arch, 27, 0x300)}, [anon(0x300)], protection="r"), ["other-bits"],
    ),
    "a writable device-private entry stays one": (
        "elif k.is_writable_device_private_entry(entry):", "elif False:",
        lambda arch: call(arch, {0: swap(arch, 28, 0x300)}, protection="r"), ["return-value", "write-gained"],
    ),
    "a marker is kept": (
        "k.pte_clear(vma.vm_mm, addr, pte)", "pass",
        lambda arch: call(arch, {0: swap(arch, 31, 1)}, vma=UFFD, caller="uffd-resolve"), ["uffd-wp-kept"],
    ),
    "a guard marker is dropped": (
        " or k.is_guard_swp_entry(entry)", "",
        lambda arch: call(arch, {0: swap(arch, 31, 4)}, vma=UFFD, caller="uffd-resolve"),
        ["return-value", "entry-lost"],
    ),
    "no marker is installed": (
        "k.set_pte_at(vma.vm_mm, addr, pte, k.make_pte_marker(PTE_MARKER_UFFD_WP))", "pass",
        lambda arch: call(arch, {}, vma=UFFD_FILE, caller="uffd-protect"), ["uffd-wp-lost"],
    ),
    "swap entries keep uffd-wp": (
        "newpte = k.pte_swp_clear_uffd_wp(newpte)", "pass",
        lambda arch: call(arch, {0: swap(arch, 0, 5, "F")}, vma=UFFD, caller="uffd-resolve"),
        ["return-value", "uffd-wp-kept"],
    ),
    "the lock is kept": (
        "k.pte_unmap_unlock(pte - 1, ptl)", "k.pte_unmap(pte - 1)",
        lambda arch: one(arch, "W", protection="r"), ["lock-leak"],
    ),
    "the range is one entry longer": (
        "lambda: addr != end, step", "lambda: addr != end + PAGE_SIZE, step",
        lambda arch: call(arch, pages(arch, 0, 0x200, ["W", "W"]), [anon(0x200), anon(0x201)], nr=1, protection="r"),
        ["return-value", "outside-range"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("case", CASES)
def test_a_wrong_version(tmp_path, case, arch):
    old, new, make, expected = CASES[case]
    scenario = make(arch)
    assert kinds(scenario, run(scenario, "batching")) == []
    assert sorted({*kinds(scenario, wrong(tmp_path, old, new).run(scenario))}) == sorted(expected)


def test_soft_dirty_is_asked(tmp_path):
    scenario = one("x86_64", "", vma=READ_ONLY, mem_soft_dirty=True)
    port = wrong(tmp_path, "    if k.pte_needs_soft_dirty_wp(vma, pte):\n        return False\n", "")
    assert kinds(scenario, port.run(scenario)) == ["write-gained"]
    clears = wrong(
        tmp_path,
        "ptent = k.pte_modify(oldpte, newprot)",
        "ptent = k.pte_clear_soft_dirty(k.pte_modify(oldpte, newprot))",
    )
    scenario = one("x86_64", "S", protection="r", mem_soft_dirty=True)
    assert kinds(scenario, clears.run(scenario)) == ["soft-dirty-missing"]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_store_through_a_stale_translation_is_not_lost(tmp_path, arch):
    """Between the lock and the flush; the entry was dirty, or the CPU walks to it and faults."""
    actions = (Action("write", "pte", 0, When("call")), Action("write", "pte", 0, When("unlocked")))
    scenario = one(arch, "W", protection="r", actions=actions)
    outcome = run(scenario, "batching")
    assert kinds(scenario, outcome) == []
    assert sum(event[0] == "write" for event in outcome.events) == 2
    clean = wrong(
        tmp_path, "ptent = k.pte_modify(oldpte, newprot)", "ptent = k.pte_mkclean(k.pte_modify(oldpte, newprot))"
    )
    assert kinds(scenario, clean.run(scenario)) == ["dirty-lost"]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_table_that_does_not_map(arch):
    scenario = call(arch, {0: page(arch, 0x200, "W")}, [anon(0x200)], maps=False, protection="r")
    outcome = run(scenario, "batching")
    assert (outcome.returned, kinds(scenario, outcome)) == (-11, [])
