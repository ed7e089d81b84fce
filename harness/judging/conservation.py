# SPDX-License-Identifier: GPL-2.0-only
"""Entries that move from one range to another: none is lost, left behind, duplicated or in a foreign slot."""

from collections.abc import Iterator

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.promise import Promise
from pte_review.harness.judging.slots import bit_kinds, value_of
from pte_review.models.entry import Identity, identity
from pte_review.models.gathering import gathered, gathered_range
from pte_review.models.outcome import Outcome
from pte_review.models.tables import Range


def moved_findings(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    """Kinds for both ranges, where the source is to be none and the wanted range `promise.want` afterwards."""
    source, wanted = promise.source_range, promise.wanted_range
    source_after = outcome.tables[source.table][source.first : source.end]
    arrived = gathered_range(promise.words, outcome.tables[wanted.table], wanted.first, wanted.nr)
    if arrived == promise.want and not any(source_after):
        return
    anywhere = {identity(promise.words, pte) for pte in (*arrived, *source_after)}
    reused = _reused(source, wanted)
    for i, (got, want, stays) in enumerate(zip(arrived, promise.want, source_after, strict=True)):
        if got != want:
            lost = _is_lost(promise, promise.source[i], stays, anywhere)
            for kind in _arrived_kinds(promise, i, got, want, lost):
                value = "" if kind == "entry-lost" else value_of(promise.words, got)
                yield Finding(kind, wanted.name, wanted.first + i, value)
        if stays and source.first + i not in reused:
            for kind in _source_kinds(promise, i, stays, got):
                yield Finding(kind, source.name, source.first + i, value_of(promise.words, stays))


def _reused(source: Range, wanted: Range) -> range:
    """The entries of the source into which entries move: overlapping ranges."""
    overlap = source.table == wanted.table and abs(source.first - wanted.first) < source.nr
    return wanted.entries if overlap else range(0)


def _is_lost(promise: Promise, before: int, stays: int, anywhere: set[Identity]) -> bool:
    """Whether an entry is in neither range. Of several alike, one is not found in the place of another."""
    own = identity(promise.words, before)
    return own != identity(promise.words, stays) if own in promise.repeated else own not in anywhere


def _arrived_kinds(promise: Promise, i: int, got: int, want: int, lost: bool) -> Iterator[str]:
    """Kinds for slot i of the wanted range, which should be `want` and is `got`; _source_kinds() has what stays."""
    words, before, wanted = promise.words, promise.source[i], promise.wanted_range
    if words.pte_none(got) and words.pte_none(want):
        return
    arrived, own = identity(words, got), identity(words, before)
    table, entry = promise.before[wanted.table], wanted.first + i
    if words.pte_none(got):
        if words.pte_none(before):
            yield "destination-overwritten"
        elif lost:
            yield "entry-lost"
    elif words.pte_none(want) and arrived == own:
        yield "uffd-wp-kept"
    elif arrived == own:
        yield from bit_kinds(promise, got, want)
    else:
        if not words.pte_none(table[entry]) and got == gathered(words, table, entry):
            yield "destination-kept"
        else:
            yield "foreign-entry" if arrived in promise.identities else "wrong-page"
        if own and not words.pte_none(want) and lost:
            yield "entry-lost"


def _source_kinds(promise: Promise, i: int, stays: int, got: int) -> Iterator[str]:
    """Kinds for slot i of the source, which should be none and is `stays`."""
    words = promise.words
    if words.pte_none(stays):
        return
    entry = identity(words, stays)
    if entry == identity(words, promise.source[i]):
        yield "entry-duplicated" if entry == identity(words, got) else "entry-left-behind"
    else:
        yield "foreign-entry" if entry in promise.identities else "wrong-page"
