# SPDX-License-Identifier: GPL-2.0-only
"""The kit knows no function: outside the rooms of a subject nothing of it is named; imports go one way."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from pte_review.harness.subjects import SUBJECTS
from tests.kit.trees import ROOT

FLOORS = ("models", "strategies", "harness")
ROOMS = ("models/{name}/", "strategies/{name}.py", "harness/subjects/{name}/")
# What only one function has: its name and file, what its caller hands down, its ranges.
WORDS = {
    "move_ptes": re.compile(
        r"move_ptes|mremap|\bpmc\b|pagetable_move_control|need_rmap_locks"
        r"|\b(?:old|new)_(?:ptep|pmd|addr|end|ptl|table|range)\b|\b(?:old|new) (?:range|table)\b|\b(?:old|new)\[",
        re.IGNORECASE,
    ),
    "change_pte_range": re.compile(r"change_pte_range|mprotect\.c|newprot|cp_flags|\bMM_CP_", re.IGNORECASE),
}
# File: why it may name a subject.
EXCEPTIONS = {
    "harness/subjects/__init__.py": "the list of the subjects that there are",
}


def sources() -> list[Path]:
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*") if path.suffix in (".py", ".c", ".h")]
    return sorted([*files, *(ROOT / "packaging").rglob("*.py")])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_room(name: str) -> bool:
    return any(name.startswith(room.format(name=subject)) for subject in SUBJECTS for room in ROOMS)


def named(text: str, subjects: Iterable[str] = tuple(WORDS)) -> list[str]:
    searches = [WORDS[subject].search for subject in subjects]
    lines = enumerate(text.splitlines(), 1)
    return [f"{n}: {line.strip()}" for n, line in lines if any(search(line) for search in searches)]


KIT = [name_of(path) for path in sources() if not is_room(name_of(path))]


@pytest.mark.parametrize("name", KIT)
def test_the_kit_names_no_function(name: str):
    lines = named((ROOT / name).read_text(encoding="utf-8"))
    assert bool(lines) is (name in EXCEPTIONS), "\n".join(lines) or f"{name} is no exception any more"


def test_what_is_looked_for_is_found():
    """In the rooms, by the same words."""
    assert WORDS.keys() == SUBJECTS.keys()
    for subject in SUBJECTS:
        for room in ROOMS:
            path = ROOT / room.format(name=subject)
            files = [path] if path.is_file() else sorted(path.rglob("*.py"))
            assert any(named(file.read_text(encoding="utf-8"), [subject]) for file in files)
    assert named("the new range") == ["1: the new range"]
    assert named("renew ranges, a new one, hold[1], tmp_addr") == []
    assert set(EXCEPTIONS) <= set(KIT)


def imported(path: Path) -> set[str]:
    """The modules of the package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.removeprefix("pte_review.") for name in found if name.startswith("pte_review.")}


PYTHON = [name_of(path) for path in sources() if path.suffix == ".py" and path.parts[-2] != "pte_review"]


@pytest.mark.parametrize("name", PYTHON)
def test_imports_go_one_way(name: str):
    floor = FLOORS.index(name.partition("/")[0])
    above = [module for module in imported(ROOT / name) if module.partition(".")[0] in FLOORS[floor + 1 :]]
    assert above == []


# Who chooses a subject: the command line, the plugin, and what Python code calls.
CHOOSERS = re.compile(r"harness/(cli/|pytest_|api\.py|subjects/__init__\.py)")


@pytest.mark.parametrize("name", PYTHON)
def test_only_these_know_which_subjects_there_are(name: str):
    modules = imported(ROOT / name)
    if "harness.subjects" in modules:
        assert CHOOSERS.match(name)
    if not is_room(name) and name not in EXCEPTIONS:
        own = [m for m in modules if re.match(r"harness\.subjects\.\w+\.|(models|strategies)\.(\w+)", m)]
        subjects = [m for m in own if set(m.split(".")) & set(SUBJECTS)]
        assert subjects == []


def test_no_subject_imports_another():
    for name in filter(is_room, PYTHON):
        own = next(subject for subject in SUBJECTS if subject in name)
        others = set(SUBJECTS) - {own}
        assert not any(set(module.split(".")) & others for module in imported(ROOT / name))
