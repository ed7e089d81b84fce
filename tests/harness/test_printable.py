# SPDX-License-Identifier: GPL-2.0-only
"""What a stranger wrote does nothing to the terminal of whoever reads it."""

import io

import pytest

from pte_review.harness.printable import Printable, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ttwo\nthree", "one\ttwo\nthree"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\r\x00\x7f\x9b", r"\r\x00\x7f\x9b"),
        ("right \u202e left", r"right \u202e left"),
        ("\udc80", r"\udc80"),
        ("Müller, 内存", "Müller, 内存"),
    ],
)
def test_what_is_shown(text, shown):
    assert printable(text) == shown
    stream = io.StringIO()
    Printable(stream).writelines([text])
    assert stream.getvalue() == shown
