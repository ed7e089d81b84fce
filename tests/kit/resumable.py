# SPDX-License-Identifier: GPL-2.0-only
"""What long runs keep of themselves: a JSON file that an interruption leaves whole, a digest of what decides them."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DECIDING = ("models", "strategies", "harness")


def state_file(name: str) -> Path:
    """Where a run called `name` keeps its progress."""
    return ROOT / ".pte-review" / f"{name}.json"


def digest(*more: str, root: Path = ROOT) -> str:
    """16 hex digits of every file that makes or judges scenarios and versions, and of `more` files or folders."""
    found = hashlib.sha256()
    for name in (*DECIDING, *more):
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(f"{file.relative_to(root)}\0".encode())
            found.update(file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def save(path: Path, data: dict[str, Any]) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105  # the atomic one, by its own name
