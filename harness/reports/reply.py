# SPDX-License-Identifier: GPL-2.0-only
"""The headers of a reply to a mail. What a stranger wrote there is data: no line of it becomes a header of ours."""

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import getaddresses

from pte_review.harness.printable import printable

MESSAGE_ID = re.compile(r"<[^<>\s@]{1,200}@[^<>\s]{1,200}>")
PLAIN = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+", re.ASCII)
REPLY = re.compile(r"re\s*:", re.IGNORECASE)
MOST_ADDRESSES = 200
MOST_REFERENCES = 50
LONGEST = 300  # characters of a subject or name


class ReplyPolicy(EmailPolicy):
    """The standard one, but for headers of message-ids: one a line, and never encoded however long they are."""

    def fold(self, name: str, value: str) -> str:
        """The header as lines."""
        if name.lower() in ("in-reply-to", "references"):
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same as bytes."""
        if name.lower() in ("in-reply-to", "references"):
            return self.fold(name, value).encode("ascii", "backslashreplace")
        return bytes(super().fold_binary(name, value))


POLICY = ReplyPolicy(max_line_length=78, raise_on_defect=False)


def reply_to(mail: bytes) -> EmailMessage:
    """A reply to all of `mail`, without a body. A header that cannot be read is left out."""
    original = message_from_bytes(_head(mail), policy=policy.compat32)
    reply = EmailMessage(policy=POLICY)
    to = _addresses(original, "Reply-To") or _addresses(original, "From")
    authors = {address.addr_spec.lower() for address in to}
    others = [other for other in _addresses(original, "To", "Cc") if other.addr_spec.lower() not in authors]
    for name, addresses in (("To", to), ("Cc", others)):
        if addresses:
            reply[name] = addresses
    subject = _text(original, "Subject")
    reply["Subject"] = subject if REPLY.match(subject) else f"Re: {subject}".rstrip()
    own, earlier = _ids(original, "Message-ID")[:1], _ids(original, "References") or _ids(original, "In-Reply-To")
    if own:
        reply["In-Reply-To"] = own[0]
        reply["References"] = " ".join(dict.fromkeys([*earlier[-MOST_REFERENCES:], *own]))
    return reply


def wrote(mail: bytes) -> str:
    """`On DATE, NAME wrote:`, as far as the mail says it."""
    original = message_from_bytes(_head(mail), policy=policy.compat32)
    who = next((author.display_name or author.addr_spec for author in _addresses(original, "From")), "")
    date = _text(original, "Date")
    return f"On {date}, {who or 'somebody'} wrote:" if date else f"{who or 'The patch'} wrote:"


def _head(mail: bytes) -> bytes:
    """The mail's header, without an mbox's From line."""
    head = re.split(rb"\r?\n\r?\n", mail.lstrip(), maxsplit=1)[0]
    return (head.partition(b"\n")[2] if head.startswith((b"From ", b">From ")) else head) + b"\n\n"


def _text(original: "Message[str, str]", name: str) -> str:
    """A header as one line of text, decoded."""
    raw = str(original.get(name, ""))[: 4 * LONGEST]
    try:
        text = str(make_header(decode_header(raw)))
    except (MessageError, ValueError, LookupError):  # an encoding that nobody knows, or bytes that it does not have
        text = raw
    return printable(" ".join(text.split()))[:LONGEST]


def _addresses(original: "Message[str, str]", *names: str) -> list[Address]:
    """Those that are plain ones, each once."""
    fields = [str(value) for name in names for value in original.get_all(name, [])[:MOST_ADDRESSES]]
    known: dict[str, Address] = {}
    for name, spec in getaddresses(fields)[:MOST_ADDRESSES]:
        if PLAIN.fullmatch(spec):
            shown = printable(" ".join(_decoded(name).split()))[:LONGEST]
            known.setdefault(spec.lower(), Address(shown, addr_spec=spec))
    return list(known.values())


def _decoded(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (MessageError, ValueError, LookupError):
        return name


def _ids(original: "Message[str, str]", name: str) -> list[str]:
    return MESSAGE_ID.findall(str(original.get(name, "")))
