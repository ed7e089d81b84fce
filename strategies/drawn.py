# SPDX-License-Identifier: GPL-2.0-only
"""From one drawn byte string to a scenario: which bytes decide what. given.py has the strategy around it.

A subject's strategy gives three functions: how its ranges are placed around a table that has been laid out, how its own
rules are broken, and which stories of what others do it knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pte_review.models.arch import words
from pte_review.models.scenario import Scenario
from pte_review.strategies.actions import ACTION_BYTES, Story, let_others_act
from pte_review.strategies.choices import Choices
from pte_review.strategies.config import SHAPE_BYTES, draw_config, draw_vma, plain_vma
from pte_review.strategies.hostile import HOSTILE_BYTES, Breaker, break_rule
from pte_review.strategies.layout import Layout
from pte_review.strategies.runs import CHANGES_AT, RUN_BYTES, add_run

KERNEL_BYTES = 32
PLACE_BYTES = 14
RUNS = 5
LAYOUT_BYTES = 9  # of a run: its kind, how large its folio is, which of its pages are mapped
RUNS_END = KERNEL_BYTES + PLACE_BYTES + RUNS * RUN_BYTES
SCENARIO_BYTES = RUNS_END + ACTION_BYTES


@dataclass(frozen=True)
class Recipe:
    """What a subject adds to the kit.

    `place` makes the scenario of a layout, with choices of where the ranges lie and of the kernel they lie in.
    `breakers` are by hostile rule, the kit's (strategies.hostile.BREAKERS) and the subject's own. `shorter` makes a
    scenario of one slot of the range, for a story about one page, or is None where there is no such thing.
    """

    place: Callable[[str, Layout, Choices, Choices], Scenario]
    breakers: Mapping[str, Breaker]
    stories: Sequence[Story] = ()
    shorter: Callable[[Scenario, int], Scenario] | None = None


def with_actions(data: bytes) -> bytes:
    """`data` of a scenario in which others act for sure."""
    return data[:RUNS_END] + b"\xff" + data[RUNS_END + 1 :]


def by_block(data: bytes, *, in_write: bool) -> bytes:
    """`data` of a scenario in which pages of a large folio differ from one contpte block to the next and not inside.

    With `in_write` by who may write, where that can be.
    """
    changed = bytearray(data)
    for at in range(KERNEL_BYTES + PLACE_BYTES + CHANGES_AT, RUNS_END, RUN_BYTES):
        changed[at] = 0xFF
        if in_write:
            changed[at + 1] = 0
    return bytes(changed)


def alike(data: bytes, other: bytes) -> bytes:
    """`other`, with the place and the layout of `data`, and with actions if that has some.

    The config, what entries and VMA say, and what others do, is `other`'s own.
    """
    parts = [data[:SHAPE_BYTES], other[SHAPE_BYTES:KERNEL_BYTES], data[KERNEL_BYTES : KERNEL_BYTES + PLACE_BYTES]]
    for at in range(KERNEL_BYTES + PLACE_BYTES, RUNS_END, RUN_BYTES):
        parts += [data[at : at + LAYOUT_BYTES], other[at + LAYOUT_BYTES : at + RUN_BYTES]]
    return b"".join([*parts, data[RUNS_END : RUNS_END + 1], other[RUNS_END + 1 :]])


def bytes_of(hostile: str | None) -> int:
    """How many bytes scenario_of() reads."""
    return SCENARIO_BYTES + (HOSTILE_BYTES if hostile else 0)


def scenario_of(recipe: Recipe, arch: str, data: bytes, hostile: str | None = None) -> Scenario:
    """The scenario that `data`, bytes_of(hostile) bytes, stands for; zeros are the simplest one."""
    shape, kernel = Choices(data[:SHAPE_BYTES]), Choices(data[SHAPE_BYTES:KERNEL_BYTES])
    place = Choices(data[KERNEL_BYTES : KERNEL_BYTES + PLACE_BYTES])
    config = draw_config(kernel, shape, arch)
    vma = draw_vma(kernel, shape, config)
    if hostile:
        vma = plain_vma(vma)  # a breaker writes entries of its own, which any other would forbid
    layout = Layout(words(arch, config), vma, room=config.ptrs_per_pte)
    for at in range(KERNEL_BYTES + PLACE_BYTES, RUNS_END, RUN_BYTES):
        run, changes = Choices(data[at : at + CHANGES_AT]), Choices(data[at + CHANGES_AT : at + RUN_BYTES])
        if run.chance(72):
            add_run(layout, run, changes)
    if not layout.entries:
        add_run(layout, Choices(b""), Choices(b""))
    scenario = recipe.place(arch, layout, place, kernel)
    if hostile:
        scenario = break_rule(scenario, recipe.breakers[hostile], Choices(data[SCENARIO_BYTES:]))
    if not recipe.stories:
        return scenario
    shorter = None if hostile else recipe.shorter
    return let_others_act(scenario, Choices(data[RUNS_END:SCENARIO_BYTES]), recipe.stories, shorter)
