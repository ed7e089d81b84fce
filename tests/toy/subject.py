# SPDX-License-Identifier: GPL-2.0-only
"""wrprotect_range() as the kit sees it: promise, words, scenarios, steps and space."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from pte_review.harness.exhaust.block import Block, EntryGroup, Label
from pte_review.harness.judging.promise import Promise
from pte_review.harness.subject import Steps, Subject, Words
from pte_review.models.arch import words
from pte_review.models.config import Config
from pte_review.models.legal import RULES
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.tables import Range, Table
from pte_review.strategies.choices import Choices
from pte_review.strategies.drawn import Recipe
from pte_review.strategies.given import scenarios_of
from pte_review.strategies.hostile import BREAKERS
from pte_review.strategies.layout import Layout
from tests.toy.call import FUNCTION, WrprotectCall

BASE = 0x4000_0000
NAME = "area"
PFN = 0x100


class WrprotectPromise(Promise):
    """Every present entry of the range is read-only afterwards; nothing else changes."""

    def wanted(self, pte: int, slot: int) -> int:
        return self.words.pte_wrprotect(pte) if self.words.pte_present(pte) else pte


# -- scenarios


def _placed(arch: str, layout: Layout, place: Choices, kernel: Choices) -> Scenario:
    """All of the layout, or all but its last entries."""
    nr = max(1, len(layout.entries) - place.below(3))
    entries = tuple((layout.start + i, pte) for i, pte in enumerate(layout.entries) if pte)
    return Scenario(
        arch,
        tables=(Table(BASE, entries),),
        ranges=(Range(NAME, 0, layout.start, nr),),
        call=WrprotectCall(),
        folios=tuple(layout.folios),
        vmas=(layout.vma,),
        config=layout.words.config,
    )


RECIPE = Recipe(_placed, BREAKERS)


def scenarios(arch: str | Sequence[str] | None = None, hostile: str | None = None) -> st.SearchStrategy[Scenario]:
    return scenarios_of(RECIPE, arch, hostile)


def shorter(scenario: Scenario) -> Iterator[Scenario]:
    """Without the first or the last entries of the range."""
    (where,) = scenario.ranges
    for nr in (1, where.nr // 2, where.nr - 1):
        if 0 < nr < where.nr:
            yield replace(scenario, ranges=(replace(where, nr=nr),))
            yield replace(scenario, ranges=(replace(where, first=where.end - nr, nr=nr),))


def at_the_start(scenario: Scenario) -> Iterator[Scenario]:
    """The range and everything in its table, as far down as the table goes."""
    (where,), (table,) = scenario.ranges, scenario.tables
    by = min([where.first, *(index for index, _ in table.entries)])
    entries = tuple((index - by, pte) for index, pte in table.entries)
    yield replace(scenario, tables=(replace(table, entries=entries),), ranges=(replace(where, first=where.first - by),))


# -- every table of few entries


def space(arch: str, entries: int) -> tuple[Block, ...]:
    """Five values of each entry: none, read-only, writable clean, writable dirty, swap."""
    config = Config(ptrs_per_pte=8, cont_ptes=2, contpte=False)
    kinds = words(arch, config)
    template = Scenario(
        arch,
        tables=(Table(BASE),),
        ranges=(Range(NAME, 0, 0, entries),),
        call=WrprotectCall(),
        folios=tuple(Folio(PFN + i, exclusive=((0, 1),)) for i in range(entries)),
        config=config,
    )
    groups = []
    for i in range(entries):
        page = kinds.pfn_pte(PFN + i, kinds.PROT_USER)
        writable = kinds.pte_mkwrite_novma(page)
        values = (0, page, writable, kinds.pte_mkdirty(writable), kinds.swp_entry_to_pte(0, 1 + i))
        groups.append(EntryGroup((i,), tuple((value,) for value in values)))
    label = Label("8 entries", "anon", "no userfaultfd", "at the start", "order 0", ("none", "page", "swap"))
    return (Block(template, tuple(groups), label),)


WRPROTECT = Subject(
    function=FUNCTION,
    location="tests.toy.subject:WRPROTECT",
    promise=WrprotectPromise,
    scenarios=scenarios,
    recipe=RECIPE,
    rules=RULES,
    words=Words(
        headline=lambda scenario: f"protect {scenario.nr} pages from {scenario.address(scenario.ranges[0]):#x}",
        options=lambda _: [],
        system_call="protect",
    ),
    base="each_entry",
    steps=Steps(fewer_slots=(shorter,), plainer_place=(at_the_start,)),
    space=space,
)
