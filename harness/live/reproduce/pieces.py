# SPDX-License-Identifier: GPL-2.0-only
"""Extracts from C files the functions and constants that a text needs, and those that these need in turn."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent / "c"
LICENSE = "// SPDX-License-Identifier"
INCLUDE = re.compile(r"^#include (<.*>)$", re.MULTILINE)
NAMES = re.compile(r"\b[A-Za-z_]\w*\b")
NOT_CODE = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# Names that a piece gives: of a macro, of a structure, of variables, of a function.
MACRO = re.compile(r"^#define\s+(\w+)", re.MULTILINE)
STRUCT = re.compile(r"^struct (\w+) \{", re.MULTILINE)
DECLARED = re.compile(r"(\w+)(?=\s*(?:=|;|,|\[))")
INITIAL = re.compile(r"=[^,;]*")
HEADER = re.compile(r"^static .*\)$", re.MULTILINE)
CALLED = re.compile(r"(\w+)\(")


@dataclass(frozen=True)
class CPiece:
    """A function with its comment, or one of the constants of a paragraph."""

    text: str
    comment: str  # above its paragraph
    paragraph: tuple[Path, int]
    gives: frozenset[str]
    asks: frozenset[str]
    includes: tuple[str, ...]  # of its file


@cache
def pieces_of(path: Path) -> tuple[CPiece, ...]:
    """The pieces of one file, in its order."""
    text = path.read_text(encoding="utf-8")
    includes = tuple(INCLUDE.findall(text))
    body = INCLUDE.sub("", text.partition("\n")[2] if text.startswith(LICENSE) else text)
    return tuple(
        piece for n, paragraph in enumerate(_paragraphs(body)) for piece in _pieces(paragraph, (path, n), includes)
    )


def _paragraphs(text: str) -> Iterator[str]:
    """What stands between empty lines; a function or an #ifndef as one, with the empty lines in it."""
    begun = ""
    for block in re.split(r"\n{2,}", text.strip("\n")):
        begun = f"{begun}\n\n{block}" if begun else block
        lines = begun.splitlines()
        depth = sum(line == "{" or line.startswith("#if") for line in lines)
        if depth == sum(line == "}" or line.startswith("#endif") for line in lines):
            yield begun
            begun = ""
    assert not begun, begun


def _pieces(text: str, paragraph: tuple[Path, int], includes: tuple[str, ...]) -> Iterator[CPiece]:
    above = COMMENT.match(text)
    comment = above[0] if above else ""
    body = text[len(comment) :].lstrip("\n")
    constants = body.splitlines() if all(line.startswith("#define") for line in body.splitlines()) else [body]
    for each in constants:
        code = NOT_CODE.sub("", each)
        gives = frozenset(_given(code))
        asks = frozenset(NAMES.findall(code)) - gives
        yield CPiece(each, comment, paragraph, gives, asks, includes)


def _given(code: str) -> Iterator[str]:
    yield from MACRO.findall(code)
    yield from STRUCT.findall(code)
    header = HEADER.search(code)
    if header:
        yield next(name for name in CALLED.findall(header[0]) if name != "__attribute__")
    elif code.startswith("static"):
        yield from DECLARED.findall(INITIAL.sub("=", code))


def names_in(code: str) -> set[str]:
    """The names in a text of C."""
    return set(NAMES.findall(NOT_CODE.sub("", code)))


def needed(text: str, files: Iterable[Path]) -> list[CPiece]:
    """The pieces of `files` that `text` and those pieces name, in the order of the files."""
    pieces = [piece for path in files for piece in pieces_of(path)]
    wanted, asked = set[CPiece](), names_in(text)
    while more := [piece for piece in pieces if piece not in wanted and piece.gives & asked]:
        wanted.update(more)
        asked.update(*(piece.asks for piece in more))
    return [piece for piece in pieces if piece in wanted]


def paragraphs(pieces: Iterable[CPiece]) -> list[str]:
    """The text of pieces, with the comments above their paragraphs."""
    grouped = [list(group) for _, group in groupby(pieces, key=lambda piece: piece.paragraph)]
    return [
        "\n".join([*([group[0].comment] if group[0].comment else []), *(piece.text for piece in group)])
        for group in grouped
    ]
