# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with an outcome in the eyes of others: of other CPUs and of those who look while locks are dropped."""

from collections.abc import Iterator

from pte_review.harness.judging.expected import Expected, gathered
from pte_review.harness.judging.finding import FOR_A_WHILE, Finding
from pte_review.harness.judging.places import place, slot
from pte_review.models.entry import identity
from pte_review.models.outcome import Outcome


def event_findings(x: Expected, outcome: Outcome, known: list[Finding]) -> list[Finding]:
    """Rules about scheduled events that `outcome` breaks, but for what `known` findings say of the same entry."""
    told = {(f.kind, f.table, f.entry) for f in known}
    # What a TLB may still hold says nothing of what a walker found.
    places = {(f.table, f.entry) for f in known if f.table and f.kind != "stale-tlb"}
    found = [f for f in _lost_writes(x, outcome) if (f.kind, f.table, f.entry) not in told]
    found += [f for f in _seen(x, outcome) if (f.table, f.entry) not in places]
    found += _translations(x, outcome)
    return list(dict.fromkeys(found))


def _lost_writes(x: Expected, outcome: Outcome) -> Iterator[Finding]:
    """Pages stored to since they were last cleaned that no entry says are dirty: the data will not be written back."""
    unsaved: dict[int, str] = {}  # PFN: by whom
    for event in outcome.events:
        if event[0] == "write":
            unsaved[int(event[3])] = f"cpu {event[1]} stored to its page through {slot(x.scenario, int(event[2]))}"
        elif event[0] == "mkclean":
            unsaved.pop(x.words.pte_pfn(int(event[3])), None)
    clean: list[tuple[str, int, int]] = []
    for table, entries in (("old", outcome.old_table), ("new", outcome.new_table)):
        for index, pte in enumerate(entries if unsaved else ()):
            pfn = x.words.pte_pfn(pte)
            if not x.words.pte_present(pte) or pfn not in unsaved:
                continue
            if x.words.pte_dirty(gathered(x.words, entries, index)):
                del unsaved[pfn]  # one entry that says so is enough
            else:
                clean.append((table, index, pfn))
    for table, index, pfn in clean:
        is_new = x.scenario.one_table and x.new_index <= index < x.new_index + x.nr
        if pfn in unsaved:
            yield Finding("dirty-lost", "new" if is_new else table, index, seen=unsaved[pfn])


def _seen(x: Expected, outcome: Outcome) -> Iterator[Finding]:
    """What a walker found in an entry for a while: another page, or write permission it never had."""
    words = x.words
    if x.scenario.one_table and abs(x.old_index - x.new_index) < x.nr:
        return  # an entry of overlapping ranges holds one page after the other
    for event in outcome.events:
        if event[0] not in ("walk", "gup"):
            continue
        _, cpu, ptep, pte = map(int, (0, *event[1:]))
        table, index = place(x.scenario, ptep)
        i = index - (x.new_index if table == "new" else x.old_index)
        if not 0 <= i < x.nr:
            continue
        held = x.new_before[index] if table == "new" else x.source[i]
        may = x.source[i]
        if identity(words, pte) not in (identity(words, may), identity(words, held)):
            yield Finding("foreign-entry", table, index, seen=f"{FOR_A_WHILE}, but cpu {cpu} saw it")
        elif words.pte_write(pte) and not words.pte_write(may) and identity(words, pte) == identity(words, may):
            yield Finding("write-gained", table, index, seen=f"{FOR_A_WHILE}, but cpu {cpu} saw it")


def _translations(x: Expected, outcome: Outcome) -> Iterator[Finding]:
    """A page that two translations reach at two addresses, and contiguous translations beside single ones."""
    for event in outcome.events:
        if event[0] == "twice":
            yield Finding("stale-tlb", *place(x.scenario, int(event[2])), seen="CPUs reach the page at both addresses")
        elif event[0] == "conflict":
            where = place(x.scenario, int(event[2]))
            yield Finding("stale-tlb", *where, seen="a CPU has a contiguous and a single translation")
