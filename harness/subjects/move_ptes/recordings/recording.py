# SPDX-License-Identifier: GPL-2.0-only
"""Page-table moves of real kernels as they are recorded: raw entries of the old range before one mremap() and of the
new range after it. Old recordings lack the fields that have a default.
"""

from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.recordings.fields import Runs
from pte_review.harness.recordings.reading import records_of
from pte_review.harness.subjects.move_ptes.recordings.bounds import check_record
from pte_review.models.codec import from_json

PAGEMAP = "pagemap"  # a subset: entries as an unprivileged process sees its own


@dataclass(frozen=True, slots=True)
class Record:
    """One mremap() on a running kernel. Addresses in bytes, lengths in pages; entries run-length coded."""

    kernel: str
    arch: str
    soft_dirty: bool
    mapping: str
    old_addr: int
    new_addr: int
    pages: int
    new_pages: int
    clears_uffd_wp: bool
    mremap_flags: int
    before: Runs
    after: Runs
    behind: Runs = ()  # the old range after the move
    beside: tuple[tuple[int, int, int], ...] = ()  # addresses in the same tables, their entries before and after
    vmas: tuple[tuple[int, int, str], ...] = ()  # of the old range: first page, end page, permissions
    # Stretches that did not go entry by entry: first page, end page, what moved instead (WHOLE). None: not recorded.
    whole: tuple[tuple[int, int, str], ...] | None = None
    folios: tuple[tuple[int, int, bool], ...] | None = None  # PFN, order, anonymous; None: not recorded
    exclusive: tuple[tuple[int, int], ...] = ()  # PFNs of AnonExclusive pages, each (first, end)
    subset: str = ""  # PAGEMAP where raw entries could not be read
    missing: tuple[str, ...] = ()  # what the recorder did without
    orders: tuple[int, ...] = ()  # of large anonymous folios that were enabled
    seed: int = 0
    number: int = 0  # of the move, from 0: it can be made again by seed and number

    @property
    def moved(self) -> int:
        """Pages that were moved: the rest of a longer old range was unmapped."""
        return min(self.pages, self.new_pages)


def read(path: Path) -> list[Record]:
    """The records of a .jsonl or .jsonl.gz file. Raises UsageError: which line, which field, what was expected."""
    return records_of(path, _record)


def _record(data: object) -> Record:
    record = from_json(Record, data, "record")
    check_record(record)
    return record
