# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with the tables of an outcome: in the ranges as the promise says, around them, in contpte blocks."""

from collections.abc import Iterator

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.promise import Promise
from pte_review.harness.judging.slots import ad_kinds, value_of
from pte_review.models.gathering import gathered
from pte_review.models.legal import whole_cont_block
from pte_review.models.outcome import Outcome


def table_findings(promise: Promise, outcome: Outcome) -> list[Finding]:
    """Every breach of the promise in the tables that `outcome` left. Fast where there is none."""
    findings = list(promise.slot_findings(outcome))
    outside = any(outcome.tables[table][where] != before for table, where, before in promise.beside)
    if outside:
        findings += _outside(promise, outcome)
    if promise.words.CONT:
        findings += _cont(promise, outcome, outside=outside)
    return findings


def _finding(promise: Promise, kind: str, table: int, entry: int, what: str = "") -> Finding:
    return Finding(kind, promise.scenario.places.range_at(table, entry).name, entry, what)


# -- outside the ranges


def _outside(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    """Entries outside the ranges: E unchanged, but contpte may spread A/D in a block that the call set entries in.

    An unfold of a block of the source spreads what the MMU set in it during the call.
    """
    for number, (before, after) in enumerate(zip(promise.before, outcome.tables, strict=True)):
        holes = promise.holes(number)
        for entry, (was, now) in enumerate(zip(before, after, strict=True)):
            if was != now and not any(entry in hole for hole in holes):
                yield from _outside_at(promise, number, entry, before, after)


def _outside_at(
    promise: Promise, table: int, entry: int, before: tuple[int, ...], after: tuple[int, ...]
) -> Iterator[Finding]:
    words = promise.words
    want, got = promise.around.get((table, entry), gathered(words, before, entry)), gathered(words, after, entry)
    if words.pte_none(want) and words.pte_none(got):
        return
    same = words.pte_present(want) and words.without_ad(want) == words.without_ad(got)
    if same and words.pte_write(want) == words.pte_write(got):
        unchanged = words.pte_young(want) == words.pte_young(got) and words.pte_dirty(want) == words.pte_dirty(got)
        if unchanged or (_may_gather(promise, table, entry) and not list(ad_kinds(promise, got, want))):
            return
    yield _finding(promise, "outside-range", table, entry, value_of(words, got))


def _may_gather(promise: Promise, table: int, entry: int) -> bool:
    """Whether a fold or unfold may have spread accessed and dirty to an entry beside the ranges."""
    if not promise.words.CONT:
        return False
    block, wanted = promise.words.config.cont_ptes, promise.wanted_range
    at_edge = table == wanted.table and wanted.first & -block <= entry & -block <= (wanted.end - 1) & -block
    return at_edge or bool(promise.set_by_mmu or promise.around)


# -- contpte


def _cont(promise: Promise, outcome: Outcome, *, outside: bool) -> Iterator[Finding]:
    """Valid CONT entries of broken blocks, and CONT that this version set on a present-invalid entry.

    Looks at the blocks of the ranges, and at all blocks where something `outside` them changed.
    """
    words, block = promise.words, promise.words.config.cont_ptes
    for number, (before, after) in enumerate(zip(promise.before, outcome.tables, strict=True)):
        holes = [range(len(after))] if outside else promise.holes(number)
        for at in sorted({at for hole in holes for at in range(hole.start & -block, hole.stop, block)}):
            entries = after[at : at + block]
            if entries == before[at : at + block]:
                continue
            marked = [i for i, pte in enumerate(entries) if pte & words.CONT and words.pte_present(pte)]
            for i in marked:
                changed = promise.cont_on_invalid_forbidden and entries[i] != before[at + i]
                if changed and not words.pte_valid(entries[i]):
                    yield _finding(promise, "cont-on-invalid", number, at + i)
            if any(words.pte_valid(entries[i]) for i in marked) and not whole_cont_block(promise.scenario, entries):
                yield _finding(promise, "cont-broken", number, at)
