# SPDX-License-Identifier: GPL-2.0-only
"""Which tables a running kernel can hold: the rules by name, and what in a scenario breaks them.

RULES are those of any table that a hostile scenario may break on purpose; a function under review has rules of its own
beside them (models/<function>/legal.py). SHAPE is what no scenario breaks: an entry that contradicts the config, the
VMA or the folios around it.
"""

from collections.abc import Iterator, Sequence

from pte_review.models.actions import BEFORE_LOCKS
from pte_review.models.arch.arm64 import RDONLY, WRITE
from pte_review.models.arch.word import MAX_SWAPFILES, PTE_MARKER_UFFD_WP, SWP_PTE_MARKER, PteWords
from pte_review.models.arch.x86_64 import DIRTY, RW
from pte_review.models.call import Breach
from pte_review.models.entry import Identity, identity
from pte_review.models.machine.page_table_check import SWAP_CACHED_WRITABLE
from pte_review.models.scenario import Scenario
from pte_review.models.vma import UFFD_MODES, Vma

RULES = {
    "page-mapped-twice": "a page or swap slot stands in two entries",
    "write-without-exclusive": "a writable anon entry whose page is not AnonExclusive",
    "write-with-uffd-wp": "a writable entry with uffd-wp",
    "uffd-wp-unregistered": "uffd-wp in a VMA without a userfaultfd that protects",
    "mixed-marker": "a PTE marker with more than one marker bit",
    "dirty-read-only": "x86_64: Write=0 and Dirty=1 outside a shadow-stack VMA",
    "stray-special": "a special entry that is neither the zero page nor in a PFNMAP or MIXEDMAP VMA",
    "bad-pfn": "an entry whose page has no struct page",
    "malformed-cont": "arm64: a valid CONT entry outside a whole, aligned, uniform block",
    "mixed-protection": "entries of one VMA that differ in user, NX, pkey or cache bits, or from its VM_EXEC",
}
ONLY_ON = {"dirty-read-only": "x86_64", "malformed-cont": "arm64"}
SHAPE = "shape"


def breaches(scenario: Scenario) -> Iterator[Breach]:
    """Everything about `scenario` that no running kernel would show, by rule."""
    yield from scenario.call.breaches(scenario)
    yield from (Breach(SHAPE, 0, -1, what) for what in _vma(scenario))
    yield from _folios(scenario)
    yield from _entries(scenario)
    yield from _protection(scenario)
    if scenario.words.CONT:
        yield from _cont(scenario)
    if scenario.actions:
        yield from _actions(scenario)


def broken_rules(scenario: Scenario) -> tuple[str, ...]:
    """The names of the broken rules, SHAPE among them, sorted."""
    return tuple(sorted({breach.rule for breach in breaches(scenario)}))


def _vma(scenario: Scenario) -> Iterator[str]:
    """What is wrong with the VMA, whatever its entries are."""
    vma = scenario.vma
    if vma.shadow_stack and (not scenario.config.shstk or vma.vm_file or not vma.write):
        yield "a shadow-stack VMA needs config.shstk and VM_WRITE, and has no file"
    if not vma.maywrite and (vma.write or not vma.shared):
        yield "a VMA without VM_MAYWRITE is shared and has no VM_WRITE"
    if vma.droppable and (vma.vm_file or vma.shadow_stack):
        yield "a droppable VMA is private anonymous memory"
    if vma.writenotify and not vma.shared:
        yield "writenotify in a private mapping"
    if unknown := [mode for mode in vma.uffd_modes if mode not in UFFD_MODES]:
        yield f"a userfaultfd mode {unknown[0]!r}"
    if {"wp", "rwp"} <= {*vma.uffd_modes}:
        yield "userfaultfd WP and RWP in one VMA"
    if vma.uffd and "minor" in vma.uffd_modes and not vma.shared:
        yield "userfaultfd minor faults in private memory"


def _folios(scenario: Scenario) -> Iterator[Breach]:
    vma = scenario.vma
    for folio in scenario.folios:
        if folio.anon and folio.order == 1:
            yield Breach(SHAPE, 0, -1, "anon folios have order 0 or at least 2")
        if folio.anon and not vma.anon_vma:
            yield Breach(SHAPE, 0, -1, "an anon folio in a VMA without anon_vma")
        if not folio.anon and not vma.vm_file:
            yield Breach(SHAPE, 0, -1, "a file folio in a VMA without a file")
        if folio.exclusive and not folio.anon:
            yield Breach(SHAPE, 0, -1, "AnonExclusive on a file folio")
        if any(a < d and c < b for a, b in folio.exclusive for c, d in folio.shared):
            yield Breach(SHAPE, 0, -1, "a page that is AnonExclusive and mapped by another process")


def _entries(scenario: Scenario) -> Iterator[Breach]:
    words = scenario.words
    seen: set[Identity] = set()
    starts: dict[int, int] = {}  # folio PFN: which PFN entry 0 of table 0 would map
    for number, table in enumerate(scenario.tables):
        for index, pte in table.entries:
            if words.pte_none(pte):
                continue
            for rule, what in _present(scenario, pte) if words.pte_present(pte) else _swap(scenario, pte):
                yield Breach(rule, number, index, what)
            only_once = _only_once(scenario, pte)
            if only_once and only_once in seen:
                yield Breach("page-mapped-twice", number, index, RULES["page-mapped-twice"])
            elif number == 0 and words.pte_present(pte) and (folio := scenario.folio_of(words.pte_pfn(pte))):
                start = words.pte_pfn(pte) - index
                if starts.setdefault(folio.pfn, start) != start:
                    yield Breach(SHAPE, number, index, "the pages of a folio are not in the order of their addresses")
            seen.add(only_once)


def _only_once(scenario: Scenario, pte: int) -> Identity:
    """The page or swap slot that may stand in one entry only; () for specials and markers."""
    words = scenario.words
    if words.pte_present(pte):
        return () if words.pte_special(pte) else identity(words, pte)
    if words.swp_type(pte) == SWP_PTE_MARKER:
        return ()
    if words.swp_type(pte) >= MAX_SWAPFILES:  # a page, with a migration entry's accessed and dirty above its PFN
        return ("page", words.swp_offset(pte) & ((1 << words.SWP_PFN_BITS) - 1))
    return identity(words, pte)


def _present(scenario: Scenario, pte: int) -> Iterator[tuple[str, str]]:
    words, vma, config = scenario.words, scenario.vma, scenario.config
    pfn = words.pte_pfn(pte)
    folio = scenario.folio_of(pfn)
    if words.pte_special(pte):
        if not (pfn == config.zero_pfn or vma.pfnmap or vma.mixedmap):
            yield "stray-special", RULES["stray-special"]
    elif pfn > config.highest_memmap_pfn:
        yield "bad-pfn", RULES["bad-pfn"]
    elif folio is None:
        yield SHAPE, "a mapped page without a folio"
    elif folio.anon and words.pte_write(pte) and not folio.is_exclusive(pfn):
        yield "write-without-exclusive", RULES["write-without-exclusive"]
    elif not folio.anon and words.pte_write(pte) and vma.anon_vma:
        yield SHAPE, "a writable file page in a private mapping"
    yield from _bits(scenario, pte)


def _bits(scenario: Scenario, pte: int) -> Iterator[tuple[str, str]]:
    words, vma = scenario.words, scenario.vma
    if words.pte_uffd_wp(pte):
        if not words.keeps_uffd(vma):
            yield "uffd-wp-unregistered", RULES["uffd-wp-unregistered"]
        if words.pte_write(pte):
            yield "write-with-uffd-wp", RULES["write-with-uffd-wp"]
        if words.userfaultfd_rwp(vma) and words.pte_valid(pte):
            yield SHAPE, "an entry that userfaultfd RWP protects is accessible"
    if words.pte_valid(pte):
        yield from ((SHAPE, what) for what in _access(scenario, pte))
    if words.arch == "x86_64" and pte & (RW | DIRTY) == DIRTY and not vma.shadow_stack:
        yield "dirty-read-only", RULES["dirty-read-only"]
    if words.pte_write(pte) and not words.pte_valid(pte):
        yield SHAPE, "PROT_NONE with write permission"
    if words.pte_special(pte) and words.pte_pfn(pte) == scenario.config.zero_pfn:
        yield from ((SHAPE, what) for what in _zero_page(words, vma, pte))
    if words.arch == "arm64" and not pte & (RDONLY | WRITE):
        yield SHAPE, "an arm64 entry with neither WRITE nor RDONLY"
    if pte & ~words.known_bits:
        yield SHAPE, f"bits without a meaning under this config: {pte & ~words.known_bits:#x}"


def _zero_page(words: PteWords, vma: Vma, pte: int) -> Iterator[str]:
    if words.pte_write(pte):
        yield "a writable zero page"
    # KSM maps dirty ones in private memory (79271476b336, v6.6); dax_load_hole() maps clean ones in shared memory.
    if words.pte_dirty(pte) and vma.shared:
        yield "a dirty zero page in a shared mapping"


def _access(scenario: Scenario, pte: int) -> Iterator[str]:
    """What a valid entry permits that its VMA does not."""
    words, vma = scenario.words, scenario.vma
    if not vma.accessible:
        yield "an accessible entry in a PROT_NONE mapping"
        return
    if words.pte_write(pte) and not vma.write:
        yield "a writable entry in a VMA without VM_WRITE"
    if words.pte_write(pte) and not words.pte_dirty(pte) and words.notices_stores(vma):
        yield "a writable clean entry in a VMA that wants to be notified of stores"


def _swap(scenario: Scenario, pte: int) -> Iterator[tuple[str, str]]:
    words = scenario.words
    type_, offset = words.swp_type(pte), words.swp_offset(pte)
    flagged = words.swp_entry_to_pte(type_, offset) | (pte & ~words.pte_swp_clear_flags(pte))
    if pte != flagged:
        yield SHAPE, f"bits that are 0 in every swap entry: {pte ^ flagged:#x}"
    uffd_wp = words.pte_swp_uffd_wp(pte)
    if type_ == SWP_PTE_MARKER:
        uffd_wp = uffd_wp or bool(offset & PTE_MARKER_UFFD_WP)
        if offset & (offset - 1):
            yield "mixed-marker", RULES["mixed-marker"]
        if not 0 < offset < 8:
            yield SHAPE, "a PTE marker without a marker bit, or with an unknown one"
        if offset & PTE_MARKER_UFFD_WP and not scenario.config.pte_marker_uffd_wp:
            yield SHAPE, "a UFFD_WP marker without CONFIG_PTE_MARKER_UFFD_WP"
    if uffd_wp and not words.keeps_uffd(scenario.vma):
        yield "uffd-wp-unregistered", RULES["uffd-wp-unregistered"]
    if type_ < MAX_SWAPFILES and scenario.vma.droppable:
        yield SHAPE, "a swap entry in a droppable VMA"
    if words.pte_swp_uffd_wp(pte) and type_ in SWAP_CACHED_WRITABLE:
        yield "write-with-uffd-wp", RULES["write-with-uffd-wp"]


def _protection(scenario: Scenario) -> Iterator[Breach]:
    """PROT_NONE may differ by entry (NUMA hints), so valid and PROT_NONE entries are each compared among themselves."""
    words = scenario.words
    where = scenario.ranges[0]
    expected: dict[bool, int] = {}
    for index, pte in scenario.tables[where.table].entries:
        if where.first <= index < where.end and words.pte_present(pte):
            bits = pte & words.PROT_MASK
            as_vma = not words.pte_valid(pte) or not (pte ^ words.entry_prot(scenario.vma)) & words.NO_EXEC
            if expected.setdefault(words.pte_valid(pte), bits) != bits or not as_vma:
                yield Breach("mixed-protection", where.table, index, RULES["mixed-protection"])


def _cont(scenario: Scenario) -> Iterator[Breach]:
    for number, table in enumerate(scenario.tables):
        by_index = dict(table.entries)
        blocks = sorted(
            {i & -scenario.config.cont_ptes for i, pte in table.entries if pte & 1 and pte & scenario.words.CONT}
        )
        for block in blocks:
            if not whole_cont_block(scenario, [by_index.get(block + i, 0) for i in range(scenario.config.cont_ptes)]):
                yield Breach("malformed-cont", number, block, RULES["malformed-cont"])


def _actions(scenario: Scenario) -> Iterator[Breach]:
    last, first = scenario.config.ptrs_per_pte - 1, scenario.ranges[0]
    table = dict(scenario.tables[first.table].entries)
    by_name = {where.name: where for where in scenario.ranges}
    for action in scenario.actions:
        for name, slot in ((action.range, action.slot), (action.when.range, action.when.slot)):
            where = by_name.get(name, first)
            if not 0 <= where.first + slot <= last:
                yield Breach(SHAPE, where.table, where.first + slot, "an action outside the page table")
        if action.actor == "fault" and scenario.call.mmap_write_locked:
            yield Breach(SHAPE, first.table, -1, "a page fault while mmap_lock is held for writing")
        elif action.actor == "fault" and action.when.phase in BEFORE_LOCKS:
            yield Breach(SHAPE, first.table, -1, "a page fault before the call: the scenario starts from what it left")
        index = first.first + action.slot
        if action.actor == "reclaim" and scenario.words.pte_valid(table.get(index, 0)):
            yield Breach(SHAPE, first.table, index, "an entry that reclaim has unmapped is valid")


def whole_cont_block(scenario: Scenario, block: Sequence[int]) -> bool:
    """Whether an aligned block's entries are all valid CONT, and what contpte may fold under the scenario's config."""
    words = scenario.words
    if not scenario.config.contpte or not (block[0] & words.VALID and block[0] & words.CONT):
        return False
    return is_uniform_block(scenario, block)


def is_uniform_block(scenario: Scenario, block: Sequence[int]) -> bool:
    """Whether an aligned block's entries are consecutive pages of one folio from an aligned PFN, alike but for A/D.

    What arm64's contpte_convert() may fold: the one definition of a whole CONT block but for the bits VALID and CONT.
    """
    words, first = scenario.words, block[0]
    if not words.pte_present(first) or words.pte_special(first):
        return False
    pfn = words.pte_pfn(first)
    folio = scenario.folio_of(pfn)
    if folio is None or pfn % len(block) or pfn + len(block) > folio.end:
        return False
    expected = words.pte_mkold(words.pte_mkclean(first))
    return all(
        words.pte_mkold(words.pte_mkclean(pte)) == words.pte_advance_pfn(expected, i) for i, pte in enumerate(block)
    )
