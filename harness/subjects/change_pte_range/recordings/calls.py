# SPDX-License-Identifier: GPL-2.0-only
"""A recorded change of protection as its change_pte_range() calls: one for each VMA and page table."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.recordings.fields import FILES, Runs, entries
from pte_review.harness.recordings.folios import mapped, recorded
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.change_pte_range.recordings.recording import ChangeRecord
from pte_review.models.arch import words
from pte_review.models.arch.word import SWP_HWPOISON, SWP_PTE_MARKER, PteWords
from pte_review.models.change_pte_range.call import MPROTECT, protect
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.tables import Entries
from pte_review.models.vma import Vma

NOT_OF_FILES = range(23, SWP_PTE_MARKER)  # of 6.12 with every option on, the least number that no swap file has


@dataclass(frozen=True, slots=True)
class ChangeCall:
    """One change_pte_range() call of a record: its scenario, and the pages of the record that it was on."""

    scenario: Scenario
    first: int
    end: int


def entries_of(w: PteWords, runs: Runs) -> list[int]:
    """Raw entries, one a page, a hwpoison entry by the number that the model has for it."""
    return [_as_modelled(w, pte) for pte in entries(runs)]


def _as_modelled(w: PteWords, pte: int) -> int:
    """The number of SWP_HWPOISON follows the release and CONFIG_DEVICE_PRIVATE. Nothing else of these numbers stays."""
    if not w.is_swap_pte(pte) or w.swp_type(pte) not in NOT_OF_FILES:
        return pte
    flags = pte & (w.SWP_EXCLUSIVE | w.SWP_SOFT_DIRTY | w.SWP_UFFD_WP)
    return w.swp_entry_to_pte(SWP_HWPOISON, w.swp_offset(pte)) | flags


def calls(record: ChangeRecord, held: list[int] | None = None) -> Iterator[ChangeCall]:
    """The calls of a record, as mprotect_fixup() and change_pmd_range() split it; huge pages are left out.

    `held` is what the mapping holds, which the caller may change from call to call: two VMAs can share a contpte block.
    """
    config = config_of(record)
    before = entries_of(words(record.arch, config), record.before) if held is None else held
    for low, high, permissions in record.vmas:
        vma = _vma(record, permissions)
        if record.caller == MPROTECT and _letters(permissions) == record.protection:
            continue  # mprotect_fixup() returns early
        for first, end in _tables(record, config, low, high):
            folios = _folios(record, config, before)
            yield ChangeCall(_scenario(record, config, vma, before, folios, first, end), first, end)


def _tables(record: ChangeRecord, config: Config, low: int, high: int) -> Iterator[tuple[int, int]]:
    """What of pages low to high the call is on, a page table at a time."""
    page, last = max(low, record.first), min(high, record.end)
    while page < last:
        number = (record.addr >> PAGE_SHIFT) + page
        end = min(last, page + config.ptrs_per_pte - number % config.ptrs_per_pte)
        if not any(first < end and page < behind for first, behind, _ in record.whole):
            yield page, end
        page = end


def _scenario(
    record: ChangeRecord, config: Config, vma: Vma, before: list[int], folios: dict[int, Folio], first: int, end: int
) -> Scenario:
    """The call on pages first to end, in a table with all that the record has of it."""
    start = record.addr >> PAGE_SHIFT
    base = (start + first) // config.ptrs_per_pte * config.ptrs_per_pte - start  # the page that the table begins at
    pages = range(max(base, 0), min(base + config.ptrs_per_pte, record.pages))
    table: Entries = tuple((page - base, before[page]) for page in pages if before[page])
    scenario = protect(
        record.arch,
        addr=record.addr + first * PAGE_SIZE,
        nr=end - first,
        entries=table,
        folios=mapped(folios, words(record.arch, config), table),
        vma=vma,
        config=config,
        caller=record.caller,
        protection=record.protection,
    )
    check(scenario)
    return scenario


def _letters(permissions: str) -> str:
    return permissions[:3].replace("-", "")


def _vma(record: ChangeRecord, permissions: str) -> Vma:
    letters = _letters(permissions)
    return Vma(
        vm_file=record.mapping in FILES,
        anon_vma=not permissions.endswith("s"),
        read="r" in letters,
        write="w" in letters,
        exec="x" in letters,
        softdirty=not record.tracked,
        writenotify=record.notified,
        uffd=record.uffd,
        uffd_wp_unpopulated=record.uffd,
    )


def _folios(record: ChangeRecord, config: Config, held: list[int]) -> dict[int, Folio]:
    """The folio behind each PFN of `held`, the raw entries of the mapping."""
    w = words(record.arch, config)
    frames = [w.pte_pfn(pte) for pte in held if w.pte_present(pte) and not w.pte_special(pte)]
    return recorded(record.folios, record.exclusive, frames, anon=record.mapping not in FILES)
