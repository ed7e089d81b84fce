# SPDX-License-Identifier: GPL-2.0-only
"""A file with a whole series: what is said of its mails, and which of them have to apply."""

from dataclasses import replace

import pytest

from pte_review.models.kernel_tree import brought
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.patches import patched
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.little_tree import MREMAP, MREMAP_TEXT, change, commit, git

FORK = "kernel/fork.c"


@pytest.fixture(autouse=True)
def nothing_brought():
    yield
    brought.forget()


def three_patches(work, tmp_path):
    """An mbox whose second patch is for a file that nobody reads."""
    change(work, "step_3(table, 3)", "step_3(table, 33)")
    commit(work, "mm: three is thirty-three")
    change(work, "int fork(void);", "int fork(int how);", FORK)
    commit(work, "fork: say how")
    change(work, "#define ONE 1", "#define ONE 11", "mm/internal.h")
    commit(work, "mm: one is eleven")
    file = tmp_path / "all.mbx"
    file.write_text(git(work, "format-patch", "--stdout", "--cover-letter", "v6.1"), newline="")
    return file


def test_every_mail_is_told(tree, work, tmp_path):
    file = three_patches(work, tmp_path)
    after = patched(open_tree(tree, MREMAP), [file], MREMAP)
    assert after.notes == (
        f'{file}: "[PATCH 0/3] *** SUBJECT HERE ***" is the cover letter; '
        f'"[PATCH 1/3] mm: three is thirty-three" changes {MREMAP}; '
        '"[PATCH 2/3] fork: say how" changes no file that is read: left out; '
        '"[PATCH 3/3] mm: one is eleven" changes mm/internal.h',
    )
    assert [patch.subject for patch in after.patches] == [
        "[PATCH 1/3] mm: three is thirty-three",
        "[PATCH 3/3] mm: one is eleven",
    ]
    assert after.read(MREMAP) == MREMAP_TEXT.replace("step_3(table, 3)", "step_3(table, 33)")


def test_a_patch_for_other_files_need_not_apply(tree, work, tmp_path):
    """As in a tree that has only the files that are read."""
    file = three_patches(work, tmp_path)
    partial = replace(open_tree(tree, MREMAP), overlay={FORK: None})
    assert len(patched(partial, [file], MREMAP).patches) == 2


def test_a_plain_diff_says_nothing(tree, patch):
    file = patch("a.patch", ("step_3(table, 3)", "step_3(table, 33)"))
    assert patched(open_tree(tree, MREMAP), [file], MREMAP).notes == ()


def test_a_mail_keeps_what_it_was(tree, series):
    """For a reply."""
    first, second = patched(open_tree(tree, MREMAP), [series("a.mbx")], MREMAP).patches
    assert first.mail.startswith(b"From ")
    assert b"\nSubject: [PATCH 2/2] mm: one more three\n" in second.mail


THREAD = """From mboxrd@z Thu Jan  1 00:00:00 1970
From: A <a@example.org>
Subject: {subject}
Message-ID: <{msgid}>

{body}
"""


def mail(subject, msgid, body):
    return THREAD.format(subject=subject, msgid=msgid, body=body)


def thread(patch):
    """v1 and v2 in one thread, each with a reply that holds a diff."""
    one = patch("one", ("step_3(table, 3)", "step_3(table, 1)")).read_text()
    two = patch("two", ("step_3(table, 3)", "step_3(table, 2)")).read_text()
    other = patch("other", ("step_3(table, 3)", "step_3(table, 9)")).read_text()
    return "".join(
        [
            mail("[PATCH v1] mm: one", "one@example.org", one),
            mail("Re: [PATCH v1] mm: one", "reply@example.org", f"How about:\n{other}"),
            mail("[PATCH v2] mm: two", "two@example.org", two),
            mail("Re: [PATCH v2] mm: two", "again@example.org", f"Or:\n{other}"),
        ]
    ).encode()


@pytest.mark.parametrize(("msgid", "number"), [("one", 1), ("two", 2), ("reply", 9)])
def test_of_a_thread_the_mail_that_was_named(tree, patch, msgid, number):
    name = brought.bring(brought.Path(f"{msgid}@example.org"), thread(patch))
    after = patched(open_tree(tree, MREMAP), [name], MREMAP)
    assert after.read(MREMAP) == MREMAP_TEXT.replace("step_3(table, 3)", f"step_3(table, {number})")


def test_a_file_with_such_a_thread_is_refused(tree, patch, tmp_path):
    (tmp_path / "a.mbx").write_bytes(thread(patch))
    with pytest.raises(TreeError, match=r'the reply "Re: \[PATCH v1\] mm: one" holds a diff beside the patches'):
        patched(open_tree(tree, MREMAP), [tmp_path / "a.mbx"], MREMAP)


def test_more_than_a_patch_may_have(monkeypatch):
    monkeypatch.setattr(brought, "MOST_PATCH", 10)
    with pytest.raises(TreeError, match="stdin: larger than "):
        brought.bring(brought.STDIN, b"12345678901")
