# SPDX-License-Identifier: GPL-2.0-only
"""Page-table moves of real kernels as they are recorded: raw entries of the old range before one mremap() and of the
new range after it. Folio boundaries are not recorded.
"""

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.models.arch import ARCHES
from pte_review.models.codec import SchemaError, from_json
from pte_review.models.config import PAGE_SIZE
from pte_review.models.inputs import MOST_LINE, MOST_RECORDING, check_file, too_large

Runs = tuple[tuple[int, int, int], ...]  # first raw value, count, step in bytes


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
                records.append(_record(line.decode("utf-8"), f"{path}:{number}"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read whole: {getattr(error, 'strerror', None) or error}") from None
    if not records:
        raise UsageError(f"{path}: holds no records")
    return records


def _record(line: str, where: str) -> Record:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON object: {error}") from None
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name != "steps"}
    try:
        record = from_json(Record, data, "record")
        _check(record)
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None
    return record


def _check(record: Record) -> None:
    if record.arch not in ARCHES:
        raise SchemaError("record.arch", f"one of {', '.join(ARCHES)}", record.arch)
    for name, pages, runs in (("before", record.pages, record.before), ("after", record.new_pages, record.after)):
        if not 0 < pages < 1 << 20:
            raise SchemaError(f"record.{'pages' if name == 'before' else 'new_pages'}", "1 to 2**20-1 pages", pages)
        for i, (value, count, step) in enumerate(runs):
            if not 0 <= value < 1 << 64 or count < 1 or count > pages or step not in (0, PAGE_SIZE, -PAGE_SIZE):
                raise SchemaError(
                    f"record.{name}[{i}]", "[raw value, count, step of 0 or one page]", [value, count, step]
                )
        if sum(count for _, count, _ in runs) != pages:
            raise SchemaError(f"record.{name}", f"{pages} entries in all", sum(count for _, count, _ in runs))
    for name in ("old_addr", "new_addr"):
        value = getattr(record, name)
        if value < 0 or value % PAGE_SIZE or value >= 1 << 56:
            raise SchemaError(f"record.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**56", value)


def entries(runs: Runs) -> list[int]:
    """Raw entries, one a page."""
    return [(first + i * step) & ((1 << 64) - 1) for first, count, step in runs for i in range(count)]
