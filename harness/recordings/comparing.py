# SPDX-License-Identifier: GPL-2.0-only
"""Compares the entries that a kernel left with those that a version leaves, one by one."""

from collections.abc import Iterable
from dataclasses import dataclass

from pte_review.models.arch.word import PteWords
from pte_review.models.arch.x86_64 import ACCESSED


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Pages of a record where the kernel left something else than the version, by kind."""

    record: int  # from 1
    kind: str
    first: int  # page of the record
    last: int
    kernel: str  # the first page's entry, decoded
    version: str


Difference = tuple[int, str, str, str]  # page of the record, kind, what the kernel left, what the version leaves


def stretches(number: int, differences: Iterable[Difference]) -> list[Mismatch]:
    """The differences of record `number`, those of one kind on consecutive pages as one."""
    result: list[Mismatch] = []
    for page, kind, kernel, predicted in sorted(differences):
        _extend(result, Mismatch(number, kind, page, page, kernel, predicted))
    return result


def masked(words: PteWords, pte: int) -> int:
    """What two reads of a running kernel can be compared in: a background thread ages pages, contpte gathers A/D."""
    if words.pte_none(pte):
        return 0
    if not words.pte_present(pte):
        return pte
    return pte & ~ACCESSED if words.arch == "x86_64" else words.without_ad(pte & ~words.CONT)


def _extend(result: list[Mismatch], new: Mismatch) -> None:
    """Append `new`, or let it lengthen the stretch before it."""
    if result and (result[-1].record, result[-1].kind, result[-1].last + 1) == (new.record, new.kind, new.first):
        last = result[-1]
        result[-1] = Mismatch(last.record, last.kind, last.first, new.last, last.kernel, last.version)
    else:
        result.append(new)
