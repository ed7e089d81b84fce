# SPDX-License-Identifier: GPL-2.0-only
"""Modules of a folder, behind those that they depend on."""

import lzma
import zlib
from pathlib import Path

import pytest

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.modules import modules_in_order


def module(depends: str) -> bytes:
    """What counts of a module: its .modinfo, strings with a NUL behind each."""
    return b"\x7fELF\0...license=GPL\0depends=" + depends.encode() + b"\0name=it\0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, depends in (("block/zram", "zsmalloc,lz4-compress"), ("mm/zsmalloc", ""), ("lib/lz4_compress", "")):
        path = tmp_path / "kernel" / f"{name}.ko.xz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.compress(module(depends)))
    (tmp_path / "kernel" / "other.ko").write_bytes(module(""))
    return tmp_path


def names(folder: Path | None, *wanted: str) -> list[str]:
    return [name for name, _ in modules_in_order(folder, wanted)]


def test_in_the_order_of_loading(folder: Path):
    assert names(folder, "zram", "zsmalloc") == ["zsmalloc", "lz4_compress", "zram"]


def test_what_is_built_in_is_no_file(folder: Path):
    assert names(folder, "virtio_console", "other") == ["other"]
    assert names(None, "zram") == []


def test_decompressed(folder: Path):
    (folder / "kernel" / "a-b.ko.gz").write_bytes(zlib.compress(module(""), wbits=31))
    assert modules_in_order(folder, ["a_b", "zsmalloc"]) == [("a_b", module("")), ("zsmalloc", module(""))]


def test_a_damaged_one_is_said(folder: Path):
    path = folder / "kernel/mm/zsmalloc.ko.xz"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(LiveError, match=r"zsmalloc\.ko\.xz: compressed data that is cut short"):
        names(folder, "zram")
