# SPDX-License-Identifier: GPL-2.0-only
"""A CPU with BBML2: contpte_convert() flushes nothing (83bbd6be7d17), and what it sets again is not stale for that."""

import pytest

from tests.kit.build import OLD, kernel, o, page

BLOCK = {i: page("arm64", 0x200 + i, "WDAC") for i in range(16)}


def unfolded(**config):
    """A block of which entry 3 was cleared."""
    k = kernel("arm64", dict(BLOCK), bbml2_noabort=True, **config)
    k.ptep_get_and_clear(1, OLD + 3 * 4096, o(k, 3))
    return k


@pytest.mark.parametrize("page_table_check", [False, True])
def test_unfolding_flushes_nothing(page_table_check):
    assert "T" not in {event[0] for event in unfolded(page_table_check=page_table_check).events}


@pytest.mark.parametrize("page_table_check", [False, True])
def test_only_the_entry_that_is_gone_is_stale(page_table_check):
    k = unfolded(page_table_check=page_table_check)
    assert k.stale == {o(k, 3)}
    k.invalidate(OLD + 3 * 4096, OLD + 4 * 4096, 1)
    assert k.stale == set()


@pytest.mark.parametrize(
    ("again", "stale"),
    [
        (page("arm64", 0x200, "WDA"), False),
        (page("arm64", 0x200, "WD"), False),  # the accessed bit is no translation's
        (page("arm64", 0x200, "WA"), True),  # a cached dirty translation stores without a look at the entry
        (page("arm64", 0x200, "DA"), True),
        (page("arm64", 0x201, "WDA"), True),
        (0, True),
    ],
)
def test_what_another_entry_replaces_is_stale(again, stale):
    k = kernel("arm64", {0: page("arm64", 0x200, "WDA")}, bbml2_noabort=True)
    k.xchg0(o(k, 0))
    k.store(o(k, 0), again)
    assert (o(k, 0) in k.stale) is stale


def test_of_two_values_that_may_be_cached_one_is_stale():
    """Written over without a flush, cleared, and the second value set again: the first may still be cached."""
    k = kernel("arm64", {0: page("arm64", 0x200, "WDA")}, bbml2_noabort=True)
    k.store(o(k, 0), page("arm64", 0x200, "DA"))
    k.xchg0(o(k, 0))
    k.store(o(k, 0), page("arm64", 0x200, "DA"))
    assert k.stale == {o(k, 0)}


def test_without_bbml2_a_missing_flush_leaves_stale_translations():
    k = kernel("arm64", {0: page("arm64", 0x200, "WDA")})
    k.xchg0(o(k, 0))
    k.store(o(k, 0), page("arm64", 0x200, "WDA"))
    assert k.stale == {o(k, 0)}
