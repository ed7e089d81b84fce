# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees that tests read: a real one, where there is one, and the small ones of tests/data/kernels."""

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.native.tree_version import TreeVersion
from tests.kit.little_tree import MREMAP

ROOT = Path(__file__).parents[2]
KERNELS = ROOT / "tests" / "data" / "kernels"
UNPACKED = ROOT / ".pte-review" / "linux-source-6.12"  # `make tree`
NO_TREE = "no kernel tree"
HOW = f"{NO_TREE}: set PTE_REVIEW_TREE to one of v6.12, or apt-get install linux-source-6.12 and run `make tree`"


def linux() -> Path:
    """The folder of a v6.12 tree; skips the test where there is none."""
    path = Path(os.environ.get("PTE_REVIEW_TREE", UNPACKED))
    if not (path / "mm" / "mremap.c").is_file():
        pytest.skip(HOW)
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
