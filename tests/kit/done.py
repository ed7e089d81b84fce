# SPDX-License-Identifier: GPL-2.0-only
"""What came of a command, and what runs one."""

from collections.abc import Callable
from typing import NamedTuple


class Done(NamedTuple):
    """A finished command."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]
