# SPDX-License-Identifier: GPL-2.0-only
"""Commits A..B of a git repository as a series of patches, as far as they change files that are read."""

import re
from collections.abc import Iterable
from pathlib import Path

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.git import complaint, git, stderr_of
from pte_review.models.kernel_tree.tree import resolved_commit

MOST_COMMITS = 500
TAGS = re.compile(r"^(?:\s*\[[^\[\]]*\])+")
SHOW = ("diff-tree", "--root", "--pretty=email", "-p", "--relative", "--no-ext-diff", "--no-textconv", "--no-color")


def ends_of(text: str) -> tuple[str, str]:
    """A and B of `A..B`, where B may be left out for HEAD. Raises TreeError."""
    first, dots, last = text.partition("..")
    if not dots or not first or last.startswith("."):
        raise TreeError(f"--range {text}: expected A..B, such as v6.16..v6.17")
    return first, last or "HEAD"


def series_of(tree: Path, text: str, paths: Iterable[str]) -> bytes:
    """An mbox with the commits `text` of the repository at `tree`, oldest first, merges aside. Raises TreeError."""
    first, last = (resolved_commit(tree, end) for end in ends_of(text))
    names = [str(path) for path in paths]
    listed = git(["rev-list", "--reverse", "--topo-order", "--no-merges", f"{first}..{last}", "--", *names], tree)
    if listed.returncode:
        raise TreeError(f"{tree}: --range {text}: {complaint(stderr_of(listed))}")
    commits = listed.stdout.decode().split()
    if not commits:
        raise TreeError(f"{tree}: no commit in {text} changes a file that is read: {', '.join(names[:3])} and others")
    if len(commits) > MOST_COMMITS:
        raise TreeError(
            f"{tree}: {len(commits):,} commits in {text} change files that are read, expected at most {MOST_COMMITS}; "
            "try fewer, or --rev with each end"
        )
    return b"".join(_mail(tree, commit, f"{n}/{len(commits)}", names) for n, commit in enumerate(commits, 1))


def commit_before(tree: Path, first: str, last: str, subject: str) -> str | None:
    """The parent of the commit in first..last that the mail with `subject` became; None where there is none."""
    if first.startswith("-") or last.startswith("-"):
        return None
    listed = git(
        ["log", f"--max-count={MOST_COMMITS}", "--format=%P%x00%s", "--no-show-signature", f"{first}..{last}"], tree
    )
    if listed.returncode:
        return None
    wanted = " ".join(TAGS.sub("", subject).split())
    for line in listed.stdout.decode("utf-8", "replace").split("\n"):
        parents, _, title = line.partition("\0")
        if " ".join(title.split()) == wanted:
            return parents.split(" ")[0]
    return None


def _mail(tree: Path, commit: str, number: str, paths: Iterable[str]) -> bytes:
    shown = git([*SHOW, commit, "--", *paths], tree)
    if shown.returncode:
        raise TreeError(f"{tree}: commit {commit[:12]} cannot be shown: {complaint(stderr_of(shown))}")
    return shown.stdout.replace(b"\nSubject: ", f"\nSubject: [PATCH {number}] ".encode(), 1) + b"\n"
