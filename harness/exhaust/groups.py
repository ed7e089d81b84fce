# SPDX-License-Identifier: GPL-2.0-only
"""The entries of the first range in groups: one entry each, or one contpte block where the kernel may fold it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from pte_review.harness.exhaust.alphabet import NEIGHBOUR, READ_ONLY_NEIGHBOUR, Alphabet, Value, values
from pte_review.harness.exhaust.block import EntryGroup
from pte_review.models.arch.word import PteWords
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Entries
from pte_review.models.vma import Vma
from pte_review.strategies.bits import Bits, protection

DIRTY_YOUNG = tuple(product((False, True), repeat=2))
AD_BESIDE = ((False, False), (True, True))

Slot = tuple[int, int, int, bool]  # entry index, slot of the range (outside it: -1), page frame, may be writable


def groups(template: Scenario, pfns: dict[int, int], alphabet: Alphabet) -> tuple[Entries, tuple[EntryGroup, ...], int]:
    """(entries that stay as they are, groups, how many of their choices are folded) for the range of `template`.

    `pfns` are page frames by entry index, of the range and of the pages mapped beside it.
    """
    first, end = template.ranges[0].first, template.ranges[0].end
    block = template.config.cont_ptes if template.words.CONT and template.config.contpte else 1
    vma = replace(template.vma, uffd_event_remap=False)  # of which entries know nothing
    result, folded, within = [], 0, set()
    for at in sorted({index & -block for index in range(first, end)}):
        slots = tuple(
            (index, index - first if first <= index < end else -1, pfns[index], _may_write(template, pfns[index]))
            for index in range(at, at + block)
            if index in pfns
        )
        pages = [pfn for _, _, pfn, _ in slots]
        foldable = block > 1 and len(pages) == block and _one_folio(template, pages)
        group, count = _group(template.words, vma, slots, alphabet, foldable)
        result.append(group)
        folded += count
        within |= set(group.indices)
    fixed = [
        (i, _neighbour(_may_write(template, pfn)).raw(template.words, vma, pfn, -1))
        for i, pfn in sorted(pfns.items())
        if i not in within
    ]
    return tuple(fixed), tuple(result), folded


def _may_write(template: Scenario, pfn: int) -> bool:
    """Whether an entry of the page may be writable: of anon memory, if it is AnonExclusive."""
    folio = template.folio_of(pfn)
    return folio is None or not folio.anon or folio.is_exclusive(pfn)


def _neighbour(may_write: bool) -> Value:
    return NEIGHBOUR if may_write else READ_ONLY_NEIGHBOUR


def _one_folio(template: Scenario, pages: list[int]) -> bool:
    """Whether a block of these pages may be folded: consecutive from an aligned page frame, in one folio."""
    folio = template.folio_of(pages[0])
    consecutive = pages == list(range(pages[0], pages[0] + len(pages)))
    return consecutive and pages[0] % len(pages) == 0 and folio is not None and pages[-1] < folio.end


@cache
def _group(
    words: PteWords, vma: Vma, slots: tuple[Slot, ...], alphabet: Alphabet, foldable: bool
) -> tuple[EntryGroup, int]:
    """The group of `slots`, and how many of its choices are folded. Blocks that look alike share it."""
    each = values(alphabet, vma)
    choices = [
        [
            value.raw(words, vma, pfn, slot)
            for value in (each if slot >= 0 else (_neighbour(may_write),))
            if may_write or not value.bits.write
        ]
        for _, slot, pfn, may_write in slots
    ]
    single = tuple(product(*choices))
    folded = tuple(dict.fromkeys(_folded(words, vma, slots))) if foldable else ()
    return EntryGroup(tuple(index for index, *_ in slots), single + folded), len(folded)


def _folded(words: PteWords, vma: Vma, slots: tuple[Slot, ...]) -> Iterator[tuple[int, ...]]:
    """A contpte block: alike but for accessed and dirty, which all entries of the range take in every combination.

    Those beside the range are all clean and old, or all dirty and young. And once a folded block under PROT_NONE.
    """
    inside = [i for i, (_, slot, _, _) in enumerate(slots) if slot >= 0]
    writes = [(True, False)] if all(may_write for *_, may_write in slots) else []
    outside = len(inside) < len(slots)
    for write, uffd_wp in ((False, False), *writes, *([(False, True)] if vma.uffd else [])):
        for around in AD_BESIDE if outside else AD_BESIDE[:1]:
            for each in product(DIRTY_YOUNG, repeat=len(inside)):
                ad = dict(zip(inside, each, strict=True))
                bits = [
                    Bits(write=write, uffd_wp=uffd_wp, dirty=dirty, young=young)
                    for dirty, young in (ad.get(i, around) for i in range(len(slots)))
                ]
                yield _block(words, vma, slots, bits)
    yield _block(words, vma, slots, [Bits(prot_none=True)] * len(slots))


def _block(words: PteWords, vma: Vma, slots: tuple[Slot, ...], bits: list[Bits]) -> tuple[int, ...]:
    pairs = zip(slots, bits, strict=True)
    return tuple(words.pfn_pte(pfn, protection(words, vma, flags)) | words.CONT for (_, _, pfn, _), flags in pairs)
