# SPDX-License-Identifier: GPL-2.0-only
"""Files as JSON objects, with errors that name the file."""

import json
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.models.inputs import MOST_JSON, read_bytes


def read_object(path: Path, expected: str) -> dict[str, Any]:
    """The JSON object in the file at `path`, which should be `expected`. Raises UsageError."""
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        raise UsageError(f"{path}: a recording, expected {expected}; pte-review replay runs recordings")
    try:
        text = read_bytes(path, MOST_JSON).decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text, expected {expected}") from None
    return parse_object(text, str(path), expected)


def parse_object(text: str, where: str, expected: str) -> dict[str, Any]:
    """The JSON object that `text` holds; `where` names it in errors. Raises UsageError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON file: {error}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{where}: expected {expected}")
    return data
