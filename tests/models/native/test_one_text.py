# SPDX-License-Identifier: GPL-2.0-only
"""What the C of exhaustive runs calls wrong is what the machine in Python says; offsets come from one table."""

import re

import pytest

from pte_review.models.native.arena import AREAS, CONSTANTS, LAYOUT, layout_header
from tests.kit.trees import ROOT

NATIVE = ROOT / "models" / "native"
C_FILES = [path for folder in (NATIVE, ROOT / "harness" / "exhaust" / "c") for path in sorted(folder.rglob("*.[ch]"))]
MESSAGE = re.compile(r'"([^"\n]+)"')
MACHINE = {
    re.sub(r"\{[^}]*\}", "*", text)
    for path in (ROOT / "models" / "machine").glob("*.py")
    for text in MESSAGE.findall(path.read_text(encoding="utf-8"))
}
# Narrower or wider than one of the machine's messages: the message in its place.
OTHERWISE = {
    "a page-table lock is dropped but was not held": "the * lock is dropped but was not held",
    "pte_unmap() of a pointer into no page table": "pte_unmap() of a pointer into no page table that is mapped",
    "WARN_ON() and its kind": "page_table_check_pte_flags: write and uffd-wp",
    "VM_WARN_ON() and its kind": "VM_WARN_ON_ONCE",
    "full is set": "full is set, which says that the whole address space is torn down",
    "page_table_check: mapped as anon and as file": "mapped as anon and as file",
    "page_table_check: map count below 0": "map count below 0",
    "page_table_check_pte_flags": "page_table_check_pte_flags: write and uffd-wp",
    "page_table_check: anon page mapped writable while mapped elsewhere":
        "anon page mapped writable while mapped elsewhere",
}  # fmt: skip
# The machine has no message for these.
NO_BREACH = {
    "page_table_check of a page that is not counted here: for the judge to look at",
    "more values of an entry may be cached than are kept here: for the judge to look at",
    "CONT in an entry that is present and not valid: asked of the tables, no run says it",
}


def wrongs() -> list[str]:
    """The comments of enum pr_wrong_how."""
    text = (NATIVE / "include" / "machine.h").read_text(encoding="utf-8")
    (body,) = re.findall(r"enum pr_wrong_how \{(.*?)\};", text, re.DOTALL)
    comments = re.findall(r"^\tPR_\w+,\s*/\* (.*) \*/$", body, re.MULTILINE)
    assert len(comments) == len(re.findall(r"^\tPR_", body, re.MULTILINE))
    return comments


@pytest.mark.parametrize("comment", [text for text in wrongs() if text not in NO_BREACH])
def test_the_machine_says_the_same(comment: str):
    """Word for word, or with any name for that of the primitive."""
    any_name = re.sub(r"^\w+(?=\(\) )", "*", comment)
    assert {OTHERWISE.get(comment, comment), any_name} & MACHINE


def test_nothing_is_said_otherwise_for_nothing():
    assert {*OTHERWISE, *NO_BREACH} <= set(wrongs())


def test_no_offset_is_written_by_hand():
    """What layout_header() names is defined nowhere else, and request and reply are indexed by names alone."""
    names = {f"PR_{name}" for name in (*AREAS, *CONSTANTS)}
    names |= {f"PR_{group}_{name}" for group, fields in LAYOUT.items() for name in (*fields, "WORDS")}
    assert names <= set(re.findall(r"\bPR_\w+", layout_header()))
    for path in C_FILES:
        text = path.read_text(encoding="utf-8")
        defined = set(re.findall(r"#define\s+(PR_\w+)", text)) | set(
            re.findall(r"^\s*(PR_\w+)(?: = [^,]+)?,", text, re.M)
        )
        assert not names & defined, path
        assert not re.findall(r"\b(?:request|reply)\[\d+\]", text), path
