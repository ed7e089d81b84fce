# SPDX-License-Identifier: GPL-2.0-only
"""What a person reads, as files: tests/data/golden/NAME.txt. UPDATE_GOLDEN=1 writes them anew instead of comparing."""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compare `text` with the golden file of that name."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="ascii")
    assert text == path.read_text(encoding="ascii"), f"differs from {path.name}: UPDATE_GOLDEN=1 writes it anew"
