# SPDX-License-Identifier: GPL-2.0-only
"""The comparison of a recording with a version, as text of at most 75 columns for the kit."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pte_review.harness.recordings.comparing import Mismatch
from pte_review.harness.recordings.text import RECORDED, mismatch_lines
from pte_review.harness.reports.report import wrapped
from pte_review.harness.subject import Replayed
from pte_review.harness.subjects.change_pte_range.recordings.calls import calls
from pte_review.harness.subjects.change_pte_range.recordings.changes import mismatches
from pte_review.harness.subjects.change_pte_range.recordings.recording import WHOLE, ChangeRecord, read
from pte_review.models.change_pte_range.call import FUNCTION, MPROTECT
from pte_review.models.version import Version

LIVE = Path(__file__).parents[1] / "live"


class ProtectRecordings:
    """The files of recorded changes of protection."""

    sources: tuple[Path, ...] = (LIVE / "record.c", LIVE / "calls.c")

    def is_of(self, function: str) -> bool:
        return function == FUNCTION.name

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


def recording_lines(name: str, version: str, records: Sequence[ChangeRecord], differing: Sequence[Mismatch]) -> str:
    """How many records `version` predicts, on which folios, and where the kernel did something else."""
    made = [len(list(calls(record))) for record in records]
    entries = sum(record.end - record.first for record in records)
    wrong = {mismatch.record for mismatch in differing}
    kernel = f"Linux {records[0].kernel} {records[0].arch}"
    counts = f"{len(records)} records, {sum(made):,} change_pte_range() calls, {entries:,} entries"
    lines = [
        wrapped(f"{name}: {kernel}, {counts}"),
        *(wrapped(line, "  ") for line in _basis(records)),
        f"  {version} predicts {len(records) - len(wrong)} of {len(records)} records",
    ]
    described = {n: _what(record) for n, record in enumerate(records, 1)}
    return "\n".join([*lines, *mismatch_lines(version, described, differing)]) + "\n"
