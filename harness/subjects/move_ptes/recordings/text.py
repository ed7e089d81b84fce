# SPDX-License-Identifier: GPL-2.0-only
"""A recording held against a version, as the kit asks for it: text of at most 75 columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pte_review.harness.recordings.comparing import Mismatch
from pte_review.harness.recordings.text import RECORDED, mismatch_lines
from pte_review.harness.reports.report import wrapped
from pte_review.harness.subject import Replayed
from pte_review.harness.subjects.move_ptes.recordings.bounds import WHOLE
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.folios import INFERRED
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import Record, read
from pte_review.harness.subjects.move_ptes.recordings.subset import SEEN
from pte_review.models.move_ptes.call import FUNCTION
from pte_review.models.version import Version

LIVE = Path(__file__).parents[1] / "live"


class MoveRecordings:
    """The files of recorded mremap() calls."""

    sources: tuple[Path, ...] = (LIVE / "record.c", LIVE / "look.c", LIVE / "place.c")

    def is_of(self, function: str) -> bool:
        """Recordings were of this function alone once, and named none."""
        return function in ("", FUNCTION.name)

    def arches(self, path: Path) -> set[str]:
        """The architectures of the records. Raises UsageError."""
        return {record.arch for record in read(path)}

    def kernel(self, path: Path) -> str:
        return read(path)[0].kernel

    def replay(self, path: Path, version: Version) -> Replayed:
        """How many records `version` predicts, and where the kernel left something else."""
        records = read(path)
        differing = [m for number, record in enumerate(records, 1) for m in mismatches(number, record, version)]
        text = recording_lines(path.name, version.name, records, differing)
        return Replayed(text, len(records), len({mismatch.record for mismatch in differing}))


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


def recording_lines(name: str, version: str, records: Sequence[Record], differing: Sequence[Mismatch]) -> str:
    """How many records `version` predicts, on which folios, and where the kernel did something else."""
    moves = sum(1 for record in records for _ in calls(record))
    entries = sum(record.moved for record in records)
    wrong = {mismatch.record for mismatch in differing}
    kernel = f"Linux {records[0].kernel} {records[0].arch}"
    lines = [
        wrapped(f"{name}: {kernel}, {len(records)} records, {moves:,} move_ptes() calls, {entries:,} entries"),
        *(wrapped(line, "  ") for line in _basis(records)),
        f"  {version} predicts {len(records) - len(wrong)} of {len(records)} records",
    ]
    described = {n: f"{record.mapping}, {record.moved} pages" for n, record in enumerate(records, 1)}
    return "\n".join([*lines, *mismatch_lines(version, described, differing)]) + "\n"
