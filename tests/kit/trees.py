# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees that tests read: a real one, where there is one, and the small ones of tests/data/kernels."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

import pytest

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.native.tree_version import TreeVersion
from tests.kit.little_tree import MREMAP

ROOT = Path(__file__).parents[2]
KERNELS = ROOT / "tests" / "data" / "kernels"
TREES = ROOT / ".pte-review" / "trees"  # `make trees`
NO_TREE = "no kernel tree"
HOW = f"{NO_TREE}: run `make trees`, or set PTE_REVIEW_TREES to a folder with such folders"


@dataclass(frozen=True)
class Release:
    """A release that `make trees` brings: the source package `version`, or without one linux-source-SERIES."""

    series: str
    version: str = ""

    @property
    def folder(self) -> str:
        """Its folder in TREES."""
        return f"linux-{self.series}"


# v4 was merged for 6.17; 6.17.8 has its bug, 6.17.9 and 6.18 have the fix (04d1c9d60c6e). 7.3 has userfaultfd RWP.
RELEASES = {
    "6.12": Release("6.12"),
    "6.17": Release("6.17", "6.17.8"),
    "6.18": Release("6.18", "6.18.15"),
    "6.19": Release("6.19", "6.19.11"),
    "7.1": Release("7.1", "7.1.13"),
    "7.2": Release("7.2"),
    "7.3": Release("7.3"),
}


def linux(release: str = "6.12") -> Path:
    """The folder of that release's tree; skips the test where there is none."""
    path = Path(os.environ.get("PTE_REVIEW_TREES", TREES)) / RELEASES[release].folder
    if not (path / "mm" / "mremap.c").is_file():
        pytest.skip(f"{HOW} ({release})")
    return path


def small(name: str = "batching") -> Tree:
    """A tree of tests/data/kernels. "odd" is two files on top of "batching", less mm/util.c."""
    base = open_tree(KERNELS / "batching", MREMAP)
    if name == "batching":
        return base
    own = {str(file.relative_to(KERNELS / name)): file.read_text() for file in (KERNELS / name).rglob("*.[ch]")}
    return replace(base, label=name, overlay={"mm/util.c": None, **own})


def edited(tree: Tree, changes: Mapping[str, str], path: str = MREMAP) -> Tree:
    """`tree` with its file `path` changed: each old text, which occurs once, to the new one."""
    text = tree.read(path)
    assert text is not None, f"{tree.label} has no {path}"
    for old, new in changes.items():
        assert text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
        text = text.replace(old, new)
    return replace(tree, overlay={**tree.overlay, path: text}, cache={})


def version(tree: Tree) -> TreeVersion:
    """What runs move_ptes() of `tree`."""
    return TreeVersion("tree", tree.label, "", BINDING.function, tree, BINDING)


def diff(changes: Mapping[str, str], path: str = MREMAP, tree: Tree | None = None) -> str:
    """The patch, as diff -u has it, that makes these changes to `path` of `tree` (without it: the batching one)."""
    before = tree or small()
    after = edited(before, changes, path)
    old, new = (str(one.read(path)).splitlines(keepends=True) for one in (before, after))
    return "".join(unified_diff(old, new, f"a/{path}", f"b/{path}"))
