# SPDX-License-Identifier: GPL-2.0-only
"""Text of strangers on a terminal: what would move the cursor, hide or reorder it is shown as an escape."""

import re
from collections.abc import Callable
from typing import Any, TextIO

# Control characters but for tab and newline, what orders text from right to left, separators of lines, lone surrogates.
NOT_PRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` with an escape in place of each character that is none for a reader."""
    return NOT_PRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


class Printable:
    """A text stream that shows what is written to it as printable() does. For everything else it is the stream."""

    def __init__(self, stream: TextIO, finish: Callable[[str], str] = str) -> None:
        self._stream = stream
        self._finish = finish  # what is done last, with what a reader sees

    def write(self, text: str) -> int:
        """Write, and return how many characters were given."""
        self._stream.write(self._finish(printable(text)))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
