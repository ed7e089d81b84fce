# SPDX-License-Identifier: GPL-2.0-only
"""`--html FILE` of check, of releases and of the review of the thread."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.changes import SMEAR
from tests.kit.kernel_text import FEW, PAIR, make_patch, make_tree

X86 = ("--arch", "x86_64", *FEW)


def test_check(cli: Run):
    make_tree()
    make_patch("smear.patch", SMEAR)
    done = cli("check", *PAIR, "--tree", "batching", "--patch", "smear.patch", *X86, "--html", "page.html")
    assert (done.status, done.err) == (1, "")
    text = Path("page.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    for part in (
        'id="costs"',
        "<dt>line</dt><dd>mm/mremap.c:127</dd>",
        "tree+patch: mm/mremap.c of batching with smear.patch",
    ):
        assert part in text
    assert "--tree batching --patch smear.patch" in text


def test_the_thread(cli: Run):
    assert cli("--max-examples", "100", "--arch", "x86_64", "--html", "page.html").status == 0
    text = Path("page.html").read_text(encoding="utf-8")
    assert text.count("<td>as known</td>") == 12
    assert "v4 \u2192 refactor_keep_old (destination-occupied)" in text


def test_releases(cli: Run):
    make_tree()
    Path("batching/Makefile").write_text("VERSION = 6\nPATCHLEVEL = 99\nSUBLEVEL = 1\nEXTRAVERSION =\n")
    assert cli("releases", "batching", *X86, "--html", "page.html").status == 0
    assert '<th scope="row">6.99.1</th>' in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command", [("check", *PAIR, "--tree", "batching", "--patch", "smear.patch"), ("releases", "batching")]
)
def test_not_into_a_tree(refused: Run, command: tuple[str, ...]):
    make_tree()
    make_patch("smear.patch", SMEAR)
    says = "pte-review: --html batching/page.html: that is in the tree batching, which is never written to\n"
    assert refused(*command, *X86, "--html", "batching/page.html").err == says
