# SPDX-License-Identifier: GPL-2.0-only
"""What is said of recorded mremap() calls."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pte_review.harness.recordings.folios import RECORDED
from pte_review.harness.recordings.replaying import RecordingsOf, Summary
from pte_review.harness.subjects.move_ptes.recordings.bounds import WHOLE
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.folios import INFERRED
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import Record, read
from pte_review.harness.subjects.move_ptes.recordings.subset import SEEN
from pte_review.models.move_ptes.call import FUNCTION

LIVE = Path(__file__).parents[1] / "live"


def _basis(records: Sequence[Record]) -> Iterator[str]:
    """What the comparison stands on, and what it leaves out."""
    if any(record.subset for record in records):
        yield SEEN
    else:
        yield INFERRED if any(record.folios is None for record in records) else RECORDED
    moved = Counter(how for record in records for *_, how in record.whole or ())
    if moved:
        counts = ", ".join(f"{WHOLE[how]} {count:,}" for how, count in sorted(moved.items()))
        yield f"not compared, as move_ptes() did not move it: {counts}"


def _summary(records: Sequence[Record]) -> Summary:
    moves = sum(1 for record in records for _ in calls(record))
    entries = sum(record.moved for record in records)
    counts = f"{moves:,} move_ptes() calls, {entries:,} entries"
    described = (f"{record.mapping}, {record.moved} pages" for record in records)
    return Summary(counts, tuple(_basis(records)), tuple(described))


RECORDINGS = RecordingsOf(
    ("", FUNCTION.name),  # recordings were of this function alone once, and named none
    (LIVE / "record.c", LIVE / "look.c", LIVE / "place.c"),
    read,
    mismatches,
    _summary,
)
