# SPDX-License-Identifier: GPL-2.0-only
"""Records of one mremap() by hand."""

import json
from pathlib import Path
from typing import Any

from pte_review.harness.subjects.move_ptes.recordings.recording import Record, read
from tests.kit.build import x86

PMD = 512 * 4096
OLD, NEW = 64 * PMD, 96 * PMD


def record(**changes: Any) -> dict[str, Any]:
    """One anonymous page of an x86_64 kernel that moved as it should."""
    moved = x86("P US NX RW D A", 0x1234)
    return {
        "kernel": "6.16.0", "arch": "x86_64", "soft_dirty": False, "mapping": "anon", "old_addr": OLD, "new_addr": NEW,
        "pages": 1, "new_pages": 1, "clears_uffd_wp": False, "mremap_flags": 3, "steps": [],
        "before": [[moved, 1, 0]], "after": [[moved, 1, 0]], **changes,
    }  # fmt: skip


def none(pages: int) -> dict[str, Any]:
    return {"pages": pages, "new_pages": pages, "before": [[0, pages, 0]], "after": [[0, pages, 0]]}


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def only(tmp_path: Path, **changes: Any) -> Record:
    return read(write(tmp_path / "a.jsonl", record(**changes)))[0]
