# SPDX-License-Identifier: GPL-2.0-only
"""The drafts of the series and older bugs, each on the smallest table that its mail or commit gives."""

from dataclasses import replace

import pytest

from pte_review.harness import check
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.known import Hunted, hunt
from pte_review.harness.reports.history import history_table
from pte_review.harness.subjects.change_pte_range.history import BUGS
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.verdict import DIVERGES, NO_DIFFERENCE
from pte_review.models.actions import Action, When
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages, swap
from tests.subjects.change_pte_range.calls import READ_ONLY, anon, call, file, kinds, left, run

PRIVATE_FILE = replace(READ_ONLY, vm_file=True, anon_vma=True)


def block(flags="", folio=None, **options):
    """arm64: a contpte block of four entries."""
    folio = folio or anon(0x200, 2, exclusive=())
    options = {"vma": READ_ONLY, "cont_ptes": 4, **options}
    return call("arm64", pages("arm64", 0, 0x200, [f"C{flags}"] * 4), [folio], **options)


def writable(scenario, version):
    """Which entries of the range a version leaves writable."""
    (where,) = scenario.ranges
    table = run(scenario, version).tables[0]
    return [i for i, pte in enumerate(table[where.first : where.end]) if scenario.words.pte_write(pte)]


# -- all of them


def test_kinds_and_names():
    for bug in BUGS:
        assert bug.must | bug.may <= SEVERITY.keys()
        assert bug.version in CHANGE_PTE_RANGE.function.ports()
    ports = CHANGE_PTE_RANGE.function.ports()
    wrong = {name for name in ports if name.startswith(("as_", "before_", "draft_"))} - {CHANGE_PTE_RANGE.base}
    assert {bug.version for bug in BUGS} == wrong


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.version}-{bug.kind}")
def test_every_known_bug_is_found(bug):
    assert hunt(CHANGE_PTE_RANGE, bug, bug.arches, seeds=3, max_examples=1000).found_by_all


def test_the_table_of_bugs_folds_no_word():
    text = history_table([Hunted(bug, (7, 100, 100), (1.0,) * 3) for bug in BUGS], 100)
    assert len(text.splitlines()) == 2 + len(BUGS)
    assert max(map(len, text.splitlines())) <= 75


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", sorted({bug.version for bug in BUGS}))
def test_known_kinds(version, arch):
    bugs = [bug for bug in BUGS if bug.version == version]
    verdict = check("mprotect/before_batching", f"mprotect/{version}", arch=arch, max_examples=1000)
    if arch not in bugs[0].arches:
        assert verdict.verdict == NO_DIFFERENCE
        return
    assert verdict.verdict == DIVERGES
    for bug in bugs:
        assert bug.must <= set(verdict.added) <= bug.must | bug.may


# -- v1: folio_maybe_mapped_shared() in the place of PageAnonExclusive(), for batches


def test_v1_asks_for_sharers_of_the_folio():
    """All pages were shared with a child that is gone, which may have handed them on; nobody maps them now."""
    scenario = block()
    assert writable(scenario, "draft_v1") == [0, 1, 2, 3]
    assert kinds(scenario, run(scenario, "draft_v1")) == ["write-gained"] * 4
    assert writable(scenario, "batching") == writable(scenario, "draft_v3") == []
    shared = block(folio=anon(0x200, 2, exclusive=[(0, 3)], shared=((3, 4),)))
    assert writable(shared, "draft_v1") == []  # a fault more
    assert kinds(shared, run(shared, "draft_v1")) == []


def test_v1_upgrades_pages_of_a_private_file():
    """20250428120414.12101-7-dev.jain@arm.com leaves PageAnon() out; Lance Yang saw it."""
    scenario = block(folio=file(0x200, 2), vma=PRIVATE_FILE)
    assert kinds(scenario, run(scenario, "draft_v1")) == ["write-gained"] * 4
    assert writable(scenario, "draft_v2") == writable(scenario, "before_batching") == []


@pytest.mark.parametrize("draft", ["draft_v1", "draft_v2"])
def test_v1_batches_nothing_but_contpte_entries(draft):
    """pte_pfn(next) - pte_pfn(pte) == PAGE_SIZE: page frame numbers of neighbours differ by one."""
    for arch, entries, batches in (
        ("x86_64", pages("x86_64", 0, 0x200, ["", ""]), 0),
        ("arm64", pages("arm64", 0, 0x200, ["", ""]), 0),
        ("x86_64", {0: page("x86_64", 0x200), 1: page("x86_64", 0x1200)}, 1),
    ):
        scenario = call(arch, entries, [anon(0x200, 2), anon(0x1200)], vma=READ_ONLY)
        assert sum(event[0] == "folio_pte_batch" for event in run(scenario, draft).events) == batches
    outcome = run(block(), draft)
    assert sum(event[0] == "folio_pte_batch" for event in outcome.events) == 1


def test_v1_is_right_where_it_does_not_batch():
    scenario = call("x86_64", {0: page("x86_64", 0x201)}, [anon(0x200, 2, exclusive=[(0, 1)])], vma=READ_ONLY)
    assert left(scenario, "draft_v1") == [page("x86_64", 0x201)]


# -- v2: the same for single entries


@pytest.mark.parametrize("arch", ARCHES)
def test_v2_makes_a_page_writable_that_is_not_exclusive(arch):
    """After fork() and the child's exit. The child may have kept the page by vmsplice(): cow.c of the selftests."""
    scenario = call(arch, {0: page(arch, 0x200)}, [anon(0x200, exclusive=())], vma=READ_ONLY)
    assert kinds(scenario, run(scenario, "draft_v2")) == ["write-gained"]
    assert kinds(scenario, run(scenario, "draft_v1")) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_v2_dereferences_the_folio_of_the_zero_page(arch):
    scenario = call(arch, {0: page(arch, 1, "X")}, vma=READ_ONLY)
    outcome = run(scenario, "draft_v2")
    assert (outcome.ended, kinds(scenario, outcome)) == ("crash", ["crash"])
    for other in ("draft_v1", "draft_v3", "draft_v4"):
        assert left(scenario, other) == [page(arch, 1, "X")]


# -- v3 and v4: write permission differs in a batch


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("draft", ["draft_v3", "draft_v4"])
def test_a_batch_is_flushed_as_its_first_entry_asks_for(arch, draft):
    entries = pages(arch, 0, 0x200, ["D", "WD"])
    scenario = call(arch, entries, [anon(0x200, 2, exclusive=[(1, 2)])], protection="r", own_needs_flush=True)
    assert kinds(scenario, run(scenario, draft)) == ["stale-tlb"]
    assert kinds(scenario, run(scenario, "batching")) == []
    numa = call(arch, entries, [anon(0x200, 2, exclusive=[(1, 2)])], caller="numa", own_needs_flush=True)
    assert kinds(numa, run(numa, draft)) == []  # PROT_NONE is flushed in any case


@pytest.mark.parametrize(("version", "kept"), [("draft_v1", [0, 1, 2, 3]), ("draft_v3", [1]), ("draft_v4", [0])])
def test_which_pages_drafts_ask(version, kept):
    """The range begins at page 4 of a folio, of which pages 0 and 5 are exclusive: v4 takes 4 to 7 for 0 to 3."""
    folio = anon(0x200, 3, exclusive=[(0, 1), (5, 6)])
    scenario = call("arm64", pages("arm64", 4, 0x204, ["C"] * 4), [folio], first=4, nr=4, vma=READ_ONLY, cont_ptes=4)
    assert writable(scenario, version) == kept
    assert writable(scenario, "batching") == [1]


# -- older ones


@pytest.mark.parametrize("arch", ARCHES)
def test_a_swap_entry_has_no_page(arch):
    """3d2f78f08cd8: the offset of a swap entry is no page frame number (3.7)."""
    scenario = call(arch, {0: swap(arch, 0, 0x10)}, protection="r")
    assert kinds(scenario, run(scenario, "before_swap_pfn_type")) == ["primitive-contract"]
    assert left(scenario) == [swap(arch, 0, 0x10)]
    migrating = call(arch, {0: swap(arch, 27, 0x300)}, protection="r")
    assert left(migrating, "before_swap_pfn_type") == left(migrating)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_pinned_page_gets_no_hint(arch):
    """80d47f5de5e3."""
    scenario = call(arch, {0: page(arch, 0x200, "W")}, [anon(0x200, nid=1, pinned=True)], caller="numa")
    assert sorted(kinds(scenario, run(scenario, "before_cow_pins"))) == ["other-bits", "return-value"]
    assert left(scenario) == [page(arch, 0x200, "W")]


@pytest.mark.parametrize("arch", ARCHES)
def test_reclaim_has_put_its_flush_off(arch):
    """3ea277194daa: reclaim swaps the page out and will flush later; mprotect() finds no present entry, and returns."""
    actions = (Action("reclaim", "pte", 0, When("call")),)
    scenario = call(arch, {0: swap(arch, 0, 0x10)}, protection="r", actions=actions)
    assert kinds(scenario, run(scenario, "before_batched_flush")) == ["stale-tlb"]
    assert kinds(scenario, run(scenario, "batching")) == []


def test_soft_dirty_of_a_page_that_migrates():
    """c3d16e16522f."""
    scenario = call("x86_64", {0: swap("x86_64", 27, 0x300, "SD")}, protection="r", mem_soft_dirty=True)
    assert kinds(scenario, run(scenario, "before_migration_soft_dirty")) == ["soft-dirty-missing"]
    assert kinds(scenario, run(scenario, "batching")) == []


def test_soft_dirty_tracking_is_asked_the_right_way_round():
    """76aefad628aa: a page that is clean since clear_refs needs the write fault."""
    folio = [anon(0x200)]
    scenario = call("x86_64", {0: page("x86_64", 0x200)}, folio, vma=READ_ONLY, mem_soft_dirty=True)
    assert kinds(scenario, run(scenario, "before_soft_dirty_check")) == ["write-gained"]
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_a_poisoned_marker_is_left_alone(arch):
    """7e3ce3f8d2d2."""
    scenario = call(arch, {0: swap(arch, 31, 2)}, vma=Vma(uffd=True), caller="uffd-protect")
    assert kinds(scenario, run(scenario, "before_swapin_error")) == ["return-value", "uffd-wp-kept"]
    assert left(scenario) == [swap(arch, 31, 2)]
