# SPDX-License-Identifier: GPL-2.0-only
"""Recorded moves run through a version: what it predicts and what not."""

from collections.abc import Iterator

from pte_review.harness.judging.slots import bit_kinds
from pte_review.harness.recordings.comparing import Difference, Mismatch, masked, stretches
from pte_review.harness.recordings.fields import entries
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.recordings import subset
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.recording import Record
from pte_review.models.arch import words
from pte_review.models.config import PAGE_SIZE
from pte_review.models.entry import identity, show
from pte_review.models.version import Version

DONTUNMAP = 4  # MREMAP_DONTUNMAP


def mismatches(number: int, record: Record, version: Version) -> list[Mismatch]:
    """Where the kernel left something else than `version` does, accessed and dirty and CONT aside."""
    return stretches(number, [*_moved(record, version), *_around(record)])


def _moved(record: Record, version: Version) -> Iterator[Difference]:
    """In the range that was moved to, and in the one that was moved from where it stays mapped."""
    behind = entries(record.behind) if record.mremap_flags & DONTUNMAP and not record.subset else []
    for call in calls(record):
        promise = MovePromise(call.scenario)
        tables = version.run(call.scenario).tables
        old, new = promise.scenario.ranges
        for i, kernel in enumerate(call.after):
            page, predicted = call.page + i, tables[new.table][new.first + i]
            yield from _at(record, promise, page, kernel, predicted)
            if behind and (stayed := tables[old.table][old.first + i]) != behind[page]:
                yield from _left_behind(promise, page, behind[page], stayed)


def _at(record: Record, promise: MovePromise, page: int, kernel: int, predicted: int) -> Iterator[Difference]:
    w = promise.words
    if record.subset:
        for kind, wanted in subset.kinds(w, entries(record.before), kernel, predicted):
            yield page, kind, subset.shown(kernel), wanted
    elif kernel != predicted and masked(w, kernel) != masked(w, predicted):
        for kind in _kinds(promise, kernel, predicted):
            yield page, kind, show(w, kernel), show(w, predicted)


def _left_behind(promise: MovePromise, page: int, kernel: int, predicted: int) -> Iterator[Difference]:
    w = promise.words
    if masked(w, kernel) != masked(w, predicted):
        kind = "entry-left-behind" if w.pte_none(predicted) else "other-bits"
        yield page, kind, show(w, kernel), show(w, predicted)


def _around(record: Record) -> Iterator[Difference]:
    """What no version changes: a range that grows is empty at its end, entries beside the ranges stay as they are."""
    w = words(record.arch, config_of(record))
    for page, kernel in enumerate(entries(record.after)[record.moved :], record.moved):
        if not record.subset and not w.pte_none(kernel):
            yield page, "foreign-entry", show(w, kernel), show(w, 0)
    for address, before, after in record.beside:
        if masked(w, before) != masked(w, after):
            start = (
                record.old_addr if abs(address - record.old_addr) < abs(address - record.new_addr) else record.new_addr
            )
            yield (address - start) // PAGE_SIZE, "outside-range", show(w, after), show(w, before)


def _kinds(promise: MovePromise, kernel: int, predicted: int) -> list[str]:
    words = promise.words
    if identity(words, kernel) != identity(words, predicted):
        return ["entry-lost" if words.pte_none(kernel) else "foreign-entry"]
    kinds = bit_kinds(promise, kernel & ~words.CONT, predicted & ~words.CONT)
    return [kind for kind in kinds if "young" not in kind] or ["other-bits"]
