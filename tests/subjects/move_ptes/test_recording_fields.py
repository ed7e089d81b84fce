# SPDX-License-Identifier: GPL-2.0-only
"""What newer recordings say beside entries before and after: folios, VMAs, what moved whole, what lies beside."""

from typing import Any

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from pte_review.harness.subjects.move_ptes.recordings.text import RECORDINGS
from pte_review.models.scenario import Folio
from tests.kit.build import arm, bits, x86
from tests.kit.moves import load
from tests.kit.records import NEW, OLD, none, only, record, write

PRESENT, SWAP, GUARD, UFFD_WP = 1 << 63, 1 << 62, 1 << 58, 1 << 57


def made(tmp_path, **changes: Any):
    return only(tmp_path, **{"folios": [], "whole": [], **changes})


def found(tmp_path, version: str = "pre_patch", **changes: Any) -> list[tuple[str, int, int]]:
    return [(m.kind, m.first, m.last) for m in mismatches(1, made(tmp_path, **changes), load(version))]


# -- the calls that a move was made of


def where(tmp_path, **changes: Any) -> list[tuple[int, int]]:
    return [(call.page, call.scenario.nr) for call in calls(made(tmp_path, **changes))]


def test_each_vma_is_moved_by_calls_of_its_own(tmp_path):
    vmas = [[0, 2, "rw-p"], [2, 5, "r--p"], [6, 8, "---p"]]
    r = made(tmp_path, vmas=vmas, **none(8))
    assert [(call.page, call.scenario.nr) for call in calls(r)] == [(0, 2), (2, 3), (6, 2)]
    assert [(c.scenario.vma.read, c.scenario.vma.write) for c in calls(r)] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_a_shrinking_move_ends_in_the_middle_of_a_vma(tmp_path):
    r = {"vmas": [[0, 6, "rw-p"]], "pages": 6, "new_pages": 4, "before": [[0, 6, 0]], "after": [[0, 4, 0]]}
    assert where(tmp_path, **r) == [(0, 4)]


@pytest.mark.parametrize("how", ["table", "huge", "split"])
def test_what_moved_whole_is_no_call(tmp_path, how):
    assert where(tmp_path, whole=[[0, 512, how]], **none(512)) == []
    assert where(
        tmp_path, whole=[[509, 1021, how]], old_addr=OLD + 3 * 4096, new_addr=NEW + 3 * 4096, **none(1024)
    ) == [
        (0, 509),
        (1021, 3),
    ]


def test_a_whole_table_that_went_entry_by_entry(tmp_path):
    """move_normal_pmd() may refuse, and where it was recorded nothing is guessed."""
    assert where(tmp_path, whole=[], **none(512)) == [(0, 512)]


def test_fewer_pages_than_a_table_that_moved_with_it(tmp_path):
    """try_realign_addr() of mm/mremap.c, where nothing else is below."""
    assert where(tmp_path, whole=[[0, 12, "table"]], **none(12)) == []


# -- folios


def folios(tmp_path, *pfns: int, **changes: Any) -> tuple[Folio, ...]:
    before = [[x86("P US NX", pfn), 1, 0] for pfn in pfns]
    pages = len(pfns)
    (call,) = calls(made(tmp_path, pages=pages, new_pages=pages, before=before, after=before, **changes))
    return call.scenario.folios


def test_folios_are_those_that_were_recorded(tmp_path):
    recorded = [[0x100, 2, True], [0x200, 0, False], [0x400, 9, True]]
    assert folios(tmp_path, 0x101, 0x200, 0x5FF, folios=recorded, exclusive=[[0x101, 0x102], [0x400, 0x403]]) == (
        Folio(0x100, 2, True, ((1, 2),)),
        Folio(0x200, 0, False),
        Folio(0x400, 9, True, ((0, 3),)),
    )


def test_a_page_without_a_folio_is_one_of_its_own(tmp_path):
    assert folios(tmp_path, 0x104, 0xFF, folios=[[0x100, 2, True]]) == (Folio(0xFF), Folio(0x104))
    assert folios(tmp_path, 0x104, mapping="file", folios=[]) == (Folio(0x104, anon=False),)


def test_exclusive_pages_over_the_border_of_two_folios(tmp_path):
    recorded = [[0x100, 2, True], [0x104, 2, True]]
    assert folios(tmp_path, 0x100, 0x104, folios=recorded, exclusive=[[0x102, 0x106]]) == (
        Folio(0x100, 2, True, ((2, 4),)),
        Folio(0x104, 2, True, ((0, 2),)),
    )


def test_what_is_recorded_decides_what_is_batched(tmp_path):
    """v4_batch_hint takes write from the first block of a folio, and only there: two folios are two batches."""
    block = "VALID TYPE USER nG PXN UXN AF CONT RDONLY"
    before = [[arm(f"{block} WRITE", 0x100), 16, 4096], [arm(block, 0x110), 16, 4096]]
    r = {"arch": "arm64", "mapping": "mthp", "pages": 32, "new_pages": 32, "before": before, "after": before}
    r |= {"old_addr": OLD, "new_addr": NEW}
    assert found(tmp_path, "v4_batch_hint", folios=[[0x100, 4, True], [0x110, 4, True]], **r) == []
    assert found(tmp_path, "v4_batch_hint", folios=[[0x100, 5, True]], **r) == [("write-lost", 16, 31)]
    assert found(tmp_path, "v4_fixed", folios=[[0x100, 5, True]], **r) == []


# -- around the range


def test_a_range_that_grows_is_empty_at_its_end(tmp_path):
    moved = x86("P US NX RW D A", 0x1234)
    after = [[moved, 1, 0], [0, 1, 0], [moved, 1, 0]]
    assert found(tmp_path, new_pages=3, after=after) == [("foreign-entry", 2, 2)]


def test_entries_beside_the_ranges_stay(tmp_path):
    entry = x86("P US NX RW D A", 0x77)
    beside = [[OLD - 4096, entry, entry & ~bits("x86_64", "A")], [NEW + 2 * 4096, entry, 0], [OLD + 4096, 0, 0]]
    assert found(tmp_path, beside=beside) == [("outside-range", 2, 2)]


@pytest.mark.parametrize(("flags", "kinds"), [(7, [("entry-left-behind", 0, 0)]), (3, [])])
def test_what_stays_behind_where_the_old_range_stays_mapped(tmp_path, flags, kinds):
    entry = x86("P US NX RW D A", 0x1234)
    assert found(tmp_path, mremap_flags=flags, behind=[[entry, 1, 0]]) == kinds
    assert found(tmp_path, mremap_flags=flags, behind=[[0, 1, 0]]) == []


# -- the subset


def seen(tmp_path, before: int, after: int, **changes: Any) -> list[tuple[str, int, int]]:
    runs = {"before": [[before, 1, 0]], "after": [[after, 1, 0]]}
    return found(tmp_path, subset="pagemap", **runs, **changes)


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (PRESENT | 5 << 12, PRESENT | 5 << 12, []),
        (PRESENT | 5 << 12, PRESENT | 6 << 12, ["wrong-page"]),
        (PRESENT | 5 << 12, 0, ["entry-lost"]),
        (PRESENT | 5 << 12, SWAP, ["foreign-entry"]),
        (0, PRESENT | 5 << 12, ["foreign-entry"]),
        (PRESENT | UFFD_WP, PRESENT, ["uffd-wp-lost"]),
        (SWAP, SWAP, []),
        (SWAP, 0, ["entry-lost"]),
        (SWAP | GUARD, SWAP | GUARD, []),
        (SWAP | GUARD, SWAP, ["foreign-entry"]),
        (SWAP | UFFD_WP, SWAP | UFFD_WP, []),
        (1 << 55, 0, []),
        (PRESENT | 1 << 55, PRESENT, []),
        (PRESENT, PRESENT | 1 << 56, []),
    ],
)
def test_what_an_unprivileged_process_sees(tmp_path, arch, before, after, kinds):
    assert [kind for kind, *_ in seen(tmp_path, before, after, arch=arch)] == kinds


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_uffd_wp_that_is_to_be_cleared(tmp_path, arch):
    clears = {"arch": arch, "clears_uffd_wp": True}
    assert seen(tmp_path, PRESENT | UFFD_WP, PRESENT, **clears) == []
    assert seen(tmp_path, PRESENT | UFFD_WP, PRESENT | UFFD_WP, **clears) == [("uffd-wp-kept", 0, 0)]
    assert seen(tmp_path, SWAP | UFFD_WP, 0, **clears) == []
    assert seen(tmp_path, SWAP | UFFD_WP, SWAP | UFFD_WP, **clears) == [("foreign-entry", 0, 0)]


def test_old_recordings_are_read_as_before(tmp_path):
    r = only(tmp_path)
    assert (r.folios, r.whole, r.vmas, r.subset, r.behind) == (None, None, (), "", ())


def test_what_is_said_of_them(tmp_path):
    path = write(tmp_path / "a.jsonl", record(folios=[], whole=[[0, 1, "huge"]]), record(folios=[], whole=[]))
    text = RECORDINGS.text("a.jsonl", "pre_patch", read(path), [])
    assert "folios as /proc/kpageflags had them before the call" in text
    assert "not compared, as move_ptes() did not move it: huge pages 1" in " ".join(text.split())


# -- bounds


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subset": "kcore"}, "record.subset: expected pagemap, or nothing, got 'kcore'"),
        ({"behind": [[0, 2, 0]]}, "record.behind[0]: expected [raw value, count"),
        ({"beside": [[1, 0, 0]]}, "record.beside[0][0]: expected a multiple of 4096 bytes below 2**56, got 1"),
        ({"beside": [[0, -1, 0]]}, "record.beside[0]: expected an address and two raw values"),
        ({"beside": [[0, 0, 1 << 64]]}, "record.beside[0]: expected an address and two raw values"),
        ({"vmas": [[0, 2, "rw-p"]]}, "record.vmas[0]: expected a first and an end from 0 to 1, got [0, 2]"),
        ({"vmas": [[0, 0, "rw-p"]]}, "record.vmas[0]: expected a first and an end from 0 to 1, got [0, 0]"),
        ({"vmas": [[0, 1, "rw-p"], [0, 1, "rw-p"]]}, "record.vmas[1]: expected a first and an end from 1 to 1"),
        ({"whole": [[0, 1, "pud"]]}, "record.whole[0][2]: expected one of table, huge, split, got 'pud'"),
        ({"whole": [[-1, 1, "table"]]}, "record.whole[0]: expected a first and an end from 0 to 1, got [-1, 1]"),
        ({"folios": [[1, 1, True]]}, "record.folios[0]: expected a PFN from 0 up, a multiple of 2**order"),
        ({"folios": [[0, 19, True]]}, "record.folios[0]: expected a PFN from 0 up, a multiple of 2**order"),
        ({"folios": [[0, -1, True]]}, "record.folios[0]: expected a PFN from 0 up, a multiple of 2**order"),
        ({"folios": [[4, 2, True], [6, 0, True]]}, "record.folios[1]: expected a PFN from 8 up"),
        ({"folios": [[1 << 41, 0, True]]}, "record.folios[0]: expected a PFN from 0 up"),
        ({"exclusive": [[5, 5]]}, "record.exclusive[0]: expected a first and an end from 0"),
        ({"exclusive": [[0, 1 << 41]]}, "record.exclusive[0]: expected a first and an end from 0"),
        ({"missing": [1]}, "record.missing[0]: expected a string, got 1"),
        ({"orders": ["4"]}, "record.orders[0]: expected an integer, got '4'"),
    ],
)
def test_a_field_out_of_bounds_is_named(tmp_path, changes, says):
    path = write(tmp_path / "a.jsonl", record(), record(**changes))
    with pytest.raises(UsageError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}:2: {says}")
