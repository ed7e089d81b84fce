# SPDX-License-Identifier: GPL-2.0-only
"""Recordings by hand: how a record becomes move_ptes() calls, what is masked, what is found."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from pte_review.harness.recordings.reading import is_recording
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import arm, bits, page, swap, x86
from tests.kit.moves import as_move, load
from tests.kit.records import NEW, OLD, none, only, record, write


def test_names_of_recordings():
    assert [is_recording(Path(n)) for n in ("a.jsonl", "a.jsonl.gz", "a.json", "a.gz", "jsonl")] == [
        True,
        True,
        *[False] * 3,
    ]


def test_plain_and_gzip_are_the_same(tmp_path):
    plain = write(tmp_path / "a.jsonl", record(), record())
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(plain) == read(packed)
    assert len(read(plain)) == 2


@pytest.mark.parametrize(
    ("old", "new", "pages", "clears", "expected"),
    [  # addresses in pages from a PMD's start; (first page of the record, old index, new index, entries) of each call
        (0, 0, 5, False, [(0, 0, 0, 5)]),
        (510, 0, 4, False, [(0, 510, 0, 2), (2, 0, 2, 2)]),
        (0, 510, 4, False, [(0, 0, 510, 2), (2, 2, 0, 2)]),
        (510, 511, 4, False, [(0, 510, 511, 1), (1, 511, 0, 1), (2, 0, 1, 2)]),
        (3, 3, 1024, False, [(0, 3, 3, 509), (1021, 0, 0, 3)]),  # a whole table goes by move_normal_pmd()
        (3, 3, 1024, True, [(0, 3, 3, 509), (509, 0, 0, 512), (1021, 0, 0, 3)]),  # unless uffd-wp is cleared
        (0, 0, 512, False, []),
        (0, 1, 512, False, [(0, 0, 1, 511), (511, 511, 0, 1)]),
    ],
)
def test_a_record_is_split_as_get_extent_does(tmp_path, old, new, pages, clears, expected):
    r = only(tmp_path, old_addr=OLD + old * 4096, new_addr=NEW + new * 4096, clears_uffd_wp=clears, **none(pages))
    got = [(c.page, as_move(c.scenario).old_index, as_move(c.scenario).new_index, c.scenario.nr) for c in calls(r)]
    assert got == expected


@pytest.mark.parametrize(("pages", "new_pages", "moved"), [(4, 2, 2), (2, 4, 2), (3, 3, 3)])
def test_shrinking_and_growing_moves(tmp_path, pages, new_pages, moved):
    r = only(tmp_path, pages=pages, new_pages=new_pages, before=[[0, pages, 0]], after=[[0, new_pages, 0]])
    assert [c.scenario.nr for c in calls(r)] == [moved]


@pytest.mark.parametrize(
    ("mapping", "pfn", "folio", "vma"),
    [
        ("anon", 0x1234, Folio(0x1234), Vma(uffd=True, uffd_event_remap=True)),
        ("mthp", 0x1234, Folio(0x1234), Vma(uffd=True, uffd_event_remap=True)),
        ("thp2m", 0x1200, Folio(0x1200, 9), Vma(uffd=True, uffd_event_remap=True)),
        ("memfd", 0x1234, Folio(0x1234, 0, False), Vma(vm_file=True, uffd=True, uffd_event_remap=True)),
        ("filepriv", 0x1234, Folio(0x1234, 0, False), Vma(vm_file=True, uffd=True, uffd_event_remap=True)),
    ],
)
def test_folios_and_vma_of_each_mapping(tmp_path, mapping, pfn, folio, vma):
    (call,) = calls(only(tmp_path, mapping=mapping, before=[[x86("P US NX", pfn), 1, 0]]))
    assert (call.scenario.folios, call.scenario.vma) == ((folio,), vma)


def test_runs_of_consecutive_pages_and_config(tmp_path):
    first = x86("P US NX", 0x100)
    runs = {"before": [[first, 2, 4096], [0, 1, 0]], "after": [[0, 3, 0]]}
    (call,) = calls(only(tmp_path, pages=3, new_pages=3, soft_dirty=True, **runs))
    assert as_move(call.scenario).old_table == ((0, first), (1, x86("P US NX", 0x101)))
    assert call.scenario.config.mem_soft_dirty


def test_prot_none_pages_count_down(tmp_path):
    """x86_64 stores their page frames inverted (L1TF)."""
    first = x86("PROTNONE", 0x100)
    (call,) = calls(only(tmp_path, pages=2, new_pages=2, before=[[first, 2, -4096]], after=[[first, 2, -4096]]))
    assert as_move(call.scenario).old_table == ((0, first), (1, x86("PROTNONE", 0x101)))


# -- what is found

PAGE = page("arm64", 0x1234, "WDA")


def found(tmp_path: Path, **changes: Any) -> list[tuple[str, int, int]]:
    return [(m.kind, m.first, m.last) for m in mismatches(1, only(tmp_path, **changes), load("pre_patch"))]


def one(arch: str, before: int, after: int) -> dict[str, Any]:
    return {"arch": arch, "before": [[before, 1, 0]], "after": [[after, 1, 0]]}


@pytest.mark.parametrize(
    ("arch", "before", "after"),
    [  # what the README of the recordings says to mask
        ("x86_64", x86("P US NX RW D A", 5), x86("P US NX RW D", 5)),
        ("x86_64", x86("P US NX", 5), x86("P US NX A", 5)),
        ("arm64", PAGE, PAGE | bits("arm64", "CONT")),
        ("arm64", PAGE, PAGE & ~bits("arm64", "AF DIRTY")),
        ("arm64", PAGE, PAGE | bits("arm64", "RDONLY")),
        ("arm64", page("arm64", 5, "D"), page("arm64", 5, "A")),
    ],
)
def test_masked(tmp_path, arch, before, after):
    assert found(tmp_path, **one(arch, before, after)) == []


@pytest.mark.parametrize(
    ("arch", "before", "after", "kind"),
    [
        ("x86_64", x86("P US NX RW D", 5), x86("P US NX SAVED_DIRTY", 5), "write-lost"),
        ("x86_64", x86("P US NX", 5), x86("P US NX RW", 5), "write-gained"),
        ("x86_64", x86("P US NX RW D", 5), x86("P US NX RW", 5), "dirty-lost"),
        ("x86_64", x86("P US NX", 5), x86("P US", 5), "other-bits"),
        ("x86_64", x86("P US NX", 5), x86("P US NX", 6), "foreign-entry"),
        ("x86_64", x86("P US NX", 5), 0, "entry-lost"),
        ("x86_64", swap("x86_64", 1, 5, "E"), swap("x86_64", 1, 5), "other-bits"),
        ("x86_64", swap("x86_64", 31, 4), 0, "entry-lost"),
        ("arm64", page("arm64", 5, "U"), page("arm64", 5), "uffd-wp-lost"),
        ("arm64", page("arm64", 5, "W"), page("arm64", 5), "write-lost"),
        ("arm64", page("arm64", 5), arm("VALID TYPE USER nG PXN RDONLY", 5), "other-bits"),
    ],
)
def test_a_kernel_that_left_something_else(tmp_path, arch, before, after, kind):
    assert found(tmp_path, **one(arch, before, after)) == [(kind, 0, 0)]


def test_soft_dirty_that_the_kernel_did_not_set(tmp_path):
    before = x86("P US NX", 5)
    assert found(tmp_path, soft_dirty=True, **one("x86_64", before, before)) == [("soft-dirty-missing", 0, 0)]
    assert found(tmp_path, soft_dirty=True, **one("x86_64", before, before | bits("x86_64", "SD"))) == []


def test_uffd_wp_that_the_kernel_kept(tmp_path):
    before = page("arm64", 5, "U")
    assert found(tmp_path, clears_uffd_wp=True, **one("arm64", before, before)) == [("uffd-wp-kept", 0, 0)]
    assert found(tmp_path, clears_uffd_wp=True, **one("arm64", before, page("arm64", 5))) == []


def test_neighbouring_pages_are_one_stretch(tmp_path):
    r = {"pages": 5, "new_pages": 5, "before": [[x86("P US NX", 8), 5, 4096]]}
    gap = [[x86("P US NX RW", 8), 2, 4096], [x86("P US NX", 10), 1, 0], [x86("P US NX RW", 11), 2, 4096]]
    assert found(tmp_path, **r, after=gap) == [("write-gained", 0, 1), ("write-gained", 3, 4)]
