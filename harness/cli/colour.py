# SPDX-License-Identifier: GPL-2.0-only
"""Colour for a terminal: verdicts, severities and the rows that differ. Other output stays plain text."""

import os
import re
from collections.abc import Mapping
from typing import TextIO

RED, YELLOW, GREEN, BOLD, END = "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
RULES = (
    (re.compile(r"\b(?:STILL DIVERGES|DIVERGES|UNEXPECTED|REGRESSION)\b"), RED),
    (re.compile(r"^[a-z-]+ \((?:critical|high)\)", re.MULTILINE), RED),
    (re.compile(r"\bINCONCLUSIVE\b|^[a-z-]+ \(medium\)", re.MULTILINE), YELLOW),
    (re.compile(r"\b(?:FIXES|FIXED|no difference found)\b"), GREEN),
    (re.compile(r"^> .*$", re.MULTILINE), BOLD),
)


def wanted(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` is a terminal that takes colour, and nobody asked for none (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def coloured(text: str) -> str:
    """`text`, which has no escapes of its own, with ours."""
    for pattern, colour in RULES:
        text = pattern.sub(rf"{colour}\g<0>{END}", text)
    return text
