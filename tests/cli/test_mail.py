# SPDX-License-Identifier: GPL-2.0-only
"""`check --mail FILE`: the reply to a patch."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.changes import NOTHING, SMEAR
from tests.kit.golden import assert_golden
from tests.kit.kernel_text import FEW, PAIR, make_tree
from tests.kit.trees import diff

X86 = ("--arch", "x86_64", *FEW)
CHECK = ("check", *PAIR, "--tree", "batching")
HEAD = """From: A Name <a@example.org>
Date: Tue, 10 Jun 2025 09:20:44 +0530
To: linux-mm@kvack.org
Cc: B <b@example.org>
Subject: [PATCH v4 2/2] mm: batch
Message-ID: <3@example.org>
References: <1@example.org>

Why.
---
"""


@pytest.fixture(autouse=True)
def tree(folder: Path) -> Path:
    (folder / "linux").mkdir()
    return make_tree()


def written(name: str = "r.eml") -> EmailMessage:
    mail = message_from_bytes(Path(name).read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def body(name: str = "r.eml") -> str:
    part = written(name).get_body()
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def timeless(text: str) -> str:
    return re.sub(r"in [\d.]+ s,\s", "in 1.0 s, ", text)


def test_a_reply(cli: Run):
    Path("v4.mbx").write_text(HEAD + diff(SMEAR))
    done = cli(*CHECK, "--patch", "v4.mbx", *X86, "--mail", "r.eml")
    assert (done.status, done.err) == (1, "")
    head = Path("r.eml").read_text().partition("\n\n")[0].partition("\nMIME-Version")[0]
    assert_golden("mail", f"{head}\n\n{timeless(body())}")
    assert written()["From"] is None


def test_the_reproducer_is_attached(cli: Run):
    Path("v4.mbx").write_text(HEAD + diff(SMEAR))
    cli(*CHECK, "--patch", "v4.mbx", *X86, "--mail", "one.eml")
    (attached,) = written("one.eml").iter_attachments()
    assert attached.get_filename() == "write-gained-x86_64.c"
    assert "int main(void)" in attached.get_content()
    assert body("one.eml").endswith("Attached: write-gained-x86_64.c\n")


def test_without_a_reproducer_it_is_plain_text(cli: Run):
    Path("fix.mbx").write_text(HEAD + diff(NOTHING))
    cli(*CHECK, "--patch", "fix.mbx", *X86, "--mail", "r.eml")
    assert written().get_content_type() == "text/plain"


def test_lines_are_short_but_for_the_patch(cli: Run):
    Path("v4.mbx").write_text(HEAD + diff({**SMEAR, "\tint most, nr;\n": f"\tint nr, most; /* {'long ' * 40}*/\n"}))
    cli(*CHECK, "--patch", "v4.mbx", *X86, "--mail", "r.eml")
    lines = body().splitlines()
    assert max(len(line) for line in lines if not line.startswith("> ")) <= 75
    assert len([line for line in lines if line.startswith("> +++ ")]) == 1


def test_what_is_typed_again_names_no_folder_of_ours(cli: Run, folder: Path):
    Path("v4.mbx").write_text(HEAD + diff(SMEAR))
    check = ("check", *PAIR, "--tree", str(folder / "batching"), "--patch", str(folder / "v4.mbx"))
    cli(*check, *X86, "--mail", "r.eml")
    text = body()
    assert str(folder) not in text
    assert "--tree batching" in text
    assert "--patch 3@example.org" in text


def test_a_patch_that_is_no_mail(cli: Run):
    Path("v4.patch").write_text(diff(SMEAR))
    cli(*CHECK, "--patch", "v4.patch", *X86, "--mail", "r.eml")
    mail = written()
    assert (mail["Subject"], mail["To"]) == ("pte-review: tree -> tree+patch: diverges", None)
    assert body().startswith("> +++ b/mm/mremap.c\n> @@ ")
    assert "--patch v4.patch" in body()


def test_a_port(cli: Run):
    cli("check", "pre_patch", "v4", *X86, "--mail", "r.eml")
    assert body().startswith("write-gained (critical)\npre_patch -> v4, x86_64, scenario ")


def test_nothing_found(cli: Run):
    Path("fix.mbx").write_text(HEAD + diff(NOTHING))
    assert cli(*CHECK, "--patch", "fix.mbx", *X86, "--mail", "r.eml").status == 0
    assert body().startswith("tree -> tree+patch: no difference found\n")


def test_a_hostile_patch(cli: Run):
    """Names, bytes and cursor movements in what is quoted, and in the header."""
    evil = "\tint nr, most; /* \x1b[2J \u202e caf\u00e9 */\n"
    text = HEAD.replace("mm: batch", "=?utf-8?q?x=0ABcc:_evil@example.org?=") + diff(
        {**SMEAR, "\tint most, nr;\n": evil}
    )
    Path("v4.mbx").write_bytes(text.encode() + b"-- \n\xff\n")
    assert cli(*CHECK, "--patch", "v4.mbx", *X86, "--mail", "r.eml").status == 1
    raw = Path("r.eml").read_bytes()
    assert b"\x1b" not in raw
    assert "\u202e".encode() not in raw
    assert written()["Bcc"] is None


def test_where_it_may_be_written(refused: Run):
    Path("v4.mbx").write_text(HEAD + diff(SMEAR))
    check = (*CHECK, "--patch", "v4.mbx", *X86)
    for more, says in (
        (("--mail", "v4.mbx"), "--mail v4.mbx: the call reads v4.mbx"),
        (
            ("--mail", "batching/r.eml"),
            "--mail batching/r.eml: that is in the tree batching, which is never written to",
        ),
        (("--mail", "no/r.eml"), "--mail no/r.eml: expected a file in a folder that exists"),
        (("--mail", "one", "--json", "./one"), "--mail one: --json writes that file"),
    ):
        assert refused(*check, *more).err == f"pte-review: {says}\n"
