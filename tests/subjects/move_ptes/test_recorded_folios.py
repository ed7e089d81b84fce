# SPDX-License-Identifier: GPL-2.0-only
"""Folios inferred from where pages lay before a move: made-up ranges, and what the recordings bear out."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.folios import infer
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from pte_review.models.scenario import Folio
from tests.kit.build import page
from tests.kit.moves import as_move
from tests.kit.records import OLD, only

VPN = 0x40000  # a virtual page number, 2 MiB aligned
PFN = 0x80000  # a page frame number, 2 MiB aligned
RECORDED = Path(__file__).parents[2] / "data" / "recorded"


def frames(*runs: tuple[int, int, int]) -> dict[int, int]:
    """Pages and their frames, of runs (first page, first frame, count) counted from VPN and PFN."""
    return {VPN + page + i: PFN + pfn + i for page, pfn, count in runs for i in range(count)}


def large(
    *runs: tuple[int, int, int], mapping: str = "mthp", first: int = 0, end: int = 512
) -> list[tuple[int, int, int]]:
    """(first frame from PFN, order, pages mapped) of each large folio that is inferred."""
    found = infer(mapping, range(VPN + first, VPN + end), frames(*runs))
    pages = list(found.values())
    return sorted({(folio.pfn - PFN, folio.order, pages.count(folio)) for folio in pages if folio.order})


@pytest.mark.parametrize("order", [2, 3, 4, 5, 6, 7, 8, 9])
def test_a_whole_block_is_one_folio_of_its_order(order):
    size = 1 << order
    assert large((0, 0, size)) == [(0, order, size)]


def test_the_largest_block_wins():
    assert large((0, 0, 256), (256, 1024, 128), (384, 2048, 16)) == [(0, 8, 256), (1024, 7, 128), (2048, 4, 16)]


def test_neighbours_in_memory_are_one_folio_only_where_the_alignment_allows_it():
    """Pages 16-47 lie in one piece, but no folio of 32 pages starts at a multiple of 16 only."""
    assert large((16, 16, 32)) == [(16, 4, 16), (32, 4, 16)]
    assert large((32, 16, 32)) == [(16, 4, 16), (32, 4, 16)]
    assert large((16, 32, 32)) == [(32, 4, 16), (48, 4, 16)]
    assert large((32, 32, 32)) == [(32, 5, 32)]  # two folios of 16 pages would look the same


@pytest.mark.parametrize(
    ("in_place", "expected"),
    [((0, 9), [(0, 4, 9)]), ((7, 9), [(0, 4, 9)]), ((0, 8), [(0, 3, 8)]), ((8, 8), [(8, 3, 8)]), ((3, 2), [])],
)
def test_more_than_half_in_place_stand_for_the_folio(in_place, expected):
    first, count = in_place
    assert large((first, first, count)) == expected


def test_holes_and_copied_pages_leave_the_folio_as_it_is():
    assert large((0, 0, 20), (25, 25, 39), (20, 4097, 1), (22, 4111, 1)) == [(0, 6, 59)]


def test_one_folio_next_to_an_empty_place_is_not_the_half_of_a_larger_one():
    assert large((0, 0, 16)) == [(0, 4, 16)]
    assert large((0, 0, 16), (16, 4096, 16)) == [(0, 4, 16), (4096, 4, 16)]


def test_a_frame_that_is_used_elsewhere_left_the_folio():
    assert large((0, 0, 14), (100, 14, 1)) == [(0, 3, 8), (8, 2, 4)]
    assert large((0, 0, 14), (100, 16, 1)) == [(0, 4, 14)]


def test_a_folio_of_a_whole_mapping_lies_inside_the_range():
    assert large((0, 0, 16), end=16) == [(0, 4, 16)]
    assert large((0, 0, 15), end=15) == [(0, 3, 8), (8, 2, 4)]
    assert large((1, 1, 15), first=1) == [(4, 2, 4), (8, 3, 8)]


def test_two_mib_folios_may_be_cut_off_by_the_range():
    assert large((500, 500, 12), (512, 1024, 52), mapping="thp2m", first=500, end=564) == [(0, 9, 12), (1024, 9, 52)]
    assert large((0, 16, 16), mapping="thp2m") == []  # not where a 2 MiB folio would have them
    assert large((0, 0, 16), (100, 16, 1), mapping="thp2m") == []


@pytest.mark.parametrize("mapping", ["anon", "memfd", "filepriv", "another"])
def test_other_mappings_have_small_folios(mapping):
    assert infer(mapping, range(VPN, VPN + 2), {VPN: PFN, VPN + 1: PFN + 1}) == {
        PFN: Folio(PFN, anon=mapping == "anon"),
        PFN + 1: Folio(PFN + 1, anon=mapping == "anon"),
    }


def test_no_page_is_present():
    assert infer("mthp", range(VPN, VPN + 16), {}) == {}


def test_a_frame_that_is_mapped_twice():
    assert large((0, 0, 16), (32, 0, 1)) == [(4, 2, 4), (8, 3, 8)]
    assert large((0, 0, 16), (512, 0, 16), end=1024) == []


def test_what_the_kernel_left_is_not_looked_at(tmp_path):
    r = {"arch": "arm64", "mapping": "mthp", "pages": 16, "new_pages": 16}
    before = [[page("arm64", 0x100, "WDA"), 16, 4096]]
    folios = [
        next(calls(only(tmp_path, **r, before=before, after=after))).scenario.folios
        for after in (before, [[0, 16, 0]], [[page("arm64", 0x237, "A"), 16, 4096]])
    ]
    assert folios == [(Folio(0x100, 4),)] * 3


def test_the_unmapped_rest_of_a_shrinking_move_is_evidence_too(tmp_path):
    before = [[page("arm64", 0x100, "WDA"), 16, 4096]]
    r = only(
        tmp_path, arch="arm64", mapping="mthp", pages=16, new_pages=4, before=before,
        after=[[page("arm64", 0x100, "WDA"), 4, 4096]],
    )  # fmt: skip
    (call,) = calls(r)
    assert (call.scenario.nr, call.scenario.folios) == (4, (Folio(0x100, 4),))
    assert r.old_addr == OLD


RUN = st.tuples(st.integers(0, 1100), st.integers(0, 1100), st.sampled_from([1, 4, 9, 16, 30, 64, 512]))


@given(st.lists(RUN, max_size=8), st.sampled_from(["mthp", "thp2m", "anon"]))
def test_every_frame_has_one_folio_and_no_two_overlap(runs, mapping):
    mapped = frames(*runs)
    found = infer(mapping, range(VPN, VPN + 1700), mapped)
    assert set(found) == set(mapped.values())
    assert all(folio.pfn <= pfn < folio.end for pfn, folio in found.items())
    ascending = sorted(set(found.values()), key=lambda folio: folio.pfn)
    assert all(a.end <= b.pfn for a, b in pairwise(ascending))


# -- the recordings


@pytest.mark.parametrize("name", ["linux-6.17.8-arm64", "linux-6.17.13-arm64"])
def test_every_cont_entry_lies_in_a_folio_that_covers_its_block(name):
    """The kernel sets CONT only where one folio covers all 16 pages; the inference does not look at it."""
    for call in (call for record in read(RECORDED / f"{name}.jsonl.gz") for call in calls(record)):
        s = call.scenario
        for index, pte in as_move(s).old_table:
            if s.words.pte_valid(pte) and pte & s.words.CONT:
                folio = s.folio_of(s.words.pte_pfn(pte))
                assert folio is not None
                assert folio.order >= 4
                assert (folio.pfn - s.words.pte_pfn(pte) + index) % 16 == 0


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.gz")), ids=lambda path: path.name.partition(".jsonl")[0])
def test_every_page_of_a_2_mib_mapping_lies_in_place(path):
    records = [record for record in read(path) if record.mapping == "thp2m"]
    folios = {folio for record in records for call in calls(record) for folio in call.scenario.folios}
    assert {folio.order for folio in folios} == {9}
