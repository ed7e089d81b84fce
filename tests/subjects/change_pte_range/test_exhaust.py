# SPDX-License-Identifier: GPL-2.0-only
"""Every small table: right versions are equivalent on all of them, the head-page bug shows exactly where it must."""

import json
from itertools import combinations
from pathlib import Path

import pytest

from pte_review.harness.exhaust.describe import describe
from pte_review.harness.subjects.change_pte_range.space import space
from pte_review.harness.subjects.change_pte_range.space_calls import BASIC, FOLIO_FACTS, OTHERS, USERFAULTFD
from pte_review.models.change_pte_range.call import CALLERS
from pte_review.models.legal import breaches
from pte_review.models.scenario import page_ranges
from tests.cli.conftest import Run, cli
from tests.kit.build import ARCHES
from tests.kit.trees import linux
from tests.subjects.change_pte_range.test_kernel_text import HEAD_PAGE, patch_of

__all__ = ["cli"]


def cases(arch, entries):
    return ((block, block.scenario(number)) for block in space(arch, entries) for number in range(block.cases))


def is_wrong(scenario):
    """Whether as_merged makes the one page of the range writable: its head page is exclusive, and it is not."""
    words, (where,) = scenario.words, scenario.ranges
    pte = dict(scenario.tables[0].entries).get(where.first, 0)
    vma = scenario.call.seen(scenario.vma)
    if (
        not words.pte_present(pte)
        or words.pte_special(pte)
        or not vma.write
        or vma.shared
        or scenario.call.caller not in ("mprotect", "uffd-resolve")
        or words.pte_write(pte)
    ):
        return False
    if scenario.config.mem_soft_dirty and not words.pte_soft_dirty(pte):
        return False
    if scenario.call.caller == "mprotect" and words.pte_uffd_wp(pte):
        return False
    folio = scenario.folio_of(words.pte_pfn(pte))
    return bool(folio.order) and folio.is_exclusive(folio.pfn) and not folio.is_exclusive(words.pte_pfn(pte))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("entries", [1, 2])
def test_the_space_is_legal(arch, entries):
    for block in space(arch, entries):
        for number in {0, block.cases // 2, block.cases - 1, *range(0, block.cases, 37)}:
            assert list(breaches(block.scenario(number))) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_every_call_is_in_it(arch):
    calls = {each.name for each in (*BASIC, *OTHERS, *USERFAULTFD, *FOLIO_FACTS)}
    assert {block.label.mode for block in space(arch, 1)} == calls
    assert {scenario.call.caller for _, scenario in cases(arch, 1)} == {*CALLERS}


@pytest.mark.parametrize("arch", ARCHES)
def test_any_page_of_a_folio_may_be_exclusive(arch):
    """Of one folio of four pages, of which two are in the range and two beside it: all sets of exclusive pages."""
    blocks = [b for b in space(arch, 2) if b.label.mode == "mprotect from r to rw" and b.template.ranges[0].first == 1]
    folios = {f for b in blocks for f in b.template.folios if f.anon and f.order == 2 and b.label.layout == "2"}
    assert {folio.exclusive for folio in folios} == {
        page_ranges(set(s)) for n in range(5) for s in combinations(range(4), n)
    }


@pytest.mark.parametrize("arch", ARCHES)
def test_what_stands_in_its_entries(arch):
    """Entries of every kind, as the description says."""
    text = " ".join(describe(space(arch, 1)).split())
    for value in ("page+W+D+A", "page+PROT_NONE", "zero page", "migration+W", "device+W", "GUARD marker"):
        assert value in text
    assert "AnonExclusive pages: all; none; 0;" in text


def test_right_versions_are_equivalent(cli: Run):
    done = cli("exhaust", "mprotect/before_batching", "mprotect/batching", "--entries", "1", "--jobs", "1")
    assert (done.status, done.err) == (0, "")
    tables = sum(block.cases for arch in ARCHES for block in space(arch, 1))
    assert f"equivalent: mprotect/before_batching and mprotect/batching on {tables:,}" in " ".join(done.out.split())


@pytest.mark.slow
@pytest.mark.parametrize("pair", [("before_batching", "batching"), ("batching", "small_folios"), ("batching", "v7_3")])
def test_right_versions_are_equivalent_on_two_entries(cli: Run, pair):
    base, candidate = (f"mprotect/{name}" for name in pair)
    assert cli("exhaust", base, candidate, "--entries", "2").status == 0


def test_the_bug_shows_wherever_it_must(cli: Run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ("mprotect/before_batching", "mprotect/as_merged", "--entries", "1", "--jobs", "1", "--json", "v.json")
    assert cli("exhaust", *arguments).status == 1
    data = json.loads(Path("v.json").read_text())
    expected = sum(is_wrong(scenario) for arch in ARCHES for _, scenario in cases(arch, 1))
    assert data["counts"]["diverging"] == expected > 20
    assert {divergence["kind"] for divergence in data["divergences"]} == {"write-gained"}


def test_kernel_text(cli: Run, tmp_path):
    """In C, with the bug put back."""
    path = tmp_path / "head-page.patch"
    path.write_text(patch_of(HEAD_PAGE))
    text = ("--tree", str(linux("7.2")), "--patch", str(path), "--entries", "1", "--jobs", "1", "--arch", "x86_64")
    done = cli("exhaust", "tree", "tree+patch", *text)
    assert done.status == 1
    expected = sum(is_wrong(scenario) for _, scenario in cases("x86_64", 1))
    assert f"write-gained: {expected} tables" in done.out
