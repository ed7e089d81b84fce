# SPDX-License-Identifier: GPL-2.0-only
"""Records of one change of protection by hand."""

import json
from pathlib import Path
from typing import Any

from pte_review.harness.subjects.change_pte_range.recordings.recording import ChangeRecord, read
from tests.kit.build import page

TABLE = 512 * 4096
ADDR = 64 * TABLE


def record(**changes: Any) -> dict[str, Any]:
    """One page that becomes read-only."""
    return {
        "function": "change_pte_range", "kernel": "6.18.0", "arch": "x86_64", "soft_dirty": False, "mapping": "anon",
        "addr": ADDR, "pages": 1, "caller": "mprotect", "protection": "r", "first": 0, "end": 1, "uffd": False,
        "notified": False, "tracked": False, "before": [[page("x86_64", 0x400, "W"), 1, 0]],
        "after": [[page("x86_64", 0x400, ""), 1, 0]], "vmas": [[0, 1, "rw-p"]], "whole": [],
        "folios": [[0x400, 0, True]], "exclusive": [[0x400, 0x401]], "steps": [], **changes,
    }  # fmt: skip


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "a.jsonl"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    return path


def only(folder: Path, **changes: Any) -> ChangeRecord:
    return read(write(folder, record(**changes)))[0]
