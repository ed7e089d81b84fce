# SPDX-License-Identifier: GPL-2.0-only
"""The smallest scenario that still shows one kind of divergence, and breaks no more rules than it did.

Works on Scenario values by named steps, each proposing simpler scenarios; the first that still fails is taken, until
no step helps. Serves recordings and saved files as well as generated scenarios.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from models.config import PAGE_SIZE, Config
from models.legal import broken_rules
from models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Entries, Folio, Ranges, Scenario, ranges

Fails = Callable[[Scenario], bool]
Step = Callable[[Scenario], Iterator[Scenario]]

Change = Callable[[int], int]  # of a present entry

BUDGET = 4000  # scenarios tried
FIRST_PFN = 0x100
TABLES = ("old", "new")


def minimise(scenario: Scenario, fails: Fails) -> Scenario:
    """A scenario no step can make simpler for which `fails` holds and whose broken rules are among `scenario`'s."""
    allowed = set(broken_rules(scenario))
    tried: set[Scenario] = set()

    def keep(smaller: Scenario) -> bool:
        if smaller in tried or len(tried) >= BUDGET:
            return False
        tried.add(smaller)
        return allowed.issuperset(broken_rules(smaller)) and fails(smaller)

    before = None
    while before != scenario:
        before = scenario
        for step in STEPS:
            scenario = _exhaust(step, scenario, keep)
    return scenario


def _exhaust(step: Step, scenario: Scenario, keep: Fails) -> Scenario:
    while True:
        for smaller in step(scenario):
            if smaller != scenario and keep(smaller):
                scenario = smaller
                break
        else:
            return scenario


# -- fewer entries


def _fewer_entries(s: Scenario) -> Iterator[Scenario]:
    """Drop entries, large stretches first."""
    for name in TABLES:
        entries = _table(s, name)
        width = len(entries)
        while width:
            for at in range(0, len(entries), width):
                yield _with_table(s, name, entries[:at] + entries[at + width :])
            width //= 2


def _shorter_extent(s: Scenario) -> Iterator[Scenario]:
    """Move less: the first half, the second half, without the last page, without the first."""
    for nr in (1, s.nr // 2, s.nr - 1):
        if 0 < nr < s.nr:
            yield replace(s, extent=nr * PAGE_SIZE)
            cut = (s.nr - nr) * PAGE_SIZE
            yield replace(s, extent=nr * PAGE_SIZE, old_addr=s.old_addr + cut, new_addr=s.new_addr + cut)


def _closer_entries(s: Scenario) -> Iterator[Scenario]:
    """Close a hole in the range: everything behind it moves up one slot."""
    present = dict(s.old_table)
    for i in range(s.old_index, s.old_index + s.nr - 1):
        if i not in present and not s.one_table:
            table = tuple((j - 1 if j > i else j, pte) for j, pte in s.old_table)
            shift = s.new_index - s.old_index
            new = tuple((j - 1 if j > i + shift else j, pte) for j, pte in s.new_table if j != i + shift)
            yield replace(s, old_table=table, new_table=new, extent=s.extent - PAGE_SIZE)


# -- simpler places


def _simpler_place(s: Scenario) -> Iterator[Scenario]:
    """Tables of their own, both ranges at the start or congruent."""
    if s.one_table:
        yield replace(s, new_addr=s.new_addr + s.pmd_size)
        return
    if s.new_base != s.old_base + s.pmd_size:
        yield replace(s, new_addr=s.old_base + s.pmd_size + (s.new_addr - s.new_base))
    if s.old_index:
        for by in (s.old_index, s.old_index & -s.config.cont_ptes, 1):
            if 0 < by <= min(s.old_index, min((i for i, _ in s.old_table), default=s.old_index)):
                yield _shifted(s, by, 0)
                if by <= min(s.new_index, min((i for i, _ in s.new_table), default=s.new_index)):
                    yield _shifted(s, by, by)
    if s.new_index:
        for by in (s.new_index, s.new_index - s.old_index, 1):
            if 0 < by <= min(s.new_index, min((i for i, _ in s.new_table), default=s.new_index)):
                yield _shifted(s, 0, by)


def _shifted(s: Scenario, old_by: int, new_by: int) -> Scenario:
    return replace(
        s,
        old_addr=s.old_addr - old_by * PAGE_SIZE,
        new_addr=s.new_addr - new_by * PAGE_SIZE,
        old_table=tuple((i - old_by, pte) for i, pte in s.old_table),
        new_table=tuple((i - new_by, pte) for i, pte in s.new_table),
    )


# -- simpler surroundings


def _ordinary_config(s: Scenario) -> Iterator[Scenario]:
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


def _ordinary_vma(s: Scenario) -> Iterator[Scenario]:
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


def _simpler_folios(s: Scenario) -> Iterator[Scenario]:
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
            cut = {name: _cut(getattr(folio, name), offset, 1 << order) for name in ("exclusive", "shared")}
            yield Folio(folio.pfn + offset, order, folio.anon, **cut)


def _cut(pages: Ranges, offset: int, size: int) -> Ranges:
    return tuple(
        (max(first - offset, 0), min(end - offset, size))
        for first, end in pages
        if first < offset + size and end > offset
    )


# -- simpler entries


def _simpler_entries(s: Scenario) -> Iterator[Scenario]:
    """Fewer bits in every entry at once, then in one; ordinary pages and swap entries instead of rarer kinds."""
    words = s.words
    clear: tuple[Change, ...] = (
        words.pte_mkold,
        words.pte_mkclean,
        words.pte_clear_soft_dirty,
        words.pte_clear_uffd_wp,
        lambda pte: pte & ~words.CONT,
        lambda pte: words.pfn_pte(words.pte_pfn(pte), words.PROT_USER),
        lambda pte: words.pte_mkwrite(pte, s.vma),
    )
    for change in clear[:-2]:
        yield _changed(s, change, None)
    for name in TABLES:
        for at, (_, pte) in enumerate(_table(s, name)):
            if words.pte_present(pte):
                for change in clear[:-2] if words.pte_valid(pte) and words.pte_write(pte) else clear:
                    yield _changed(s, change, (name, at))
                continue
            yield _with_entry(s, name, at, words.pte_swp_clear_flags(pte))
            yield _with_entry(s, name, at, words.swp_entry_to_pte(0, 1 + at))


def _ordinary_pages(s: Scenario) -> Iterator[Scenario]:
    """An ordinary anon page in the place of a special one."""
    words = s.words
    for name in TABLES:
        for at, (_, pte) in enumerate(_table(s, name)):
            if words.pte_present(pte) and words.pte_special(pte):
                end = max((folio.end for folio in s.folios), default=FIRST_PFN)
                changed = _with_entry(s, name, at, words.pfn_pte(end, words.PROT_USER))
                yield replace(changed, folios=(*s.folios, Folio(end)))


def _lower_pages(s: Scenario) -> Iterator[Scenario]:
    """Folios from FIRST_PFN on, as close as their sizes allow, their mapped pages at their beginning."""
    words = s.words
    moved: dict[int, int] = {}
    folios, at = [], FIRST_PFN
    for folio in s.folios:
        mapped = [p for _, pte in s.old_table + s.new_table if folio.pfn <= (p := words.pte_pfn(pte)) < folio.end]
        skip = min(mapped, default=folio.pfn) - folio.pfn
        at = -(-at >> folio.order) << folio.order
        moved |= {pfn: at + pfn - folio.pfn - skip for pfn in range(folio.pfn + skip, folio.end)}
        cut = {name: _cut(getattr(folio, name), skip, 1 << folio.order) for name in ("exclusive", "shared")}
        folios.append(Folio(at, folio.order, folio.anon, **cut))
        at += 1 << folio.order

    def lower(pte: int) -> int:
        return words.pfn_pte(moved.get(words.pte_pfn(pte), words.pte_pfn(pte)), words.pte_pgprot(pte))

    yield replace(_changed(s, lower, None), folios=tuple(folios))


def _changed(s: Scenario, change: Change, where: tuple[str, int] | None) -> Scenario:
    """`change` applied to the present entries, or to the one that is `where` in its table."""

    def table(name: str, entries: Entries) -> Entries:
        return tuple(
            (i, change(pte) if s.words.pte_present(pte) and where in (None, (name, at)) else pte)
            for at, (i, pte) in enumerate(entries)
        )

    return replace(s, old_table=table("old", s.old_table), new_table=table("new", s.new_table))


def _with_entry(s: Scenario, name: str, at: int, pte: int) -> Scenario:
    entries = _table(s, name)
    return _with_table(s, name, (*entries[:at], (entries[at][0], pte), *entries[at + 1 :]))


def _table(s: Scenario, name: str) -> Entries:
    return s.old_table if name == "old" else s.new_table


def _with_table(s: Scenario, name: str, entries: Entries) -> Scenario:
    return replace(s, old_table=entries) if name == "old" else replace(s, new_table=entries)


STEPS: tuple[Step, ...] = (
    _fewer_entries,
    _shorter_extent,
    _closer_entries,
    _ordinary_vma,
    _ordinary_config,
    _simpler_folios,
    _simpler_entries,
    _ordinary_pages,
    _simpler_place,
    _lower_pages,
)
