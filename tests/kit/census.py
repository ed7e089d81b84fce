# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario has in it, by name: entry kinds, differences inside folio runs, cuts; only the moved range counts."""

from collections.abc import Iterator
from itertools import pairwise

from pte_review.models.entry import MARKERS, kind_of
from pte_review.models.scenario import Folio, Scenario
from tests.kit.moves import as_move

KINDS = (
    "none", "present", "prot-none", "zero-page", "special", "swap", "swap exclusive", "swap uffd-wp", "hwpoison",
    "migration-read", "migration-read-exclusive", "migration-write", "device-read", "device-write",
    "migration A/D", "device-exclusive", "marker UFFD_WP", "marker POISONED", "marker GUARD",
)  # fmt: skip
DIFFERENCES = ("write", "dirty", "young", "uffd-wp", "prot-none", "presence")
CUTS = (
    "folio end", "folio end, PFNs go on", "order 0, PFNs go on", "hole in a folio", "non-present in a folio",
    "starts inside a folio", "ends inside a folio", "one table", "aligned destination", "misaligned destination",
    "half a table", "whole table",
)  # fmt: skip
CONT = (
    "CONT alone differs", "block edge inside", "starts inside a block", "ends inside a block", "whole blocks",
    "A/D differ inside a block", "write alone differs between blocks", "CONT on PROT_NONE",
)  # fmt: skip
FEATURES = {
    "x86_64": (
        *(*KINDS, "swap soft-dirty", "none with A/D"),
        *(f"{name} alone differs" for name in (*DIFFERENCES, "soft-dirty")),
        *CUTS,
    ),
    "arm64": (*KINDS, *(f"{d} alone differs" for d in DIFFERENCES), *CUTS, *CONT),
}


def features(scenario: Scenario) -> set[str]:
    """The names of FEATURES that `scenario` has."""
    return {*_kinds(scenario), *_runs(scenario), *_range(scenario), *(_blocks(scenario) if scenario.words.CONT else ())}


def moved(scenario: Scenario) -> list[int]:
    """The entries of the old range, none ones too."""
    table = dict(as_move(scenario).old_table)
    return [table.get(as_move(scenario).old_index + i, 0) for i in range(scenario.nr)]


def _kinds(scenario: Scenario) -> Iterator[str]:
    words = scenario.words
    for pte in moved(scenario):
        kind = kind_of(words, pte)
        if kind == "marker":
            yield "marker " + "|".join(name for bit, name in MARKERS.items() if words.swp_offset(pte) & bit)
            continue
        yield kind
        if kind.startswith("migration") and words.swp_offset(pte) >> words.SWP_PFN_BITS:
            yield "migration A/D"
        if kind == "none" and pte:
            yield "none with A/D"
        if kind == "swap":
            yield from (
                name
                for name, on in (
                    ("swap exclusive", words.pte_swp_exclusive(pte)),
                    ("swap soft-dirty", words.pte_swp_soft_dirty(pte)),
                    ("swap uffd-wp", words.pte_swp_uffd_wp(pte)),
                )
                if on
            )


def _ordinary(scenario: Scenario, pte: int) -> bool:
    """Whether the entry maps a page of a folio."""
    return scenario.words.pte_present(pte) and not scenario.words.pte_special(pte)


def _large(scenario: Scenario, pte: int) -> Folio | None:
    """The large folio that a present, ordinary entry maps."""
    folio = scenario.folio_of(scenario.words.pte_pfn(pte)) if _ordinary(scenario, pte) else None
    return folio if folio and folio.order else None


def _bits(scenario: Scenario, pte: int) -> dict[str, bool]:
    words = scenario.words
    return {
        "write": words.pte_write(pte),
        "dirty": words.pte_dirty(pte),
        "young": words.pte_young(pte),
        "soft-dirty": words.pte_soft_dirty(pte),
        "uffd-wp": words.pte_uffd_wp(pte),
        "prot-none": not words.pte_valid(pte),
        "CONT": words.pte_cont(pte),
    }


def _runs(scenario: Scenario) -> Iterator[str]:
    """What neighbours inside a folio run differ in, alone, and where runs are cut."""
    words, entries = scenario.words, moved(scenario)
    for i, (a, b) in enumerate(pairwise(entries)):
        if not _ordinary(scenario, a):
            continue
        folio, pfn = _large(scenario, a), words.pte_pfn(a)
        adjacent = _ordinary(scenario, b) and words.pte_pfn(b) == pfn + 1
        if folio is None:
            if adjacent:
                yield "order 0, PFNs go on"
        elif not words.pte_present(b):
            rest = enumerate(entries[i + 2 :], 2)
            if any(_large(scenario, pte) is folio and words.pte_pfn(pte) == pfn + j for j, pte in rest):
                yield "presence alone differs"
                yield "hole in a folio" if words.pte_none(b) else "non-present in a folio"
        elif adjacent and _large(scenario, b) is folio:
            yield from _neighbours(scenario, as_move(scenario).old_index + i + 1, a, b)
        elif pfn + 1 == folio.end:
            yield "folio end"
            if adjacent:
                yield "folio end, PFNs go on"


def _neighbours(scenario: Scenario, index: int, a: int, b: int) -> Iterator[str]:
    """`a` and `b`, at `index`, map consecutive pages of one folio."""
    bits, next_bits = _bits(scenario, a), _bits(scenario, b)
    differing = [name for name in bits if bits[name] != next_bits[name]]
    if len(differing) == 1:
        yield f"{differing[0]} alone differs"
    if bits["CONT"] and next_bits["CONT"] and not bits["prot-none"]:
        if index % scenario.config.cont_ptes and differing:
            yield "A/D differ inside a block"
        elif differing == ["write"]:
            yield "write alone differs between blocks"


def _range(scenario: Scenario) -> Iterator[str]:
    table, words = dict(as_move(scenario).old_table), scenario.words
    for name, last in (
        ("starts", as_move(scenario).old_index - 1),
        ("ends", as_move(scenario).old_index + scenario.nr - 1),
    ):
        a, b = table.get(last, 0), table.get(last + 1, 0)
        folio = _large(scenario, a)
        if folio and _large(scenario, b) is folio and words.pte_pfn(b) == words.pte_pfn(a) + 1:
            yield f"{name} inside a folio"
    if as_move(scenario).one_table:
        yield "one table"
    aligned = (as_move(scenario).new_index - as_move(scenario).old_index) % scenario.config.cont_ptes == 0
    yield "aligned destination" if aligned else "misaligned destination"
    if 2 * scenario.nr >= scenario.config.ptrs_per_pte:
        yield "half a table"
    if scenario.nr == scenario.config.ptrs_per_pte:
        yield "whole table"


def _blocks(scenario: Scenario) -> Iterator[str]:
    """What contpte blocks do at the edges of the range and inside it."""
    words, block, table = scenario.words, scenario.config.cont_ptes, dict(as_move(scenario).old_table)
    first, end = as_move(scenario).old_index, as_move(scenario).old_index + scenario.nr

    def cont(index: int) -> bool:
        pte = table.get(index, 0)
        return words.pte_valid(pte) and words.pte_cont(pte)

    if first % block and cont(first):
        yield "starts inside a block"
    if end % block and cont(end - 1):
        yield "ends inside a block"
    for index in range(first + block - 1, end):
        if index % block == block - 1 and cont(index):
            yield "whole blocks"
    for index in range(first, end):
        if index % block == 0 and index > first and cont(index - 1) and table.get(index, 0):
            yield "block edge inside"
        pte = table.get(index, 0)
        if words.pte_present(pte) and not words.pte_valid(pte) and words.pte_cont(pte):
            yield "CONT on PROT_NONE"
