# SPDX-License-Identifier: GPL-2.0-only
"""How far a scenario is reachable on a running kernel: by which system calls, under which config, or not at all."""

from collections.abc import Iterator

from pte_review.harness.subject import Words
from pte_review.models.arch.word import (
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_EXCLUSIVE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
)
from pte_review.models.config import Config
from pte_review.models.legal import SHAPE, broken_rules
from pte_review.models.scenario import ORDINARY_CONFIG, Scenario

CONFIG_NAMES = {
    "mem_soft_dirty": "CONFIG_MEM_SOFT_DIRTY=y",
    "uffd_wp": "an architecture without uffd-wp",
    "pte_marker_uffd_wp": "CONFIG_PTE_MARKER_UFFD_WP=n",
    "debug_vm": "CONFIG_DEBUG_VM=y",
    "page_table_check": "CONFIG_PAGE_TABLE_CHECK=y",
    "shstk": "user shadow stacks (X86_FEATURE_SHSTK)",
    "contpte": "CONFIG_ARM64_CONTPTE=n",
    "bbml2_noabort": "a CPU with BBML2 and no TLB conflict aborts",
    "contpte_get_stops_early": "093ae7a033cf (v6.17)",
    "contpte_set_guards_invalid": "the contpte_set_ptes() guard for invalid entries",
}

USUAL = ", under the usual config"


def reach(scenario: Scenario, words: Words) -> str:
    """One line: "by system calls in one VMA[, under CONFIG]: HOW", or "only from a table that breaks RULE".

    HOW are recipes, and on which kernels they made their states. `words` are the subject's.
    """
    broken = broken_rules(scenario)
    if broken:
        named = [rule for rule in broken if rule != SHAPE] or ["the shape of its architecture's entries"]
        return f"only from a table that breaks {', '.join(named)}"
    needs = [text for name, text in CONFIG_NAMES.items() if _differs(scenario.config, name)]
    if not scenario.real_blocks:
        needs.append(f"CONT_PTES scaled down to {scenario.config.cont_ptes} (16 with 4K pages)")
    if _differs(scenario.config, "ptrs_per_pte"):
        needs.append(f"PTRS_PER_PTE scaled down to {scenario.config.ptrs_per_pte}")
    how = _how(recipes(scenario, words), words, apart=bool(scenario.actions), config=USUAL if needs else "")
    if scenario.actions:
        how += "; while others act as listed"
    under = f", under {', '.join(needs)}" if needs else ""
    return f"by system calls in one VMA{under}: {how}"


def recipes(scenario: Scenario, words: Words) -> list[str]:
    """The recipes of a legal scenario's entries, each once."""
    special = dict.fromkeys((*_recipes(scenario, words.system_call), *words.recipes(scenario)))
    return list(special) or [f"map, touch, {words.system_call}"]


def _how(named: list[str], words: Words, *, apart: bool, config: str) -> str:
    """The recipes, with the kernels behind each; or once behind all where they are the same, unless `apart`.

    `config` is what the kernels were configured with, where the scenario needs something else.
    """
    tried = [_tried(recipe, words, config) for recipe in named]
    if len(set(tried)) == 1 and not apart:
        return "; ".join([*named, tried[0]])
    return "; ".join(f"{recipe} ({kernels})" for recipe, kernels in zip(named, tried, strict=True))


def _tried(recipe: str, words: Words, config: str) -> str:
    kernels = words.reached.get(recipe)
    return f"reached on {kernels}{config}" if kernels else "not tried on a kernel"


def _differs(config: Config, name: str) -> bool:
    return bool(getattr(config, name) != getattr(ORDINARY_CONFIG, name))


def _recipes(scenario: Scenario, system_call: str) -> Iterator[str]:
    yield from _folio_recipes(scenario, system_call)
    words = scenario.words
    swap = [pte for pte in _source(scenario) if words.is_swap_pte(pte)]
    types = {(words.swp_type(pte), words.swp_offset(pte)) for pte in swap}
    for type_, offset in sorted(types):
        if type_ == SWP_PTE_MARKER:
            yield _marker_recipe(offset)
        elif type_ < SWP_HWPOISON:
            yield "swap-out"
        elif SWP_MIGRATION_READ <= type_ <= SWP_MIGRATION_WRITE:
            yield "while a page migrates"
        elif type_ == SWP_HWPOISON or type_ <= SWP_DEVICE_EXCLUSIVE:
            yield "memory failure or an HMM driver"


def _source(scenario: Scenario) -> list[int]:
    """The entries of the table that the first range lies in."""
    return [pte for _, pte in scenario.tables[scenario.ranges[0].table].entries]


def _marker_recipe(marker: int) -> str:
    if marker & PTE_MARKER_UFFD_WP:
        return "UFFDIO_WRITEPROTECT of unpopulated memory"
    return "UFFDIO_POISON or MADV_GUARD_INSTALL"


def _folio_recipes(scenario: Scenario, system_call: str) -> Iterator[str]:
    """What differs between the entries of one large folio, and how that comes about."""
    words = scenario.words
    by_folio: dict[int, list[int]] = {}
    for pte in _source(scenario):
        if words.pte_present(pte) and (folio := scenario.folio_of(words.pte_pfn(pte))) and folio.order:
            by_folio.setdefault(folio.pfn, []).append(pte)
    for pfn, ptes in by_folio.items():
        folio = scenario.folio_of(pfn)
        valid = [pte for pte in ptes if words.pte_valid(pte)]
        if scenario.vma.shadow_stack:
            yield "a shadow stack in a large folio"
        elif len({words.pte_write(pte) for pte in valid}) > 1:
            if folio and folio.anon:
                yield f"part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, {system_call}"
                yield "or all of it, the child gone, one page written (v6.15)"
            else:
                yield "MAP_SHARED file with large folios, some pages written"
        elif len(valid) < len(ptes):
            yield "mprotect(PROT_NONE) or NUMA balancing"
        if len({words.pte_uffd_wp(pte) for pte in ptes}) > 1:
            yield "UFFDIO_WRITEPROTECT of a part"
        if len({words.pte_dirty(pte) for pte in valid}) > 1:
            yield "MADV_FREE, then one page written"
        if len({words.pte_young(pte) for pte in valid}) > 1:
            yield "page ageing, then one page touched"
        if len({words.pte_cont(pte) for pte in valid}) > 1:
            yield "a part unfolded before"
