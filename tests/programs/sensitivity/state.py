# SPDX-License-Identifier: GPL-2.0-only
"""What a run remembers of an earlier one: fates by mutant, as long as nothing that decides them has changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tests.kit import resumable
from tests.programs.sensitivity.judging import Fate
from tests.programs.studied import STUDIES

# Beside the package: how mutants are judged, and what the subjects hand in.
DECIDING = (
    "tests/programs/sensitivity/judging.py",
    *(str(Path("tests", "subjects", name, "study.py")) for name in STUDIES),
)
STATE = resumable.state_file("sensitivity")


def sources(root: Path = resumable.ROOT) -> str:
    """A digest of what decides a fate."""
    return resumable.digest(*DECIDING, root=root)


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
    """Keep `fates` in `path`. `of` is sources()."""
    kept = {key: asdict(fate) for key, fate in fates.items()}
    resumable.save(path, {"sources": of, "examples": examples, "fates": kept})
