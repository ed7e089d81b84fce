# SPDX-License-Identifier: GPL-2.0-only
"""What the caller got wrong: one clear line, exit status 2."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class UsageError(ValueError):
    """A call or an input file that is wrong: says what, where, what was expected. `details` go below, line by line."""

    details: tuple[str, ...] = ()


def unknown(what: str, got: object, known: Iterable[str]) -> UsageError:
    """`got` is no `what`: the nearest names, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(str(got), names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"expected one of {', '.join(names)}"
    return UsageError(f"no {what} {str(got)!r}: {hint}")


def check_save_dir(path: Path | None) -> None:
    """Raise UsageError unless --save `path` is a folder or can become one. Before the work."""
    if path is not None and path.exists() and not path.is_dir():
        raise UsageError(f"--save {path}: expected a folder")


def check_json_file(path: Path | None, inputs: Iterable[str | Path]) -> None:
    """Raise UsageError unless --json `path` can be written without spoiling one of the `inputs`. Before the work."""
    if path is None:
        return
    if path.resolve() in [Path(one).resolve() for one in inputs]:
        raise UsageError(f"--json {path}: that is a file to review or to compare with")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"--json {path}: expected a file in a folder that exists")
