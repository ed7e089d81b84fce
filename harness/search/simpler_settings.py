# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards the ordinary config, VMA and folios."""

from collections.abc import Iterator
from dataclasses import fields, replace

from pte_review.harness.search.tables import cut_pages, present_ptes, with_entries
from pte_review.models.config import Config
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Folio, Scenario, page_ranges
from pte_review.models.tables import Entries
from pte_review.models.vma import Vma


def ordinary_config(scenario: Scenario) -> Iterator[Scenario]:
    """One config option at its default; an entry's bits go with the option that gives them meaning."""
    for field in fields(Config):
        default = getattr(ORDINARY_CONFIG, field.name)
        if getattr(scenario.config, field.name) != default:
            config = replace(scenario.config, **{field.name: default})
            if config.problem(scenario.arch) is None:
                yield _with_config(scenario, config)


def _with_config(scenario: Scenario, config: Config) -> Scenario:
    """`scenario` under `config`, its tables one behind the other and its bits where they still mean something."""
    changed = replace(scenario, config=config)
    if config.ptrs_per_pte != scenario.config.ptrs_per_pte:
        base = scenario.tables[0].base & -changed.table_bytes
        tables = (replace(table, base=base + i * changed.table_bytes) for i, table in enumerate(scenario.tables))
        changed = replace(changed, tables=tuple(tables))
    before, after = scenario.words, changed.words
    drop = before.SOFT_DIRTY & ~after.SOFT_DIRTY | before.UFFD_WP & ~after.UFFD_WP
    swp_drop = before.SWP_SOFT_DIRTY & ~after.SWP_SOFT_DIRTY | before.SWP_UFFD_WP & ~after.SWP_UFFD_WP

    def stripped(_: int, entries: Entries) -> Entries:
        return tuple((i, pte & ~(drop if before.pte_present(pte) else swp_drop)) for i, pte in entries)

    return with_entries(changed, stripped)


def ordinary_vma(scenario: Scenario) -> Iterator[Scenario]:
    """One field of the first VMA at its default; anonymous memory instead of a file's."""
    vma = scenario.vma
    for field in fields(ORDINARY_VMA):
        yield _with_vma(scenario, replace(vma, **{field.name: getattr(ORDINARY_VMA, field.name)}))
    if vma.vm_file:
        folios = tuple(_anon(folio) for folio in scenario.folios)
        yield replace(_with_vma(scenario, replace(vma, vm_file=False, anon_vma=True)), folios=folios)


def _with_vma(scenario: Scenario, vma: Vma) -> Scenario:
    """`scenario` with another first VMA, valid entries with what the VMA says of all of them."""
    words = scenario.words
    changes = words.entry_prot(scenario.vma) ^ words.entry_prot(vma) if scenario.vma.accessible else 0

    def changed(_: int, entries: Entries) -> Entries:
        return tuple((i, pte ^ changes if words.pte_valid(pte) else pte) for i, pte in entries)

    scenario = replace(scenario, vmas=(vma, *scenario.vmas[1:]))
    return with_entries(scenario, changed) if changes and vma.accessible else scenario


def _anon(folio: Folio) -> Folio:
    """An anon folio in the place of a file's; they have no order 1."""
    order = 2 if folio.order == 1 else folio.order
    return Folio(folio.pfn & -(1 << order), order, True, ((0, 1 << order),))


def simpler_folios(scenario: Scenario) -> Iterator[Scenario]:
    """Drop a folio, shrink it to a part, forget its sharing, leave only what is writable exclusive."""
    words = scenario.words
    writable = {words.pte_pfn(pte) for pte in present_ptes(scenario) if words.pte_write(pte)}
    for i, folio in enumerate(scenario.folios):
        yield _with_folio(scenario, i, None)
        for part in _parts(folio):
            yield _with_folio(scenario, i, part)
        yield _with_folio(scenario, i, replace(folio, shared=()))
        needed = page_ranges({pfn - folio.pfn for pfn in writable if folio.anon and folio.pfn <= pfn < folio.end})
        yield _with_folio(scenario, i, replace(folio, exclusive=needed, shared=()))
        yield _with_folio(scenario, i, replace(folio, exclusive=needed))


def _with_folio(scenario: Scenario, i: int, folio: Folio | None) -> Scenario:
    return replace(scenario, folios=(*scenario.folios[:i], *([folio] if folio else []), *scenario.folios[i + 1 :]))


def _parts(folio: Folio) -> Iterator[Folio]:
    """Its halves, or its pages where halves would be too small for an anon folio."""
    order = 0 if folio.anon and folio.order == 2 else folio.order - 1
    if folio.order:
        for offset in range(0, 1 << folio.order, 1 << order):
            exclusive, shared = (cut_pages(pages, offset, 1 << order) for pages in (folio.exclusive, folio.shared))
            yield replace(folio, pfn=folio.pfn + offset, order=order, exclusive=exclusive, shared=shared)
