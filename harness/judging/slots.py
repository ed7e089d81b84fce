# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of what is wrong with one entry that is the right one and has the wrong bits."""

from collections.abc import Iterator
from typing import Protocol

from pte_review.models.arch.word import PteWords


class Gains(Protocol):
    """What a promise says of accessed and dirty."""

    @property
    def words(self) -> PteWords: ...

    def folio_had(self, pte: int) -> tuple[bool, bool]: ...


def value_of(words: PteWords, pte: int) -> str:
    """What two versions must have in common to do the same wrong thing: the entry without accessed and dirty."""
    return f"{words.without_ad(pte & ~words.CONT) if words.pte_present(pte) else pte:#x}"


def bit_kinds(promise: Gains, got: int, want: int) -> Iterator[str]:
    """Kinds for an entry that refers to what it should, both in E() form."""
    words = promise.words
    if not words.pte_present(got) or not words.pte_present(want):
        yield from _flag_kinds(
            got, want, words.SWP_UFFD_WP, words.SWP_SOFT_DIRTY, ~(words.SWP_UFFD_WP | words.SWP_SOFT_DIRTY)
        )
        return
    if words.pte_write(got) != words.pte_write(want):
        yield "write-gained" if words.pte_write(got) else "write-lost"
    rest = ~(words.UFFD_WP | words.SOFT_DIRTY)
    if words.pte_write(got) != words.pte_write(want):
        rest &= ~_write_bits(words)
    yield from _flag_kinds(words.without_ad(got), words.without_ad(want), words.UFFD_WP, words.SOFT_DIRTY, rest)
    yield from ad_kinds(promise, got, want)


def _write_bits(words: PteWords) -> int:
    """The bits that write permission is made of; arm64's RDONLY goes with WRITE."""
    return words.pte_mkwrite_novma(0) | words.pte_wrprotect(0)


def _flag_kinds(got: int, want: int, uffd_wp: int, soft_dirty: int, rest: int) -> Iterator[str]:
    differs = got ^ want
    if differs & uffd_wp:
        yield "uffd-wp-kept" if got & uffd_wp else "uffd-wp-lost"
    if differs & soft_dirty & want:
        yield "soft-dirty-missing"
    if differs & rest or differs & soft_dirty & got:
        yield "other-bits"


def ad_kinds(promise: Gains, got: int, want: int) -> Iterator[str]:
    """Accessed and dirty: never lost, gained only if an entry of the same large folio had it."""
    words = promise.words
    tests = zip(("young", "dirty"), (words.pte_young, words.pte_dirty), promise.folio_had(want), strict=True)
    for name, is_set, had in tests:
        if is_set(want) and not is_set(got):
            yield f"{name}-lost"
        elif is_set(got) and not is_set(want) and not had:
            yield f"{name}-gained"
