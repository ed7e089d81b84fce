# SPDX-License-Identifier: GPL-2.0-only
"""Files of recordings: a line of JSON for each call of a function on a running kernel, .jsonl or .jsonl.gz."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from pte_review.harness.errors import UsageError
from pte_review.models.codec import SchemaError
from pte_review.models.config import Config
from pte_review.models.inputs import MOST_LINE, MOST_RECORDING, check_file, too_large

Record = TypeVar("Record")


class AnyRecord(Protocol):
    """What the record of any function says."""

    @property
    def kernel(self) -> str: ...

    @property
    def arch(self) -> str: ...

    @property
    def soft_dirty(self) -> bool: ...


def config_of(record: AnyRecord) -> Config:
    """The config of the kernel, as far as a record tells; any page frame may be RAM."""
    return Config(mem_soft_dirty=record.soft_dirty and record.arch == "x86_64", highest_memmap_pfn=(1 << 34) - 1)


def is_recording(path: Path) -> bool:
    """By its name."""
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def lines(path: Path) -> Iterator[str]:
    """The lines of a file. Raises UsageError."""
    opener = gzip.open if path.suffix == ".gz" else open
    size = 0
    try:
        check_file(path, MOST_RECORDING)
        with opener(path, "rb") as file:
            while line := file.readline(MOST_LINE + 1):
                size += len(line)
                if size > MOST_RECORDING or len(line) > MOST_LINE:
                    raise too_large(path, MOST_RECORDING if size > MOST_RECORDING else MOST_LINE)
                yield line.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read whole: {getattr(error, 'strerror', None) or error}") from None


def records_of(path: Path, record_of: Callable[[object], Record]) -> list[Record]:
    """The records of a file. Raises UsageError: which line, which field, what was expected."""
    records = [_record(line, f"{path}:{n}", record_of) for n, line in enumerate(lines(path), 1)]
    if not records:
        raise UsageError(f"{path}: holds no records")
    return records


def _record(line: str, where: str, record_of: Callable[[object], Record]) -> Record:
    data = _parsed(line, where)
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name not in ("function", "steps")}
    try:
        return record_of(data)
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None


def _parsed(line: str, where: str) -> object:
    try:
        data: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON object: {error}") from None
    return data


def function_of(path: Path) -> str:
    """The function that a recording says it is of; empty where it says none, as old ones do. Raises UsageError."""
    for line in lines(path):
        data = _parsed(line, f"{path}:1")
        return str(data.get("function", "")) if isinstance(data, dict) else ""
    return ""
