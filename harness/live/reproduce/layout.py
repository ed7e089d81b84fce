# SPDX-License-Identifier: GPL-2.0-only
"""The area of a scenario, or why no system call makes a page table like its own."""

from collections.abc import Iterator
from itertools import pairwise

from pte_review.harness.live.reproduce.area import (
    GUARD,
    NONE,
    PAGE,
    PMD_ORDER,
    POISON,
    REAL_TABLE,
    SWAP,
    WP_MARKER,
    ZERO,
    Area,
    AreaFolio,
    AreaPage,
    NotBuilt,
)
from pte_review.models.arch.word import (
    MAX_SWAPFILES,
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_PTE_MARKER,
)
from pte_review.models.entry import kind_of, show
from pte_review.models.legal import SHAPE, broken_rules
from pte_review.models.scenario import ORDINARY_CONFIG, Folio, Scenario

MARKERS = {PTE_MARKER_UFFD_WP: WP_MARKER, PTE_MARKER_GUARD: GUARD, PTE_MARKER_POISONED: POISON}
CONT_PTES = ORDINARY_CONFIG.cont_ptes
NO_SUCH = {"pfnmap": "a PFNMAP mapping", "mixedmap": "a MIXEDMAP mapping", "shadow_stack": "a shadow stack",
           "droppable": "a droppable mapping"}  # fmt: skip


def area_of(scenario: Scenario, beside: int | None = None, *, asks_exclusive: bool = False) -> Area:
    """The area of a legal scenario. `beside` is an entry index of the first table to be mapped too. Raises NotBuilt.

    `asks_exclusive`: the call asks whether pages are AnonExclusive, so they have to be what the scenario says.
    """
    _refuse_surroundings(scenario)
    folios = _folios(scenario)
    shift = _shift(scenario, folios)
    first, last = _extent(scenario, folios, beside)
    start = first + shift
    pages = tuple(_pages(scenario, shift - start))
    moved = [AreaFolio(f.first - first, f.order, tuple(n - first for n in f.pages)) for f in folios]
    area = Area(scenario, start, last - first, shift, pages, tuple(moved), asks_exclusive)
    _refuse_pages(area)
    return area


def _refuse_surroundings(scenario: Scenario) -> None:
    """Raise NotBuilt for what is not in the entries."""
    if broken := broken_rules(scenario):
        named = [rule for rule in broken if rule != SHAPE] or ["the shape of its architecture's entries"]
        raise NotBuilt(f"the table breaks {', '.join(named)}: no kernel makes one like it")
    if scenario.actions:
        raise NotBuilt("other CPUs act at points inside the function, which no system call can time")
    if not scenario.real_blocks:
        raise NotBuilt(f"no kernel has contpte blocks of {scenario.config.cont_ptes} entries")
    if scenario.config.ptrs_per_pte != REAL_TABLE:
        raise NotBuilt(f"no kernel has page tables of {scenario.config.ptrs_per_pte} entries")
    for field, what in NO_SUCH.items():
        if getattr(scenario.vma, field):
            raise NotBuilt(f"the VMA is {what}, which is not built here")
    if "rwp" in scenario.vma.uffd_modes and scenario.vma.uffd:
        raise NotBuilt("the VMA is registered with userfaultfd RWP, which is not built here")


def _folios(scenario: Scenario) -> list[AreaFolio]:
    """The large folios of the first table, by entry index. A legal table maps the pages of one in their order.

    Raises NotBuilt.
    """
    folios: dict[Folio, list[int]] = {}
    begins: dict[Folio, int] = {}
    for index, pte in scenario.tables[0].entries:
        if folio := _large(scenario, pte):
            if folio.order > PMD_ORDER:
                raise NotBuilt(f"{_label(scenario, index)}: no page fault makes a folio of order {folio.order}")
            folios.setdefault(folio, []).append(index)
            begins[folio] = index - (scenario.words.pte_pfn(pte) - folio.pfn)
    return [AreaFolio(begins[folio], folio.order, tuple(indices)) for folio, indices in folios.items()]


def _large(scenario: Scenario, pte: int) -> Folio | None:
    if not scenario.words.pte_present(pte) or scenario.words.pte_special(pte):
        return None
    folio = scenario.folio_of(scenario.words.pte_pfn(pte))
    return folio if folio and folio.order else None


def _shift(scenario: Scenario, folios: list[AreaFolio]) -> int:
    """By how many entries everything in the first table lies higher in the program: folios are aligned to their size.

    Contpte blocks stay where they are in their block.
    """
    step = CONT_PTES if any(folio.size >= CONT_PTES for folio in folios) else 1
    last = max([where.end for where in scenario.ranges if where.table == 0] + [f.first + f.size for f in folios])
    for shift in range(0, REAL_TABLE, step):
        if all((folio.first + shift) % folio.size == 0 for folio in folios) and (
            not shift or last + shift < REAL_TABLE
        ):
            return shift
    slots = ", ".join(_label(scenario, folio.pages[0]) for folio in folios)
    raise NotBuilt(f"{slots}: page faults make a large folio at a multiple of its size alone")


def _extent(scenario: Scenario, folios: list[AreaFolio], beside: int | None) -> tuple[int, int]:
    """The entry indices that the area begins and ends at."""
    where = scenario.ranges[0]
    places = [(where.first, where.end), *((folio.first, folio.first + folio.size) for folio in folios)]
    places += [(index, index + 1) for index, _ in scenario.tables[0].entries]
    places += [(beside, beside + 1)] if beside is not None else []
    by_place = sorted(folios, key=lambda folio: folio.first)
    for folio, following in pairwise(by_place):
        if folio.first + folio.size > following.first:
            raise NotBuilt(f"{_label(scenario, following.pages[0])}: page faults make one large folio in one place")
    return min(first for first, _ in places), max(end for _, end in places)


def _pages(scenario: Scenario, offset: int) -> Iterator[AreaPage]:
    """A page for each entry of the first table and each none entry of the first range."""
    entries = dict.fromkeys(scenario.ranges[0].entries, 0) | dict(scenario.tables[0].entries)
    for index, pte in sorted(entries.items()):
        yield _page(scenario, index, pte, index + offset)


def _page(scenario: Scenario, index: int, pte: int, number: int) -> AreaPage:
    words, label = scenario.words, _label(scenario, index)
    if words.pte_none(pte):
        return AreaPage(number, label, NONE)
    if not words.pte_present(pte):
        return AreaPage(
            number, label, _absent(scenario, label, pte),
            uffd_wp=words.pte_swp_uffd_wp(pte), soft_dirty=words.pte_swp_soft_dirty(pte),
        )  # fmt: skip
    kind, folio = kind_of(words, pte), scenario.folio_of(words.pte_pfn(pte))
    if kind == "special":
        raise NotBuilt(f"{label}: no system call makes a special entry ({show(words, pte)}) here")
    return AreaPage(
        number,
        label,
        ZERO if kind == "zero-page" else PAGE,
        write=words.pte_write(pte),
        valid=words.pte_valid(pte),
        uffd_wp=words.pte_uffd_wp(pte),
        soft_dirty=words.pte_soft_dirty(pte),
        anon=folio is None or folio.anon,
        exclusive=folio is not None and folio.is_exclusive(words.pte_pfn(pte)),
    )


def _absent(scenario: Scenario, label: str, pte: int) -> str:
    """The kind of an entry that is neither none nor present. Raises NotBuilt."""
    type_ = scenario.words.swp_type(pte)
    if type_ < MAX_SWAPFILES:
        return SWAP
    if type_ == SWP_PTE_MARKER and scenario.words.swp_offset(pte) in MARKERS:
        return MARKERS[scenario.words.swp_offset(pte)]
    raise NotBuilt(f"{label}: no system call makes an entry like {show(scenario.words, pte)} here")


def _refuse_pages(area: Area) -> None:
    """Raise NotBuilt for the first page that no step makes beside the others."""
    vma = area.vma
    reads_only = vma.read and not vma.write
    for page in area.of(PAGE, ZERO):
        if area.asks_exclusive and page.exclusive and not page.write and page in area.forked:
            raise NotBuilt(f"{page.label}: no step makes an AnonExclusive page read-only in a writable VMA")
        if not page.valid and any(other.valid for other in area.of(PAGE, ZERO)):
            raise NotBuilt(
                f"{page.label}: NUMA balancing alone makes one entry of a VMA PROT_NONE, and nobody can ask it to"
            )
        if page.write and area.soft_dirty_built and not page.soft_dirty:
            raise NotBuilt(f"{page.label}: clear_refs takes write permission away with soft-dirty")
        if vma.shared and not page.write and not page.uffd_wp and not reads_only and not vma.writenotify:
            raise NotBuilt(
                f"{page.label}: a page of shared memory is read-only where its file system asks for that alone"
            )
    if vma.vm_file and area.folios and (vma.writenotify or not vma.shared):
        label = next(page.label for page in area.pages if page.number in area.folios[0].pages)
        raise NotBuilt(f"{label}: large folios of files are asked for in shared memory alone")


def _label(scenario: Scenario, index: int) -> str:
    return scenario.places.label(scenario.places.ptep(0, index))
