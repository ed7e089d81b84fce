# SPDX-License-Identifier: GPL-2.0-only
"""The hunk of a patch that has a line of the patched file: what a reply quotes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from pte_review.models.kernel_tree.applying import applied
from pte_review.models.kernel_tree.names import Named, strip_level
from pte_review.models.kernel_tree.patch import Patch
from pte_review.models.kernel_tree.tree import Tree

MOST_LINES = 20_000  # of a file: comparing longer ones takes too long
BEFORE, AFTER = 12, 3  # lines quoted around the one that is meant
CUT = "[...]"
ENDS = (";", "{", "}")  # of a statement


@dataclass(frozen=True)
class PlacedHunk:
    """One hunk on one file: its header, its lines as the patch has them, and which of them are in the new file."""

    patch: Patch
    name: str  # of the file, as the patch has it
    header: str
    lines: tuple[str, ...]  # each with its blank, + or -
    start: int  # of the new file: the index of its first line

    @property
    def after(self) -> list[str]:
        """The lines that the new file has."""
        return [line[1:] for line in self.lines if line[:1] != "-"]

    def distance(self, index: int) -> int:
        """How far line `index` of the new file is from it; 0 if it has that line."""
        return max(self.start - index, index - (self.start + len(self.after) - 1), 0)

    def quoted(self, index: int) -> list[str]:
        """Header and lines up to the statement that line `index` of the new file begins; long hunks are cut.

        Where it does not have that line, up to its last change.
        """
        if self.distance(index):
            end = at = max((i for i, line in enumerate(self.lines) if line[:1] in "+-"), default=len(self.lines) - 1)
        else:
            end = at = [i for i, line in enumerate(self.lines) if line[:1] != "-"][index - self.start]
            while end + 1 < len(self.lines) and end < at + AFTER and not self.lines[end].rstrip().endswith(ENDS):
                end += 1
        first = max(0, at - BEFORE)
        cut = [CUT] if first else []
        return [f"+++ {self.name}", self.header, *cut, *self.lines[first : end + 1]]


class Quote(NamedTuple):
    """Lines of a patch; `has_line`: the one that was asked for is the last statement of them."""

    patch: Patch
    lines: list[str]
    has_line: bool


def quoted_hunk(tree: Tree, place: str) -> Quote | None:
    """The hunk of `tree`'s patches that last wrote around `place`, FILE:LINE of the patched file.

    Where no hunk has that line, the nearest one; None where there is none on that file.
    """
    file, _, number = place.rpartition(":")
    texts = list(_texts(tree, file))
    index: int | None = int(number) - 1
    near: list[tuple[int, Quote]] = []
    for step in reversed(range(len(tree.patches))):
        if index is None or any(distance == 0 for distance, _ in near):
            break
        for hunk in _hunks(tree, tree.patches[step], file, texts[step + 1]):
            distance = hunk.distance(index)
            near.append((distance, Quote(hunk.patch, hunk.quoted(index), distance == 0)))
        index = _before(texts[step], texts[step + 1], index)
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _texts(tree: Tree, file: str) -> Iterator[list[str]]:
    """The lines of `file` before the first patch, and after each."""
    current = replace(tree, overlay={}, patches=())
    yield (current.read(file) or "").split("\n")
    for patch in tree.patches:
        step = applied(current, patch)
        current = step if isinstance(step, Tree) else current
        yield (current.read(file) or "").split("\n")


def _before(old: Sequence[str], new: Sequence[str], index: int) -> int | None:
    """The index in `old` of line `index` of `new`; None if that is a new line, or the files are too long."""
    if max(len(old), len(new)) > MOST_LINES:
        return None
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if block.b <= index < block.b + block.size:
            return block.a + index - block.b
    return None


def _hunks(tree: Tree, patch: Patch, file: str, text: Sequence[str]) -> Iterator[PlacedHunk]:
    """The hunks of `patch` on `file`, as they lie in `text`; none where unidiff cannot read what git can."""
    from unidiff.errors import UnidiffParseError  # of an optional extra, which kernel text needs anyway
    from unidiff.patch import PatchSet

    try:
        parsed = PatchSet.from_string(patch.text)
    except UnidiffParseError:
        return
    strip = strip_level(tree, patch.text)
    for parsed_file in parsed:
        if Named(parsed_file.target_file, False).stripped(strip) == file:
            for hunk in parsed_file:
                lines = tuple(_lines(hunk, hunk.source_length, hunk.target_length))
                head = f"@@ -{hunk.source_start},{hunk.source_length} +{hunk.target_start},{hunk.target_length} @@"
                name = parsed_file.target_file
                shown = PlacedHunk(patch, name, f"{head} {hunk.section_header}".rstrip(), lines, hunk.target_start - 1)
                yield from _placed(shown, text)


def _lines(hunk: Iterable[Any], old: int, new: int) -> Iterator[str]:
    """The lines of a hunk with `old` and `new` lines of the files. unidiff takes empty ones behind it for its own."""
    for line in hunk:
        if line.line_type == "\\":  # no newline at the end of the file
            continue
        if old <= 0 and new <= 0:
            return
        old -= line.line_type != "+"
        new -= line.line_type != "-"
        yield f"{line.line_type or ' '}{line.value}".removesuffix("\n")


def _placed(hunk: PlacedHunk, text: Sequence[str]) -> Iterator[PlacedHunk]:
    """`hunk` where its lines stand in `text`, nearest to where its header says."""
    after = hunk.after
    fits = (
        at for at in range(len(text) - len(after) + 1) if text[at] == after[0] and text[at : at + len(after)] == after
    )
    if not after:
        return
    at = min(fits, key=lambda place: abs(place - hunk.start), default=None)
    if at is not None:
        yield replace(hunk, start=at)
