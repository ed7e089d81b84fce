# SPDX-License-Identifier: GPL-2.0-only
"""What can be wrong with a patch: exit status 2, one message, and nothing left behind."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.changes import NOTHING
from tests.kit.kernel_text import PAIR, change, make_patch, one_line
from tests.kit.trees import diff

pytestmark = pytest.mark.usefixtures("kernel")
CHECK = ("check", *PAIR, "--tree", "batching", "--max-examples", "5")
FIX = ("--patch", "fix.patch")


# The patch.


def test_a_patch_for_other_files(refused: Run):
    Path("batching/fs").mkdir()
    Path("batching/fs/file.c").write_text("int one;\n")
    text = "--- a/fs/file.c\n+++ b/fs/file.c\n@@ -1 +1 @@\n-int one;\n+int two;\n"
    Path("fix.patch").write_text(text)
    says = "fix.patch: touches other files only: fs/file.c; the function under review is in mm/mremap.c, "
    assert one_line(refused(*CHECK, *FIX)).startswith(says)


@pytest.mark.parametrize("text", ["", "Just a note.\n", "From a@example.org\nSubject: Re: a patch\n\nLooks good.\n"])
def test_what_is_no_patch(refused: Run, text: str):
    Path("fix.patch").write_text(text)
    assert one_line(refused(*CHECK, *FIX)).startswith("fix.patch: ")


def test_a_mail_with_damaged_blanks(refused: Run):
    body = diff(NOTHING).replace("\t", "        ")
    mail = f"From: A <a@example.org>\nSubject: [PATCH] mm: a fix\n\nWhy.\n---\n{body}"
    Path("fix.patch").write_text(mail)
    says = one_line(refused(*CHECK, *FIX))
    assert says.startswith("fix.patch: ")
    assert "whitespace-damaged: line 9: " in says
    assert "spaces where the tree has a tab" in says


def test_two_patches_in_conflict(refused: Run):
    make_patch("one.patch", {"FPB_RESPECT_WRITE);": "0);"})
    make_patch("two.patch", {"FPB_RESPECT_WRITE);": "FPB_RESPECT_DIRTY);"})
    says = one_line(refused(*CHECK, "--patch", "one.patch", "--patch", "two.patch"))
    assert says.startswith("two.patch: conflicts with one.patch: it applies without that, but not after it: ")


def test_a_patch_that_does_not_apply(refused: Run):
    change("mm/mremap.c", "\tint most, nr;\n", "\tint at_most, nr;\n")
    says = one_line(refused(*CHECK, *FIX))
    assert says.startswith("fix.patch: ")
    assert "@@ -" in says
    assert '"int at_most, nr;"' in says


def test_a_patch_that_is_applied_already(refused: Run):
    change("mm/mremap.c", "\tint most, nr;\n", "\tint nr, most;\n")
    assert one_line(refused(*CHECK, *FIX)) == ("fix.patch: is already applied: batching has its change; try without it")
