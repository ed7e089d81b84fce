# SPDX-License-Identifier: GPL-2.0-only
"""Versions by name, by file, as callables; and what is said about those that are none."""

import pytest

from pte_review.models.outcome import RETURNED
from pte_review.models.scenario import Folio
from pte_review.models.version import VersionError
from tests.kit.build import page, scenario
from tests.kit.moves import load, names, run

WHAT = scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 2),))
GOOD = "def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n    return 0\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "candidate.py"


def error(which):
    with pytest.raises(VersionError) as raised:
        load(which)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_names():
    assert names()[:4] == ["pre_patch", "v4", "v7_3", "refactor"]
    assert "control" not in names()


@pytest.mark.parametrize("name", names())
def test_every_name_loads_and_says_what_it_is(name):
    version = load(name)
    assert version.name == name
    assert version.label in (f"models/move_ptes/{name}.py", f"models/move_ptes/history/{name}.py")
    assert version.summary
    assert run(WHAT, version).ended == RETURNED


BAD_FILES = {
    "syntax": ("def move_ptes(:\n", ":1: does not parse: "),
    "syntax further down": ("x = 1\n\ny = = 2\n", ":3: does not parse: "),
    "return outside": ("x = 1\nreturn 2\n", "'return' outside function"),
    "import": ("import os\nimport no_such_module\n", ":2: does not import: ModuleNotFoundError"),
    "raise": ("\n\nraise RuntimeError('boom')\n", ":3: does not import: RuntimeError: boom"),
    "exit": ("import sys\nsys.exit(1)\n", ":2: does not import: SystemExit"),
    "empty": ("", ": defines no move_ptes(k, pmc, extent, old_pmd, new_pmd)"),
    "no function": ("move_ptes = 3\n", ": defines no move_ptes("),
    "too few": ("def move_ptes(k, pmc):\n    return 0\n", "move_ptes(k, pmc) does not take (k, pmc, extent"),
    "too many": ("def move_ptes(k, pmc, extent, old_pmd, new_pmd, more):\n    return 0\n", "does not take"),
    "keywords": ("def move_ptes(*, k, pmc, extent, old_pmd, new_pmd):\n    return 0\n", "does not take"),
}


@pytest.mark.parametrize(("source", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(path, source, says):
    path.write_text(source)
    message = error(path)
    assert message.startswith(str(path))
    assert says in message


def test_files_that_cannot_be_read(path):
    assert error(path) == f"{path}: cannot be read: No such file or directory"
    assert "cannot be read: " in error(path.parent)  # a directory
    path.write_bytes(b"\xff\xfe\x00")
    assert ": not Python source: " in error(path)


@pytest.mark.parametrize(
    ("typo", "hint"),
    [
        ("prepatch", "did you mean pre_patch?"),
        ("v44", "did you mean v4?"),
        ("refactor_intented", "did you mean refactor_intended"),
        ("zzzzzz", "versions: pre_patch, v4, v7_3, "),
        ("control", "no version 'control'"),
    ],
)
def test_near_names(typo, hint):
    assert hint in error(typo)


def test_a_file(path):
    path.write_text('"""First line.\n\nMore."""\n' + GOOD)
    version = load(path)
    assert (version.name, version.label, version.summary) == (str(path), str(path), "First line.")
    assert load(str(path)).name == str(path)
    assert run(WHAT, version).ended == RETURNED


def test_a_file_finds_its_neighbours_without_leaving_a_trace(path):
    (path.parent / "neighbour_of_candidate.py").write_text("RESULT = -11\n")
    path.write_text("from neighbour_of_candidate import RESULT\n" + GOOD.replace("return 0", "return RESULT"))
    assert run(WHAT, load(path)).returned == -11


def test_optional_arguments_are_fine(path):
    path.write_text(GOOD.replace("new_pmd)", "new_pmd, more=1)"))
    assert run(WHAT, load(path)).returned == 0
