# SPDX-License-Identifier: GPL-2.0-only
"""Which line of a mail, as it lies in the file, each line of its decoded patch comes from."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence

Numbered = tuple[int, bytes]  # line in the file from 1, text without its line end
LOOK_AHEAD = 1000  # lines between two lines of a patch


def located(mail: bytes, first: int, patch: Sequence[bytes], stuffed: bool = False) -> tuple[int | None, ...]:
    """For each line of `patch`, the file's line that it starts on; None where it was not found.

    `mail` is one mail, its first line is line `first` of the file; `stuffed`: lines that start with a blank, > or
    From have one blank more there (format=flowed).
    """
    decoded = [(number, line.rstrip(b"\r")) for number, line in _decoded(mail, first)]
    if stuffed:
        decoded = [(number, line.removeprefix(b" ")) for number, line in decoded]
    numbers: list[int | None] = []
    at = 0
    for line in patch:
        end = at + LOOK_AHEAD if numbers else len(decoded)
        match = next((i for i in range(at, min(end, len(decoded))) if decoded[i][1] == line.rstrip(b"\r")), None)
        numbers.append(None if match is None else decoded[match][0])
        at = at if match is None else match + 1
    return tuple(numbers)


def _decoded(mail: bytes, first: int) -> Iterator[Numbered]:
    """The lines of every part's body, decoded."""
    lines = list(enumerate(mail.split(b"\n"), first))
    header: list[bytes] = []
    body: list[Numbered] = []
    boundaries: list[bytes] = []
    in_header = True
    for number, line in [*lines, (0, None)]:
        if line is None or any(line.startswith(b"--" + boundary) for boundary in boundaries):
            yield from _body(b"\n".join(header), body)
            header, body, in_header = [], [], True
        elif in_header and not line.strip():
            in_header = False
            joined = re.sub(rb"\r?\n[ \t]+", b" ", b"\n".join(header))
            boundaries += re.findall(
                rb'^content-type:.*?boundary="?([^";\r\n]+)"?', joined, re.IGNORECASE | re.MULTILINE
            )
        elif in_header:
            header.append(line)
        else:
            body.append((number, line))


def _body(header: bytes, lines: Iterable[Numbered]) -> Iterator[Numbered]:
    encoding = re.search(rb"^content-transfer-encoding:\s*(\S+)", header, re.IGNORECASE | re.MULTILINE)
    name = encoding[1].lower() if encoding else b""
    if name == b"quoted-printable":
        return _quoted_printable(lines)
    return _base64(lines) if name == b"base64" else iter(lines)


def _quoted_printable(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    start, held = 0, b""
    for number, line in lines:
        start = start if held else number
        text = line.rstrip()
        if text.endswith(b"="):
            held += text[:-1]
        else:
            yield start, quopri.decodestring(held + text)
            held = b""


def _base64(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    start, held, letters = 0, b"", b""
    for number, line in lines:
        start = start if held else number
        letters += line.strip()
        whole = len(letters) // 4 * 4
        try:
            held += base64.b64decode(letters[:whole])
        except binascii.Error:
            return
        letters = letters[whole:]
        *complete, held = held.split(b"\n")
        for text in complete:
            yield start, text
            start = number
    if held:
        yield start, held
