# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with an outcome in the eyes of others: of other CPUs and of those who look while locks are dropped."""

from collections.abc import Iterator
from itertools import combinations

from pte_review.harness.judging.finding import FOR_A_WHILE, Finding
from pte_review.harness.judging.promise import Promise
from pte_review.models.entry import identity
from pte_review.models.gathering import gathered
from pte_review.models.outcome import Outcome


def onlooker_findings(promise: Promise, outcome: Outcome, known: list[Finding]) -> list[Finding]:
    """Where `outcome` breaks the rules about actions, but for what `known` findings say of the same entry."""
    same = {(f.kind, f.range, f.entry) for f in known}
    # What a TLB may still hold says nothing of what a walker found.
    places = {(f.range, f.entry) for f in known if f.range and f.kind != "stale-tlb"}
    findings = [f for f in _lost_writes(promise, outcome) if (f.kind, f.range, f.entry) not in same]
    findings += [f for f in _seen_for_a_while(promise, outcome) if (f.range, f.entry) not in places]
    findings += _translations(promise, outcome)
    return list(dict.fromkeys(findings))


def _lost_writes(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    """Pages stored to since they were last cleaned that no entry says are dirty: the data will not be written back."""
    words, places = promise.words, promise.scenario.places
    unsaved: dict[int, str] = {}  # PFN: by whom
    for event in outcome.events:
        if event[0] == "write":
            unsaved[int(event[3])] = f"cpu {event[1]} stored to its page through {places.label(int(event[2]))}"
        elif event[0] == "mkclean":
            unsaved.pop(words.pte_pfn(int(event[3])), None)
    clean: list[tuple[int, int]] = []  # ptep, PFN
    for number, entries in enumerate(outcome.tables):
        for index, pte in enumerate(entries if unsaved else ()):
            pfn = words.pte_pfn(pte)
            if not words.pte_present(pte) or pfn not in unsaved:
                continue
            if words.pte_dirty(gathered(words, entries, index)):
                del unsaved[pfn]  # one entry that says so is enough
            else:
                clean.append((places.ptep(number, index), pfn))
    for ptep, pfn in clean:
        if pfn in unsaved:
            yield Finding("dirty-lost", *places.place(ptep), seen=unsaved[pfn])


def _seen_for_a_while(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    """What a walker found in an entry for a while: another page, or write permission it never had."""
    words, places = promise.words, promise.scenario.places
    ranges = promise.scenario.ranges
    if any(a.table == b.table and a.first < b.end and b.first < a.end for a, b in combinations(ranges, 2)):
        return  # an entry of overlapping ranges holds one page after the other
    for event in outcome.events:
        if event[0] not in ("walk", "gup", "fault"):
            continue
        cpu, ptep, pte = int(event[1]), int(event[2]), int(event[-1])
        table, entry = places.entry(ptep)
        where = places.range_at(table, entry)
        slot = entry - where.first
        if not 0 <= slot < promise.nr:
            continue
        source = promise.source[slot]
        held = source if where == promise.source_range else promise.before[table][entry]
        seen = f"{FOR_A_WHILE}, but cpu {cpu} saw it"
        if event[0] == "fault":
            stays = where == promise.wanted_range and words.pte_present(promise.want[slot])
            if words.pte_none(pte) and stays and words.pte_present(source):
                yield Finding("entry-lost", where.name, entry, seen=f"{FOR_A_WHILE}, but a fault of cpu {cpu} met it")
            continue
        if identity(words, pte) not in (identity(words, source), identity(words, held)):
            yield Finding("foreign-entry", where.name, entry, seen=seen)
            continue
        writable = words.pte_write(pte) and identity(words, pte) == identity(words, source)
        if writable and slot not in promise.made_writable and not promise.may_write(slot):
            yield Finding("write-gained", where.name, entry, seen=seen)


def _translations(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    """A page that two translations reach at two addresses, and contiguous translations beside single ones."""
    places = promise.scenario.places
    for event in outcome.events:
        if event[0] == "twice":
            stale_ptep = promise.address_left((int(event[2]), int(event[3])))
            if stale_ptep is not None:
                yield Finding("stale-tlb", *places.place(stale_ptep), seen="CPUs reach the page at both addresses")
        elif event[0] == "conflict" and promise.conflicts_forbidden:
            where = places.place(int(event[2]))
            yield Finding("stale-tlb", *where, seen="a CPU has a contiguous and a single translation")
