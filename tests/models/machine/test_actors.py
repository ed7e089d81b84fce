# SPDX-License-Identifier: GPL-2.0-only
"""When actions of others happen, and that a version pays nothing for them: phases of the locks, accesses, once each."""

import pytest

from pte_review.models.actions import PHASES
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.cpus import Cpus
from pte_review.models.machine.fresh import KERNELS
from pte_review.models.machine.kernel import Kernel
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.actions import OTHERS, action, by_others, machine, names
from tests.kit.build import ARCHES, NEW, OLD, move, page, pages, scenario
from tests.kit.moves import load, run

FOLIO = (Folio(0x200, 5, True, ((0, 32),)),)


@pytest.mark.parametrize("arch", ARCHES)
def test_the_machine_of_a_scenario_without_actions_knows_nothing_of_actors(arch):
    """What has no actions pays nothing: the class of its machine has no Actors among its bases."""
    made = []

    def spy(k, pmc, extent, old_pmd, new_pmd):
        made.append(type(k))
        return 0

    s = scenario(arch, {0: page(arch, 0x200)}, folios=FOLIO)
    run(s, load(spy))
    run(scenario(arch, {}, folios=FOLIO, actions=(action("walk", "old 0", "call"),)), load(spy))
    assert made[0] is KERNELS[arch]
    assert [cls.__module__.rpartition(".")[2] for cls in made[0].__mro__].count("actors") == 0
    assert [cls.__module__.rpartition(".")[2] for cls in made[1].__mro__].count("actors") == 1


# Where each phase lies in what pre_patch logs: the event before it.
BEFORE = {
    "call": None,
    "locking": ("pte_offset_map_lock", OLD, 512),
    "locked": ("spin_lock_nested", 2),
    "unlocking": ("spin_unlock", 2),
    "unlocked": ("spin_unlock", 1),
    "returned": ("pte_unmap", 512),
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("phase", PHASES)
def test_phases_of_pre_patch(arch, phase):
    what = scenario(arch, {0: page(arch, 0x200, "A")}, folios=FOLIO)
    table = "old" if phase in ("call", "locking", "locked") else "new"
    outcome = move("pre_patch", scenario(arch, {0: page(arch, 0x200, "A")}, folios=FOLIO,
                                         actions=(action("gup", f"{table} 0", phase),)))  # fmt: skip
    at = [e[0] for e in outcome.events].index("gup")
    assert (outcome.events[at - 1] if at else None) == BEFORE[phase]
    assert names(outcome) == ["gup"]
    assert [e for e in outcome.events if e[0] != "gup"] == list(move("pre_patch", what).events)


@pytest.mark.parametrize("one_lock", [{"split_ptlocks": False}, {"new_addr": OLD + 0x10_0000}])
def test_with_one_lock_there_is_no_moment_between_two(one_lock):
    k = machine("x86_64", {0: page("x86_64", 0x200)}, *[action("gup", "old 0", p) for p in PHASES], **one_lock)
    k.spin_lock(1)
    k.spin_unlock(1)
    assert [e[0] for e in k.events] == ["gup", "spin_lock", "gup", "spin_unlock", "gup"]


def test_a_phase_that_comes_again_is_no_event_again():
    k = machine("x86_64", {0: page("x86_64", 0x200)}, *[action("gup", "old 0", p) for p in PHASES])
    for _ in range(3):
        k.spin_lock(1)
        k.spin_lock(2)
        k.spin_unlock(2)
        k.spin_unlock(1)
    assert [e[0] for e in k.events][:9] == [
        "gup", "spin_lock", "spin_lock", "gup", "spin_unlock", "gup", "spin_unlock", "gup", "spin_lock",
    ]  # fmt: skip
    assert len(by_others(k)) == 4


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_an_access_is_a_read_an_exchange_or_a_store_of_that_entry(arch, nth):
    old = pages(arch, 0, 0x200, ["A", "A"])
    k = machine(arch, old, action("gup", "new 7", f"old 1 {nth}"), new={7: page(arch, 0x210)}, contpte=False)
    k.spin_lock(1)
    k.events.clear()
    entry = k.pmds[0].ptep + 1
    k.read(entry - 1)
    k.read(entry)  # 1
    k.ptep_get_and_clear(1, OLD + 4096, entry)  # 2: X
    k.set_pte_at(1, OLD + 4096, entry, page(arch, 0x201))  # 3: S
    k.ptep_get(entry)  # 4
    raw = [e for e in k.events if e[0] in ("R", "X", "S", "gup") and e[1] != entry - 1]
    expected = ["R", "X", "S", "R"]
    if nth <= 4:
        expected.insert(nth - 1, "gup")
    assert [e[0] for e in raw] == expected


@pytest.mark.parametrize("arch", ARCHES)
def test_batches_are_accesses_one_by_one(arch):
    """An event between two entries of one batch: the exchange of old[2] has happened, that of old[3] has not."""
    k = machine(arch, pages(arch, 0, 0x200, ["A"] * 4), action("gup", "old 3", "old 3 1"),
                action("gup", "new 0", "new 1 1"), folios=FOLIO, contpte=False)  # fmt: skip
    k.spin_lock(1)
    k.spin_lock(2)
    pte = k.get_and_clear_full_ptes(1, OLD, k.pmds[0].ptep, 4, 0)
    k.set_ptes(1, NEW, k.pmds[-1].ptep, pte, 4)
    order = [e[0] for e in k.events if e[0] in ("X", "S", "gup")]
    assert order == ["X"] * 3 + ["gup", "X", "S", "gup", "S", "S", "S"]


@pytest.mark.parametrize("arch", ARCHES)
def test_events_of_one_moment_happen_in_the_order_of_the_scenario(arch):
    events = [action("gup", f"old {i}", "call", cpu) for i, cpu in ((2, 3), (0, 1), (1, 2))]
    k = machine(arch, pages(arch, 0, 0x200, ["A"] * 3), *events)
    k.phase("call")
    assert [e[1] for e in by_others(k)] == [3, 1, 2]
    assert k.counts == {}


@pytest.mark.parametrize("arch", ARCHES)
def test_an_nth_that_never_comes_is_no_event(arch):
    what = scenario(arch, {0: page(arch, 0x200)}, folios=FOLIO, actions=(action("write", "old 0", "old 0 1000"),))
    plain = scenario(arch, {0: page(arch, 0x200)}, folios=FOLIO)
    assert move("pre_patch", what).events == move("pre_patch", plain).events


@pytest.mark.parametrize("maps", [{"old_maps": False}, {"new_maps": False}])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_call_that_finds_no_table(arch, maps):
    """-EAGAIN: the call begins and returns; both locks are never held; old alone is where new does not map."""
    events = [action("gup", "old 0", phase) for phase in PHASES]
    outcome = move("pre_patch", scenario(arch, {0: page(arch, 0x200)}, folios=FOLIO, actions=tuple(events), **maps))
    assert outcome.returned == -11
    assert names(outcome) == ["gup"] * (2 if "old_maps" in maps else 4)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", ["pre_patch", "v4"])
@pytest.mark.parametrize("options", [{}, {"page_table_check": True, "debug_vm": True}, {"contpte": False}])
def test_what_actors_do_is_no_work_of_the_version(arch, version, options):
    """A walk of a young entry, a store to a dirty one and mkclean afterwards change no access, call or warning."""
    old = pages(arch, 0, 0x200, ["WDA"] * 16)
    vma = Vma(vm_file=True, anon_vma=False)
    folios = (Folio(0x200, 5, anon=False),)
    actions = (
        action("walk", "old 1", "call"),
        action("write", "old 2", "old 1 1"),
        action("mkclean", "new 4", "returned"),
    )
    plain = move(version, scenario(arch, old, at=(0, 0, 16), folios=folios, vma=vma, **options))
    acted = move(version, scenario(arch, old, at=(0, 0, 16), folios=folios, vma=vma, actions=actions, **options))
    assert {"walk", "write", "mkclean"} <= set(names(acted))
    assert [e for e in acted.events if e[0] not in OTHERS] == list(plain.events)
    for name in ("warnings", "violations", "imbalances", "bugs", "map_counts", "stale", "returned", "held"):
        assert getattr(acted, name) == getattr(plain, name)
    assert {p for p in acted.exercised if not p.endswith("action")} == set(plain.exercised)


def test_every_actor_leaves_the_kernels_primitives_as_they_are():
    """Actors override raw accesses, locks, invalidation: no primitive gets another meaning."""
    defined = {**vars(Actors), **vars(Cpus)}
    own = {name for name in defined if any(name in vars(c) for c in Kernel.__mro__)}
    assert {name for name in own if not name.startswith("_")} == {
        "read", "xchg0", "store", "read_block", "xchg0_block", "store_block", "invalidate", "local_flush_tlb_all",
    }  # fmt: skip


@pytest.mark.parametrize("arch", ARCHES)
def test_a_change_is_an_exchange_or_a_store_however_often_the_entry_was_read(arch):
    k = machine(
        arch,
        {0: page(arch, 0x200)},
        action("walk", "old 0", "change old 0 1"),
        action("gup", "old 0", "change old 0 2"),
    )
    for _ in range(5):
        k.read(512)
    assert names(k) == []
    k.xchg0(512)
    assert names(k) == ["hw", "walk"]
    k.read(512)
    k.store(512, page(arch, 0x201))
    assert names(k) == ["hw", "walk"]  # nothing to be seen before the store
