# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards the ordinary config, VMA and folios."""

from collections.abc import Iterator
from dataclasses import fields, replace

from pte_review.harness.search.tables import cut_pages
from pte_review.models.config import Config
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Entries, Folio, Scenario, ranges


def ordinary_config(s: Scenario) -> Iterator[Scenario]:
    """One config option at its default; an entry's bits go with the option that gives them meaning."""
    for field in fields(Config):
        default = getattr(ORDINARY_CONFIG, field.name)
        if getattr(s.config, field.name) != default:
            config = replace(s.config, **{field.name: default})
            if config.problem(s.arch) is None:
                yield _with_config(s, config)


def _with_config(s: Scenario, config: Config) -> Scenario:
    """`s` under `config`, its tables kept at the same distance and its bits where they still mean something."""
    changed = replace(s, config=config)
    if config.ptrs_per_pte != s.config.ptrs_per_pte:
        base = s.old_base & -changed.pmd_size
        gap = 0 if s.one_table else changed.pmd_size
        changed = replace(
            changed,
            old_addr=base + (s.old_addr - s.old_base),
            new_addr=base + gap + (s.new_addr - s.new_base),
        )
    ours, theirs = s.words, changed.words
    drop = ours.SOFT_DIRTY & ~theirs.SOFT_DIRTY | ours.UFFD_WP & ~theirs.UFFD_WP
    swp_drop = ours.SWP_SOFT_DIRTY & ~theirs.SWP_SOFT_DIRTY | ours.SWP_UFFD_WP & ~theirs.SWP_UFFD_WP

    def stripped(entries: Entries) -> Entries:
        return tuple((i, pte & ~(drop if ours.pte_present(pte) else swp_drop)) for i, pte in entries)

    return replace(changed, old_table=stripped(s.old_table), new_table=stripped(s.new_table))


def ordinary_vma(s: Scenario) -> Iterator[Scenario]:
    for field in fields(ORDINARY_VMA):
        yield replace(s, vma=replace(s.vma, **{field.name: getattr(ORDINARY_VMA, field.name)}))
    if s.vma.vm_file:
        # Anonymous memory instead of a file's: every folio with it.
        folios = tuple(_anon(folio) for folio in s.folios)
        yield replace(s, vma=replace(s.vma, vm_file=False, anon_vma=True), folios=folios)
    yield replace(s, need_rmap_locks=False)
    yield replace(s, split_ptlocks=True)
    yield replace(s, old_maps=True, new_maps=True)


def _anon(folio: Folio) -> Folio:
    """An anon folio in the place of a file's; they have no order 1."""
    order = 2 if folio.order == 1 else folio.order
    return Folio(folio.pfn & -(1 << order), order, True, ((0, 1 << order),))


def simpler_folios(s: Scenario) -> Iterator[Scenario]:
    """Drop a folio, shrink it to a part, forget its sharing, leave only what is writable exclusive."""
    writable = {
        s.words.pte_pfn(p) for _, p in s.old_table + s.new_table if s.words.pte_present(p) and s.words.pte_write(p)
    }
    for i, folio in enumerate(s.folios):
        yield _with_folio(s, i, None)
        for part in _parts(folio):
            yield _with_folio(s, i, part)
        yield _with_folio(s, i, replace(folio, shared=()))
        needed = ranges({pfn - folio.pfn for pfn in writable if folio.anon and folio.pfn <= pfn < folio.end})
        yield _with_folio(s, i, replace(folio, exclusive=needed, shared=()))
        yield _with_folio(s, i, replace(folio, exclusive=needed))


def _with_folio(s: Scenario, i: int, folio: Folio | None) -> Scenario:
    return replace(s, folios=(*s.folios[:i], *([folio] if folio else []), *s.folios[i + 1 :]))


def _parts(folio: Folio) -> Iterator[Folio]:
    """Its halves, or its pages where halves would be too small for an anon folio."""
    order = 0 if folio.anon and folio.order == 2 else folio.order - 1
    if folio.order:
        for offset in range(0, 1 << folio.order, 1 << order):
            cut = {name: cut_pages(getattr(folio, name), offset, 1 << order) for name in ("exclusive", "shared")}
            yield Folio(folio.pfn + offset, order, folio.anon, **cut)
