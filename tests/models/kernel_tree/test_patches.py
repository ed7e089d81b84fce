# SPDX-License-Identifier: GPL-2.0-only
"""Patches of every shape, applied on a copy: the tree stays as it is (conftest.py checks after each test)."""

import base64
import email.message
import quopri

import pytest

from pte_review.models.kernel_tree.patches import patched
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.little_tree import FILES, MREMAP, MREMAP_TEXT, change, commit, git, make_git, snapshot

THREE = ("step_3(table, 3)", "step_3(table, 33)")
DONE = MREMAP_TEXT.replace("step_3(table, 3)", "step_3(table, 333)")


def result(tree, *files, rev=None):
    return patched(open_tree(tree, MREMAP, rev), files, MREMAP)


def names(tree):
    return tuple(patch.name for patch in tree.patches)


def mails(file):
    """The mails of an mbox, each as text that starts with its From line."""
    parts = file.read_text().split("\nFrom ")
    return [part if part.startswith("From ") else "From " + part for part in parts]


def test_a_diff(tree, patch):
    after = result(tree, patch("a.patch", THREE))
    assert after.read(MREMAP) == MREMAP_TEXT.replace(*THREE)
    assert after.overlay == {MREMAP: MREMAP_TEXT.replace(*THREE)}
    assert (names(after), after.label) == (("a.patch",), "linux-6.1")
    assert after.read("mm/internal.h") == FILES["mm/internal.h"]


def test_no_files(tree):
    assert result(tree).read(MREMAP) == MREMAP_TEXT


def test_several_files_in_order(tree, patch):
    first, second = patch("a.patch", THREE), patch("b.patch", ("turn_9(table, 9)", "turn_9(table, 99)"))
    after = result(tree, first, second)
    assert after.read(MREMAP) == MREMAP_TEXT.replace(*THREE).replace("turn_9(table, 9)", "turn_9(table, 99)")
    assert names(after) == ("a.patch", "b.patch")


def test_lines_moved_by_an_offset(tree, patch):
    file = patch("a.patch", THREE)
    file.write_text(file.read_text().replace("@@ -5,", "@@ -15,").replace("+5,", "+15,"))
    assert result(tree, file).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


@pytest.mark.parametrize("options", [("--no-prefix",), ("--src-prefix=i/", "--dst-prefix=w/"), ("--binary",)])
def test_shapes_of_diffs(tree, patch, options):
    assert result(tree, patch("a.patch", THREE, options=options)).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


def test_a_traditional_diff_with_other_folders(tree, patch):
    file = patch("a.patch", THREE)
    lines = [line for line in file.read_text().split("\n") if not line.startswith(("diff", "index"))]
    lines[0:2] = [f"--- linux-6.1.orig/{MREMAP}\t2025-01-01 00:00:00", f"+++ linux-6.1/{MREMAP}\t2025-01-01 00:00:00"]
    file.write_text(f"Index: {MREMAP}\n" + "=" * 40 + "\n" + "\n".join(lines))
    assert result(tree, file).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


def test_new_changed_and_deleted_files(tree, work, patch):
    (work / "mm/new file.c").write_text("int new;\n")
    (work / "kernel/fork.c").unlink()
    after = result(tree, patch("a.patch", THREE))
    assert after.overlay == {MREMAP: MREMAP_TEXT.replace(*THREE), "mm/new file.c": "int new;\n", "kernel/fork.c": None}
    assert after.read("kernel/fork.c") is None


def test_a_new_file_alone_with_an_interesting_name(tree, work, patch):
    (work / "mm/util.c").write_text("int util;\n")
    for options in ((), ("--no-prefix",)):
        (work / "mm/util.c").write_text("int util;\n")
        assert result(tree, patch("a.patch", options=options)).read("mm/util.c") == "int util;\n"


def test_a_rename(tree, work, patch):
    git(work, "mv", MREMAP, "mm/mremap2.c")
    git(work, "commit", "-q", "-m", "renamed")
    file = work.parent / "a.patch"
    file.write_text(git(work, "diff", "-M", "v6.1"))
    assert "rename from" in file.read_text()
    assert result(tree, file).overlay == {MREMAP: None, "mm/mremap2.c": MREMAP_TEXT}


def test_only_a_mode(tree, work, patch):
    (work / MREMAP).chmod(0o755)
    file = patch("a.patch")
    assert "new mode 100755" in file.read_text()
    assert result(tree, file).overlay == {}


def test_a_binary_file_beside(tree, work, patch):
    (work / "logo.bin").write_bytes(bytes(range(256)))
    after = result(tree, patch("a.patch", THREE, options=("--binary",)))
    assert after.read("logo.bin").encode("utf-8", "surrogateescape") == bytes(range(256))


def test_quoted_names_and_odd_bytes(tree, work, patch):
    (work / 'mm/\u00e4 "b"\t.c').write_bytes(b"caf\xe9 \0 \r\n")
    after = result(tree, patch("a.patch", THREE, options=("--text",)))
    assert after.read('mm/\u00e4 "b"\t.c').encode("utf-8", "surrogateescape") == b"caf\xe9 \0 \r\n"


def test_a_huge_line(tree, patch):
    text = "x" * 1_000_000
    assert text in result(tree, patch("a.patch", ("return 0;", f"return 0; // {text}"))).read(MREMAP)


def test_a_symbolic_link_is_not_followed(tree, work, patch, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (work / "mm/util.c").symlink_to(tmp_path / "secret")
    assert result(tree, patch("a.patch", THREE)).read("mm/util.c") is None


def test_an_mbox_with_a_cover_letter(tree, series):
    after = result(tree, series("a.mbx"))
    assert after.read(MREMAP) == DONE
    assert names(after) == (
        "a.mbx: [PATCH 1/2] mm: three is thirty-three",
        "a.mbx: [PATCH 2/2] mm: one more three",
    )


def test_an_interdiff_in_the_cover_letter_is_no_patch(tree, series):
    file = series("a.mbx")
    cover, *rest = mails(file)
    interdiff = f"diff --git a/{MREMAP} b/{MREMAP}\n--- a/{MREMAP}\n+++ b/{MREMAP}\n@@ -1 +1 @@\n-old\n+new\n"
    file.write_text("\n".join([cover.replace("-- \n", interdiff + "-- \n"), *rest]))
    assert result(tree, file).read(MREMAP) == DONE


def test_out_of_order(tree, series):
    file = series("a.mbx", "-v3")
    cover, one, two = mails(file)
    file.write_text("\n".join([two, cover, one]) + "\n")
    after = result(tree, file)
    assert after.read(MREMAP) == DONE
    assert names(after)[0].startswith("a.mbx: [PATCH v3 1/2]")


def test_replies_and_second_copies_are_left_out(tree, series):
    file = series("a.mbx")
    cover, one, two = mails(file)
    quote = "\n".join("> " + line for line in one.split("\n\n", 1)[1].split("\n"))
    reply = one.split("\n\n", 1)[0].replace("Subject: ", "Subject: Re: ") + "\n\nA comment:\n" + quote
    file.write_text("\n".join([cover, one, reply, two, two]) + "\n")
    assert result(tree, file).read(MREMAP) == DONE


def encoded(mail, encoding):
    """`mail` with its body in another transfer encoding."""
    head, body = mail.split("\n\n", 1)
    raw = body.encode()
    text = (quopri.encodestring(raw) if encoding == "quoted-printable" else base64.encodebytes(raw)).decode()
    mime = f'\nMIME-Version: 1.0\nContent-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: {encoding}'
    return head + mime + "\n\n" + text


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_transfer_encodings(tree, series, encoding):
    file = series("a.mbx")
    file.write_text("\n".join(encoded(mail, encoding) for mail in mails(file)))
    assert result(tree, file).read(MREMAP) == DONE


def test_carriage_returns(tree, series, patch):
    for file in (series("a.mbx"), patch("b.patch", THREE)):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        assert result(tree, file).read(MREMAP) != MREMAP_TEXT
        assert "\r" not in result(tree, file).read(MREMAP)


def test_carriage_returns_inside_base64(tree, series):
    file = series("a.mbx")
    with_cr = [mail.replace("\n\n", "\0", 1).replace("\n", "\r\n", -1) for mail in mails(file)]
    heads = [(part.split("\0")[0].replace("\r", ""), part.split("\0")[1]) for part in with_cr]
    file.write_text("\n".join(encoded(head + "\n\n" + body, "base64") for head, body in heads))
    assert result(tree, file).read(MREMAP) == DONE


def test_one_mail_with_and_without_a_from_line(tree, series, tmp_path):
    one = mails(series("a.mbx"))[1]
    for name, text in (("with.eml", one), ("without.eml", one.partition("\n")[2]), ("blank.eml", "\n\n" + one)):
        (tmp_path / name).write_text(text)
        after = result(tree, tmp_path / name)
        assert after.read(MREMAP) == MREMAP_TEXT.replace(*THREE)
        assert names(after) == (name,)


def test_a_reply_with_a_diff_alone_is_a_patch(tree, patch, tmp_path):
    diff = patch("a.patch", THREE).read_text()
    mail = tmp_path / "a.eml"
    mail.write_text("From: A Name <a@example.org>\nSubject: Re: [PATCH 1/2] mm: x\n\n> why?\n\nRather:\n\n" + diff)
    assert result(tree, mail).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


@pytest.mark.parametrize("stuffed", [True, False])
def test_a_format_flowed_mail(tree, series, stuffed):
    """One blank is put before lines that start with one; some programs say so, and do not do it."""
    file = series("a.mbx")
    head, body = mails(file)[1].split("\n\n", 1)
    body = body.replace("\n ", "\n  ") if stuffed else body
    file.write_text(f"{head}\nMIME-Version: 1.0\nContent-Type: text/plain;\n format=flowed\n\n{body}")
    assert result(tree, file).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


def test_an_attachment(tree, patch, tmp_path):
    message = email.message.EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "[PATCH] mm: three"
    message.set_content("See the attachment.\n")
    message.add_attachment(patch("x.patch", THREE).read_text(), filename="x.patch")
    file = tmp_path / "a.eml"
    file.write_bytes(message.as_bytes())
    assert result(tree, file).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


def test_a_revision_of_a_repository(tmp_path, patch):
    repository = make_git(tmp_path / "linux")
    change(repository, "step_3(table, 3)", "step_3(table, 4)")
    commit(repository, "second")
    git(tmp_path, "clone", "-q", "--bare", "linux", "bare.git")
    before = snapshot(repository), snapshot(tmp_path / "bare.git")
    for folder in (repository, tmp_path / "bare.git"):
        after = result(folder, patch("a.patch", THREE), rev="v6.1")
        assert after.read(MREMAP) == MREMAP_TEXT.replace(*THREE)
    assert (snapshot(repository), snapshot(tmp_path / "bare.git")) == before


def test_the_repository_around_the_temporary_folder_is_not_seen(tree, tmp_path, patch):
    git(tmp_path, "init", "-q")
    (tmp_path / ".git/info/attributes").write_text("* text eol=crlf\n")
    assert result(tree, patch("a.patch", THREE)).read(MREMAP) == MREMAP_TEXT.replace(*THREE)


def test_a_patch_on_a_patched_tree(tree, patch):
    once = result(tree, patch("a.patch", THREE))
    twice = patched(once, [patch("b.patch", ("return 1", "return 7"))], MREMAP)
    assert twice.read(MREMAP) == MREMAP_TEXT.replace(*THREE).replace("return 1", "return 7")
    assert names(twice) == ("a.patch", "b.patch")
