# SPDX-License-Identifier: GPL-2.0-only
"""What others do while move_ptes() runs: events between two primitives, as plain values of a scenario.

Versions make different calls, so an event is anchored to what all of them have in common: a phase of the page-table
locks, or the nth access to an entry.
"""

from dataclasses import dataclass

# Who does something to the entry of an event, and what.
ACTORS = {
    "walk": "a CPU loads from the page: its MMU sets accessed and caches the translation",
    "write": "a CPU stores to the page, through a cached translation if it has one; its MMU sets dirty where it must",
    "gup": "a lockless walker (GUP-fast) reads the entry and pins the page",
    "mkclean": "a folio_mkclean()-style writer cleans and write-protects the entry as soon as it gets the locks",
    "reclaim": "reclaim has unmapped the page before the call and left the flush of a CPU's translation pending",
}

ACCESS, CHANGE = "access", "change"
ANCHORS = {
    ACCESS: "right before the nth read, exchange or store of an entry",
    CHANGE: "right before the nth exchange or store of an entry, however often it was read",
}
PHASES = {
    "call": "before the call",
    "locked": "when the page-table locks are held",
    "unlocking": "when the first of two page-table locks is dropped",
    "unlocked": "when no page-table lock is held any more",
    "returned": "after the call",
}
MOST_CPUS = 8


@dataclass(frozen=True, slots=True)
class When:
    """A phase of the locks, or before the `nth` access to (or change of) entry `slot` of `table`, from 1."""

    phase: str = ACCESS
    table: str = ""  # "old" or "new"
    slot: int = 0  # entries from the start of the range that moves
    nth: int = 1


@dataclass(frozen=True, slots=True)
class ScheduledEvent:
    """`actor` does its thing to entry `slot` of `table`, once. CPU 0 is the one that runs move_ptes()."""

    actor: str  # a key of ACTORS
    table: str
    slot: int  # entries from the start of the range; below 0 or behind its end for the entries around it
    when: When
    cpu: int = 1
