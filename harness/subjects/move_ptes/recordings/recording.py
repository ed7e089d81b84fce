# SPDX-License-Identifier: GPL-2.0-only
"""Page-table moves of real kernels as they are recorded: raw entries of the old range before one mremap() and of the
new range after it. Old recordings lack the fields that have a default.
"""

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.harness.subjects.move_ptes.recordings.bounds import Runs, check_record
from pte_review.models.codec import SchemaError, from_json
from pte_review.models.inputs import MOST_LINE, MOST_RECORDING, check_file, too_large

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


def is_recording(path: Path) -> bool:
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def read(path: Path) -> list[Record]:
    """The records of a .jsonl or .jsonl.gz file. Raises UsageError: which line, which field, what was expected."""
    opener = gzip.open if path.suffix == ".gz" else open
    records, size, number = [], 0, 0
    try:
        check_file(path, MOST_RECORDING)
        with opener(path, "rb") as file:
            while line := file.readline(MOST_LINE + 1):
                size, number = size + len(line), number + 1
                if size > MOST_RECORDING or len(line) > MOST_LINE:
                    raise too_large(path, MOST_RECORDING if size > MOST_RECORDING else MOST_LINE)
                records.append(read_line(line.decode("utf-8"), f"{path}:{number}"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read whole: {getattr(error, 'strerror', None) or error}") from None
    if not records:
        raise UsageError(f"{path}: holds no records")
    return records


def read_line(line: str, where: str) -> Record:
    """The record of one line. Raises UsageError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON object: {error}") from None
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name != "steps"}
    try:
        record = from_json(Record, data, "record")
        check_record(record)
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None
    return record


def entries(runs: Runs) -> list[int]:
    """Entries, one a page."""
    return [(first + i * step) & ((1 << 64) - 1) for first, count, step in runs for i in range(count)]
