# SPDX-License-Identifier: GPL-2.0-only
"""What can be wrong with a kernel tree or a patch."""

from pte_review.models.version import VersionError

SHOWN = 72  # characters of a quoted line


class TreeError(VersionError):
    """A tree, revision or patch that cannot be used: one line that says what, where, what was expected."""


def quoted(line: str) -> str:
    """One line of a file for a message: in quotes, without its indentation, shortened, odd characters escaped."""
    text = line.strip(" \t\r\n").replace("\t", " ")
    shown = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return f'"{"".join(_printable(letter) for letter in shown)}"'


def _printable(letter: str) -> str:
    if " " <= letter <= "~":
        return letter
    return letter.encode("ascii", "backslashreplace").decode() if letter > "~" else f"\\x{ord(letter):02x}"
