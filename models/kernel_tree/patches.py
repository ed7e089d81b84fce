# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees with patches applied, as `git apply` and `git am` would, on copies. The tree itself is not touched."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pte_review.models.kernel_tree.applying import Rejection, all_applied, applied, touched
from pte_review.models.kernel_tree.brought import label
from pte_review.models.kernel_tree.damage import misshapen
from pte_review.models.kernel_tree.errors import TreeError, quoted
from pte_review.models.kernel_tree.files import BATCH, READ
from pte_review.models.kernel_tree.mails import read_patches
from pte_review.models.kernel_tree.patch import Patch
from pte_review.models.kernel_tree.rejects import explained
from pte_review.models.kernel_tree.series import Series
from pte_review.models.kernel_tree.tree import Tree

NAMED = 4  # other files that a message names


def patched(tree: Tree, files: Sequence[Path], file: str) -> Tree:
    """`tree` with the patches of each of `files` on top, in order: diffs, mails or mboxes.

    Of a series, patches that touch neither `file` nor a file of READ are left out, which the result's `notes` say.
    Raises TreeError if one is no patch, does not apply, or if none touches such a file.
    """
    read = {file, *READ}
    series = [read_patches(name) for name in files]
    names = {patch: _touched(tree, patch) for mails in series for patch in mails.patches}
    if files and not any(read.intersection(touched) for touched in names.values()):
        others = sorted({name for touched in names.values() for name in touched})
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        raise TreeError(
            f"{', '.join(map(label, files))}: touches other files only: {', '.join(others[:NAMED])}{more}; "
            f"the function under review is in {file}, unless --subject names another; of other files, "
            f"{', '.join(BATCH)} and the headers of entries "
            "are read (docs/kernel-trees.md)"
        )
    chosen = (
        [patch for patch in mails.patches if len(mails.patches) == 1 or read.intersection(names[patch])]
        for mails in series
    )
    wanted = [patches for patches in chosen if patches]
    result = replace(tree, notes=tuple(_notes(files, series, names, file)))
    for index, patches in enumerate(wanted):
        for patch in patches:
            step = applied(result, patch)
            if isinstance(step, Rejection):
                raise TreeError(_refused(tree, wanted[: index + 1], result, patch, step))
            result = step
    return result


def _notes(
    files: Sequence[Path], series: Sequence[Series], names: Mapping[Patch, Collection[str]], file: str
) -> Iterator[str]:
    """What is said of FILEs with more than one mail: which patch changes what, and what is left out."""
    for name, mails in zip(files, series, strict=True):
        lines = list(mails.beside)
        for patch in mails.patches if len(mails.patches) > 1 else ():
            changed = [path for path in (file, *READ) if path in names[patch]]
            what = f"changes {', '.join(changed)}" if changed else "changes no file that is read: left out"
            lines.append(f"{quoted(patch.subject)} {what}")
        if lines:
            yield f"{label(name)}: {'; '.join(lines)}"


def _touched(tree: Tree, patch: Patch) -> list[str]:
    names = touched(tree, patch)
    if isinstance(names, Rejection):
        raise TreeError(misshapen(patch, names))
    return names


def _refused(tree: Tree, series: Sequence[Sequence[Patch]], now: Tree, patch: Patch, rejection: Rejection) -> str:
    """The message for `patch`, of the last of `series`, that does not apply to `now`."""
    *earlier, last = series
    whole = isinstance(applied(now, patch, "--reverse"), Tree) or (
        patch is last[0] and all_applied(now, last[::-1], "--reverse") is not None
    )
    against = _in_conflict(tree, earlier, last[: last.index(patch) + 1])
    if whole:
        by = f"{against} makes the same change" if against else f"{now.label} has its change; try without it"
        return f"{patch.where}: is already applied: {by}"
    why = explained(now, patch, rejection)
    if against:
        return f"{patch.where}: conflicts with {against}: it applies without that, but not after it: {why}"
    return f"{patch.where}: {why}"


def _in_conflict(tree: Tree, earlier: Sequence[Sequence[Patch]], last: Sequence[Patch]) -> str | None:
    """The FILE without which `last` applies; the files, if only without all of them; None if never."""
    for skipped in reversed(range(len(earlier))):
        others = [patch for i, patches in enumerate(earlier) if i != skipped for patch in patches]
        if all_applied(tree, [*others, *last]) is not None:
            return label(earlier[skipped][0].file)
    if len(earlier) > 1 and all_applied(tree, last) is not None:
        return ", ".join(label(patches[0].file) for patches in earlier)
    return None
