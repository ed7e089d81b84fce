# SPDX-License-Identifier: GPL-2.0-only
"""Why a patch does not apply: the hunk that git rejected, and what the tree has there."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

from pte_review.models.kernel_tree.applying import Rejection
from pte_review.models.kernel_tree.damage import damaged, difference
from pte_review.models.kernel_tree.errors import quoted
from pte_review.models.kernel_tree.git import complaint
from pte_review.models.kernel_tree.names import Named
from pte_review.models.kernel_tree.patch import Patch
from pte_review.models.kernel_tree.tree import Tree

FAILED = re.compile(r"^error: patch failed: (.+):(\d+)$", re.MULTILINE)
MISSING = re.compile(r"^error: (.+): No such file or directory$", re.MULTILINE)
EXISTS = re.compile(r"^error: (.+): already exists in working directory$", re.MULTILINE)
COMMON = 200  # a line that stands in the tree more often says nothing of where a hunk belongs


@dataclass(frozen=True)
class Hunk:
    """One hunk of a patch on one file. `lines` are those the tree must have, each with its line in the diff."""

    number: int  # from 1, in its file
    header: str
    start: int  # the line in the old file that its header names
    lines: tuple[tuple[int, str], ...]


def explained(tree: Tree, patch: Patch, rejection: Rejection) -> str:
    """What is wrong, without the patch's name: git rejected `patch` on `tree`."""
    if failed := FAILED.search(rejection.stderr):
        others = sorted({name for name, _ in FAILED.findall(rejection.stderr)} - {failed[1]})
        also = f"; nor does it in {', '.join(others)}" if others else ""
        text = tree.read(failed[1])
        hunks = [hunk for hunk in _hunks(patch, failed[1], rejection.strip) if hunk.start == int(failed[2])]
        base = text.split("\n") if text is not None else []
        messages = (_message(tree, patch, failed[1], hunk, base) for hunk in hunks if text is not None)
        if first := next(filter(None, messages), None):  # of many hunks the first is enough
            return first + also
        return f"does not apply: {failed[1]}:{failed[2]}: git apply rejects the hunk there{also}"
    if missing := MISSING.search(rejection.stderr):
        return f"does not apply: {tree.label} has no {missing[1]}; expected paths from the top of the tree"
    if exists := EXISTS.search(rejection.stderr):
        return f"does not apply: creates {exists[1]}, which {tree.label} has"
    return f"does not apply: {complaint(rejection.stderr)}"


def _hunks(patch: Patch, file: str, strip: int) -> list[Hunk]:
    """The hunks of `patch` on `file`; none where unidiff cannot read what git can."""
    try:
        from unidiff.errors import UnidiffParseError
        from unidiff.patch import PatchSet
    except ImportError:  # of an optional extra: messages are poorer without
        return []
    try:
        parsed = PatchSet.from_string(patch.text)
    except UnidiffParseError:
        return []
    return [
        Hunk(
            number,
            f"@@ -{hunk.source_start},{hunk.source_length} +{hunk.target_start},{hunk.target_length} @@",
            hunk.source_start,
            tuple((line.diff_line_no or 0, line.value.removesuffix("\n")) for line in hunk.source_lines()),
        )
        for parsed_file in parsed
        if file
        in (Named(parsed_file.source_file, True).stripped(strip), Named(parsed_file.target_file, False).stripped(strip))
        for number, hunk in enumerate(parsed_file, 1)
    ]


def _message(tree: Tree, patch: Patch, file: str, hunk: Hunk, base: list[str]) -> str | None:
    """The first line of `hunk` that the file's lines `base` do not have; None where they have them all."""
    wanted = [text for _, text in hunk.lines]
    at = _place([_squeezed(text) for text in wanted], [_squeezed(text) for text in base], hunk.start - 1)
    place = _first_difference([_squeezed(text) for text in wanted], [_squeezed(text) for text in base], at)
    where = f"hunk {hunk.number} ({hunk.header})"
    if place is None:
        for (number, text), has in zip(hunk.lines, base[at:], strict=False):
            if text != has:
                return damaged(patch, number, f"{difference(text, has)} ({file}:{base.index(has, at) + 1}, {where})")
        return (
            f"does not apply: {file}:{at + 1}: {where} is found there, but a hunk with fewer lines before or after its "
            "change than git writes must be at the start or end of the file; try git format-patch"
        )
    index, line = place
    number, text = hunk.lines[index]
    has = quoted(base[line]) if line < len(base) - (base[-1] == "") else "no such line: the file ends"
    if line < len(base) and _is_wrapped(patch, number, text, base[line]):
        return damaged(patch, number + 1, f"{quoted(patch.text.split(chr(10))[number])} is the rest of the line above")
    after = f" after {tree.patches[-1].name}" if tree.patches else ""
    return f"does not apply: {file}:{line + 1}: {where} expects {quoted(text)}, the tree{after} has {has}"


def _squeezed(line: str) -> str:
    return "".join(line.split())


def _place(wanted: list[str], base: list[str], near: int) -> int:
    """The index in `base` where most lines of `wanted` fit; the nearest to `near` of those."""
    places: dict[str, list[int]] = {}
    for index, line in enumerate(base):
        places.setdefault(line, []).append(index)
    fits = Counter(
        index - offset
        for offset, line in enumerate(wanted)
        if len(places.get(line, ())) <= COMMON
        for index in places.get(line, ())
        if index >= offset
    )
    most = max(fits.values(), default=0)
    return min((at for at, count in fits.items() if count == most), key=lambda at: abs(at - near), default=max(near, 0))


def _first_difference(wanted: list[str], base: list[str], at: int) -> tuple[int, int] | None:
    """Where `wanted` first differs from `base` around `at`: its index and the one in `base`. None if it does not."""
    if base[at : at + len(wanted)] == wanted:
        return None
    first = max(0, at - len(wanted))
    window = base[first : at + 2 * len(wanted)]
    for kind, start, stop, there, end in SequenceMatcher(None, wanted, window, autojunk=False).get_opcodes():
        if kind == "replace" and start == 0:  # what is in front of the hunk is part of what it "replaces"
            return 0, at if stop == len(wanted) else max(first + end - stop, 0)
        if kind in ("replace", "delete") or (kind == "insert" and 0 < start < len(wanted)):
            return start, first + there
    return None


def _is_wrapped(patch: Patch, number: int, text: str, has: str) -> bool:
    """Whether line `number` (from 1) of the diff starts as the tree's line `has`, and the next one is its rest."""
    lines, start, whole = patch.text.split("\n"), _squeezed(text), _squeezed(has)
    rest = whole.removeprefix(start)
    return "" != rest != whole and number < len(lines) and _squeezed(lines[number]) == rest
