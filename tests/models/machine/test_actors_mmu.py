# SPDX-License-Identifier: GPL-2.0-only
"""What other CPUs' MMUs do: walks, hits, stores through clean and dirty translations, contiguous ones, flushes."""

import pytest

from pte_review.models.machine.actors import Actors
from pte_review.models.scenario import Folio
from tests.kit.actions import action, by_others, machine, names
from tests.kit.build import ARCHES, NEW, OLD, arm, bits, page, pages, swap, value

FOLIO = (Folio(0x200, 5, True, ((0, 32),)),)


def acting(arch, old, *doing, **options) -> Actors:
    """A machine whose events, like "walk 1" or "write 0 2" (slot, CPU), have all happened at the call."""
    events = []
    for what in doing:
        actor, slot, *cpu = what.split()
        events.append(action(actor, f"old {slot}", "call", int(cpu[0]) if cpu else 1))
    k = machine(arch, old, *events, folios=FOLIO, **options)
    k.phase("call")
    return k


def cached(k: Actors) -> list[tuple[int, int, int, bool, bool]]:
    """CPU, slot, PFN, write, dirty of every translation of the old table."""
    cached = sorted(k.translations.items())
    return [(cpu, number - OLD // 4096, t.pfn, t.write, t.dirty) for (cpu, (_, number)), t in cached]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flags", "write", "dirty"), [("A", False, False), ("WA", True, False), ("WDA", True, True), ("DA", False, False)]
)
def test_a_walk_caches_address_pfn_permission_and_dirty(arch, flags, write, dirty):
    pte = page(arch, 0x203, flags)
    k = acting(arch, {3: pte}, "walk 3")
    assert cached(k) == [(1, 3, 0x203, write, dirty)]
    assert by_others(k) == [("walk", 1, 512 + 3, pte)]


@pytest.mark.parametrize(("arch", "bit"), [("x86_64", bits("x86_64", "A")), ("arm64", arm("AF"))])
@pytest.mark.parametrize("actor", ["walk", "write"])
def test_a_walk_sets_accessed_and_nothing_else(arch, bit, actor):
    pte = page(arch, 0x203)  # read-only: the store faults, its walk is done
    k = acting(arch, {3: pte}, f"{actor} 3")
    assert value(k, 512 + 3) == pte | bit
    assert by_others(k) == [("hw", 512 + 3, pte | bit), ("walk", 1, 512 + 3, pte | bit)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("what", ["none", "prot-none", "swap", "marker"])
@pytest.mark.parametrize("actor", ["walk", "write", "gup"])
def test_what_is_not_valid_faults_and_stays_as_it_is(arch, what, actor):
    pte = {"none": 0, "prot-none": page(arch, 0x203, "N"), "swap": swap(arch, 1, 2), "marker": swap(arch, 31, 1)}[what]
    k = acting(arch, {3: pte} if pte else {}, f"{actor} 3")
    assert (by_others(k), cached(k), value(k, 512 + 3)) == ([], [], pte)


@pytest.mark.parametrize(("arch", "set_", "cleared"), [("x86_64", bits("x86_64", "D"), 0), ("arm64", 0, arm("RDONLY"))])
def test_the_first_store_sets_dirty_as_the_architecture_does(arch, set_, cleared):
    pte = page(arch, 0x203, "WA")
    k = acting(arch, {3: pte}, "write 3", "write 3")
    dirty = pte & ~cleared | set_
    assert value(k, 512 + 3) == dirty
    assert by_others(k) == [
        ("walk", 1, 515, pte), ("hw", 515, dirty), ("write", 1, 515, 0x203), ("write", 1, 515, 0x203),
    ]  # fmt: skip
    assert cached(k) == [(1, 3, 0x203, True, True)]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_hit_does_not_walk(arch):
    k = acting(arch, {0: page(arch, 0x200)}, "walk 0")
    k.memory[512] = page(arch, 0x210, "W")  # not young: a walk would set accessed
    k.phases["call"] = [action("walk", "old 0", "call")]
    k.phase("call")
    assert (names(k), value(k, 512)) == (["hw", "walk"], page(arch, 0x210, "W"))
    assert cached(k) == [(1, 0, 0x200, False, False)]


@pytest.mark.parametrize("arch", ARCHES)
def test_each_cpu_has_a_tlb_of_its_own(arch):
    k = acting(arch, pages(arch, 0, 0x200, ["WDA", "WA"]), "walk 0 0", "walk 0 2", "write 1 2")
    assert [(cpu, slot, dirty) for cpu, slot, _, _, dirty in cached(k)] == [(0, 0, True), (2, 0, True), (2, 1, True)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flags", "entry", "lands"),
    [  # what the translation was made from, what stands there when the store comes
        ("WDA", "none", True),  # dirty: nobody looks
        ("WDA", "read-only", True),
        ("WDA", "other page", True),
        ("WA", "none", False),  # clean: the MMU goes to the entry, which must still say the same
        ("WA", "read-only", False),
        ("WA", "other page", False),
        ("WA", "same", True),
        ("A", "same", False),
    ],
)
def test_a_store_through_a_translation(arch, flags, entry, lands):
    pte = page(arch, 0x200, flags)
    now = {"none": 0, "read-only": page(arch, 0x200, "A"), "other page": page(arch, 0x201, "WA"), "same": pte}[entry]
    k = acting(arch, {0: pte}, "walk 0")
    k.memory[512] = now
    k.phases["call"] = [action("write", "old 0", "call")]
    k.phase("call")
    assert (("write", 1, 512, 0x200) in k.events) is lands
    if entry != "same":
        assert value(k, 512) == now
        assert (not cached(k)) is not lands  # a fault drops the translation


BLOCK = ["WAC"] * 4


@pytest.mark.parametrize("slot", [4, 5, 7])
def test_a_contiguous_translation_covers_its_block(slot):
    k = acting("arm64", pages("arm64", 4, 0x204, BLOCK), f"walk {slot}", cont_ptes=4)
    assert cached(k) == [(1, 4 + i, 0x204 + i, True, False) for i in range(4)]
    assert names(k) == ["walk"]


def test_a_store_through_a_contiguous_translation_makes_one_entry_dirty_and_the_whole_translation():
    """The hardware may keep the block as one translation: the next store to another page of it tells no entry."""
    old = pages("arm64", 4, 0x204, BLOCK)
    k = acting("arm64", old, "write 5", "write 6", cont_ptes=4)
    dirty = old[5] & ~arm("RDONLY")
    assert by_others(k)[1:] == [("hw", 517, dirty), ("write", 1, 517, 0x205), ("write", 1, 518, 0x206)]
    assert [value(k, 512 + i) for i in range(4, 8)] == [old[4], dirty, old[6], old[7]]
    assert [t[4] for t in cached(k)] == [True] * 4


def test_without_contpte_the_bit_means_nothing():
    k = acting("arm64", pages("arm64", 4, 0x204, BLOCK), "walk 5", cont_ptes=4, contpte=False)
    assert [t[1] for t in cached(k)] == [5]


@pytest.mark.parametrize(("flush", "bbml2"), [("one page", False), ("one page", True), ("all", False)])
def test_a_contiguous_walk_beside_a_single_translation_is_a_conflict(flush, bbml2):
    """What break-before-make is for: the block was made contiguous in place. A CPU with BBML2 takes one of the two."""
    k = acting("arm64", pages("arm64", 4, 0x204, ["WA"] * 4), "walk 5", cont_ptes=4, bbml2_noabort=bbml2)
    for i, pte in pages("arm64", 4, 0x204, BLOCK).items():
        k.memory[512 + i] = pte
    if flush == "all":
        k.flush_tlb_range(k.vma, OLD + 0x4000, OLD + 0x8000)
    k.phases["call"] = [action("walk", "old 7", "call")]
    k.phase("call")
    assert (("conflict", 1, 519) in k.events) is (flush == "one page" and not bbml2)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flush", "left"),
    [
        (lambda k: k.flush_tlb_range(k.vma, OLD + 0x1000, OLD + 0x3000), [(0, 0), (0, 3), (1, 0), (1, 3)]),
        (lambda k: k.flush_tlb_range(k.vma, OLD, OLD + 0x4000), []),
        (lambda k: k.flush_tlb_range(k.vma, NEW, NEW + 0x4000), "all"),
        (lambda k: k.flush_tlb_page(k.vma, OLD + 0x3000), [(cpu, i) for cpu in (0, 1) for i in (0, 1, 2)]),
        (lambda k: k.flush_tlb_mm(1), []),
        (lambda k: k.local_flush_tlb_all(), [(1, i) for i in range(4)]),
        (lambda k: k.flush_tlb_batched_pending(1), "all"),  # nothing is pending
    ],
)
def test_flushes(arch, flush, left):
    doing = [f"walk {i} {cpu}" for cpu in (0, 1) for i in range(4)]
    k = acting(arch, pages(arch, 0, 0x200, ["WDA"] * 4), *doing)
    flush(k)
    expected = [(cpu, i) for cpu in (0, 1) for i in range(4)] if left == "all" else left
    assert [t[:2] for t in cached(k)] == expected
