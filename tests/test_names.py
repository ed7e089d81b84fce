# SPDX-License-Identifier: GPL-2.0-only
"""Words that a stranger can tell apart: no class name twice, one word for a version, no names that say nothing."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.kit.trees import ROOT

FILES = sorted(path for floor in ("models", "strategies", "harness") for path in (ROOT / floor).rglob("*.py"))
NO_NAMES = {"x", "sit", "sitting", "sort", "sorts", "ours", "theirs", "it", "told", "said", "left", "found", "one"}
NO_WORDS = re.compile(r"\b(variants?|Sitting|sorts)\b", re.IGNORECASE)


def test_no_class_name_twice():
    where = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(path.name)
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def names_of(path: Path) -> set[str]:
    """What a file gives a name to: variables, parameters, functions, classes."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_say_something(path: Path):
    assert {name for name in names_of(path) if name.lower().strip("_") in NO_NAMES} == set()
    assert NO_WORDS.findall(path.read_text(encoding="utf-8")) == []
