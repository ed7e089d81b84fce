# SPDX-License-Identifier: GPL-2.0-only
"""What is said of recorded changes of protection."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pte_review.harness.recordings.folios import RECORDED
from pte_review.harness.recordings.replaying import RecordingsOf, Summary
from pte_review.harness.subjects.change_pte_range.recordings.calls import calls
from pte_review.harness.subjects.change_pte_range.recordings.changes import mismatches
from pte_review.harness.subjects.change_pte_range.recordings.recording import WHOLE, ChangeRecord, read
from pte_review.models.change_pte_range.call import FUNCTION, MPROTECT

LIVE = Path(__file__).parents[1] / "live"


def _basis(records: Sequence[ChangeRecord]) -> Iterator[str]:
    """What the comparison stands on, and what it leaves out."""
    yield RECORDED
    whole = Counter(how for record in records for *_, how in record.whole)
    if whole:
        counts = ", ".join(f"{WHOLE[how]} {count:,}" for how, count in sorted(whole.items()))
        yield f"not compared, as their entries were not there before: {counts}"


def _what(record: ChangeRecord) -> str:
    access = f" to {record.protection or 'none'}" if record.caller == MPROTECT else ""
    return f"{record.mapping}, {record.end - record.first} pages, {record.caller}{access}"


def _summary(records: Sequence[ChangeRecord]) -> Summary:
    made = sum(1 for record in records for _ in calls(record))
    entries = sum(record.end - record.first for record in records)
    counts = f"{made:,} change_pte_range() calls, {entries:,} entries"
    return Summary(counts, tuple(_basis(records)), tuple(map(_what, records)))


RECORDINGS = RecordingsOf((FUNCTION.name,), (LIVE / "record.c", LIVE / "calls.c"), read, mismatches, _summary)
