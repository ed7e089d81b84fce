# SPDX-License-Identifier: GPL-2.0-only
"""Defaults out of a file: `.pte-review.toml`, or [tool.pte-review] of pyproject.toml, the nearest one from here upward.

A file that lies in a kernel tree or belongs to somebody else is passed over: patches and archives can bring one.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.models.inputs import MIB, read_bytes

OWN, SHARED = ".pte-review.toml", "pyproject.toml"
KEYS: dict[str, tuple[type, ...]] = {"tree": (str,), "contract": (str,), "seconds": (int, float)}
SHOWN = {"tree": "a path", "contract": "a name", "seconds": "a number"}
OF_A_KERNEL = ("MAINTAINERS", "Kbuild", "mm")  # what the top of a kernel tree has


@dataclass(frozen=True)
class Settings:
    """What `file` says; a path in it counts from its folder. Nothing where there is no such file."""

    file: Path | None = None
    tree: Path | None = None
    contract: str | None = None
    seconds: float | None = None

    @property
    def defaults(self) -> dict[str, dict[str, Any]]:
        """Of options, by command and name."""
        contract = {"contract": self.contract} if self.contract is not None else {}
        seconds = {"seconds": self.seconds} if self.seconds is not None else {}
        return {"check": {**contract, **seconds}, "exhaust": contract}


def settings_here() -> Settings:
    """Those of the working directory. Raises UsageError where a file is wrong."""
    try:
        return settings(Path.cwd())
    except FileNotFoundError:  # it is gone
        return Settings()


def settings(start: Path) -> Settings:
    """Those of the nearest file from folder `start` upward. Raises UsageError where it is wrong."""
    for folder in (start, *start.parents):
        for name in (OWN, SHARED):
            file = folder / name
            if _trusted(file, folder) and (table := _table(file)) is not None:
                return _settings(file, table)
    return Settings()


def _trusted(file: Path, folder: Path) -> bool:
    """Whether it is there, and the user wrote it as far as that can be told."""
    try:
        if not file.is_file() or all((folder / name).exists() for name in OF_A_KERNEL):
            return False
        return file.stat().st_uid in (os.getuid(), 0)
    except OSError:  # a folder that the user may not look into
        return False


def _table(file: Path) -> dict[str, Any] | None:
    """The file's table of ours; None where a file that is not ours alone has none."""
    own = file.name == OWN
    try:
        data = tomllib.loads(read_bytes(file, MIB).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if own:
            raise UsageError(f"{file}: cannot be read: {error}") from None
        return None
    table = data if own else data.get("tool", {}).get("pte-review") if isinstance(data.get("tool"), dict) else None
    return table if isinstance(table, dict) else None


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    for key, value in table.items():
        if key not in KEYS:
            raise UsageError(
                f"{file}: {key!r}: expected {', '.join(KEYS)}; other options are for the command line alone"
            )
        if not isinstance(value, KEYS[key]) or isinstance(value, bool) or value == "":
            raise UsageError(f"{file}: {key}: expected {SHOWN[key]}, got {value!r:.60}")
    tree = table.get("tree")
    seconds = float(table["seconds"]) if "seconds" in table else None
    return Settings(
        file, file.parent / Path(tree).expanduser() if tree is not None else None, table.get("contract"), seconds
    )
