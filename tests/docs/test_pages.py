# SPDX-License-Identifier: GPL-2.0-only
"""The pages: how long the README is, links that lead somewhere, commands and files that exist."""

import re
from pathlib import Path

import pytest

from pte_review.harness.cli.main import cli
from tests.kit.trees import ROOT

PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
WIDEST = 130  # characters; tables and output blocks aside


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_not_too_long(page: Path):
    for line in page.read_text(encoding="utf-8").splitlines():
        assert len(line) <= WIDEST or line.startswith("|"), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_and_commands_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for command in re.findall(r"(?:^    |`)pte-review ([a-z][a-z0-9-]*)", text, re.MULTILINE):
        assert command in cli.places, command


PATHS = re.compile(r"`((?:models|strategies|harness|tests|docs|packaging)/[\w./-]*)`")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path):
    for name in PATHS.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name
