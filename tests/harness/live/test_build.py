# SPDX-License-Identifier: GPL-2.0-only
"""Static programs: compiled once, refused if they are for another machine or need a dynamic linker."""

import shutil
from pathlib import Path

import pytest

from pte_review.harness.live import build
from pte_review.harness.live.build import check_program, static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import host_arch
from pte_review.models.arch import ARCHES
from tests.kit.binaries import EM_AARCH64, EM_X86_64, PT_INTERP, PT_LOAD, elf


def test_a_static_program_is_taken():
    check_program(elf(EM_X86_64, PT_LOAD, PT_LOAD), "x86_64", "a.out")
    check_program(elf(EM_AARCH64), "arm64", "a.out")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no program"),
        (b"#!/bin/sh\n" + bytes(100), "no program"),
        (elf(EM_X86_64)[:50], "no program"),
        (elf(EM_AARCH64, PT_LOAD), "a program for arm64"),
        (elf(8), "a program for another machine"),
        (elf(EM_X86_64, PT_LOAD, PT_INTERP), "linked dynamically"),
    ],
)
def test_another_is_refused(data: bytes, message: str):
    with pytest.raises(LiveError, match=rf"^a\.out: {message}: expected a static program for x86_64, or a C file"):
        check_program(data, "x86_64", "a.out")


@pytest.fixture(params=ARCHES)
def arch(request: pytest.FixtureRequest) -> str:
    """Each architecture that there is a compiler for."""
    triplet = build.TRIPLETS[request.param][0]
    if request.param != host_arch() and shutil.which(f"{triplet}-gcc") is None:
        pytest.skip(f"no {triplet}-gcc")
    return str(request.param)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A C file with a header beside it."""
    (tmp_path / "status.h").write_text("enum { STATUS = 3 };\n")
    path = tmp_path / "program.c"
    path.write_text('#include "status.h"\nint main(void) { return STATUS; }\n')
    return path


def test_compiled_once(source: Path, arch: str):
    program = static_program([source], arch)
    check_program(program.read_bytes(), arch, "program")
    assert program.stat().st_mode & 0o100
    made = program.stat().st_mtime_ns
    assert static_program([source], arch) == program
    assert program.stat().st_mtime_ns == made


def test_another_header_is_another_program(source: Path, arch: str):
    before = static_program([source], arch)
    (source.parent / "status.h").write_text("enum { STATUS = 4 };\n")
    assert static_program([source], arch) != before


def test_headers_of_a_named_folder(tmp_path: Path, source: Path, arch: str):
    (tmp_path / "more").mkdir()
    (source.parent / "status.h").rename(tmp_path / "more" / "status.h")
    with pytest.raises(LiveError, match=r"does not compile:"):
        static_program([source], arch)
    options = [f"-I{tmp_path / 'more'}"]
    before = static_program([source], arch, options=options)
    (tmp_path / "more" / "status.h").write_text("enum { STATUS = 4 };\n")
    assert static_program([source], arch, options=options) != before


def test_an_error_has_its_line(source: Path, arch: str, cache: Path):
    source.write_text("int main(void)\n{\n\treturn nothing;\n}\n")
    with pytest.raises(LiveError, match=rf"program\.c: {arch}: does not compile:$") as caught:
        static_program([source], arch)
    assert "program.c:3:" in caught.value.details[0]
    assert not list(cache.glob("*.partial"))


def test_no_file_of_the_user_is_compiled_in(tmp_path: Path, arch: str):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "program.c").write_text(f'#include "{tmp_path}/secret"\nint main(void) {{ return 0; }}\n')
    (tmp_path / "secret").write_text("int x;\n")
    with pytest.raises(LiveError) as caught:
        static_program([tmp_path / "own" / "program.c"], arch)
    assert "Permission denied" in caught.value.details[0]


def test_no_compiler(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    other = next(arch for arch in ARCHES if arch != host_arch())
    with pytest.raises(LiveError, match=rf"^no C compiler for {other}: expected \S+-gcc; try apt-get install gcc-"):
        static_program([source], other)
    if host_arch() is not None:
        with pytest.raises(LiveError, match=r"^no C compiler"):
            static_program([source], str(host_arch()))


def test_no_source(tmp_path: Path, arch: str):
    with pytest.raises(LiveError, match=r"none\.c: No such file or directory: expected a C file"):
        static_program([tmp_path / "none.c"], arch)
