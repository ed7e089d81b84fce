# SPDX-License-Identifier: GPL-2.0-only
"""Folding and unfolding, as properties of any block (5.2, 11)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pte_review.models.scenario import Folio
from tests.kit.build import kernel, n, o, page, value

CONT = 1 << 52
AD = ("", "A", "D", "DA")
blocks = st.lists(st.sampled_from(AD), min_size=16, max_size=16)
profile = settings(derandomize=True, max_examples=60, deadline=None)


def union(flags):
    return "".join(letter for letter in "DA" if any(letter in flag for flag in flags))


@profile
@given(blocks, st.sampled_from(["", "W", "U"]), st.integers(0, 15))
def test_unfolding_and_setting_back_folds_again(ad, bits, index):
    """What unfold takes apart, setting the entries in order puts together: CONT and the union of A and D."""
    entries = {i: page("arm64", 0x200 + i, bits + flag + "C") for i, flag in enumerate(ad)}
    k = kernel("arm64", entries, folios=(Folio(0x200, 4),))
    cleared = k.ptep_get_and_clear(1, 0x4000_0000 + index * 4096, o(k, index))
    unfolded = [page("arm64", 0x200 + i, bits + union(ad)) for i in range(16)]
    assert cleared == unfolded[index]
    assert [value(k, o(k, i)) for i in range(16)] == [*unfolded[:index], 0, *unfolded[index + 1 :]]

    for i in range(16):
        k.set_pte_at(1, 0x8000_0000 + i * 4096, n(k, i), unfolded[i])
    assert [value(k, n(k, i)) for i in range(16)] == [pte | CONT for pte in unfolded]
    assert [event for event in k.events if event[0] == "contpte_convert"] == [
        ("contpte_convert", o(k, 0), 0),
        ("contpte_convert", n(k, 0), 1),
    ]


@profile
@given(blocks, st.integers(0, 15), st.sampled_from(["W", "U", "none", "pfn"]))
def test_one_entry_that_differs_keeps_a_block_apart(ad, index, how):
    entries = {i: page("arm64", 0x200 + i, flag) for i, flag in enumerate(ad)}
    other_page = {"none": 0, "pfn": page("arm64", 0x300 + index)}
    entries[index] = other_page[how] if how in other_page else page("arm64", 0x200 + index, how)
    last = entries.pop(15)
    entries = {i: pte for i, pte in entries.items() if pte}
    k = kernel("arm64", {}, entries, folios=(Folio(0x200, 4), Folio(0x300, 4)))
    k.set_pte_at(1, 0x8000_F000, n(k, 15), last)
    assert {i: value(k, n(k, i)) for i in range(16)} == {i: entries.get(i, 0) for i in range(15)} | {15: last}
    assert not any(event[0] in ("X", "T") for event in k.events)


@profile
@given(st.integers(0, 31), st.integers(1, 32), blocks)
def test_clearing_part_of_two_blocks_unfolds_only_the_edges(start, nr, ad):
    """try_unfold_partial: blocks that the range covers, and blocks outside it, stay as they are."""
    nr = min(nr, 32 - start)
    entries = {i: page("arm64", 0x200 + i, "W" + ad[i % 16] + "C") for i in range(48)}
    k = kernel("arm64", entries, folios=(Folio(0x200, 6),))
    k.get_and_clear_full_ptes(1, 0x4000_0000 + start * 4096, o(k, start), nr, 0)
    for i in range(48):
        block = range(i & ~15, (i & ~15) + 16)
        touched = any(start <= entry < start + nr for entry in block)
        expected = page("arm64", 0x200 + i, "W" + union(ad)) if touched else entries[i]
        assert value(k, o(k, i)) == (0 if start <= i < start + nr else expected)


@profile
@given(st.integers(0, 40), st.integers(2, 40), st.integers(0, 20))
def test_set_ptes_keeps_cont_blocks_whole(start, nr, pfn):
    """11: a valid CONT entry lies in an aligned block of CONT entries, consecutive from an aligned PFN."""
    k = kernel("arm64", folios=(Folio(0x200, 6),))
    k.set_ptes(1, 0x8000_0000 + start * 4096, n(k, start), page("arm64", 0x200 + pfn, "WA"), nr)
    for block in range(0, 96, 16):
        words = [value(k, n(k, block + i)) for i in range(16)]
        if any(word & CONT for word in words):
            first = (words[0] >> 12) & 0xFFF
            assert first % 16 == 0
            assert words == [page("arm64", first + i, "WAC") for i in range(16)]
        else:
            whole = start <= block and block + 16 <= start + nr and (pfn + block - start) % 16 == 0
            assert not whole
