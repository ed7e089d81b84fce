# SPDX-License-Identifier: GPL-2.0-only
"""`git apply` on a temporary copy of the files that a patch names."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pte_review.models.kernel_tree.git import git, stderr_of
from pte_review.models.kernel_tree.names import check_inside, is_inside, named, strip_level
from pte_review.models.kernel_tree.patch import Patch
from pte_review.models.kernel_tree.tree import Tree


@dataclass(frozen=True)
class Rejection:
    """Why git refused a patch, in its words."""

    stderr: str
    strip: int  # leading parts of the diff's names that are not the tree's


def touched(tree: Tree, patch: Patch) -> list[str] | Rejection:
    """The files that `patch` names, as git reads it. Raises TreeError if one is outside the tree."""
    strip = strip_level(tree, patch.text)
    with tempfile.TemporaryDirectory(prefix="pte-review-") as name:
        folder = Path(name)
        process = git(["apply", "--numstat", f"-p{strip}"], folder, patch.raw, ceiling=folder.parent)
    check_inside(patch.where, patch.text, strip)
    if process.returncode:
        return Rejection(stderr_of(process), strip)
    return list(dict.fromkeys(name.stripped(strip) for name in named(patch.text)))


def applied(tree: Tree, patch: Patch, *options: str) -> Tree | Rejection:
    """`tree` with `patch` on top, by `git apply` with `options`; what git said if it refused. All or nothing."""
    strip = strip_level(tree, patch.text)
    check_inside(patch.where, patch.text, strip)
    names = {name.stripped(strip) for name in named(patch.text)}
    before = {name: text for name in sorted(names) if is_inside(name) and (text := tree.read(name)) is not None}
    with tempfile.TemporaryDirectory(prefix="pte-review-") as name:
        copy = Path(name) / "tree"
        copy.mkdir()
        for path, text in before.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(text.encode("utf-8", "surrogateescape"))
        arguments = ["apply", "-v", f"-p{strip}", "--whitespace=nowarn", *options]
        process = git(arguments, copy, patch.raw, ceiling=copy.parent)
        if process.returncode:
            return Rejection(stderr_of(process), strip)
        after = dict(_files(copy))
    gone = {path: None for path in before if path not in after}
    changed = {path: text for path, text in after.items() if before.get(path) != text}
    return replace(tree, overlay={**tree.overlay, **gone, **changed}, patches=(*tree.patches, patch))


def all_applied(tree: Tree, patches: Sequence[Patch], *options: str) -> Tree | None:
    """`tree` with all `patches` on top, None if one does not apply."""
    for patch in patches:
        result = applied(tree, patch, *options)
        if isinstance(result, Rejection):
            return None
        tree = result
    return tree


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Every regular file below `folder`. A patch can make symbolic links: those are not followed."""
    for parent, _, names in os.walk(folder):
        for file in (Path(parent) / name for name in names):
            if not file.is_symlink():
                yield str(file.relative_to(folder)), file.read_bytes().decode("utf-8", "surrogateescape")
