# SPDX-License-Identifier: GPL-2.0-only
"""What is a message-id, what b4 is asked, and what is said where it does not help."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from pte_review.models.kernel_tree import threads
from pte_review.models.kernel_tree.errors import TreeError

ID = "20250610035043.75448-3-dev.jain@arm.com"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"<{ID}>",
        f"https://lore.kernel.org/all/{ID}/",
        f"https://lore.kernel.org/linux-mm/{ID}",
        f"https://lore.kernel.org/linux-mm/{ID}/raw",
        f"https://lore.kernel.org/linux-mm/{ID}/t.mbox.gz",
        f"https://lore.kernel.org/r/{ID}#t",
        f"https://lore.kernel.org/all/{ID.replace('@', '%40')}/T/#u",
        f"https://patch.msgid.link/{ID}",
    ],
)
def test_what_is_one(text):
    assert threads.message_id(text) == ID


@pytest.mark.parametrize(
    "text", ["v5.mbx", "-", "", "-o@x", "a b@c", "a@b\n", "@", "a@", "dir/a@b", "https://example.org/", "a@b" * 100]
)
def test_what_is_none(text):
    assert threads.message_id(text) is None


@pytest.fixture
def b4(tmp_path, monkeypatch):
    """b4(text): a program of that name in PATH that does so."""

    def install(text):
        program = tmp_path / "bin" / "b4"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return install


def test_what_b4_is_asked(b4):
    b4('printf "%s\\n" "$@"')
    assert threads.thread_of(ID).decode().split() == ["--no-interactive", "mbox", "-o", "-", "--", ID]


def test_what_b4_complains_of(b4):
    b4("echo 'Looking up' >&2; echo 'Server returned an error: 404' >&2; exit 1")
    with pytest.raises(TreeError, match=f'^{ID}: b4 mbox brings nothing: "Server returned an error: 404"$'):
        threads.thread_of(ID)


def test_a_b4_that_does_not_end(b4, monkeypatch):
    monkeypatch.setattr(threads, "SECONDS", 0.2)
    b4("exec sleep 60")
    with pytest.raises(TreeError, match=r"did not end in 0\.2 seconds"):
        threads.thread_of(ID)


def test_without_b4(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TreeError, match=f"^{ID}: no such file, and b4, .* is not installed"):
        threads.thread_of(ID)


def test_b4_itself(b4, tmp_path, monkeypatch):
    """With a local mbox in the place of the archive."""
    pytest.importorskip("b4", reason="b4 is not installed: pip install b4")
    program = shutil.which("b4", path=str(Path(sys.executable).parent)) or shutil.which("b4")
    text = (
        f"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A <a@b.org>\nMessage-ID: <{ID}>\nSubject: [PATCH] mm\n\nWhy.\n"
    )
    (tmp_path / "local.mbx").write_text(text)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    b4(
        f'[ "$*" = "--no-interactive mbox -o - -- {ID}" ] && '
        f"exec {program} -n mbox -m {tmp_path}/local.mbx -o - -- {ID}"
    )
    assert f"Message-ID: <{ID}>\n".encode() in threads.thread_of(ID)
