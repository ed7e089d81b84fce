# SPDX-License-Identifier: GPL-2.0-only
"""Patches as a call names them: files, standard input, message-ids and links, commits of the tree.

What is no file is brought at once, under the name that the call has for it, and the rest of the call reads it like one.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.harness.subject import Subject
from pte_review.models.kernel_tree.brought import STDIN, bring, bring_stdin, forget, is_brought
from pte_review.models.kernel_tree.commits import ends_of, series_of
from pte_review.models.kernel_tree.files import READ
from pte_review.models.kernel_tree.threads import message_id, thread_of


def patches_named(
    subjects: Iterable[Subject], tree: Path | None, rev: str | None, patches: Sequence[str], commits: str | None = None
) -> tuple[str | None, tuple[Path, ...]]:
    """The revision and the patches that a call means; `commits` is A..B of the repository at `tree`.

    Of commits, those that change what is read for one of `subjects` count.

    Raises UsageError or TreeError.
    """
    forget()  # what an earlier call of this process brought
    if commits is None:
        return rev, tuple(map(_named, patches))
    if tree is None:
        raise UsageError("--range needs --tree, a git repository of the kernel")
    if rev is not None or patches:
        raise UsageError(f"--range {commits} has a revision and patches of its own: expected no --rev and no --patch")
    own = (subject.binding.file for subject in subjects if subject.binding is not None)
    mbox = series_of(tree, commits, dict.fromkeys((*own, *READ)))
    return ends_of(commits)[0], (bring(Path(commits), mbox),)


def is_range(patch: Path) -> bool:
    """Whether `patch` stands for the commits of a --range."""
    return is_brought(patch) and "@" not in patch.name and ".." in patch.name


def _named(text: str) -> Path:
    """A file, `-` for standard input, a message-id or a link to one."""
    if Path(text) == STDIN:
        return bring_stdin()
    if (msgid := message_id(text)) is None or Path(text).exists():
        return Path(text)
    return Path(msgid) if is_brought(Path(msgid)) else bring(Path(msgid), thread_of(msgid))
