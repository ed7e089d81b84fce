# SPDX-License-Identifier: GPL-2.0-only
"""Runs of entries, the way page tables come to be. A run is drawn as one byte string and appended to a Layout."""

from pte_review.models.scenario import Folio
from pte_review.strategies.bits import draw_bits, word
from pte_review.strategies.choices import Choices
from pte_review.strategies.large import add_large
from pte_review.strategies.layout import Layout

CHANGES_AT = 32  # of a run: how its pages differ from each other
RUN_BYTES = CHANGES_AT + 20
KINDS = (*("small",) * 2, *("large",) * 14, *("hole",) * 2, *("absent",) * 11, *("special",) * 2)
STRAY_AD = {"x86_64": (0, 0, 0x20, 0x40, 0x60), "arm64": (0,)}  # what hardware may leave in a none entry


def add_run(layout: Layout, choices: Choices, changes: Choices) -> None:
    """Append the run that `choices` describe; `changes` say how pages of a large folio differ from each other."""
    kind = choices.pick(KINDS)
    if kind == "hole":
        layout.extend([choices.pick(STRAY_AD[layout.words.arch]) for _ in range(1 + choices.below(3))])
    elif kind == "absent":
        layout.extend(layout.absent(choices, 1 + choices.pick((0, 0, 0, 1, 2))))
    elif kind == "special" or layout.vma.pfnmap:
        _add_special(layout, choices)
    elif kind == "large":
        add_large(layout, choices, changes)
    else:
        _add_small(layout, choices)


def _add_small(layout: Layout, choices: Choices) -> None:
    """Order-0 folios, some adjacent in PFN to each other or to a large neighbour."""
    for _ in range(1 + choices.below(4)):
        anon = layout.next_is_anon(choices)
        pfn = layout.next_pfn + choices.pick((0, 0, 0, 3))
        bits = draw_bits(choices, may_write=layout.may_write(anon=anon))
        pte = word(layout.words, layout.vma, pfn, bits)
        exclusive = ((0, 1),) if anon and layout.words.pte_write(pte) else ()
        layout.folios.append(Folio(pfn, anon=anon, exclusive=exclusive))
        layout.next_pfn = pfn + 1
        layout.extend([pte])


def _add_special(layout: Layout, choices: Choices) -> None:
    """A zero page; in a PFNMAP or MIXEDMAP VMA a run of device memory."""
    bits = draw_bits(choices, may_write=False)
    if layout.vma.pfnmap or layout.vma.mixedmap:
        pfns = list(range(layout.next_pfn, layout.next_pfn + 1 + choices.below(6)))
        layout.next_pfn += len(pfns)
    else:
        pfns = [layout.words.config.zero_pfn]
        bits = bits._replace(dirty=bits.dirty and not layout.vma.shared)
    layout.extend([word(layout.words, layout.vma, pfn, bits, special=True) for pfn in pfns])
