# SPDX-License-Identifier: GPL-2.0-only
"""probe.c in Python, and both as versions: what a run does is in the high bits of its addresses."""

from dataclasses import dataclass, fields
from enum import IntEnum
from pathlib import Path

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.machine.folios import (
    FPB_IGNORE_DIRTY,
    FPB_IGNORE_SOFT_DIRTY,
    FPB_MERGE_WRITE,
    FPB_MERGE_YOUNG_DIRTY,
    FPB_RESPECT_DIRTY,
    FPB_RESPECT_SOFT_DIRTY,
)
from pte_review.models.machine.kernel import EAGAIN, SINGLE_DEPTH_NESTING, Kernel
from pte_review.models.move_ptes.call import FUNCTION
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.outcome import RETURNED, Outcome
from pte_review.models.port import Port
from pte_review.models.scenario import Folio, Scenario
from tests.kit.little_tree import MREMAP
from tests.kit.moves import run

HOME = Path(__file__).parent
WHICH_SHIFT, ARGUMENT_SHIFT = 48, 52
PAGE_BYTES = 1 << PAGE_SHIFT
U64 = (1 << 64) - 1


class Probe(IntEnum):
    """enum probe."""

    SET_EACH = 0  # leaves addresses as they are
    CLEAR_BATCH = 1
    GET = 2
    GET_AND_CLEAR = 3
    CLEAR = 4
    BATCH = 5
    SET_BATCH = 6
    HINT = 7
    MOVE_BATCH = 8
    REWRITE = 9


def probe(k: Kernel, pmc, extent: int, old_pmd, new_pmd) -> int:
    mm, old_addr, new_addr = pmc.old.vm_mm, pmc.old_addr, pmc.new_addr
    old_ptep, old_ptl = k.pte_offset_map_lock(mm, old_pmd, old_addr)
    if not old_ptep:
        return -EAGAIN
    new_ptep, _, new_ptl = k.pte_offset_map_rw_nolock(mm, new_pmd, new_addr)
    if not new_ptep:
        k.pte_unmap_unlock(old_ptep, old_ptl)
        return -EAGAIN
    if new_ptl != old_ptl:
        k.spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING)
    result = _one(k, old_addr, old_ptep, new_addr, new_ptep, extent >> PAGE_SHIFT)
    if new_ptl != old_ptl:
        k.spin_unlock(new_ptl)
    k.pte_unmap(new_ptep)
    k.pte_unmap_unlock(old_ptep, old_ptl)
    return result - (1 << 64) if result >> 63 else result


def _one(k: Kernel, old_addr: int, old_ptep: int, new_addr: int, new_ptep: int, nr: int) -> int:
    which, argument = Probe(old_addr >> WHICH_SHIFT & 15), old_addr >> ARGUMENT_SHIFT
    mm = k.vma.vm_mm
    match which:
        case Probe.BATCH:
            return _batch(k, old_addr, old_ptep, nr)
        case Probe.MOVE_BATCH:
            return _move_batch(k, old_addr, old_ptep, new_addr, new_ptep, nr)
        case Probe.CLEAR_BATCH:
            return k.get_and_clear_full_ptes(mm, old_addr, old_ptep, nr, 0)
        case Probe.SET_BATCH:
            k.set_ptes(mm, new_addr, new_ptep, changed(k.arch, k.ptep_get(old_ptep), argument), nr)
            return 0
    return _each(k, which, argument, old_addr, old_ptep, new_addr, new_ptep, nr)


def changed(arch: str, pte: int, argument: int) -> int:
    """`pte` with CONT where the argument has bit 0 (arm64), PROT_NONE instead of valid where it has bit 1."""
    if argument & 1 and arch == "arm64":
        pte |= 1 << 52
    if argument & 2:
        pte = (pte & ~1) | (1 << 11 if arch == "arm64" else 1 << 8)
    return pte


def _sum(total: int, value: int) -> int:
    return (total * 0x9E3779B97F4A7C15 + value) & U64


def _folio(k: Kernel, addr: int, pte: int) -> Folio | None:
    folio = k.vm_normal_folio(k.vma, addr, pte) if k.pte_present(pte) else None
    return folio if folio and k.folio_test_large(folio) else None


def _batch(k: Kernel, addr: int, ptep: int, max_nr: int) -> int:
    """The out-pointers are not in the Python interface: what FPB_MERGE_* would merge says the same, and is asked."""
    pte = k.ptep_get(ptep)
    folio = _folio(k, addr, pte)
    if not folio:
        return 1
    found = 0
    for flags in range(4):
        event = ("folio_pte_batch", folio.pfn, addr, ptep, pte, max_nr, flags)
        respect = FPB_RESPECT_DIRTY * (not flags & FPB_IGNORE_DIRTY)
        respect |= FPB_RESPECT_SOFT_DIRTY * (not flags & FPB_IGNORE_SOFT_DIRTY)
        k.folio_pte_batch(folio, addr, ptep, pte, max_nr, flags)
        _, written = k._batch(event, folio, respect | FPB_MERGE_WRITE)
        _, used = k._batch(event, folio, respect | FPB_MERGE_YOUNG_DIRTY)
        writable = k.pte_write(written) and not k.pte_write(pte)
        young = k.pte_young(used) and not k.pte_young(pte)
        dirty = k.pte_dirty(used) and not k.pte_dirty(pte)
        found = found << 3 | writable << 2 | young << 1 | dirty
    return found


def _move_batch(k: Kernel, old_addr: int, old_ptep: int, new_addr: int, new_ptep: int, max_nr: int) -> int:
    pte, nr = k.ptep_get(old_ptep), 1
    if folio := _folio(k, old_addr, pte):
        nr = k.folio_pte_batch(folio, old_addr, old_ptep, pte, max_nr, FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY)
    pte = k.get_and_clear_full_ptes(k.vma.vm_mm, old_addr, old_ptep, nr, 0)
    k.set_ptes(k.vma.vm_mm, new_addr, new_ptep, pte, nr)
    return nr


def _each(
    k: Kernel, which: Probe, argument: int, old_addr: int, old_ptep: int, new_addr: int, new_ptep: int, nr: int
) -> int:
    mm, total = k.vma.vm_mm, 0
    for i in range(nr):
        addr, ptep = old_addr + i * PAGE_BYTES, old_ptep + i
        match which:
            case Probe.GET:
                total = _sum(total, k.ptep_get(ptep))
            case Probe.GET_AND_CLEAR:
                total = _sum(total, k.ptep_get_and_clear(mm, addr, ptep))
            case Probe.CLEAR:
                k.pte_clear(mm, addr, ptep)
            case Probe.SET_EACH:
                pte = changed(k.arch, k.ptep_get(ptep), argument)
                k.set_pte_at(mm, new_addr + i * PAGE_BYTES, new_ptep + i, pte)
            case Probe.HINT:
                pte = k.ptep_get(ptep)
                total = _sum(total, k.pte_batch_hint(ptep, pte))
                total = _sum(total, k.pte_batch_hint(ptep, changed(k.arch, pte, argument)))
            case _:
                k.set_pte_at(mm, addr, ptep, k.ptep_get_and_clear(mm, addr, ptep))
    return total


def in_python() -> Port:
    """The probe on the Python primitives."""
    return Port("probe", "probe.py", __file__, FUNCTION.name, probe)


def in_c(tree: Path) -> TreeVersion:
    """The probe on the primitives of the kernel tree in folder `tree`."""
    opened = open_tree(tree, MREMAP)
    source = Tree(opened.path, None, opened.label, overlay={MREMAP: (HOME / "probe.c").read_text(encoding="utf-8")})
    return TreeVersion("probe", "probe.c", "", FUNCTION.name, source, BINDING)


@dataclass(frozen=True)
class Pair:
    """Both probes."""

    python: Port
    c: TreeVersion

    def agreed(self, scenario: Scenario) -> Outcome:
        """The outcome of `scenario`, which both must leave, whole."""
        in_python, in_c = run(scenario, self.python), run(scenario, self.c)
        difference = first_difference(in_python, in_c)
        assert difference is None, f"Python against C: {difference}\n{scenario!r}"
        assert in_python.ended == RETURNED, f"{in_python.why}\n{scenario!r}"
        return in_python


def first_difference(in_python: Outcome, in_c: Outcome) -> str | None:
    """The first field in which two outcomes differ, and the first place in it; None where all is the same."""
    for field in fields(Outcome):
        a, b = getattr(in_python, field.name), getattr(in_c, field.name)
        if a == b:
            continue
        if not isinstance(a, tuple):
            return f"{field.name}: {a!r}, {b!r}"
        at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        return f"{field.name}[{at}] of {len(a)} and {len(b)}: {a[at : at + 2]!r}, {b[at : at + 2]!r}"
    return None
