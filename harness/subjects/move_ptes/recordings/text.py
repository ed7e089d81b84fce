# SPDX-License-Identifier: GPL-2.0-only
"""A recording held against a version, as the kit asks for it: text of at most 75 columns."""

from collections.abc import Sequence
from pathlib import Path

from pte_review.harness.reports.report import wrapped
from pte_review.harness.subjects.move_ptes.recordings.folios import INFERRED
from pte_review.harness.subjects.move_ptes.recordings.moves import Mismatch, calls, mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import Record, is_recording, read
from pte_review.models.version import Version


class MoveRecordings:
    """The files of recorded mremap() calls."""

    def is_recording(self, path: Path) -> bool:
        return is_recording(path)

    def arches(self, path: Path) -> set[str]:
        """The architectures of the records. Raises UsageError."""
        return {record.arch for record in read(path)}

    def kernel(self, path: Path) -> str:
        return read(path)[0].kernel

    def replay(self, path: Path, version: Version) -> tuple[str, int]:
        """How many records `version` predicts, where the kernel left something else, and how often it did."""
        records = read(path)
        differing = [m for number, record in enumerate(records, 1) for m in mismatches(number, record, version)]
        return recording_lines(path.name, version.name, records, differing), len(differing)


def recording_lines(name: str, version: str, records: Sequence[Record], differing: Sequence[Mismatch]) -> str:
    """How many records `version` predicts, on which folios, and where the kernel did something else."""
    moves = sum(1 for record in records for _ in calls(record))
    entries = sum(record.moved for record in records)
    wrong = {mismatch.record for mismatch in differing}
    kernel = f"Linux {records[0].kernel} {records[0].arch}"
    lines = [
        wrapped(f"{name}: {kernel}, {len(records)} records, {moves:,} move_ptes() calls, {entries:,} entries"),
        wrapped(INFERRED, "  "),
        f"  {version} predicts {len(records) - len(wrong)} of {len(records)} records",
    ]
    for mismatch in differing:
        first, last = mismatch.first, mismatch.last
        pages = f"page {first}" if first == last else f"pages {first}-{last}"
        record = records[mismatch.record - 1]
        lines += [
            f"  record {mismatch.record} ({record.mapping}, {record.moved} pages), {pages}: {mismatch.kind}",
            f"    the kernel left  {mismatch.kernel}",
            f"    {version} leaves  {mismatch.version}",
        ]
    return "\n".join(lines) + "\n"
