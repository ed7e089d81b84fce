# SPDX-License-Identifier: GPL-2.0-only
"""What the caller got wrong: one clear line, exit status 2."""

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """A call or an input file that is wrong: says what, where, what was expected. `details` go below, line by line."""

    details: tuple[str, ...] = ()


def unknown(what: str, got: object, known: Iterable[str]) -> UsageError:
    """`got` is no `what`: the nearest names, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(str(got), names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"expected one of {', '.join(names)}"
    return UsageError(f"no {what} {str(got)!r}: {hint}")
