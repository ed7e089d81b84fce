# SPDX-License-Identifier: GPL-2.0-only
"""The other side of the locks: folio_mkclean(), whom it waits for, and the flush that reclaim has put off."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.actions import action, by_others, machine, names
from tests.kit.build import ARCHES, OLD, move, page, pages, scenario, swap, value

FOLIO = (Folio(0x200, 5, anon=False),)
FILE = Vma(vm_file=True, anon_vma=False)


def mkcleaning(arch, old, slot=0, **options):
    k = machine(arch, old, action("mkclean", f"old {slot}", "call"), folios=FOLIO, vma=FILE, **options)
    k.phase("call")
    return k


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("flags", ["W", "WA", "WD", "WDA", "D", "DA", "N"])
def test_mkclean_leaves_a_clean_read_only_entry(arch, flags):
    """page_vma_mkclean_one(): pte_wrprotect(), pte_mkclean(); accessed stays. It skips what is clean and read-only."""
    k = mkcleaning(arch, {0: page(arch, 0x200, flags)})
    assert value(k, 512) == page(arch, 0x200, flags.replace("W", "").replace("D", ""))
    assert names(k) == (["mkclean"] if flags != "N" else [])


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("pte", ["none", "clean", "swap", "marker", "special"])
def test_mkclean_skips_what_holds_no_dirty_page(arch, pte):
    before = {
        "none": 0, "clean": page(arch, 0x200, "A"), "swap": swap(arch, 1, 3), "marker": swap(arch, 31, 1),
        "special": page(arch, 1, "DX"),
    }[pte]  # fmt: skip
    k = mkcleaning(arch, {0: before} if before else {})
    assert (names(k), value(k, 512)) == ([], before)


@pytest.mark.parametrize("arch", ARCHES)
def test_mkclean_flushes_its_page_on_every_cpu(arch):
    events = [action("write", f"old {i}", "call", cpu) for i in (0, 1) for cpu in (0, 2)]
    k = machine(arch, pages(arch, 0, 0x200, ["WDA"] * 2), *events, action("mkclean", "old 0", "call"), folios=FOLIO)
    k.phase("call")
    assert [(cpu, number - OLD // 4096) for cpu, (_, number) in sorted(k.translations)] == [(0, 1), (2, 1)]
    assert [e for e in k.events if e[0] == "T"] == []  # not the version's
    assert k.counts == {}


def test_mkclean_unfolds_the_block_and_says_what_became_of_the_others():
    """contpte_convert() gathers accessed and dirty of the block, flushes it all, and leaves entries without CONT."""
    old = pages("arm64", 4, 0x204, ["WC", "WDC", "WAC", "WC"])
    k = machine("arm64", old, action("write", "old 7", "call"), action("mkclean", "old 6", "call"),
                folios=FOLIO, cont_ptes=4)  # fmt: skip
    k.phase("call")
    dirty = page("arm64", 0, "WDA")
    assert [value(k, 512 + i) for i in (4, 5, 7)] == [dirty | 0x200 + i << 12 for i in (4, 5, 7)]
    assert value(k, 512 + 6) == page("arm64", 0x206, "A")
    assert by_others(k)[-4:] == [("hw", 512 + i, dirty | 0x200 + i << 12) for i in (4, 5, 7)] + [
        ("mkclean", 1, 518, page("arm64", 0x206, "A"))
    ]
    assert k.translations == {}


# -- whom mkclean waits for


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("table", "held", "waits"),
    [
        ("old", (1, 2), True),
        ("old", (1,), True),
        ("old", (2,), True),
        ("new", (1, 2), True),
        ("new", (2,), True),
        ("new", (1,), True),  # the walk comes from the old address
        ("new", (), False),
    ],
)
def test_mkclean_waits_for_both_locks(arch, table, held, waits):
    entry = {0: page(arch, 0x200, "WD")}
    k = machine(arch, entry, action("mkclean", f"{table} 0", "old 5 1"), new={0: page(arch, 0x210, "WD")}, folios=FOLIO)
    for lock in held:
        k.spin_lock(lock)
    k.read(512 + 5)
    assert (names(k) == []) is waits
    for lock in held:
        k.spin_unlock(lock)
    assert names(k) == ["mkclean"]
    assert k.waiting == []
    if waits:
        at = [e[0] for e in k.events].index("mkclean")
        assert k.events[at - 1] == ("spin_unlock", held[-1])


def test_one_lock_keeps_mkclean_from_both_tables():
    k = machine("x86_64", {}, action("mkclean", "new 0", "old 5 1"), new={0: page("x86_64", 0x210, "WD")},
                folios=FOLIO, split_ptlocks=False)  # fmt: skip
    k.spin_lock(1)
    k.read(512 + 5)
    assert names(k) == []
    k.spin_unlock(1)
    assert names(k) == ["mkclean"]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("vma", [FILE, Vma(vm_file=True, anon_vma=True)])
def test_mkclean_waits_for_the_rmap_locks(arch, vma):
    """With need_rmap_locks pre_patch drops them last: only then does somebody walk the mappings."""
    s = scenario(arch, {0: page(arch, 0x200, "D")}, vma=vma, folios=FOLIO, need_rmap_locks=True,
                 actions=(action("mkclean", "new 0", "locked"),))  # fmt: skip
    events = move("pre_patch", s).events
    at = [e[0] for e in events].index("mkclean")
    assert events[at - 1] == ("i_mmap_unlock_write", 3)


@pytest.mark.parametrize("arch", ARCHES)
def test_mkclean_finds_the_entry_where_it_is_by_then(arch):
    """At old[0] before the call it cleans what then moves; asked for while the locks are held it finds none."""
    old = {0: page(arch, 0x200, "WDA")}
    for phase, cleaned in (("call", True), ("locked", False), ("returned", False)):
        s = scenario(arch, old, vma=FILE, folios=FOLIO, actions=(action("mkclean", "old 0", phase),))
        outcome = move("pre_patch", s)
        assert outcome.tables[1][0] == page(arch, 0x200, "A" if cleaned else "WDA")
        assert names(outcome) == (["mkclean"] if cleaned else [])


# -- reclaim


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("pte", [0, "swap", "prot-none"])
def test_reclaim_leaves_a_translation_until_the_batched_flush(arch, pte):
    entry = {"swap": swap(arch, 1, 2), "prot-none": page(arch, 0x205, "N")}.get(pte, 0)
    k = machine(arch, {3: entry} if entry else {}, action("reclaim", "old 3", "call", 2), folios=FOLIO)
    k.phase("call")
    assert by_others(k) == [("reclaim", 2, 515)]
    assert [(cpu, number - OLD // 4096) for cpu, (_, number) in k.translations] == [(2, 3)]
    k.spin_lock(1)
    k.flush_tlb_batched_pending(1)
    assert (k.translations, k.stale, k.tlb_flush_batched) == ({}, set(), False)
    assert [e for e in k.events if e[0] == "T"] == [("T", 0, 1 << 57)]
    k.flush_tlb_batched_pending(1)  # pays only once
    assert sum(e[0] == "T" for e in k.events) == 1
    k.spin_unlock(1)
    assert k.stale_at_unlock == set()


@pytest.mark.parametrize("arch", ARCHES)
def test_without_the_batched_flush_reclaims_translation_is_stale(arch):
    k = machine(arch, {}, action("reclaim", "old 3", "call", 2), folios=FOLIO)
    k.phase("call")
    k.spin_lock(1)
    k.spin_unlock(1)
    assert k.stale_at_unlock == {k.places.slot_at("old", 3)}
    assert by_others(k)[-1][:3] == ("stale", 2, 515)
