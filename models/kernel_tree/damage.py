# SPDX-License-Identifier: GPL-2.0-only
"""Patches that a mail program, a copy or an editor spoiled: what is wrong, and on which line of the user's file."""

import re

from pte_review.models.kernel_tree.applying import Rejection
from pte_review.models.kernel_tree.errors import quoted
from pte_review.models.kernel_tree.git import complaint
from pte_review.models.kernel_tree.patch import Patch

AGAIN = "try the mail as it was sent (b4 am, the archive's raw link) or git format-patch"
LINE = re.compile(r" ?(?:at|on) (?:line |<stdin>:)(\d+)")
HEADER = ("@@ ", "diff --git ", "--- a/", "Index: ")


def damaged(patch: Patch, number: int, what: str) -> str:
    """The message, without the patch's name: line `number` (from 1) of the diff is spoiled, `what` says how."""
    flowed = "; the mail is format=flowed" if patch.flowed else ""
    return f"whitespace-damaged: {patch.line(number)}: {what}{flowed}; {AGAIN}"


def misshapen(patch: Patch, rejection: Rejection) -> str:
    """The message for a diff that git cannot parse."""
    message = complaint(rejection.stderr)
    match = LINE.search(message)
    if match is None:
        return f"{patch.where}: not a patch that git apply can read: {message}; {AGAIN}"
    number = int(match[1])
    if "corrupt patch" not in message:
        message = LINE.sub("", message)  # the number is that of the diff
        return f"{patch.where}: {patch.line(number)}: not a patch that git apply can read: {message}; {AGAIN}"
    return f"{patch.where}: {_corrupt(patch, number)}"


def _corrupt(patch: Patch, number: int) -> str:
    """What is wrong at line `number`, where git found no line of a hunk though the hunk's header promises more."""
    lines = patch.text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    line = lines[number - 1] if number <= len(lines) else ""
    above = lines[number - 2] if 1 < number <= len(lines) + 1 else ""
    signed = above.rstrip() == "--"  # the mail's signature was taken for the hunk's missing line
    if number > len(lines) or signed or line.startswith(HEADER):
        start = next((i for i in reversed(range(min(number - 1, len(lines)))) if lines[i].startswith("@@ ")), None)
        if start is None:
            return f"corrupt: git apply stops at {patch.line(number)}; {AGAIN}"
        return (
            f"corrupt: the hunk at {patch.line(start + 1)} ({quoted(lines[start])}) is shorter than its header says: "
            f"cut off, or edited by hand; {AGAIN}"
        )
    if line.startswith(">"):
        return damaged(patch, number, f"{quoted(line)} is quoted")
    if line.startswith("\t"):
        return damaged(patch, number, f"{quoted(line)} has lost the blank, + or - before its tab")
    return damaged(patch, number, f"{quoted(line)} does not start with a blank, + or -: the line above was wrapped")


def difference(expected: str, has: str) -> str:
    """How `expected`, a line of a patch, differs from `has`, the tree's, if it does so only in blanks."""
    if expected.rstrip() == has.rstrip():
        if expected.endswith("\r"):
            return "a carriage return at the end that the tree does not have"
        return "blanks lost at the end" if len(expected) < len(has) else "blanks at the end that the tree does not have"
    if "\xa0" in expected and "\xa0" not in has:
        return "a no-break space where the tree has a blank"
    if expected.count("\t") < has.count("\t"):
        return "spaces where the tree has a tab"
    return (
        "a tab where the tree has spaces"
        if expected.count("\t") > has.count("\t")
        else "other blanks than the tree has"
    )
