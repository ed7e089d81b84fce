# SPDX-License-Identifier: GPL-2.0-only
"""What a run remembers of an earlier one: fates by mutant, as long as nothing that decides them has changed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tests.sensitivity.judging import Fate

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".pte-review" / "sensitivity.json"
DECIDING = ("models", "strategies", "harness", "tests/sensitivity/judging.py")


def sources(root: Path = ROOT) -> str:
    """A hash of every file that makes or judges scenarios and versions."""
    digest = hashlib.sha256()
    for name in DECIDING:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{file.relative_to(root)}\0".encode())
            digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def load(path: Path, examples: int) -> dict[str, Fate]:
    """Fates by mutant that hold for these sources and `examples`; none if `path` has others, or nothing usable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["sources"] != sources() or data["examples"] != examples:
            return {}
        return {key: Fate(**fate) for key, fate in data["fates"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def save(path: Path, examples: int, fates: Mapping[str, Fate], of: str) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one. `of` is sources()."""
    path.parent.mkdir(exist_ok=True)
    data = {"sources": of, "examples": examples, "fates": {key: asdict(fate) for key, fate in fates.items()}}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105  # the atomic one, by its own name
