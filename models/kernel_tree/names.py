# SPDX-License-Identifier: GPL-2.0-only
"""The files that a diff names in its headers, and how much of each name is the tree's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pte_review.models.kernel_tree.errors import TreeError, quoted
from pte_review.models.kernel_tree.tree import Tree

HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
PLAIN = ("rename from ", "rename to ", "copy from ", "copy to ")  # git writes these without a/ and b/
ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
NONE = "/dev/null"


@dataclass(frozen=True)
class Named:
    """One name in a header, as written there. `plain`: has no a/ or b/ ever."""

    raw: str
    old: bool  # of the file as it is before the patch
    plain: bool = False

    def stripped(self, strip: int) -> str:
        """Its path in the tree for `git apply -p<strip>`; empty where too little is left."""
        return self.raw if self.plain else "/".join(self.raw.split("/")[strip:])


def named(text: str) -> list[Named]:
    """Every name in the headers of the diff `text`, in order. Text that only looks like a header may add to it."""
    names: list[Named] = []
    old = new = 0
    for line in text.split("\n"):
        if (old > 0 or new > 0) and not line.startswith("\\"):
            old -= not line.startswith("+")
            new -= not line.startswith("-")
        elif hunk := HUNK.match(line):
            old, new = (1 if count is None else int(count) for count in hunk.groups())
        else:
            names += _in_header(line)
    return [name for name in names if name.raw != NONE]


def _in_header(line: str) -> Iterator[Named]:
    line = line.rstrip("\r")
    if line.startswith(("--- ", "+++ ")):
        yield Named(_unquoted(line[4:].partition("\t")[0]), line[0] == "-")
    elif line.startswith(PLAIN):
        words = line.split(" ", 2)
        yield Named(_unquoted(words[2]), words[1] == "from", plain=True)
    elif line.startswith("diff --git "):
        yield from (Named(_unquoted(half), False) for half in _halves(line.removeprefix("diff --git ")))


def _halves(both: str) -> list[str]:
    """The two names of a `diff --git` line: they are as long as each other, except in renames."""
    middle = len(both) // 2
    if len(both) % 2 and both[middle] == " ":
        return [both[:middle], both[middle + 1 :]]
    return re.findall(r'"(?:[^"\\]|\\.)*"|[^ ]+', both)


def _unquoted(name: str) -> str:
    """`name` without the C quotes that git puts around odd ones."""
    if not (len(name) > 1 and name.startswith('"') and name.endswith('"')):
        return name.rstrip()
    parts = re.findall(r"\\([0-7]{3})|\\(.)|([^\\]+)", name[1:-1], re.DOTALL)
    raw = b"".join(
        bytes([int(octal, 8) & 0xFF])
        if octal
        else bytes([ESCAPES[letter]])
        if letter in ESCAPES
        else (letter or rest).encode("utf-8", "surrogateescape")
        for octal, letter, rest in parts
    )
    return raw.decode("utf-8", "surrogateescape")


def strip_level(tree: Tree, text: str) -> int:
    """How many leading parts of the diff's names are not the tree's: 1 (a/mm/x.c) or 0 (mm/x.c)."""
    names = [name for name in named(text) if not name.plain]
    old = [name for name in names if name.old] or names
    for strip in (1, 0):
        paths = [name.stripped(strip) for name in old]
        if paths and all(is_inside(path) and tree.read(path) is not None for path in paths):
            return strip
    prefixed = any(name.raw.startswith(("a/", "b/")) for name in names)
    same = any(line.startswith("diff --git ") and len(set(_halves(line[11:]))) == 1 for line in text.split("\n"))
    return 0 if same and not prefixed else 1


def is_inside(path: str) -> bool:
    """Whether `path` is a plain relative path to something below the tree's top, and no part of git's own."""
    parts = path.split("/")
    odd = {"", ".", ".."}
    return "\0" not in path and not any(part in odd or part.lower() == ".git" for part in parts)


def check_inside(where: str, text: str, strip: int) -> None:
    """Raise TreeError, starting with `where`, if the diff names a file outside the tree."""
    for name in named(text):
        outside = name.raw.startswith("/") or ".." in PurePosixPath(name.raw).parts
        if outside or not is_inside(name.stripped(strip) or name.raw):
            raise TreeError(
                f"{where}: names {quoted(name.raw)}, which is outside the tree: "
                "expected paths from its top, such as a/mm/util.c"
            )
