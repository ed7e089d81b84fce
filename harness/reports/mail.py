# SPDX-License-Identifier: GPL-2.0-only
"""A review as a mail that answers the patch: quoted where it goes wrong, the picture, how to reproduce. Never sent.

Lines have at most 75 columns, but for those of the patch, which are quoted as they are.
"""

import shlex
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.printable import printable
from pte_review.harness.reports.hunk import quoted_hunk
from pte_review.harness.reports.reply import POLICY, reply_to, wrote
from pte_review.harness.reports.report import pictured, verdict_lines, wrapped
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.reports.surroundings import WIDTH
from pte_review.harness.verdict import DIVERGES, Divergence
from pte_review.models.outcome import NO_PROGRESS

MOST_PICTURES = 3


class Attachment(NamedTuple):
    """A text file beside the mail's own text."""

    name: str
    text: str


def mail_of(reviewed: Reviewed, attachments: Sequence[Attachment] = ()) -> EmailMessage:
    """The mail, addressed to those who got the patch where that came as a mail."""
    patch = reviewed.answered
    if patch is not None and patch.mail:
        mail = reply_to(patch.mail)
    else:
        mail = EmailMessage(policy=POLICY)
        verdict = reviewed.verdict
        mail["Subject"] = f"pte-review: {Path(verdict.base).name} -> {Path(verdict.candidate).name}: {verdict.verdict}"
    body = printable("\n".join(_body(reviewed, attachments)) + "\n")
    charset, encoding = _as_it_is(body)
    mail.set_content(body, charset=charset, cte=encoding)
    for name, text in attachments:
        charset, encoding = _as_it_is(text)
        mail.add_attachment(text, filename=name, charset=charset, cte=encoding)
    if attachments:  # the same mail every time; no line of the text starts as a stranger wants it
        mail.set_boundary(f"=_{sha256(''.join(text for _, text in attachments).encode()).hexdigest()[:32]}")
    return mail


def _as_it_is(text: str) -> tuple[str, str]:
    """Charset and encoding with which a part can be read without a mail program."""
    return ("us-ascii", "7bit") if text.isascii() else ("utf-8", "8bit")


def mail_text(reviewed: Reviewed, attachments: Sequence[Attachment] = ()) -> str:
    """The mail as a file has it."""
    return mail_of(reviewed, attachments).as_bytes().decode("utf-8", "backslashreplace")


def _body(reviewed: Reviewed, attachments: Sequence[Attachment]) -> Iterator[str]:
    verdict = reviewed.verdict
    new = [divergence for divergence in verdict.divergences if divergence.by != "base"]
    quoted: set[tuple[str, ...]] = set()
    pictures = pictured(verdict, reviewed.subject.words, new) if verdict.verdict == DIVERGES else []
    first = {same[0].kind: (text, same[0]) for text, same in reversed(pictures)}
    shown = list(reversed(first.values()))
    for text, divergence in shown[:MOST_PICTURES]:
        yield from _quote(reviewed, divergence, quoted)
        yield text
    for _, divergence in shown[MOST_PICTURES:]:
        yield from wrapped(f"Also {divergence.kind} on {divergence.arch}: {divergence.summary}").splitlines()
        yield ""
    yield verdict_lines(verdict)
    if described := reviewed.text.describe():
        yield from (line for text in described for line in wrapped(text).splitlines())
        yield ""
    yield "To reproduce:"
    yield ""
    yield from _command(reviewed)
    if attachments:
        yield ""
        yield from wrapped(f"Attached: {', '.join(attachment.name for attachment in attachments)}").splitlines()


def _quote(reviewed: Reviewed, divergence: Divergence, already: set[tuple[str, ...]]) -> Iterator[str]:
    """The hunk with the call that causes `divergence`, behind who wrote it; nothing where it was quoted before."""
    tree = reviewed.patched
    hunk = quoted_hunk(tree, divergence.line) if tree is not None and divergence.line else None
    if hunk is None or tuple(hunk.lines) in already:
        return
    if hunk.patch.mail and not already:
        yield from wrapped(wrote(hunk.patch.mail)).splitlines()
    already.add(tuple(hunk.lines))
    yield from (f"> {line}".rstrip() for line in hunk.lines)
    yield ""
    if not hunk.has_line:
        which = "last call" if divergence.kind == NO_PROGRESS else "call that goes wrong"
        yield from wrapped(f"The {which} is on {divergence.line} of the patched tree.").splitlines()
        yield ""


def _command(reviewed: Reviewed) -> Iterator[str]:
    """What the reader types: names of files and folders without ours before them, a message-id where there is one."""
    patch, text = reviewed.answered, reviewed.text
    own = {str(text.tree): _tree_name(reviewed), **{str(path): path.name for path in text.patches}}
    if patch is not None and patch.message_id and len(text.patches) == 1:
        own[str(text.patches[0])] = patch.message_id
    words = [shlex.quote(own.get(word, word)) for word in reviewed.command]
    starts = [i for i, word in enumerate(words) if not i or word.startswith("--")] + [len(words)]
    parts = [" ".join(words[start:end]) for start, end in pairwise(starts)]
    line = f"    {parts[0]}"
    for part in parts[1:]:  # an option stays with its value
        if len(line) + len(part) + 3 > WIDTH:
            yield f"{line} \\"
            line = f"        {part}"
        else:
            line += f" {part}"
    yield line


def _tree_name(reviewed: Reviewed) -> str:
    loaded = [reviewed.text.loaded[name] for name in (TREE, PATCHED) if name in reviewed.text.loaded]
    return loaded[0].source.path.resolve().name if loaded else ""
