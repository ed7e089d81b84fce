# SPDX-License-Identifier: GPL-2.0-only
"""Whole scenarios: config, VMA and runs of entries put at an address, with a destination, legal or hostile."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from pte_review.models.arch import ARCHES, words
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.legal import ONLY_ON, RULES
from pte_review.models.scenario import Entries, Scenario
from pte_review.strategies.choices import Choices
from pte_review.strategies.contpte import fold_blocks
from pte_review.strategies.events import EVENT_BYTES, with_events
from pte_review.strategies.hostile import HOSTILE_BYTES, break_rule
from pte_review.strategies.kernels import draw_config, draw_vma
from pte_review.strategies.layout import Layout
from pte_review.strategies.runs import RUN_BYTES, add_run

OLD_BASE = 0x7F00_0000_0000
MMAP_MIN_ADDR = 0x1_0000  # CONFIG_DEFAULT_MMAP_MIN_ADDR
KERNEL_BYTES = 24
PLACE_BYTES = 14
RUNS = 5
RUNS_END = KERNEL_BYTES + PLACE_BYTES + RUNS * RUN_BYTES
SCENARIO_BYTES = RUNS_END + EVENT_BYTES
# One draw a scenario. Besides being the cheapest, it leaves Hypothesis's mutator nothing to copy from one place to
# another, which it does in five of six examples where it can: every scenario is a new one.
_SCENARIO = st.binary(min_size=SCENARIO_BYTES, max_size=SCENARIO_BYTES)
_HOSTILE = st.binary(min_size=SCENARIO_BYTES + HOSTILE_BYTES, max_size=SCENARIO_BYTES + HOSTILE_BYTES)


def scenarios(arch: str | Sequence[str] | None = None, hostile: str | None = None) -> st.SearchStrategy[Scenario]:
    """Scenarios of `arch` (one, several, or all). Legal, unless `hostile` names a rule of models.legal.RULES to break.

    A rule that only one architecture has gives scenarios of that one. Raises ValueError for unknown names.
    """
    arches = list(ARCHES) if arch is None else [arch] if isinstance(arch, str) else list(arch)
    for name in arches:
        if name not in ARCHES:
            raise ValueError(f"arch: expected one of {', '.join(ARCHES)}, got {name!r}")
    if hostile is not None:
        if hostile not in RULES:
            raise ValueError(f"hostile: expected one of {', '.join(RULES)}, got {hostile!r}")
        arches = [name for name in arches if ONLY_ON.get(hostile, name) == name]
        if not arches:
            raise ValueError(f"hostile: {hostile!r} can only be broken on {ONLY_ON[hostile]}")
    return _scenarios(arches[0] if len(arches) == 1 else st.sampled_from(arches), hostile)


@st.composite
def _scenarios(draw: st.DrawFn, arch: str | st.SearchStrategy[str], hostile: str | None) -> Scenario:
    name = arch if isinstance(arch, str) else draw(arch)
    data = draw(_HOSTILE if hostile else _SCENARIO)
    kernel = Choices(data[:KERNEL_BYTES])
    place = Choices(data[KERNEL_BYTES : KERNEL_BYTES + PLACE_BYTES])
    config = draw_config(kernel, name)
    layout = Layout(words(name, config), draw_vma(kernel, config), room=config.ptrs_per_pte)
    for at in range(KERNEL_BYTES + PLACE_BYTES, RUNS_END, RUN_BYTES):
        run = Choices(data[at : at + RUN_BYTES])
        if run.chance(72):
            add_run(layout, run)
    if not layout.entries:
        add_run(layout, Choices(b""))
    scenario = _placed(name, layout, place, kernel)
    if hostile:
        scenario = break_rule(scenario, hostile, Choices(data[SCENARIO_BYTES:]))
    return with_events(scenario, Choices(data[RUNS_END:SCENARIO_BYTES]), may_cut=hostile is None)


def _placed(arch: str, layout: Layout, place: Choices, kernel: Choices) -> Scenario:
    """Choose which part of the layout moves, and where to."""
    config, p = layout.words.config, layout.words.config.ptrs_per_pte
    first, nr = _extent(layout, place)
    old_table: Entries = tuple((layout.start + i, pte) for i, pte in enumerate(layout.entries) if pte)
    new_base, new_index = _destination(layout, first, nr, place)
    vma = layout.vma
    if nr == p and new_index == 0 and not (vma.uffd and not vma.uffd_event_remap):
        nr -= 1  # move_normal_pmd() would have moved the whole table
    scenario = Scenario(
        arch=arch,
        old_addr=OLD_BASE + (first << PAGE_SHIFT),
        new_addr=new_base + (new_index << PAGE_SHIFT),
        extent=nr * PAGE_SIZE,
        old_table=old_table,
        folios=tuple(layout.folios),
        vma=vma,
        config=config,
        need_rmap_locks=kernel.chance(35),
        split_ptlocks=not kernel.chance(8),
        old_maps=not kernel.chance(2),
        new_maps=not kernel.chance(2),
    )
    scenario = _elsewhere(scenario, kernel)
    return fold_blocks(scenario, place) if arch == "arm64" and config.contpte else scenario


def _elsewhere(scenario: Scenario, kernel: Choices) -> Scenario:
    """Sometimes at the bottom of the address space, where an extent may be more than an address; or moving down."""
    low, down = kernel.chance(6), kernel.chance(40)
    if low and min(scenario.old_addr, scenario.new_addr) - scenario.old_base >= MMAP_MIN_ADDR:
        base = scenario.old_base
        return replace(scenario, old_addr=scenario.old_addr - base, new_addr=scenario.new_addr - base)
    if down:  # another table: none where old and new lie in one
        return replace(scenario, new_addr=scenario.new_addr - 2 * (scenario.new_base - scenario.old_base))
    return scenario


def _extent(layout: Layout, place: Choices) -> tuple[int, int]:
    """(first entry index, entries) of the old range: the layout, a part that cuts runs at its ends, a whole table."""
    total, half_block = len(layout.entries), layout.cont_ptes // 2
    lead = min(place.pick((0, 0, 0, 0, 0, 0, 1, half_block, half_block, total // 2, place.wide(total))), total - 1)
    left = total - lead
    # The whole table comes last: on the way from there to 0 a shrinker meets shorter ranges that end inside a run.
    cuts = (*(0,) * 15, *(1,) * 3, *(left - 3 * half_block,) * 6, *(left // 2,) * 3, *(place.wide(left),) * 3, None)
    tail = place.pick(cuts)
    if tail is None:
        return 0, layout.words.config.ptrs_per_pte
    return layout.start + lead, min(max(left - tail, 1), left)


def _destination(layout: Layout, first: int, nr: int, place: Choices) -> tuple[int, int]:
    """(address of the new table, entry index in it): congruent or not, and sometimes in the old table itself."""
    p, block = layout.words.config.ptrs_per_pte, layout.words.config.cont_ptes
    room = p - nr
    offset = place.pick((first, first, first % block, first % block + block, 0, first + 1, place.wide(room + 1)))
    new_index = min(offset, room)
    if place.chance(12):
        end = layout.start + len(layout.entries)
        above = end + (new_index - end) % block if place.chance(60) else end
        if above + nr <= p:
            return OLD_BASE, above
        if nr <= layout.start:
            return OLD_BASE, layout.start - nr
    return OLD_BASE + (p << PAGE_SHIFT) * (1 + place.below(3)), new_index
