# SPDX-License-Identifier: GPL-2.0-only
"""The closed forms of 5.4: costs of whole contpte blocks and of edges, for every block size of 5.1."""

import pytest

from tests.kit.build import move, page
from tests.kit.costs import blocks, cost

SIZES = [(16, 512), (32, 8192), (128, 2048)]  # CONT_PTES and entries of a table: 4K, 64K and 16K pages
pytestmark = pytest.mark.parametrize(("C", "P"), SIZES)


def counts(version, what):
    got = cost(move(version, what))
    return got.reads, got.exchanges, got.stores, got.flushes


@pytest.mark.parametrize("N", [1, 2, 4, 8])
@pytest.mark.parametrize("one_folio", [False, True])
def test_whole_blocks(C, P, N, one_folio):
    options = {"cont_ptes": C, "ptrs_per_pte": P, "folio_blocks": N if one_folio else 1}
    aligned = blocks(0, N, at=(0, C, C * N), **options)
    assert counts("pre_patch", aligned) == (5 * C * N, 3 * C * N, 3 * C * N, 2 * N)
    assert counts("v4", aligned) == ((C + 1) * N, C * N, C * N, 0)
    for shift in (1, C // 2, C - 1):
        misaligned = blocks(0, N, at=(0, shift, C * N), **options)
        assert counts("pre_patch", misaligned) == (4 * C * N, 2 * C * N, 2 * C * N, N)
        assert counts("v4", misaligned) == ((C + 1) * N, C * N, C * N, 0)


@pytest.mark.parametrize("n", [1, 2, 7, 15])
def test_partial_start(C, P, n):
    """The last n entries of a block, as a batch of their own."""
    first = C - n
    v4 = {True: C + 4, False: C + 3} if n == 1 else {True: C + 2, False: C + 2}
    for to, congruent in ((first, True), (first + 1, False), (0, False)):
        what = blocks(0, 1, at=(first, to, n), cont_ptes=C, ptrs_per_pte=P)
        assert counts("pre_patch", what) == (3 * n + C + congruent, C + n, C + n, 1)
        assert counts("v4", what) == (v4[congruent], C + n, C + n, 1)


@pytest.mark.parametrize("n", [1, 2, 7, 15])
@pytest.mark.parametrize("to", [0, 1])
def test_partial_end(C, P, n, to):
    """The first n entries of a block, as a batch of their own."""
    what = blocks(0, 1, at=(0, to, n), cont_ptes=C, ptrs_per_pte=P)
    assert counts("pre_patch", what) == (3 * n + C, C + n, C + n, 1)
    assert counts("v4", what) == (C + 3, C + n, C + n, 1)


@pytest.mark.parametrize(("first", "n"), [(0, 4), (3, 4), (5, 2)])
def test_inside_one_block(C, P, first, n):
    what = blocks(0, 1, at=(first, first, n), cont_ptes=C, ptrs_per_pte=P)
    assert counts("v4", what) == (C + 3, C + n, C + n, 1)  # 19 for C=16, and one flush
    assert counts("pre_patch", what)[1:] == (C + n, C + n, 1)


@pytest.mark.parametrize(("start", "whole", "end"), [(3, 1, 0), (0, 1, 3), (3, 2, 5), (1, 2, 1), (7, 0, 7)])
def test_edges_add_up_before_the_patch(C, P, start, whole, end):
    what = blocks(0, whole + 2, at=(C - start, C - start, start + whole * C + end), cont_ptes=C, ptrs_per_pte=P)
    edges = (start > 0) + (end > 0)
    reads = (3 * start + C + 1 if start else 0) + 5 * C * whole + (3 * end + C if end else 0)
    changes = edges * C + start + 3 * C * whole + end
    assert counts("pre_patch", what) == (reads, changes, changes, edges + 2 * whole)


@pytest.mark.parametrize(("start", "whole", "end"), [(0, 1, 3), (0, 2, 1), (3, 0, 5), (1, 2, 1), (3, 1, 0)])
def test_edges_of_one_batch_with_v4(C, P, start, whole, end):
    """Behind a start piece or a whole block of the same batch, the end piece costs C+2."""
    at = (C - start, C - start, start + whole * C + end)
    what = blocks(0, 4, folio_blocks=4, at=at, cont_ptes=C, ptrs_per_pte=P)
    reads = (C + 2 if start else 0) + (C + 1) * whole + (C + 2 if end else 0)
    changes = ((start > 0) + (end > 0)) * C + start + whole * C + end
    assert counts("v4", what) == (reads, changes, changes, (start > 0) + (end > 0))


@pytest.mark.parametrize(("start", "end"), [(3, 5), (1, 5), (3, 1), (1, 1)])
def test_edges_of_two_batches_with_v4(C, P, start, end):
    """Not additive with a folio for each block: each edge is a batch of its own."""
    what = blocks(0, 2, at=(C - start, C - start, start + end), cont_ptes=C, ptrs_per_pte=P)
    reads = (C + 4 if start == 1 else C + 2) + C + 3
    assert counts("v4", what) == (reads, 2 * C + start + end, 2 * C + start + end, 2)


@pytest.mark.parametrize("version", ["pre_patch", "v4"])
def test_an_edge_unfolds_entries_outside_the_range_too(C, P, version):
    outcome = move(version, blocks(0, 3, at=(C // 2, C // 2, 2 * C), cont_ptes=C, ptrs_per_pte=P))
    left = [page("arm64", 0x4000 + i, "WDA") for i in range(3 * C)]  # not CONT any more
    assert outcome.tables[0][: C // 2] == tuple(left[: C // 2])
    assert outcome.tables[0][C // 2 : C // 2 + 2 * C] == (0,) * (2 * C)
    assert outcome.tables[0][C // 2 + 2 * C : 3 * C] == tuple(left[C // 2 + 2 * C :])
