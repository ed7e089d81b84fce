# SPDX-License-Identifier: GPL-2.0-only
"""Generator health over a fixed seed: nothing that a page table can show is left to luck."""

from collections import Counter
from dataclasses import fields

import pytest

from pte_review.models.config import Config
from pte_review.models.move_ptes.call import MoveCall
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma
from pte_review.strategies.config import CONT_PTES, MODES, PTRS_PER_PTE
from tests.kit.build import ARCHES
from tests.kit.census import FEATURES, features
from tests.kit.draws import drawn
from tests.kit.moves import as_move

USUAL, RARE = 0.02, 0.005  # of scenarios, at least
SELDOM = {"write alone differs between blocks", "whole table"}  # needs two blocks, a full table: RARE is enough
SIZES = {
    "cont_ptes": set(CONT_PTES),
    "ptrs_per_pte": set(PTRS_PER_PTE),
    "uffd_modes": {*MODES, ("minor",), ("minor", "wp")},
}
ONLY_DEFAULT = {
    "zero_pfn", "highest_memmap_pfn", "vm_mm", "uffd_rwp",  # numbers; what versions say
    "own_needs_flush", "erratum_2645198", "numa_normal", "uffd_wp_unpopulated",  # what this function never meets
}  # fmt: skip
ONLY_ON = {"mem_soft_dirty": "x86_64", "shstk": "x86_64", "shadow_stack": "x86_64", "bbml2_noabort": "arm64"}
CALL = ("need_rmap_locks", "split_ptlocks", "old_maps", "new_maps")


@pytest.fixture(scope="module")
def census():
    return {arch: Counter(name for s in drawn(arch) for name in features(s)) for arch in ARCHES}


@pytest.mark.parametrize(("arch", "feature"), [(arch, name) for arch in ARCHES for name in FEATURES[arch]])
def test_feature_occurs(census, arch, feature):
    least = RARE if feature in SELDOM else USUAL
    assert census[arch][feature] >= least * len(drawn(arch))


@pytest.mark.parametrize("arch", ARCHES)
def test_nothing_that_has_no_name(census, arch):
    """Mixed markers, soft-dirty on arm64 and CONT on x86_64 never occur in legal scenarios."""
    assert set(census[arch]) == set(FEATURES[arch])


def test_mixed_markers_are_hostile_only():
    found = Counter(name for s in drawn("x86_64", "mixed-marker", 300) for name in features(s) if "|" in name)
    assert set(found) == {"marker UFFD_WP|POISONED", "marker UFFD_WP|GUARD", "marker UFFD_WP|POISONED|GUARD"}
    assert min(found.values()) > 0.2 * 300


def options():
    """(name, how to get it, its values) of everything that a config, a VMA or a call can be set to."""
    for cls, part in ((Config, "config"), (Vma, "vma")):
        for name in (f.name for f in fields(cls)):
            if name not in ONLY_DEFAULT:
                yield f"{part}.{name}", SIZES.get(name, {False, True})
    for name in CALL:
        yield name, {False, True}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("option", "values"), list(options()))
def test_option_takes_each_value(arch, option, values):
    part, _, name = option.rpartition(".")
    found = Counter(getattr(getattr(s, part) if part else as_move(s), name) for s in drawn(arch))
    assert set(found) == ({False} if name in ONLY_ON and arch != ONLY_ON[name] else values)
    assert min(found.values()) >= RARE * len(drawn(arch))


@pytest.mark.parametrize("arch", ARCHES)
def test_every_field_of_a_scenario_is_looked_at(arch):
    known = {"arch", "tables", "ranges", "call", "folios", "vmas", "config", "actions"}
    assert {f.name for f in fields(Scenario)} == known
    assert {f.name for f in fields(MoveCall)} == {"need_rmap_locks"}


@pytest.mark.parametrize("arch", ARCHES)
def test_folios(arch):
    """Every order an anon or file folio may have occurs, pages shared after a fork, both kinds in one VMA."""
    found = Counter()
    for scenario in drawn(arch):
        orders = {(f.anon, f.order) for f in scenario.folios}
        found.update(orders)
        found.update(name for name in ("exclusive", "shared") if any(getattr(f, name) for f in scenario.folios))
        found.update(["both kinds"] if len({f.anon for f in scenario.folios}) == 2 else [])
    assert {order for anon, order in (key for key in found if isinstance(key, tuple)) if anon} == {0, 2, 3, 4, 5, 6, 9}
    assert {order for anon, order in (key for key in found if isinstance(key, tuple)) if not anon} == {
        *(0, 1, 2, 3, 4, 5, 6, 9)
    }
    assert min(found[name] for name in ("exclusive", "shared", "both kinds")) >= USUAL * len(drawn(arch))


def test_shadow_stacks_hold_writable_entries():
    """Write=0, Dirty=1, which pte_mkdirty() would turn into an ordinary read-only entry."""
    writable = 0
    for scenario in drawn("x86_64"):
        if scenario.vma.shadow_stack:
            words = scenario.words
            table = [pte for _, pte in as_move(scenario).old_table if words.pte_present(pte)]
            assert not any(pte & 2 for pte in table)
            writable += any(map(words.pte_write, table))
    assert writable >= RARE * len(drawn("x86_64"))


@pytest.mark.parametrize("arch", ARCHES)
def test_writable_entries_are_clean_and_dirty(arch):
    """Also in shadow stacks, where dirty is what says writable, and beside soft-dirty, which goes its own way."""
    seen = Counter()
    for scenario in drawn(arch):
        words = scenario.words
        for _, pte in as_move(scenario).old_table:
            if words.pte_present(pte) and not words.pte_special(pte) and not scenario.vma.shadow_stack:
                seen[words.pte_write(pte), words.pte_dirty(pte), words.pte_soft_dirty(pte)] += 1
    assert len(seen) == (8 if arch == "x86_64" else 4)


@pytest.mark.parametrize("arch", ARCHES)
def test_sizes(arch):
    """Small enough to run by the thousand, and every size up to whole tables."""
    sizes = sorted(s.nr for s in drawn(arch))
    assert 4 <= sizes[len(sizes) // 2] <= 12
    assert 8 <= sum(sizes) / len(sizes) <= 35
    assert sizes[0] == 1
