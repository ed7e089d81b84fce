# SPDX-License-Identifier: GPL-2.0-only
"""modify_prot_start and commit, one entry at a time and batched, leave what those of the tree do: protect_probe.c."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.models.arch.arm64 import CONT
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.machine.kernel import EAGAIN, Kernel
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.outcome import Outcome
from pte_review.models.port import Port
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, pages
from tests.kit.trees import linux
from tests.models.native.primitives.probe import Pair
from tests.subjects.change_pte_range.calls import anon, call

TEXT = Path(__file__).with_name("protect_probe.c")
RELEASE = "7.2"  # the first whose flush of erratum 2645198 ends where the range does
PFN = 0x400
FORMS = ("single", "batched")
UXN = 1 << 54


def range_of(batched: bool):
    """probe_range() in Python."""

    def change(k: Kernel, vma: Vma, addr: int, ptep: int, newprot: int, nr: int) -> None:
        if batched:
            old_pte = k.modify_prot_start_ptes(vma, addr, ptep, nr)
            k.modify_prot_commit_ptes(vma, addr, ptep, old_pte, k.pte_modify(old_pte, newprot), nr)
            return
        for _ in range(nr):
            old_pte = k.ptep_modify_prot_start(vma, addr, ptep)
            k.ptep_modify_prot_commit(vma, addr, ptep, old_pte, k.pte_modify(old_pte, newprot))
            ptep += 1
            addr += PAGE_SIZE

    def probe(k: Kernel, _tlb, vma: Vma, pmd, addr: int, end: int, newprot: int, _cp_flags: int) -> int:
        ptep, ptl = k.pte_offset_map_lock(vma.vm_mm, pmd, addr)
        if not ptep:
            return -EAGAIN
        change(k, vma, addr, ptep, newprot, (end - addr) >> PAGE_SHIFT)
        k.pte_unmap_unlock(ptep, ptl)
        return 0

    return probe


@pytest.fixture(scope="module", params=FORMS)
def pair(request: pytest.FixtureRequest, cache: None) -> Iterator[Pair]:
    """Both probes of a form."""
    batched = request.param == "batched"
    text = f"#define PROBE_BATCHED {int(batched)}\n{TEXT.read_text(encoding='utf-8')}"
    opened = open_tree(linux(RELEASE), BINDING.file)
    source = Tree(opened.path, None, opened.label, overlay={BINDING.file: text})
    in_python = Port("probe", "probe.py", __file__, FUNCTION.name, range_of(batched))
    in_c = TreeVersion("probe", "protect_probe.c", "", FUNCTION.name, source, BINDING)
    yield Pair(in_python, in_c)
    in_c.close()


def agreed(pair: Pair, scenario: Scenario) -> Outcome:
    outcome = pair.agreed(scenario)
    assert outcome.violations == ()
    return outcome


def two_blocks(arch: str, size: int, flags: list[str], first: int, nr: int, **options) -> Scenario:
    """`nr` entries from `first` on, of two blocks of one folio that begin at entry `size`."""
    cont = "C" if arch == "arm64" else ""
    entries = pages(arch, size, PFN, [f"{cont}{flag}" for flag in flags])
    vma = Vma(exec=True)
    return call(
        arch, entries, [anon(PFN, size.bit_length())], first=size + first, nr=nr, vma=vma, cont_ptes=size,
        ptrs_per_pte=128, legal=False, **options,
    )  # fmt: skip


@pytest.mark.parametrize("protection", ["r", "rw", "rwx", ""])
@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_part_of_two_blocks(pair: Pair, arch: str, size: int, protection: str) -> None:
    changed = set()
    for write in ("W", ""):
        flags = [write] * 2 * size
        flags[size // 2] += "DA"
        for first in range(2 * size):
            for nr in range(1, 2 * size - first + 1):
                scenario = two_blocks(arch, size, flags, first, nr, protection=protection)
                outcome = agreed(pair, scenario)
                changed.add(outcome.tables[0] != scenario.whole_tables[0])
    assert True in changed


@pytest.mark.parametrize("erratum", [False, True])
def test_what_was_executable_is_flushed_under_the_erratum(pair: Pair, erratum: bool) -> None:
    """arm64, ARM64_WORKAROUND_2645198: before it is set again, the range and no more."""
    for executable in (False, True):
        entries = {at: pte & ~(UXN * executable) for at, pte in pages("arm64", 4, PFN, [""] * 4).items()}
        scenario = call(
            "arm64", entries, [anon(PFN, 2)], first=4, nr=4, vma=Vma(exec=executable), erratum_2645198=erratum,
            protection="r", legal=False,
        )  # fmt: skip
        flushes = [event for event in agreed(pair, scenario).events if event[0] == "T"]
        assert bool(flushes) == (erratum and executable)
        addr = scenario.address(scenario.ranges[0])
        assert {event[1] for event in flushes} <= {addr + i * PAGE_SIZE for i in range(4)}
        assert all(event[2] <= addr + 4 * PAGE_SIZE for event in flushes)


def test_a_block_folds_when_it_is_whole(pair: Pair) -> None:
    """contpte_set_ptes() sets CONT in a batch that is a whole block; the last of single entries folds it."""
    scenario = two_blocks("arm64", 4, ["W"] * 8, 0, 8, protection="r")
    outcome = agreed(pair, scenario)
    assert all(pte & CONT for pte in outcome.tables[0][4:12])
