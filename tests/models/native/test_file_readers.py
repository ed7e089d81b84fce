# SPDX-License-Identifier: GPL-2.0-only
"""Text that makes the compiler read a file is refused with its line, and a compiler can read no file of a user's."""

import shutil

import pytest

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native import build
from pte_review.models.native.build import compiled
from pte_review.models.native.file_readers import refuse_file_readers
from tests.kit.little_tree import MREMAP
from tests.kit.trees import RELEASES, edited, linux, small, version

READERS = {
    '#include "/etc/passwd"': "#include",
    "#include <secret.h>": "#include",
    "  #  include_next <a.h>": "#include_next",
    "%:include <a.h>": "#include",
    "/* x */ #include <a.h>": "#include",
    '#inc\\\nlude "a.h"': "#include",
    '#embed "/etc/passwd"': "#embed",
    "#import <a.h>": "#import",
    '#if __has_embed("/etc/passwd")': "__has_embed",
    '_Pragma("GCC dependency \\"/etc/passwd\\"")': "_Pragma",
    "_Pragma(STRING)": "_Pragma",
    '#pragma GCC dependency "/etc/passwd"': "#pragma GCC dependency",
    'asm(".incbin \\"/etc/passwd\\"");': "the directive .incbin in a string",
    'asm(".inc" "bin \\"/etc/passwd\\"");': "the directive .incbin in a string",
    'asm(".inc"\n"bin \\"/etc/passwd\\"");': "the directive .incbin in a string",
    'asm("\\x2e\\x69ncbin \\"/etc/passwd\\"");': "the directive .incbin in a string",
    'asm("\\056include \\"/etc/passwd\\"");': "the directive .include in a string",
    'asm(".macro m a\\n.inc\\\\a\\n.endm");': "the directive .macro in a string",
}
HARMLESS = (
    '// #include "a.h"',
    '/*\n#include "a.h"\n*/',
    '"#include"',
    'asm volatile("" ::: "memory");',
    '_Pragma("GCC diagnostic push")',
    "x = a.include;",
    "char c = '\"'; // \"",
)


@pytest.mark.parametrize("code", READERS)
def test_what_reads_a_file_is_refused(code):
    with pytest.raises(TreeError) as error:
        refuse_file_readers("mm/mremap.c", f"int one;\n\n{code}\n", "linux")
    assert str(error.value).startswith(f"linux: mm/mremap.c:3: {READERS[code]}")
    assert str(error.value).endswith(" is refused: nothing that is compiled reads another file")


@pytest.mark.parametrize("code", HARMLESS)
def test_what_reads_none_is_not(code):
    refuse_file_readers("mm/mremap.c", f"int one;\n{code}\nint two;\n", "linux")


def test_in_a_function_of_a_tree():
    line = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
    text = version(edited(small(), {line: f'\t\t\tasm(".inc" "bin \\"/etc/passwd\\"");\n{line}'}))
    with pytest.raises(TreeError, match=r"mm/mremap\.c:\d+: the directive \.incbin in a string is refused"):
        text.unit("x86_64")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_no_release_is_refused(release, arch):
    text = version(open_tree(linux(release), MREMAP))
    assert text.unit(arch).text


@pytest.mark.parametrize("compiler", [name for name in ("gcc", "clang") if shutil.which(name)])
@pytest.mark.parametrize("way", ['#include "{}"\n', 'asm(".incbin \\"{}\\"");\n'])
def test_a_compiler_can_read_no_file_of_a_users(monkeypatch, tmp_path, compiler, way):
    """Nor does a message have a line of it."""
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    (tmp_path / "secret.h").write_text("sesame open;\n")
    with pytest.raises(TreeError) as error:
        compiled(way.format(tmp_path / "secret.h"), (), "test")
    assert "sesame" not in "\n".join([str(error.value), *getattr(error.value, "details", ())])


def test_a_compiler_that_hangs_is_ended(monkeypatch, tmp_path):
    slow = tmp_path / "cc"
    slow.write_text("#!/bin/sh\nsleep 1000 & sleep 1000\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PTE_REVIEW_TRUST", "1")  # or it compiles the fence first
    monkeypatch.setenv("CC", str(slow))
    monkeypatch.setattr(build, "COMPILER_SECONDS", 0.2)
    with pytest.raises(TreeError, match=f"^test: the compiler, {slow}, does not end within 0.2 seconds$"):
        compiled("int one;", (), "test")


def test_a_compiler_that_floods_the_disk_is_ended(monkeypatch, tmp_path):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))
    with pytest.raises(TreeError):
        compiled('asm(".data; .zero 0x40000000; .text");', (), "test")
    assert list(tmp_path.glob("*.partial")) == []


def test_a_full_disk_is_said(monkeypatch, tmp_path):
    full = tmp_path / "cc"
    full.write_text("#!/bin/sh\necho \"x.s: Fatal error: can't write: 'No space left on device'\" >&2\nexit 1\n")
    full.chmod(0o755)
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PTE_REVIEW_TRUST", "1")
    monkeypatch.setenv("CC", str(full))
    with pytest.raises(TreeError, match=r"cache: No space left on device: the compiler cannot keep an object there$"):
        compiled("int one;", (), "test")
