# SPDX-License-Identifier: GPL-2.0-only
"""What is said about patches that are none, do not apply, conflict or are damaged: each names the place."""

import base64
import gzip
import shutil

import pytest

from tests.kit.little_tree import MREMAP, change, error, git, make, make_git, snapshot
from tests.models.kernel_tree.test_patches import THREE, encoded, mails

OUTSIDE = ["../x", "b/../../x", "/etc/x", "b//etc/x", "b/.git/config", "b/mm/../../../x", '"b/\\056./x"']
ELSE = ("step_3(table, 3)", "step_3(table, 44)")


def edited(file, old, new):
    text = file.read_bytes().decode()
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode())
    return file


def line_of(file, part):
    """The number of the first line of `file` with `part`."""
    return next(n for n, line in enumerate(file.read_text().split("\n"), 1) if part in line)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"hello\n", "not a patch: it holds no diff; expected the output of git diff"),
        (b"\0\1\2", "not a patch: it holds no diff"),
        (b"hello\n\n> diff --git a/x b/x\n", "quoted (> ): try the mail that it answers"),
        (gzip.compress(b"x", mtime=0), "compressed by gzip; try unpacking it first"),
        ("x".encode("utf-16"), "UTF-16 text, expected UTF-8"),
        (b"<!DOCTYPE html><html>", "an HTML page; try the page's raw or mbox link"),
        (b"From: a\nSubject: b\n\nhello\n", "not a patch: the mail holds no diff"),
        (b"--- a/mm/mremap.c\n+++ b/mm/mremap.c\n", "not a patch that git apply can read"),
        (b"diff --git a/mm/mremap.c b/mm/mremap.c\n", "not a patch that git apply can read"),
        (
            b"--- a/x\n+++ b/x\nz\n@@ -1 +1 @@\n-x\n",
            "line 4: not a patch that git apply can read: patch fragment without",
        ),
        (b"--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n", "not a patch that git apply can read"),
    ],
)
def test_no_patch(tree, tmp_path, content, said):
    file = tmp_path / "a.patch"
    file.write_bytes(content)
    message = error(tree, file)
    assert message.startswith(f"{file}: ")
    assert said in message


def test_no_file(tree, tmp_path):
    assert error(tree, tmp_path / "none").startswith(f"{tmp_path / 'none'}: no such file: expected")
    assert "is a folder" in error(tree, tmp_path)


def test_an_mbox_without_a_diff(tree, series):
    file = series("a.mbx")
    file.write_text("\n".join([mails(file)[0]] * 2))
    assert "none of its 2 mails holds a diff" in error(tree, file)


def test_a_hunk_that_does_not_fit(tree, patch):
    change_both = patch("a.patch", ("step_1(table, 1)", "step_1(table, 10)"), ("turn_9(table, 9)", "turn_9(table, 99)"))
    edited(change_both, "-\tturn_9(table, 9);", "-\tturn_9(table, 8);")
    assert error(tree, change_both) == (
        f'{change_both}: does not apply: mm/mremap.c:31: hunk 2 (@@ -28,7 +28,7 @@) expects "turn_9(table, 8);", '
        'the tree has "turn_9(table, 9);"'
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\tstep_2(table, 2);\n", "", 'mm/mremap.c:7: hunk 1 (@@ -5,7 +5,7 @@) expects "step_2(table, 2);", '
         'the tree has "step_3(table, 3);"'),
        ("\tstep_2(table, 2);\n", "\tstep_2(table, 2);\n\tmore();\n", 'mm/mremap.c:8: hunk 1 (@@ -5,7 +5,7 @@) expects '
         '"step_3(table, 3);", the tree has "more();"'),
        ("{\n\tstep_1", "{ /* */\n\tstep_1", 'mm/mremap.c:5: hunk 1 (@@ -5,7 +5,7 @@) expects "{", '
         'the tree has "{ /* */"'),
    ],
)  # fmt: skip
def test_a_tree_that_differs(tmp_path, patch, old, new, said):
    folder = make(tmp_path / "other")
    change(folder, old, new)
    assert error(folder, patch("a.patch", THREE)).endswith("a.patch: does not apply: " + said)


def test_a_tree_that_is_another(tmp_path, patch):
    folder = make(tmp_path / "other")
    (folder / MREMAP).write_text("int nothing;\n")
    assert error(folder, patch("a.patch", THREE)).endswith('expects "{", the tree has no such line: the file ends')


def test_several_files_are_named(tree, patch):
    file = patch("a.patch", THREE, ("#define ONE 1", "#define ONE 2", "mm/internal.h"))
    edited(file, "-\tstep_3(table, 3)", "-\tstep_3(table, 5)")
    edited(file, "-#define ONE 1", "-#define ONE 3")
    assert "mm/internal.h:1: hunk 1" in error(tree, file)
    assert error(tree, file).endswith("; nor does it in mm/mremap.c")


def test_the_mail_is_named(tree, series):
    file = edited(series("a.mbx"), "-\tstep_3(table, 33)", "-\tstep_3(table, 5)")
    assert error(tree, file).startswith(
        f'{file}: mail "[PATCH 2/2] mm: one more three": does not apply: mm/mremap.c:8: '
    )
    assert "the tree after a.mbx: [PATCH 1/2] mm: three is thirty-three has" in error(tree, file)


def test_already_applied(tmp_path, tree, patch, series):
    file = patch("a.patch", THREE)
    again = patch("b.patch", THREE)
    assert error(tree, file, again) == f"{again}: is already applied: {file} makes the same change"
    folder = make(tmp_path / "new")
    change(folder, *THREE)
    assert error(folder, file) == f"{file}: is already applied: new has its change; try without it"
    change(folder, "step_3(table, 33)", "step_3(table, 333)")
    assert 'mail "[PATCH 1/2] mm: three is thirty-three": is already applied' in error(folder, series("a.mbx"))


def test_two_patches_in_conflict(tree, patch):
    first, second = patch("a.patch", THREE), patch("b.patch", ELSE)
    harmless = patch("c.patch", ("turn_9(table, 9)", "turn_9(table, 99)"))
    for between in ([], [harmless]):
        said = f"{second}: conflicts with {first}: it applies without that, but not after it: does not apply: mm/"
        assert error(tree, first, *between, second).startswith(said)


def test_other_files_only(tree, patch):
    file = patch("a.patch", ("int fork", "long fork", "kernel/fork.c"))
    assert error(tree, file).startswith(
        f"{file}: touches other files only: kernel/fork.c; the function under review is in mm/mremap.c, "
        "unless --subject names another; of "
    )


def test_a_missing_and_an_existing_file(tree, work, patch):
    (work / "mm/util.c").write_text("int util;\n")
    new = patch("a.patch", THREE)
    (work / "mm/util.c").write_text("int util;\n")
    edited(new, "new file mode 100644\n", "")
    edited(new, "--- /dev/null", "--- a/mm/util.c")
    edited(new, "@@ -0,0 +1 @@\n", "@@ -1 +1,2 @@\n int old;\n")
    assert "does not apply: linux-6.1 has no mm/util.c; expected paths from the top" in error(tree, new)
    text = f"--- /dev/null\n+++ b/{MREMAP}\n@@ -0,0 +1 @@\n+x\n"
    new.write_text(text)
    assert f"does not apply: creates {MREMAP}, which linux-6.1 has" in error(tree, new)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (" \tstep_2(table", "         step_2(table", "spaces where the tree has a tab"),
        (" \tstep_2(table", " \t\tstep_2(table", "a tab where the tree has spaces"),
        (" \tstep_2(table, 2);", " \tstep_2(table,\u00a02);", "a no-break space where the tree has a blank"),
        (" \tstep_2(table, 2);", " \tstep_2(table, 2);  ", "blanks at the end that the tree does not have"),
        (" \tstep_2(table, 2);", " \tstep_2(table,  2);", "other blanks than the tree has"),
        (" \tstep_2(table, 2);", "\tstep_2(table, 2);", "has lost the blank, + or - before its tab"),
        (" \tstep_2(table, 2);", "> \tstep_2(table, 2);", "is quoted"),
    ],
)
@pytest.mark.parametrize("packed", [None, "quoted-printable", "base64", "mail", "diff"])
def test_damage_names_the_line_of_the_file(tree, series, patch, old, new, what, packed):
    file = edited(patch("a.patch", THREE) if packed == "diff" else series("a.mbx"), old, new)
    number = line_of(file, new)
    if packed in ("quoted-printable", "base64"):
        file.write_text("\n".join(encoded(mail, packed) for mail in mails(file)))
        number = line_of(file, "step_2(table") if packed == "quoted-printable" else _base64_line(file)
    assert f"whitespace-damaged: line {number}: " in error(tree, file)
    assert what in error(tree, file)


def _base64_line(file):
    """The line of the mbox on which the line with step_2 of its second mail starts; each holds 57 bytes."""
    lines = file.read_text().split("\n")
    start = [n for n, line in enumerate(lines) if line.startswith("Content-Transfer")][1] + 2
    text = b"".join(base64.b64decode(line) for line in lines[start : lines.index("", start)])
    return start + 1 + (text.rindex(b"\n", 0, text.index(b"step_2(table")) + 1) // 57


def test_a_carriage_return_in_a_diff(tree, patch):
    file = edited(patch("a.patch", THREE), " \tstep_2(table, 2);", " \tstep_2(table, 2);\r")
    assert f"line {line_of(file, 'step_2')}: a carriage return at the end that the tree" in error(tree, file)


def test_trailing_blanks_lost(tmp_path, work, patch):
    for folder in (work, make(tmp_path / "blanks")):
        change(folder, "step_2(table, 2);", "step_2(table, 2);  ")
    git(work, "commit", "-q", "-a", "-m", "blanks")
    file = edited(patch("a.patch", THREE), "step_2(table, 2);  ", "step_2(table, 2);")
    number = line_of(file, "step_2")
    assert f"line {number}: blanks lost at the end (mm/mremap.c:7, hunk 1" in error(tmp_path / "blanks", file)


def test_wrapped_lines(tree, patch):
    for kept in ("", " "):
        file = edited(patch("a.patch", THREE), " \tstep_2(table, 2);", f" \tstep_2(table,\n{kept}2);")
        number = line_of(file, "step_2") + 1
        message = error(tree, file)
        assert f"whitespace-damaged: line {number}: " in message
        assert "wrapped" in message or "is the rest of the line above" in message


def test_a_patch_cut_off_or_edited(tree, patch, series):
    file = patch("a.patch", THREE)
    lines = file.read_text().split("\n")
    start = line_of(file, "@@ ")
    file.write_text("\n".join(lines[:-3]) + "\n")
    said = f'corrupt: the hunk at line {start} ("@@ -5,7 +5,7 @@ static int move(struct table *table)") is shorter'
    assert said in error(tree, file)
    file = edited(series("a.mbx"), "+\tstep_3(table, 33);\n", "")
    assert f"corrupt: the hunk at line {line_of(file, '@@ ')} " in error(tree, file)


def test_a_format_flowed_mail_that_did_not_survive(tree, series):
    file = series("a.mbx")
    head, body = mails(file)[1].split("\n\n", 1)
    flowed = "\nMIME-Version: 1.0\nContent-Type: text/plain; format=flowed\n\n"
    file.write_text(head + flowed + body.replace("\n ", "\n  ").replace(" \tstep_2", "      step_2"))
    assert f"line {line_of(file, 'step_2')}: spaces where the tree has a tab" in error(tree, file)
    assert "the mail is format=flowed" in error(tree, file)


def test_replies_and_versions_beside_the_patches(tree, series):
    file = series("a.mbx")
    cover, one, two = mails(file)
    for odd, said in (
        (two.replace("Subject: [PATCH 2/2]", "Subject: Re: [PATCH 2/2]"), "holds a diff beside the patches"),
        (two.replace("[PATCH 2/2]", "[PATCH v2 2/2]"), "holds versions v1 and v2 of a series"),
        (two.replace("[PATCH 2/2] mm", "[PATCH 1/2] mm"), "is a second patch 1"),
    ):
        file.write_text("\n".join([cover, one, odd]))
        assert said in error(tree, file)


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("old", ["/dev/null", None])
def test_files_outside_the_tree(tree, tmp_path, patch, name, old):
    file = patch("a.patch", THREE)
    new = f"--- {old or name}\n+++ {name}\n@@ -{'0,0' if old else '1'} +1 @@\n{'' if old else '-y' + chr(10)}+x\n"
    file.write_text(file.read_text() + new)
    (tmp_path / "x").write_text("y\n")
    assert "outside the tree" in error(tree, file)
    assert (tmp_path / "x").read_text() == "y\n"


def test_through_a_symbolic_link(tree, tmp_path, patch):
    file = patch("a.patch", THREE)
    file.write_text(
        file.read_text()
        + f"diff --git a/mm/to b/mm/to\nnew file mode 120000\n--- /dev/null\n+++ b/mm/to\n@@ -0,0 +1 @@\n+{tmp_path}\n"
        + "\\ No newline at end of file\n--- /dev/null\n+++ b/mm/to/x\n@@ -0,0 +1 @@\n+x\n"
    )
    assert "does not apply: " in error(tree, file)
    assert not (tmp_path / "x").exists()


def test_a_binary_patch_without_its_data(tree, work, patch):
    (work / MREMAP).write_bytes(b"\0\1")
    assert "does not apply: " in error(tree, patch("a.patch"))


def test_without_context(tree, patch):
    assert "does not apply: mm/mremap.c:8: " in error(tree, patch("a.patch", THREE, options=("-U0",)))


def test_a_subfolders_paths(tree, patch):
    file = patch("a.patch", THREE, options=("--relative=mm",))
    assert "touches other files only: mremap.c" in error(tree, file)


def test_without_git(tree, patch, monkeypatch):
    file = patch("a.patch", THREE)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "git is not installed" in error(tree, file)


def test_a_huge_line_is_shortened(tree, patch):
    file = patch("a.patch", THREE)
    edited(file, "-\tstep_3(table, 3)", "-\t" + "x" * 100_000)
    assert len(error(tree, file)) < 500


def test_a_repository_is_left_alone(tmp_path, patch):
    folder = make_git(tmp_path / "linux")
    before = snapshot(folder)
    file = edited(patch("a.patch", THREE), "-\tstep_3(table, 3)", "-\tstep_3(table, 5)")
    assert "does not apply: mm/mremap.c:8: " in error(folder, file, rev="v6.1")
    assert snapshot(folder) == before
