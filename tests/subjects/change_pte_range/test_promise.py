# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of each kind of entry: the kernel's rules by hand, and what every right version does.

Words come from the bit tables (tests/kit/build.py), not from models.arch.
"""

from dataclasses import replace

import pytest

from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.actions import Action, When
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages, swap
from tests.subjects.change_pte_range.calls import (
    READ_ONLY,
    RIGHT,
    SHARED,
    anon,
    call,
    compared,
    file,
    kinds,
    left,
    run,
    with_rwp,
)

UFFD, UFFD_FILE = Vma(uffd=True), replace(SHARED, uffd=True)
MARKER, POISON, GUARD = 1, 2, 4
YOUNG = {"x86_64": 1 << 34, "arm64": 1 << 36}  # SWP_MIG_YOUNG: above the page frame


@pytest.mark.parametrize("version", RIGHT)
@pytest.mark.parametrize("arch", ARCHES)
class TestPresentEntries:
    def test_write_permission_is_taken_away(self, arch, version):
        scenario = call(
            arch, pages(arch, 0, 0x200, ["WDA", "W", "DA"]), [anon(0x200), anon(0x201), anon(0x202)], protection="r"
        )
        assert left(scenario, version) == [page(arch, 0x200, "DA"), page(arch, 0x201), page(arch, 0x202, "DA")]
        assert run(scenario, version).returned == 3

    def test_private_memory_is_upgraded_where_it_is_exclusive(self, arch, version):
        folios = [anon(0x200), anon(0x201, exclusive=()), anon(0x204, 2, exclusive=[(1, 3)])]
        entries = {**pages(arch, 0, 0x200, ["", "D"]), **pages(arch, 2, 0x204, [""] * 4)}
        scenario = call(arch, entries, folios, vma=READ_ONLY)
        want = ["W", "D", "", "W", "W", ""]
        assert left(scenario, version) == [
            page(arch, pfn, f) for pfn, f in zip((0x200, 0x201, *range(0x204, 0x208)), want, strict=True)
        ]

    def test_the_zero_page_is_never_upgraded(self, arch, version):
        scenario = call(arch, {0: page(arch, 1, "X")}, vma=READ_ONLY)
        assert left(scenario, version) == [page(arch, 1, "X")]

    def test_no_access(self, arch, version):
        scenario = call(arch, {0: page(arch, 0x200, "WDA")}, [anon(0x200)], protection="")
        assert left(scenario, version) == [page(arch, 0x200, "NDA")]

    def test_access_again(self, arch, version):
        scenario = call(arch, {0: page(arch, 0x200, "NDA")}, [anon(0x200)], vma=Vma(read=False, write=False))
        assert left(scenario, version) == [page(arch, 0x200, "WDA")]

    def test_shared_memory_gets_write_from_the_protection(self, arch, version):
        scenario = call(
            arch, pages(arch, 0, 0x200, ["", "D"]), [file(0x200), file(0x201)], vma=replace(SHARED, write=False)
        )
        assert left(scenario, version) == [page(arch, 0x200, "W"), page(arch, 0x201, "WD")]

    def test_a_file_system_is_told_of_the_first_store(self, arch, version):
        vma = replace(SHARED, write=False, writenotify=True)
        scenario = call(arch, pages(arch, 0, 0x200, ["", "D"]), [file(0x200), file(0x201)], vma=vma)
        assert left(scenario, version) == [page(arch, 0x200), page(arch, 0x201, "WD")]

    def test_userfaultfd_protects_and_resolves(self, arch, version):
        entries = pages(arch, 0, 0x200, ["WA", "U"])
        protecting = call(arch, entries, [anon(0x200), anon(0x201)], vma=UFFD, caller="uffd-protect")
        assert left(protecting, version) == [page(arch, 0x200, "AU"), page(arch, 0x201, "U")]
        entries = pages(arch, 0, 0x200, ["AU", "", "U"])
        folios = [anon(0x200), anon(0x201), anon(0x202, exclusive=())]
        resolving = call(arch, entries, folios, vma=UFFD, caller="uffd-resolve")
        assert left(resolving, version) == [page(arch, 0x200, "WA"), page(arch, 0x201, "W"), page(arch, 0x202)]

    def test_uffd_wp_stays_under_mprotect(self, arch, version):
        scenario = call(arch, {0: page(arch, 0x200, "U")}, [anon(0x200)], vma=replace(UFFD, write=False))
        assert left(scenario, version) == [page(arch, 0x200, "U")]

    def test_a_numa_hint(self, arch, version):
        folios = [anon(0x200, nid=1), anon(0x201, nid=1, ksm=True), anon(0x204, 2, nid=1)]
        entries = {**pages(arch, 0, 0x200, ["WA", "A"]), 2: page(arch, 0x204, "N"), 3: page(arch, 0x205, "W")}
        scenario = call(arch, entries, folios, caller="numa")
        want = [page(arch, 0x200, "NA"), page(arch, 0x201, "A"), page(arch, 0x204, "N"), page(arch, 0x205, "N")]
        assert left(scenario, version) == want
        assert run(scenario, version).returned == 2  # what is PROT_NONE already does not count

    def test_entries_beside_the_range_stay(self, arch, version):
        scenario = call(arch, pages(arch, 0, 0x200, ["W"] * 4), [anon(0x200, 2)], first=1, nr=2, protection="r")
        outcome = run(scenario, version)
        assert kinds(scenario, outcome) == []
        assert list(outcome.tables[0][:4]) == [
            page(arch, 0x200 + i, flags) for i, flags in enumerate(("W", "", "", "W"))
        ]


@pytest.mark.parametrize("version", RIGHT)
@pytest.mark.parametrize("arch", ARCHES)
class TestAbsentEntries:
    @pytest.mark.parametrize("caller", ["mprotect", "uffd-protect", "uffd-resolve"])
    def test_swap_and_migration(self, arch, version, caller):
        flag = {"mprotect": "", "uffd-protect": "F", "uffd-resolve": ""}[caller]
        entries = {
            0: swap(arch, 0, 0x10, "E"),
            1: swap(arch, 27, 0x300 | YOUNG[arch]),  # writable migration of an anon page
            2: swap(arch, 27, 0x301),  # of another
            3: swap(arch, 25, 0x302),
            4: swap(arch, 28, 0x303),  # writable device-private
            5: swap(arch, 24, 0x304),  # hwpoison
        }
        scenario = call(arch, entries, [anon(0x300)], vma=UFFD, caller=caller, protection="r")
        want = [
            swap(arch, 0, 0x10, f"E {flag}"),
            swap(arch, 26, 0x300 | YOUNG[arch], flag),
            swap(arch, 25, 0x301, flag),
            swap(arch, 25, 0x302, flag),
            swap(arch, 29, 0x303, flag),
            swap(arch, 24, 0x304, flag),
        ]
        assert left(scenario, version) == want
        assert run(scenario, version).returned == (6 if flag else 3)

    @pytest.mark.parametrize(
        ("caller", "kept"), [("mprotect", True), ("numa", True), ("uffd-protect", True), ("uffd-resolve", False)]
    )
    def test_markers(self, arch, version, caller, kept):
        entries = {i: swap(arch, 31, marker) for i, marker in enumerate((MARKER, POISON, GUARD))}
        scenario = call(arch, entries, vma=UFFD, caller=caller, protection="r")
        assert left(scenario, version) == [entries[0] if kept else 0, entries[1], entries[2]]
        assert run(scenario, version).returned == (0 if kept else 1)

    @pytest.mark.parametrize(
        ("vma", "caller", "installs"),
        [
            (UFFD, "uffd-protect", False),
            (replace(UFFD, uffd_wp_unpopulated=True), "uffd-protect", True),
            (UFFD_FILE, "uffd-protect", True),
            (UFFD_FILE, "uffd-resolve", False),
            (UFFD_FILE, "mprotect", False),
        ],
    )
    def test_none(self, arch, version, vma, caller, installs):
        scenario = call(arch, {}, vma=vma, caller=caller, protection="r", nr=2)
        assert left(scenario, version) == [swap(arch, 31, MARKER) if installs else 0] * 2
        assert run(scenario, version).returned == (2 if installs else 0)


def test_soft_dirty_of_absent_entries():
    """Kept by a migration entry, not by a device-private one."""
    entries = {0: swap("x86_64", 27, 0x300, "SD"), 1: swap("x86_64", 28, 0x301, "SD"), 2: swap("x86_64", 0, 5, "SD")}
    scenario = call("x86_64", entries, protection="r", mem_soft_dirty=True)
    want = [swap("x86_64", 25, 0x300, "SD"), swap("x86_64", 29, 0x301), swap("x86_64", 0, 5, "SD")]
    assert all(left(scenario, version) == want for version in RIGHT)


@pytest.mark.parametrize("version", RIGHT)
def test_soft_dirty_tracking_keeps_entries_read_only(version):
    entries = pages("x86_64", 0, 0x200, ["", "S"])
    scenario = call("x86_64", entries, [anon(0x200), anon(0x201)], vma=READ_ONLY, mem_soft_dirty=True)
    assert left(scenario, version) == [page("x86_64", 0x200), page("x86_64", 0x201, "WS")]
    new = call(
        "x86_64", entries, [anon(0x200), anon(0x201)], vma=replace(READ_ONLY, softdirty=True), mem_soft_dirty=True
    )
    assert left(new, version) == [page("x86_64", 0x200, "W"), page("x86_64", 0x201, "WS")]


@pytest.mark.parametrize("arch", ARCHES)
class TestRwp:
    """v7.3: the uffd bit of an RWP VMA is PROT_NONE as well."""

    VMA = Vma(uffd=True, uffd_modes=("rwp",))

    def test_protect(self, arch):
        entries = {**pages(arch, 0, 0x200, ["WA", "N", "NU"]), 3: swap(arch, 0, 5), 4: 0}
        folios = [anon(0x200), anon(0x201), anon(0x202)]
        scenario = with_rwp(call(arch, entries, folios, vma=self.VMA, caller="uffd-protect", nr=5))
        want = [page(arch, 0x200, "NAU"), page(arch, 0x201, "NU"), page(arch, 0x202, "NU"), swap(arch, 0, 5, "F"), 0]
        assert left(scenario, "v7_3") == want
        assert run(scenario, "v7_3").returned == 3

    def test_resolve(self, arch):
        scenario = with_rwp(
            call(arch, {0: page(arch, 0x200, "NU")}, [anon(0x200)], vma=self.VMA, caller="uffd-resolve")
        )
        assert left(scenario, "v7_3") == [page(arch, 0x200, "W")]

    def test_mprotect_leaves_it_protected(self, arch):
        vma = replace(self.VMA, write=False)
        scenario = with_rwp(call(arch, pages(arch, 0, 0x200, ["NU", ""]), [anon(0x200), anon(0x201)], vma=vma))
        assert left(scenario, "v7_3") == [page(arch, 0x200, "NU"), page(arch, 0x201, "W")]
        # A kernel that does not know of it makes the page accessible.
        assert kinds(scenario, run(scenario, "small_folios")) == ["other-bits"]


# -- what may differ between right versions


@pytest.mark.parametrize("arch", ARCHES)
def test_accessed_and_dirty_of_a_batch(arch):
    scenario = call(arch, pages(arch, 0, 0x200, ["", "A", "D"]), [anon(0x200, 2)], protection="r")
    assert left(scenario, "batching") == [page(arch, 0x200 + i, "AD") for i in range(3)]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_clean_page_may_be_upgraded_for_a_dirty_one_of_its_folio(arch):
    """20250718090244.21092-7-dev.jain@arm.com: the file system knows that the folio is written."""
    vma = replace(SHARED, write=False, writenotify=True)
    scenario = call(arch, pages(arch, 0, 0x200, ["", "D"]), [file(0x200, 1)], vma=vma)
    assert left(scenario, "batching") == [page(arch, 0x200, "WD"), page(arch, 0x201, "WD")]
    assert left(scenario, "before_batching") == [page(arch, 0x200), page(arch, 0x201, "WD")]
    judged = compared(scenario, "before_batching", "batching").judgement
    assert (judged.differences, dict(judged.allowed)["write-upgraded"]) == ((), 1)
    exact = compared(scenario, "before_batching", "batching", "exact").judgement
    assert {difference.finding.kind for difference in exact.differences} == {"write-upgraded", "dirty-gained"}
    back = compared(scenario, "batching", "before_batching", "exact").judgement
    assert {difference.finding.kind for difference in back.differences} == {"write-not-upgraded", "dirty-lost"}


def test_merged_dirty_makes_a_batch_soft_dirty():
    entries = pages("x86_64", 0, 0x200, ["", "D"])
    scenario = call("x86_64", entries, [anon(0x200, 2)], vma=READ_ONLY, protection="rx", mem_soft_dirty=True)
    judged = compared(scenario, "before_batching", "batching").judgement
    assert (judged.differences, dict(judged.allowed)["soft-dirty-gained"]) == ((), 2)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_hint_for_a_pinned_folio_of_a_shared_mapping_is_free(arch):
    scenario = call(arch, {0: page(arch, 0x200, "A")}, [file(0x200, nid=1, pinned=True)], vma=SHARED, caller="numa")
    assert left(scenario, "v6_19") == [page(arch, 0x200, "A")]
    assert left(scenario, "batching") == [page(arch, 0x200, "NA")]
    judged = compared(scenario, "batching", "v6_19").judgement
    assert (judged.differences, dict(judged.allowed)) == ((), {"numa-hint": 1})


def test_each_hint_that_is_free_counts_where_it_is_made():
    """Also one whose batch made it soft-dirty: exhaust in C adds up what may_be() says."""
    folios, entries = [file(0x200, 1, nid=1, pinned=True)], pages("x86_64", 0, 0x200, ["A", "D"])
    scenario = call("x86_64", entries, folios, vma=SHARED, caller="numa", mem_soft_dirty=True)
    promise = CHANGE_PTE_RANGE.promise(scenario)
    adds = {pte: counts for pte, counts in promise.may_be(0) if promise.is_right(0, pte)}
    hint, soft_dirty = page("x86_64", 0x200, "NA"), page("x86_64", 0x200, "NAS")
    assert adds == {page("x86_64", 0x200, "A"): 0, hint: 1, soft_dirty: 1}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("actor", ["write", "walk", "mkclean"])
@pytest.mark.parametrize("when", ["call", "unlocked", "returned"])
def test_others_act_on_what_is_free(arch, actor, when):
    action = Action(actor, "pte", 0, When(when))
    folios = [file(0x200, nid=1, pinned=True)]
    scenario = call(arch, {0: page(arch, 0x200, "W")}, folios, vma=SHARED, caller="numa", actions=[action])
    for version in RIGHT:
        assert kinds(scenario, run(scenario, version)) == []


def test_a_block_may_be_met_contiguous_beside_its_single_entries():
    """arm64 since v6.17: set_ptes() sets CONT before the flush of the gather; before, a fold flushes first."""
    actions = [Action("walk", "pte", 3, When("call")), Action("walk", "pte", 5, When("unlocked"))]
    entries = pages("arm64", 0, 0x200, ["WDA"] * 16)
    scenario = call("arm64", entries, [anon(0x200, 4)], protection="r", actions=actions)
    conflicts = {v: [e for e in run(scenario, v).events if e[0] == "conflict"] for v in ("before_batching", "batching")}
    assert (len(conflicts["before_batching"]), len(conflicts["batching"])) == (0, 1)
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize(("flags", "dirty"), [("", False), ("D", True)])
def test_a_shadow_stack_that_is_not_upgraded_need_not_be_dirty(flags, dirty):
    """pte_mkwrite() makes an entry of a shadow stack Write=0, Dirty=1; whoever leaves it out leaves the entry clean."""
    folio = anon(0x200, 2, exclusive=[(1, 2)])
    stack = Vma(shadow_stack=True)
    scenario = call("x86_64", {0: page("x86_64", 0x201, flags)}, [folio], vma=stack, shstk=True, protection="rwx")
    (left_alone, *_), (upgraded, *_) = (run(scenario, version).tables[0] for version in ("as_merged", "batching"))
    assert (scenario.words.pte_write(left_alone), scenario.words.pte_write(upgraded)) == (False, True)
    assert scenario.words.pte_dirty(left_alone) is dirty
    assert kinds(scenario, run(scenario, "as_merged")) == []
