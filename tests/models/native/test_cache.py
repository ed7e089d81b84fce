# SPDX-License-Identifier: GPL-2.0-only
"""The cache of compiled objects forgets what nobody has used for long, and nothing else."""

import os
import time

import pytest

from pte_review.models.native.build import CompileError, compiled
from pte_review.models.native.cache import KEPT_DAYS, cache_folder, is_whole
from pte_review.models.native.on_load import NoObject, runs_on_load


def test_old_objects_go_when_a_new_one_comes(tmp_path, monkeypatch):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))
    first = compiled("int one;", (), "test")
    names = {"old.so": True, "old.partial": True, "old.json": False, "young.so": False}
    long_ago = time.time() - (KEPT_DAYS + 1) * 24 * 3600
    for name in names:
        (tmp_path / name).write_bytes(b"")
        if name != "young.so":
            os.utime(tmp_path / name, (long_ago, long_ago))
    assert compiled("int one;", (), "test") == first
    assert (tmp_path / "old.so").exists()
    second = compiled("int two;", (), "test")
    gone = {name for name in names if not (tmp_path / name).exists()}
    assert gone == {name for name, goes in names.items() if goes}
    assert first.exists()
    assert second.exists()


@pytest.mark.parametrize("damage", [b"", b"no object", None])
def test_a_broken_object_is_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))
    first = compiled("int one;", (), "test")
    data = first.read_bytes()
    first.write_bytes(data[: len(data) // 2] if damage is None else damage)
    assert not is_whole(first)
    assert compiled("int one;", (), "test") == first
    assert first.read_bytes() == data


def test_a_cache_that_cannot_be_written_is_said_and_another_used(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "file"))
    folder = cache_folder()
    assert cache_folder() == folder != tmp_path / "file"
    assert compiled("int one;", (), "test").parent == folder
    said = capsys.readouterr().err
    assert said.startswith(f"pte-review: {tmp_path}/file: cannot be written (")
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


INIT_ARRAY = r'asm(".section .init_array,\"aw\"; .quad 0; .text");'
ON_LOAD = ["__attribute__((constructor)) void f(void) {}", "void _init(void) {}", INIT_ARRAY]


@pytest.mark.parametrize("code", ON_LOAD)
def test_what_would_run_on_load_is_refused(tmp_path, monkeypatch, code):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))
    with pytest.raises(CompileError, match="test: asks for code to run when it is loaded"):
        compiled(code, (), "test")
    assert list(tmp_path.glob("*.partial")) == []


RESOLVER = "static int one(void) { return 1; } static void *which(void) { return one; } "


@pytest.mark.parametrize("visible", ["", "static "])
def test_so_is_a_resolver(visible):
    text = RESOLVER + f'{visible}int two(void) __attribute__((ifunc("which"))); int three(void) {{ return two(); }}'
    with pytest.raises(CompileError, match="code to run when it is loaded"):
        compiled(text, (), "test")


def test_what_runs_on_load_is_asked_of_objects_only(tmp_path):
    for data in (b"", b"\x7fELF" + bytes(100), compiled("int one;", (), "test").read_bytes()[:100]):
        path = tmp_path / "x.so"
        path.write_bytes(data)
        with pytest.raises(NoObject):
            runs_on_load(path)
