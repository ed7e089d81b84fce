# SPDX-License-Identifier: GPL-2.0-only
"""Headers of a reply: to whom a mail client would answer, and nothing that a stranger smuggles in."""

from email import message_from_bytes, policy

import pytest

from pte_review.harness.reports.reply import reply_to, wrote

HEAD = b"""From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: =?utf-8?q?J=C3=B6rg_Example?= <joerg@example.org>
Date: Tue, 10 Jun 2025 09:20:44 +0530
To: linux-mm@kvack.org, Joerg <JOERG@example.org>
Cc: "Doe, Jane" <jane@example.org>,
\tlinux-kernel@vger.kernel.org
Subject: [PATCH v4 2/2] mm: Optimize mremap()
 by PTE batching
Message-ID: <3@example.org>
In-Reply-To: <1@example.org>
References: <0@example.org>
 <1@example.org>

Text.
"""
OURS = {"To", "Cc", "Subject", "In-Reply-To", "References"}


def reply(raw):
    """As whoever opens the file reads it."""
    return message_from_bytes(reply_to(raw).as_bytes(), policy=policy.default)


def specs(header):
    return [address.addr_spec for address in header.addresses]


def test_all_who_got_the_patch():
    mail = reply(HEAD)
    assert specs(mail["To"]) == ["joerg@example.org"]
    assert mail["To"].addresses[0].display_name == "Jörg Example"
    assert specs(mail["Cc"])[0] == "linux-mm@kvack.org"
    assert specs(mail["Cc"])[-2:] == ["jane@example.org", "linux-kernel@vger.kernel.org"]
    assert mail["Subject"] == "Re: [PATCH v4 2/2] mm: Optimize mremap() by PTE batching"
    assert mail["In-Reply-To"] == "<3@example.org>"
    assert mail["References"].split() == ["<0@example.org>", "<1@example.org>", "<3@example.org>"]
    assert set(mail.keys()) == OURS
    assert wrote(HEAD) == "On Tue, 10 Jun 2025 09:20:44 +0530, Jörg Example wrote:"


def test_a_reply_keeps_its_subject():
    assert reply(b"From: a@b.org\nSubject: RE: a patch\n\n")["Subject"] == "RE: a patch"


def test_where_the_author_wants_answers():
    assert specs(reply(b"From: a@b.org\nReply-To: list@b.org\nSubject: x\n\n")["To"]) == ["list@b.org"]


def test_without_references():
    mail = reply(b"From: a@b.org\nSubject: x\nMessage-ID: <2@b>\nIn-Reply-To: <1@b>\n\n")
    assert mail["References"].split() == ["<1@b>", "<2@b>"]


def test_long_message_ids_stay_what_they_are():
    long = f"<{'x' * 150}@example.org>"
    raw = f"From: a@b.org\nSubject: x\nMessage-ID: {long}\nReferences: {long.replace('x', 'y')}\n\n".encode()
    text = reply_to(raw).as_bytes().decode()
    assert f"In-Reply-To: {long}\n" in text
    assert reply(raw)["References"].split() == [long.replace("x", "y"), long]


BREAK = "=?utf-8?q?x=0D=0ABcc:_evil@example.org=0A=0AEvil_text?="


@pytest.mark.parametrize(
    "raw",
    [
        f"From: a@b.org\nSubject: {BREAK}\nMessage-ID: <1@b>\n\n",
        f"From: {BREAK} <a@b.org>\nSubject: x\n\n",
        f"From: a@b.org\nTo: {BREAK} <c@d.org>\nSubject: x\n\n",
        "From: a@b.org\nSubject: x\rBcc: evil@example.org\n\n",
        "From: a@b.org\nSubject: x\r\n\r\nBcc: evil@example.org\n\n",
        "From: a@b.org\nSubject: x\nMessage-ID: <1@b>\r\n Bcc: evil@example.org\n\n",
        "From: a@b.org\nSubject: x\nMessage-ID: <1@b\rBcc:evil@example.org>\n\n",
        "From: a@b.org\nSubject: x\nReferences: <1@b>\x0bBcc: evil@example.org <2@b>\nMessage-ID: <3@b>\n\n",
        "From: a@b.org\nSubject: x\u2028Bcc: evil@example.org\n\n",
        'From: "a\\\r\n\tBcc: evil@example.org" <a@b.org>\nSubject: x\n\n',
    ],
)
def test_no_header_is_smuggled_in(raw):
    mail = reply(raw.encode())
    assert set(mail.keys()) <= OURS
    lines = reply_to(raw.encode()).as_bytes().splitlines()
    assert not [line for line in lines if line.lower().startswith((b"bcc", b"evil"))]
    assert "evil" not in str(mail.get_payload())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"From: <>\nTo: undisclosed recipients:;\nSubject:\nMessage-ID: none\n\n",
        b"From: \xff\xfe <a@b.org>\nSubject: \xff=?utf-8?b?!!!?= =?no-such?q?x?=\n\n",
        b"From: " + b"a@b.org, " * 20_000 + b"\nSubject: " + b"x" * 100_000 + b"\n\n",
        b"Subject: =?utf-8?b?//79?=\n\n",
        b"From: a@b.org (a (nested (comment\nSubject: x\n\n",
        b"no header at all",
    ],
)
def test_whatever_comes(raw):
    """No error, headers of a bounded length."""
    text = reply_to(raw).as_bytes()
    assert len(text) < 20_000
    assert wrote(raw)
    assert set(message_from_bytes(text).keys()) <= OURS


def test_what_moves_a_cursor_is_shown():
    assert reply(b"From: a@b.org\nSubject: =?utf-8?q?x=1B[2Jy?=\n\n")["Subject"] == r"Re: x\x1b[2Jy"
