# SPDX-License-Identifier: GPL-2.0-only
"""One patch: a diff, and where in the user's FILE it stands."""

import re
from dataclasses import dataclass, field
from pathlib import Path

DIFF = re.compile(r"^(?:diff --git |--- [^\n]*\n\+\+\+ )", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Patch:
    """A diff as git apply takes it. `lines[n]` is the line of `file` that its line n (from 0) comes from."""

    file: Path
    name: str  # how people know it: the file's name, for one of several mails with its subject
    where: str  # what messages start with: `file`, for one of several mails with its subject
    text: str
    lines: tuple[int | None, ...]
    flowed: bool = False  # a format=flowed mail
    subject: str = ""  # of the mail that it came in
    mail: bytes = field(default=b"", repr=False)  # the whole of it; empty for a plain diff

    message_id: str = ""

    @property
    def raw(self) -> bytes:
        """The diff's bytes."""
        return self.text.encode("utf-8", "surrogateescape")

    def line(self, number: int) -> str:
        """What to call line `number` (from 1) of the diff: "line N" of the user's file where that is known."""
        at = self.lines[number - 1] if 0 < number <= len(self.lines) else None
        return f"line {at}" if at else f"line {number} of its diff"


def has_diff(text: str) -> bool:
    """Whether `text` holds a diff that git would see."""
    return DIFF.search(text) is not None
