# SPDX-License-Identifier: GPL-2.0-only
"""Whether two runs of one scenario did the same: kernel text against its port.

Outcomes are held against each other in every field, events one by one in order. What a release renamed counts as the
same call.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import islice
from types import MappingProxyType

from pte_review.harness.judging.contracts import same_warning
from pte_review.harness.search.aim import fresh
from pte_review.models.machine.folios import (
    FPB_IGNORE_DIRTY,
    FPB_IGNORE_SOFT_DIRTY,
    FPB_RESPECT_DIRTY,
    FPB_RESPECT_SOFT_DIRTY,
)
from pte_review.models.machine.state import Event
from pte_review.models.outcome import Outcome
from pte_review.models.version import Version
from pte_review.strategies.drawn import Recipe
from pte_review.strategies.move_ptes import RECIPE

RENAMED = {  # v6.19
    "lazy_mmu_mode_enable": "arch_enter_lazy_mmu_mode",
    "lazy_mmu_mode_disable": "arch_leave_lazy_mmu_mode",
}
AROUND = 2  # events shown on both sides of the first that differs


def same(a: Outcome, b: Outcome) -> str | None:
    """The first difference of two outcomes as text, None if there is none. Where, in C or in Python, is left out."""
    first, second = list(map(plain, a.events)), list(map(plain, b.events))
    if first != second:
        at = next(
            (i for i, (x, y) in enumerate(zip(first, second, strict=False)) if x != y), min(len(first), len(second))
        )
        before = "".join(f"\n    {_shown(event)}" for event in first[max(0, at - AROUND) : at])
        return f"event {at}, after{before or ' nothing'}\n  a: {_from(first, at)}\n  b: {_from(second, at)}"
    for field in fields(Outcome):
        if field.name in ("events", "why"):
            continue
        x, y = getattr(a, field.name), getattr(b, field.name)
        if x == y or (field.name == "warnings" and len(x) == len(y) and all(map(same_warning, x, y))):
            continue
        if field.name == "tables" and len(x) == len(y):
            number = next(i for i, (p, q) in enumerate(zip(x, y, strict=True)) if p != q)
            entry = next(i for i, (p, q) in enumerate(zip(x[number], y[number], strict=True)) if p != q)
            return f"table {number}, entry {entry}: a: {x[number][entry]:#x}, b: {y[number][entry]:#x}"
        return f"{field.name}: a: {x!r}, b: {y!r}"
    return None


def plain(event: Event) -> Event:
    """`event` without what is a matter of wording: set_pte_at() is set_ptes() of one entry."""
    if event[0] == "set_pte_at":
        return ("set_ptes", *event[1:], 1)
    if event[0] == "folio_pte_batch":  # v6.17: no address, and flags say what is respected
        _, pfn, _, ptep, pte, max_nr, flags, *result = event
        ignored = int(flags)
        respected = FPB_RESPECT_DIRTY * (not ignored & FPB_IGNORE_DIRTY)
        respected |= FPB_RESPECT_SOFT_DIRTY * (not ignored & FPB_IGNORE_SOFT_DIRTY)
        return ("folio_pte_batch_flags", pfn, 0, ptep, pte, max_nr, respected, *result)
    return (RENAMED.get(str(event[0]), event[0]), *event[1:])


def _from(events: list[Event], at: int) -> str:
    return ", ".join(map(_shown, events[at : at + AROUND])) or "no event more"


def _shown(event: Event) -> str:
    words = (hex(word) if isinstance(word, int) and word > 1 << 16 else str(word) for word in event[1:])
    return f"{event[0]}({', '.join(words)})"


def mismatches(
    port: Version,
    text: Version,
    arch: str,
    count: int,
    seed: int,
    config: Mapping[str, bool] = MappingProxyType({}),
    recipe: Recipe = RECIPE,
) -> list[str]:
    """The scenarios, of `count` generated from `seed`, that `port` and `text` run differently, with the difference.

    `config` are fields to change; a tree that knows of BBML2 or of userfaultfd RWP runs with and without it.
    """
    found: list[str] = []
    for scenario in islice(fresh(recipe, arch, seed), count):
        known = {
            "bbml2_noabort": scenario.config.bbml2_noabort and config.get("bbml2_noabort", True),
            "uffd_rwp": scenario.config.uffd_wp and config.get("uffd_rwp", False),
        }
        what = replace(scenario, config=replace(scenario.config, **{**config, **known}))
        difference = same(port.run(what), text.run(what))
        if difference is not None:
            found.append(f"{difference}\n{what}")
    return found
