# SPDX-License-Identifier: GPL-2.0-only
"""Other CPUs while the protection changes: stores through what was cached, faults that wait for the lock, GUP-fast."""

from dataclasses import replace
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.models.actions import Action, When
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.legal import breaches
from pte_review.models.loading import load_here
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages
from tests.subjects.change_pte_range.calls import RIGHT, SHARED, anon, call, file, kinds, load, run

UFFD = Vma(uffd=True)
START = "oldpte = k.modify_prot_start_ptes(vma, addr, pte, nr_ptes)"
NEEDS_FLUSH = "if k.pte_needs_flush(oldpte, ptent):"
COMMIT = "    k.modify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes)\n"


def fault(when, slot=0, cpu=1):
    return Action("fault", "pte", slot, when, cpu)


def one(arch, flags, *actions, folio=None, **options):
    return call(arch, {0: page(arch, 0x200, flags)}, [folio or anon(0x200, nid=1)], actions=actions, **options)


def changed(tmp_path, old, new):
    """batching with one change."""
    source = Path(load("batching").filename).read_text(encoding="utf-8")
    assert source.count(old) == 1
    path = tmp_path / "changed.py"
    path.write_text(source.replace(old, new))
    return load_here(path, FUNCTION)


# -- faults: NUMA balancing and userfaultfd hold mmap_lock for reading


WAITING = (When("locked"), When("access", "pte", 0, 1), When("change", "pte", 0, 1), When("change", "pte", 0, 2))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("when", WAITING, ids=lambda when: f"{when.phase}-{when.nth}")
@pytest.mark.parametrize("version", RIGHT)
def test_a_fault_waits_for_the_lock_and_takes_the_hint_back(arch, when, version):
    """do_numa_page() makes the entry what vm_page_prot says; it was writable, and a store follows."""
    scenario = one(arch, "", fault(when), caller="numa")
    outcome = run(scenario, version)
    events = [str(event[0]) for event in outcome.events]
    assert events.index("spin_unlock") < events.index("fault") < events.index("write")
    assert outcome.tables[0][0] == page(arch, 0x200, "WDA")
    assert (outcome.returned, kinds(scenario, outcome)) == (1, [])


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", RIGHT)
def test_a_fault_after_a_call_that_finds_no_page_table(arch, version):
    """-EAGAIN: nothing became protected, so the fault takes an older NUMA hint back."""
    cached = Action("walk", "pte", 0, When("call"))
    protecting = {"vma": replace(SHARED, uffd=True), "caller": "uffd-protect", "maps": False}
    scenario = one(arch, "NDA", cached, fault(When("returned"), cpu=2), folio=file(0x200), **protecting)
    outcome = run(scenario, version)
    assert "fault" in {event[0] for event in outcome.events}
    assert kinds(scenario, outcome) == []


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("when", [*WAITING, When("unlocked"), When("returned")])
def test_a_fault_on_what_userfaultfd_protects_ends_in_userspace(arch, when):
    cached = Action("walk", "pte", 0, When("call"))
    scenario = one(arch, "WDA", cached, fault(when, cpu=2), vma=UFFD, caller="uffd-protect")
    for version in RIGHT:
        outcome = run(scenario, version)
        assert outcome.tables[0][0] == page(arch, 0x200, "UDA")
        assert kinds(scenario, outcome) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_a_fault_in_a_block_that_stays_one(arch):
    """arm64: contpte_ptep_set_access_flags() sets accessed and dirty in the whole block."""
    entries = pages(arch, 0, 0x200, ["W" if arch == "x86_64" else "WC"] * 16)
    folio = anon(0x200, 4)
    scenario = call(arch, entries, [folio], vma=UFFD, caller="uffd-resolve", actions=[fault(When("unlocked"), 3)])
    for version in RIGHT:
        assert kinds(scenario, run(scenario, version)) == []


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("when", [*WAITING, When("unlocked"), When("returned")])
def test_a_fault_on_a_hint_that_is_free(arch, when):
    """v6.17 gives a pinned shared page a hint, which the fault takes back; v6.19 does not."""
    scenario = one(arch, "", fault(when), folio=file(0x200, nid=1, pinned=True), vma=SHARED, caller="numa")
    for version in RIGHT:
        assert kinds(scenario, run(scenario, version)) == []


@pytest.mark.parametrize(
    ("caller", "when", "what"),
    [
        ("mprotect", "locked", "a page fault while mmap_lock is held for writing"),
        ("numa", "call", "a page fault before the call: the scenario starts from what it left"),
        ("numa", "locking", "a page fault before the call: the scenario starts from what it left"),
    ],
)
def test_faults_that_no_kernel_takes(caller, when, what):
    options = {"protection": "r"} if caller == "mprotect" else {}
    scenario = one("x86_64", "", fault(When(when)), caller=caller, legal=False, **options)
    assert [breach.what for breach in breaches(scenario)] == [what]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("caller", ["numa", "uffd-resolve"])
def test_a_writer_cleans_what_a_fault_has_made_writable(arch, caller):
    """The fault's own store finds the entry writable, which is neither what stood there nor what is left."""
    cleans = Action("mkclean", "pte", 0, When("unlocked"), 2)
    options = {"vma": SHARED if caller == "numa" else replace(SHARED, uffd=True), "caller": caller}
    scenario = one(arch, "", fault(When("unlocked")), cleans, folio=file(0x200, nid=1), **options)
    for version in RIGHT:
        outcome = run(scenario, version)
        assert [event[0] for event in outcome.events].count("mkclean") == 1
        assert outcome.tables[0][0] == page(arch, 0x200, "A")
        assert kinds(scenario, outcome) == []


# -- wrong versions


@pytest.mark.parametrize("arch", ARCHES)
def test_the_lock_is_dropped_while_an_entry_is_taken_out(tmp_path, arch):
    """A fault finds none and maps another page."""
    wrong = changed(tmp_path, START, f"{START}; k.spin_unlock(ptl); k.spin_lock(ptl)")
    scenario = one(arch, "A", fault(When("locked")), folio=anon(0x200, exclusive=[]), vma=UFFD, caller="uffd-protect")
    assert kinds(scenario, wrong.run(scenario)) == ["entry-lost"]
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_the_entry_is_read_and_not_taken_out(tmp_path, arch):
    """What the MMU sets between the read and the store is lost."""
    wrong = changed(tmp_path, START, "pass")
    stores = Action("write", "pte", 0, When("change", "pte", 0, 1))
    scenario = one(arch, "WA", stores, protection="r")
    assert kinds(scenario, wrong.run(scenario)) == ["dirty-lost"]
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_the_flush_is_decided_by_what_is_set_already(tmp_path, arch):
    wrong = changed(tmp_path, NEEDS_FLUSH, "if k.pte_needs_flush(k.ptep_get(ptep), ptent):")
    scenario = one(arch, "WDA", protection="r", own_needs_flush=arch == "arm64")
    assert kinds(scenario, wrong.run(scenario)) == ["stale-tlb"]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_store_after_the_page_was_protected(tmp_path, arch):
    """UFFDIO_WRITEPROTECT has returned; a CPU still stores through what it has cached."""
    wrong = changed(tmp_path, NEEDS_FLUSH, "if False:")
    stores = [Action("write", "pte", 0, When(when)) for when in ("call", "returned")]
    scenario = one(arch, "WDA", *stores, vma=UFFD, caller="uffd-protect")
    outcome = wrong.run(scenario)
    assert [event[0] for event in outcome.events].count("write") == 2
    assert "stale-tlb" in kinds(scenario, outcome)
    assert [event[0] for event in run(scenario, "batching").events].count("write") == 1


@pytest.mark.parametrize("arch", ARCHES)
def test_gup_fast_finds_write_permission_for_a_while(tmp_path, arch):
    writable = "    k.set_pte_at(vma.vm_mm, addr, ptep, k.pte_mkwrite(ptent, vma))\n"
    wrong = changed(tmp_path, COMMIT, writable + COMMIT)
    looks = Action("gup", "pte", 0, When("change", "pte", 0, 3))
    scenario = one(arch, "", looks, folio=anon(0x200, exclusive=[]), vma=Vma(write=False))
    assert "write-gained" in kinds(scenario, wrong.run(scenario))  # x86_64: nor is it flushed
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (START, "pass", "dirty-lost"),
        (NEEDS_FLUSH, "if k.pte_needs_flush(k.ptep_get(ptep), ptent):", "stale-tlb"),
        (NEEDS_FLUSH, "if False:", "stale-tlb"),
        (START, f"{START}; k.spin_unlock(ptl); k.spin_lock(ptl)", "entry-lost"),
    ],
)
def test_a_review_finds_it(tmp_path, old, new, kind):
    path = changed(tmp_path, old, new).filename
    found = check("mprotect/batching", path, max_examples=1500, arch="x86_64")
    assert kind in {divergence.kind for divergence in found.divergences}
