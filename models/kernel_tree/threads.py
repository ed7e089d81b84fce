# SPDX-License-Identifier: GPL-2.0-only
"""A message-id or a link to one, and the thread that b4 brings for it."""

import re
import shutil
import subprocess
from urllib.parse import unquote, urlsplit

from pte_review.models.inputs import MIB, MOST_PATCH
from pte_review.models.kernel_tree.errors import TreeError, quoted
from pte_review.models.kernel_tree.git import complaint

MESSAGE_ID = re.compile(r"[^\s<>@/\\-][^\s<>@/\\]*@[^\s<>@/\\]+")
LONGEST = 250  # characters of a message-id: RFC 5322 has lines of 998
SECONDS = 120  # that b4 may take


def message_id(text: str) -> str | None:
    """The message-id that `text` is or links to; None where it is none."""
    if text.startswith(("http://", "https://")):
        text = next((part for part in map(unquote, urlsplit(text).path.split("/")) if "@" in part), "")
    text = text.removeprefix("<").removesuffix(">")
    return text if len(text) <= LONGEST and MESSAGE_ID.fullmatch(text) else None


def thread_of(msgid: str) -> bytes:
    """The mbox of the thread with the mail `msgid`, as `b4 mbox` brings it. Raises TreeError."""
    program = shutil.which("b4")
    if program is None:
        raise TreeError(
            f"{msgid}: no such file, and b4, which brings mails by their message-id, is not installed; "
            "try pip install b4, or a file with the mail"
        )
    command = [program, "--no-interactive", "mbox", "-o", "-", "--", msgid]
    with subprocess.Popen(  # noqa: S603  # no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            out, err = running.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            raise TreeError(f"{msgid}: b4 mbox did not end in {SECONDS} seconds; try a file with the mail") from None
    if len(out) > MOST_PATCH:
        raise TreeError(f"{msgid}: its thread is larger than {MOST_PATCH // MIB} MiB; try a file with the mail")
    if not out.strip():
        why = complaint(err.decode("utf-8", "replace").strip().rpartition("\n")[2])
        raise TreeError(f"{msgid}: b4 mbox brings nothing: {quoted(why)}")
    return out
