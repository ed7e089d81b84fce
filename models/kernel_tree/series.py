# SPDX-License-Identifier: GPL-2.0-only
"""Which mails of an mbox are the patches to apply, and in which order."""

import re
from dataclasses import dataclass
from pathlib import Path

from pte_review.models.kernel_tree.brought import label
from pte_review.models.kernel_tree.errors import TreeError, quoted
from pte_review.models.kernel_tree.patch import Patch, has_diff

REPLY = re.compile(r"(?:re|aw|sv|antw|fwd?)\s*:", re.IGNORECASE)
TAG = re.compile(r"\[([^\[\]]*)\]")
NUMBER = re.compile(r"(?:^|\s)0*(\d+)/0*(\d+)(?:\s|$)")
VERSION = re.compile(r"(?:^|\s|PATCH|RFC)v(\d+)(?:\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Series:
    """What a FILE holds: patches in the order to apply them, and mails beside them, each as what is said of it."""

    patches: tuple[Patch, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    """One mail. `first` is its first line in the file."""

    subject: str
    first: int
    patch: Patch

    @property
    def is_reply(self) -> bool:
        return REPLY.match(self.subject) is not None

    @property
    def number(self) -> int | None:
        """The n of [PATCH n/m], without it None."""
        match = NUMBER.search(self._tags)
        return int(match[1]) if match else None

    @property
    def version(self) -> int:
        """The n of [PATCH vn], without it 1."""
        match = VERSION.search(self._tags)
        return int(match[1]) if match else 1

    @property
    def _tags(self) -> str:
        return " ".join(TAG.findall(self.subject))


def selected(file: Path, mails: list[Mail]) -> Series:
    """The series in `mails`, some of which hold a diff. Raises TreeError if it is not clear which is meant.

    No patches are: mails without a diff, cover letters (their diff is to the version before) and second copies.
    """
    covers = [mail for mail in mails if mail.number == 0 and not mail.is_reply]
    beside = tuple(f"{quoted(subject)} is the cover letter" for subject in dict.fromkeys(m.subject for m in covers))
    patches = _once([mail for mail in mails if has_diff(mail.patch.text) and (mail.number != 0 or mail.is_reply)])
    if not patches:
        raise TreeError(
            f"{label(file)}: not a patch: only its cover letter holds a diff; expected the mails that follow it"
        )
    if len(patches) == 1:
        return Series((patches[0].patch,), beside)
    for mail in patches:
        if mail.is_reply:
            raise TreeError(
                f"{label(file)}: line {mail.first}: the reply {quoted(mail.subject)} holds a diff beside the patches: "
                "expected one series; try b4 am, or that mail in a file of its own"
            )
    versions = sorted({mail.version for mail in patches})
    if len(versions) > 1:
        raise TreeError(
            f"{label(file)}: holds versions {' and '.join(f'v{v}' for v in versions)} of a series: "
            f"expected one; try b4 am -v {versions[-1]}"
        )
    return Series(tuple(mail.patch for mail in _ordered(file, patches)), beside)


def of_thread(mails: list[Mail], message_id: str) -> list[Mail]:
    """Of a thread with replies and perhaps several versions, the mails of the series that has `message_id`."""
    wanted = next((mail for mail in mails if mail.patch.message_id == message_id), None)
    if wanted is None:
        return mails
    if wanted.is_reply:  # a diff in a reply is a proposal of its own
        return [wanted]
    return [mail for mail in mails if not mail.is_reply and mail.version == wanted.version]


def _once(mails: list[Mail]) -> list[Mail]:
    return list({(mail.subject, mail.patch.text): mail for mail in reversed(mails)}.values())[::-1]


def _ordered(file: Path, mails: list[Mail]) -> list[Mail]:
    """By number, if all have one; else as they lie in the file."""
    numbers = [mail.number for mail in mails]
    if None in numbers:
        return mails
    twice = next((mail for i, mail in enumerate(mails) if mail.number in numbers[:i]), None)
    if twice is not None:
        raise TreeError(
            f"{label(file)}: line {twice.first}: {quoted(twice.subject)} is a second patch {twice.number}: "
            "expected one series; try b4 am"
        )
    return sorted(mails, key=lambda mail: mail.number or 0)
