# SPDX-License-Identifier: GPL-2.0-only
"""C that makes the compiler read a file. None of it is needed: what a tree's function uses is put together here.

What is kept of a tree has no #include any more, unless somebody hid one where no kernel has it.
"""

import re
from collections.abc import Iterator

from pte_review.models.kernel_tree.errors import TreeError

COMMENT_OR_LITERAL = re.compile(r"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
DIRECTIVE = re.compile(r"\s*(?:#|%:|\?\?=)\s*(include\w*|import|embed)\b")
EMBED = re.compile(r"\b__has_embed\b")
PRAGMA = re.compile(
    r"\b(?:_Pragma|__pragma)\b(?!\s*\(\s*\"(?:GCC|clang) diagnostic )|^\s*(?:#|%:)\s*pragma\s+\w+\s+(?:dependency|pch)"
)
# Of the assembler; macros of its own could put one together.
IN_ASM = re.compile(r"\.\s*(?:incbin|include|macro|irpc?|altmacro|rept)\b", re.IGNORECASE)
ESCAPED = re.compile(r"\\x([0-9A-Fa-f]+)|\\([0-7]{1,3})")
STRINGS = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')


def refuse_file_readers(path: str, text: str, label: str) -> None:
    """Raise TreeError for the first place in `text`, which stands in file `path`, that names another file."""
    for line, what in _readers(text):
        raise TreeError(f"{label}: {path}:{line}: {what} is refused: nothing that is compiled reads another file")


def _readers(text: str) -> Iterator[tuple[int, str]]:
    code = COMMENT_OR_LITERAL.sub(_blank, text)
    for line, logical in _logical_lines(code):
        if not logical or logical.isspace():  # most lines: what is not kept of a file is blanks
            continue
        if match := DIRECTIVE.match(logical):
            yield line, f"#{match[1]}"
        if match := EMBED.search(logical) or PRAGMA.search(logical):
            yield line, match[0].strip()
    for strings in STRINGS.finditer(code.replace("\\\n", "  ")):
        joined = "".join(_decoded(part) for part in re.findall(r'"((?:\\.|[^"\\\n])*)"', strings[0]))
        if match := IN_ASM.search(joined):
            yield code[: strings.start()].count("\n") + 1, f"the directive {match[0]} in a string"


def _blank(match: re.Match[str]) -> str:
    """A comment as blanks, with its lines; a literal as it is."""
    return match[0] if match[0][0] in "\"'" else " " + "\n" * match[0].count("\n")


def _logical_lines(code: str) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues them by, and the number of the first."""
    whole, first = "", 1
    for number, line in enumerate(code.split("\n"), 1):
        first = number if not whole else first
        whole += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield first, whole
            whole = ""


def _decoded(literal: str) -> str:
    """What a string literal holds, as far as letters and dots are concerned."""
    code = ESCAPED.sub(lambda m: chr(int((m[1] or m[2])[-4:], 16 if m[1] else 8) & 0xFF), literal)
    return re.sub(r"\\(.)", r" \1", code, flags=re.DOTALL)
