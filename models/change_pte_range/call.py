# SPDX-License-Identifier: GPL-2.0-only
"""The call of change_pte_range(): which newprot and cp_flags each caller passes.

A scenario has one range, "pte", of one table. Its VMA is the one under which the entries came about; mprotect() gives
the VMA its new flags before the call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pte_review.models.actions import Action
from pte_review.models.call import Breach, Call
from pte_review.models.change_pte_range.legal import AS_VMA, RULES, breaches
from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.function import Function
from pte_review.models.machine.gather import MmuGather
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Folio, Scenario
from pte_review.models.tables import Entries, Range, Table
from pte_review.models.vma import Vma

NAME = "pte"

# include/linux/mm.h
MM_CP_TRY_CHANGE_WRITABLE = 1 << 0
MM_CP_PROT_NUMA = 1 << 1
MM_CP_UFFD_WP = 1 << 2
MM_CP_UFFD_WP_RESOLVE = 1 << 3
MM_CP_UFFD_RWP = 1 << 4  # v7.3
MM_CP_UFFD_RWP_RESOLVE = 1 << 5

MPROTECT, NUMA, UFFD_PROTECT, UFFD_RESOLVE = "mprotect", "numa", "uffd-protect", "uffd-resolve"
CALLERS = {
    MPROTECT: "mprotect() to the protection that the call names",
    NUMA: "NUMA balancing, which takes the access away so that the next access faults",
    UFFD_PROTECT: "UFFDIO_WRITEPROTECT or UFFDIO_RWPROTECT, by the mode that the VMA is registered in",
    UFFD_RESOLVE: "the same ioctl without its protection, or the end of a registration",
}
PROTECTIONS = ("", "r", "w", "rw", "rx", "wx", "rwx")  # a page that is executed only has other bits on arm64


@dataclass(frozen=True, slots=True)
class ProtectCall(Call):
    """Who calls. `protection` is mprotect()'s own: the letters of read, write, exec.

    `newprot_of` is the protection that newprot is made of. Callers use the VMA's, AS_VMA; any other is hostile.
    """

    caller: str = MPROTECT
    protection: str = "rw"
    single_threaded: bool = False
    newprot_of: str = AS_VMA

    @property
    def mmap_write_locked(self) -> bool:
        return self.caller == MPROTECT

    def seen(self, vma: Vma) -> Vma:
        if self.caller != MPROTECT:
            return vma
        return with_access(vma, self.protection)

    def flags(self, scenario: Scenario) -> int:
        """cp_flags. A kernel without userfaultfd RWP has registered the VMA in the mode WP."""
        words, vma = scenario.words, self.seen(scenario.vma)
        upgraded = MM_CP_TRY_CHANGE_WRITABLE if wants_manual_pte_write_upgrade(vma) else 0
        rwp = words.userfaultfd_rwp(vma)
        match self.caller:
            case "numa":
                return MM_CP_PROT_NUMA
            case "uffd-protect":
                return MM_CP_UFFD_RWP if rwp else MM_CP_UFFD_WP
            case "uffd-resolve":
                return (MM_CP_UFFD_RWP_RESOLVE if rwp else MM_CP_UFFD_WP_RESOLVE) | upgraded
        return upgraded

    def newprot(self, scenario: Scenario) -> int:
        """What change_protection() makes of the caller's wish."""
        words, vma = scenario.words, self.seen(scenario.vma)
        none = self.flags(scenario) & (MM_CP_PROT_NUMA | MM_CP_UFFD_RWP)
        if self.newprot_of != AS_VMA:
            vma = with_access(vma, self.newprot_of)
        return words.PAGE_NONE if none else words.vm_page_prot(vma)

    def check(self, scenario: Scenario, path: str) -> None:
        """One range inside one PMD, and a caller that there is."""
        if self.caller not in CALLERS:
            raise SchemaError(f"{path}.call.caller", f"one of {', '.join(CALLERS)}", self.caller)
        if self.protection not in PROTECTIONS:
            raise SchemaError(f"{path}.call.protection", f"one of {', '.join(map(repr, PROTECTIONS))}", self.protection)
        if self.newprot_of not in (AS_VMA, *PROTECTIONS):
            expected = ", ".join(map(repr, (AS_VMA, *PROTECTIONS)))
            raise SchemaError(f"{path}.call.newprot_of", f"one of {expected}", self.newprot_of)
        names = [where.name for where in scenario.ranges]
        if names != [NAME]:
            raise SchemaError(f"{path}.ranges", f"the range {NAME} alone", names)
        if len(scenario.tables) != 1 or len(scenario.vmas) != 1:
            raise SchemaError(f"{path}.tables", "one table of one VMA", len(scenario.tables))

    def breaches(self, scenario: Scenario) -> Iterator[Breach]:
        if self.newprot_of != AS_VMA:
            yield Breach("newprot-disagrees", 0, -1, RULES["newprot-disagrees"])
        yield from breaches(scenario, self.caller, self.seen(scenario.vma))

    def arguments(self, k: Kernel) -> tuple[MmuGather, Vma, Pmd, int, int, int, int]:
        """tlb, vma, pmd, addr and end in bytes, newprot, cp_flags."""
        scenario = k.scenario
        (where,) = scenario.ranges
        addr = scenario.address(where)
        end = addr + (where.nr << PAGE_SHIFT)
        return k.gather, k.vma, k.pmds[0], addr, end, self.newprot(scenario), self.flags(scenario)

    def finish(self, k: Kernel) -> None:
        """With mmap_lock still held."""
        k.tlb_finish_mmu(k.gather)


@lru_cache(maxsize=256)
def with_access(vma: Vma, protection: str) -> Vma:
    """The VMA with the protection whose letters, of read, write and exec, are given."""
    return replace(vma, read="r" in protection, write="w" in protection, exec="x" in protection)


def wants_manual_pte_write_upgrade(vma: Vma) -> bool:
    """vma_wants_manual_pte_write_upgrade(), as its callers ask it.

    For a shared VMA the kernel asks vma_wants_writenotify(). mprotect() asks before vma_set_page_prot(): vm_page_prot
    does not fit the new flags yet, and the answer is no unless the file has page_mkwrite(). For userfaultfd-wp and
    soft-dirty tracking, vm_page_prot lacks the write bit already, so the answer is no again.
    """
    return vma.write and (vma.writenotify or not vma.shared)


def protect(
    arch: str,
    *,
    addr: int,
    nr: int,
    entries: Entries = (),
    folios: Iterable[Folio] = (),
    vma: Vma = ORDINARY_VMA,
    config: Config = ORDINARY_CONFIG,
    caller: str = MPROTECT,
    protection: str = "rw",
    single_threaded: bool = False,
    newprot_of: str = AS_VMA,
    maps: bool = True,
    actions: Iterable[Action] = (),
) -> Scenario:
    """The scenario of a call on `nr` entries from `addr` on."""
    base = addr & -(config.ptrs_per_pte << PAGE_SHIFT)
    return Scenario(
        arch,
        tables=(Table(base, entries, maps=maps),),
        ranges=(Range(NAME, 0, (addr - base) >> PAGE_SHIFT, nr),),
        call=ProtectCall(caller, protection, single_threaded, newprot_of),
        folios=tuple(folios),
        vmas=(vma,),
        config=config,
        actions=tuple(actions),
    )


def protect_arguments(scenario: Scenario) -> dict[str, Any]:
    """The arguments of protect() that make `scenario`, but for `arch`."""
    (where,), (table,), call = scenario.ranges, scenario.tables, scenario.call
    assert isinstance(call, ProtectCall)
    return {
        "addr": scenario.address(where),
        "nr": where.nr,
        "entries": table.entries,
        "folios": scenario.folios,
        "vma": scenario.vma,
        "config": scenario.config,
        "caller": call.caller,
        "protection": call.protection,
        "single_threaded": call.single_threaded,
        "newprot_of": call.newprot_of,
        "maps": table.maps,
        "actions": scenario.actions,
    }


def protected(scenario: Scenario, **changes: Any) -> Scenario:
    """`scenario` with some arguments of protect() changed."""
    return protect(scenario.arch, **{**protect_arguments(scenario), **changes})


FUNCTION = Function(
    name="change_pte_range",
    parameters=("k", "tlb", "vma", "pmd", "addr", "end", "newprot", "cp_flags"),
    call=ProtectCall,
    folder=Path(__file__).parent,
    not_versions=frozenset({"call", "legal"}),
    first=("before_batching", "as_merged", "batching", "small_folios", "v7_3"),
    prefix="mprotect",
)
