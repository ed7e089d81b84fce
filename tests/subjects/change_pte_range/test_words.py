# SPDX-License-Identifier: GPL-2.0-only
"""What people are told of a change of protection: how the scenario is reached."""

from dataclasses import replace

import pytest

from pte_review.harness.explain.reach import reach
from pte_review.harness.subjects.change_pte_range.words import WORDS
from pte_review.models.vma import Vma
from tests.kit.build import page
from tests.subjects.change_pte_range.calls import READ_ONLY, SHARED, anon, call, file

UNTRIED = replace(WORDS, reached={})
FILE = replace(SHARED, write=False)
PART = "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK"


@pytest.mark.parametrize(
    ("folio", "how"),
    [
        (anon(0x200), "map, touch, mprotect"),
        (anon(0x200, exclusive=()), "fork, the child gone, mprotect"),  # fork() clears PageAnonExclusive
        (anon(0x200, exclusive=(), shared=((0, 1),)), "fork, mprotect"),
        (anon(0x200, exclusive=(), ksm=True), "map, touch, mprotect"),
        (
            anon(0x200, 2, exclusive=[(1, 2)]),
            "a large folio shared, the child gone, one page written (v6.15), mprotect",
        ),
        (anon(0x200, 2, exclusive=[(1, 2)], shared=((0, 1),)), f"{PART}, mprotect"),
        (file(0x200), "map, touch, mprotect"),
    ],
)
def test_how_pages_come_not_to_be_exclusive(folio, how):
    scenario = call("x86_64", {0: page("x86_64", 0x200)}, [folio], vma=READ_ONLY if folio.anon else FILE)
    assert reach(scenario, UNTRIED) == f"by system calls in one VMA: {how}; not tried on a kernel"


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({"caller": "numa"}, "NUMA balancing scans the range"),
        ({"caller": "uffd-protect", "vma": Vma(uffd=True)}, "UFFDIO_WRITEPROTECT"),
        ({"caller": "uffd-resolve", "vma": Vma(uffd=True)}, "UFFDIO_WRITEPROTECT, then without the mode"),
    ],
)
def test_other_callers(options, how):
    """The call comes last, and no mprotect() before it."""
    scenario = call("x86_64", {0: page("x86_64", 0x200)}, [anon(0x200, exclusive=())], **options)
    assert reach(scenario, UNTRIED) == f"by system calls in one VMA: fork, the child gone; {how}; not tried on a kernel"


def test_a_folio_that_is_not_mapped_says_nothing():
    scenario = call("x86_64", {0: page("x86_64", 0x200)}, [anon(0x200)], vma=READ_ONLY)
    scenario = replace(scenario, folios=(*scenario.folios, anon(0x300, exclusive=())))
    assert "fork" not in reach(scenario, WORDS)
