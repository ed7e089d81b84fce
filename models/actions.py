# SPDX-License-Identifier: GPL-2.0-only
"""What others do while the function under review runs: actions between two primitives, as plain values of a scenario.

Versions call different primitives, so the time of an action is relative to what all versions share: a phase of the
page-table locks, or the nth access to (or change of) one entry.
"""

from dataclasses import dataclass

# Who acts on the entry of an action, and how.
ACTORS = {
    "walk": "a CPU loads from the page: its MMU sets accessed and caches the translation",
    "write": "a CPU stores to the page, through a cached translation if it has one; its MMU sets dirty where it must",
    "gup": "a lockless walker (GUP-fast) reads the entry and pins the page",
    "fault": "a CPU stores to the page; where that faults, the handler waits for the page-table lock first",
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
    "locking": "before the first page-table lock is taken",
    "locked": "when the page-table locks are held",
    "unlocking": "when the first of two page-table locks is dropped",
    "unlocked": "when no page-table lock is held any more",
    "returned": "after the call",
}
BEFORE_LOCKS = ("call", "locking")  # when others can still have the locks
WAITING = ("fault", "mkclean")  # actors that wait for a lock
MOST_CPUS = 8


@dataclass(frozen=True, slots=True)
class When:
    """A phase of the locks, or before the `nth` access to (or change of) slot `slot` of a range, from 1."""

    phase: str = ACCESS
    range: str = ""  # the name of a range of the scenario
    slot: int = 0  # entries from the start of the range
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Action:
    """`actor` acts once on slot `slot` of a range. CPU 0 is the one that runs the function under review."""

    actor: str  # a key of ACTORS
    range: str  # the name of a range of the scenario
    slot: int  # entries from the start of the range; below 0 or behind its end for the entries around it
    when: When
    cpu: int = 1
