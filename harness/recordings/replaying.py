# SPDX-License-Identifier: GPL-2.0-only
"""A recording held against a version, as the kit asks for it: text of at most 75 columns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pte_review.harness.errors import UsageError
from pte_review.harness.recordings.comparing import Mismatch
from pte_review.harness.recordings.reading import AnyRecord
from pte_review.harness.reports.report import wrapped
from pte_review.harness.subject import Replayed
from pte_review.models.codec import SchemaError
from pte_review.models.version import Version

Record = TypeVar("Record", bound=AnyRecord)


class Summary(NamedTuple):
    """What is said of records: how many calls and entries, what a comparison stands on and leaves out, each record."""

    counts: str
    basis: tuple[str, ...]
    described: tuple[str, ...]


@dataclass(frozen=True)
class RecordingsOf(Generic[Record]):
    """The Recordings of a function, which its files name as one of `named`."""

    named: tuple[str, ...]
    sources: tuple[Path, ...]
    read: Callable[[Path], list[Record]]
    mismatches: Callable[[int, Record, Version], list[Mismatch]]  # of a record by number, from 1
    summary: Callable[[Sequence[Record]], Summary]

    def is_of(self, function: str) -> bool:
        return function in self.named

    def arches(self, path: Path) -> set[str]:
        return {record.arch for record in self.read(path)}

    def kernel(self, path: Path) -> str:
        return self.read(path)[0].kernel

    def replay(self, path: Path, version: Version) -> Replayed:
        """How many records `version` predicts, and where the kernel left something else.

        Raises UsageError for a record that stands for no scenario.
        """
        records = self.read(path)
        differing: list[Mismatch] = []
        for number, record in enumerate(records, 1):
            with _refused(f"{path}: record {number}"):
                differing += self.mismatches(number, record, version)
        with _refused(str(path)):
            text = self.text(path.name, version.name, records, differing)
        return Replayed(text, len(records), len({mismatch.record for mismatch in differing}))

    def text(self, name: str, version: str, records: Sequence[Record], differing: Sequence[Mismatch]) -> str:
        """How many records `version` predicts, on which folios, and where the kernel did something else."""
        summary = self.summary(records)
        wrong = {mismatch.record for mismatch in differing}
        kernel = f"Linux {records[0].kernel} {records[0].arch}"
        lines = [
            wrapped(f"{name}: {kernel}, {len(records)} records, {summary.counts}"),
            *(wrapped(line, "  ") for line in summary.basis),
            f"  {version} predicts {len(records) - len(wrong)} of {len(records)} records",
            *_mismatch_lines(version, summary.described, differing),
        ]
        return "\n".join(lines) + "\n"


@contextmanager
def _refused(where: str) -> Iterator[None]:
    try:
        yield
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None


def _mismatch_lines(version: str, described: Sequence[str], differing: Sequence[Mismatch]) -> Iterator[str]:
    for mismatch in differing:
        first, last = mismatch.first, mismatch.last
        pages = f"page {first}" if first == last else f"pages {first}-{last}"
        yield f"  record {mismatch.record} ({described[mismatch.record - 1]}), {pages}: {mismatch.kind}"
        yield f"    the kernel left  {mismatch.kernel}"
        yield f"    {version} leaves  {mismatch.version}"
