# SPDX-License-Identifier: GPL-2.0-only
"""The machine follows the log of a run in C: it does to its own memory what the C did to its tables.

So locks, the TLB, contracts, page_table_check, actions of others and the log itself are judged by the very code that
judges Python ports. What the C's primitives do to entries is the C's: only raw accesses are taken over.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.locks import ANON_VMA, I_MMAP
from pte_review.models.native.arena import EVENT_WORDS, event_names
from pte_review.models.native.warnings import Texts, warning
from pte_review.models.vma import Vma

U64 = 1 << 64
RMAP_CALLS = {
    "i_mmap_lock_write": I_MMAP, "i_mmap_unlock_write": I_MMAP,
    "anon_vma_lock_write": ANON_VMA, "anon_vma_unlock_write": ANON_VMA,
}  # fmt: skip


def signed(word: int) -> int:
    """A 64-bit word as the C has it in an int or a pointer difference."""
    return word - U64 if word >> 63 else word


class Follower:
    """Feeds events to machine `k`. `value_met` is the value of the entry that the last access met.

    `files` are the texts of warnings, by the number of the file from 1.
    """

    def __init__(self, k: Kernel, files: Sequence[Texts] = ()) -> None:
        self.k = k
        self.files = files
        self.value_met = 0
        self.changed: list[tuple[int, int]] = []
        self.line = 0  # of the kernel file that the last event names
        self.batches: list[int] = []  # places in the log of batch functions that have not returned

    def feed(self, words: Sequence[int]) -> list[tuple[int, int]]:
        """Events as the arena has them, EVENT_WORDS words each; the entries that they changed, with their values.

        Raises what the machine raises.
        """
        handlers = _handlers()
        self.changed = []
        for name, a, b, c, d, e, f, self.line in zip(*[iter(words)] * EVENT_WORDS, strict=True):
            handlers[name](self, a, b, c, d, e, f)
        return self.changed

    # -- raw accesses

    def _on_R(self, ptep: int, value: int, debugging: int, *_: int) -> None:
        k, ptep = self.k, signed(ptep) if ptep >> 63 else ptep
        if debugging:
            k.read_event = "R.debug_vm"
        met = k.read(ptep)
        if met != value and not self._acted():
            self._stored_unseen(ptep, value)
            k.events[-1] = (k.read_event, ptep, value)
            met = value
        k.read_event = "R"
        self.value_met = met

    def _on_X(self, ptep: int, value: int, *_: int) -> None:
        ptep = signed(ptep) if ptep >> 63 else ptep
        if not self._acted() and self.k.memory[ptep] != value:
            self._stored_unseen(ptep, value)
        self.value_met = self.k.xchg0(ptep)
        self.changed.append((ptep, 0))

    def _on_S(self, ptep: int, value: int, *_: int) -> None:
        ptep = signed(ptep) if ptep >> 63 else ptep
        self.k.store(ptep, value)
        self.changed.append((ptep, value))

    def _acted(self) -> bool:
        """Whether others act: then the entry is what the machine says, not what the C had before it asked."""
        return bool(self.k.scenario.actions)

    def _stored_unseen(self, ptep: int, value: int) -> None:
        """A store that the log does not tell of, through memcpy() or a pointer of another type: noticed when met."""
        self.k.memory[ptep] = value

    def _on_T(self, start: int, end: int, mm: int, *_: int) -> None:
        self.k.invalidate(start, end, mm)

    def _on_contpte_convert(self, ptep: int, fold: int, *_: int) -> None:
        self.k.events.append(("contpte_convert", ptep, fold))
        self.k.exercised.add("fold" if fold else "unfold")

    # -- debug checks

    def _on_page_table_check_pte_clear(self, pte: int, *_: int) -> None:
        self.k.page_table_check_pte_clear(pte)

    def _on_page_table_check_ptes_set(self, ptep: int, pte: int, nr: int, *_: int) -> None:
        self.k.page_table_check_ptes_set(signed(ptep), pte, nr)

    def _on_check_safe_pte_update(self, ptep: int, pte: int, safe: int, *_: int) -> None:
        if self.k.config.debug_vm and isinstance(self.k, KernelArm64):
            self.k.check_safe_pte_update(signed(ptep), pte, safe=bool(safe))

    def _on_warn(self, which: int, file: int, *_: int) -> None:
        condition = self.files[file - 1].get(self.line, "") if 0 < file <= len(self.files) else ""
        self.k.warn(warning(which, condition))

    def _on_marker(self, *_: int) -> None:
        self.k.exercised.add("uffd-wp marker")

    # -- primitives

    def _on_ptep_get(self, ptep: int, *_: int) -> None:
        self.k.events.append(("ptep_get", signed(ptep)))

    def _on_ptep_get_and_clear(self, addr: int, ptep: int, mm: int, *_: int) -> None:
        self.k.called_on_entry("ptep_get_and_clear", mm, addr, signed(ptep))

    def _on_pte_clear(self, addr: int, ptep: int, mm: int, *_: int) -> None:
        self.k.called_on_entry("pte_clear", mm, addr, signed(ptep))

    def _on_get_and_clear_full_ptes(self, addr: int, ptep: int, nr: int, full: int, mm: int, *_: int) -> None:
        self.k.called_get_and_clear_full_ptes(mm, addr, signed(ptep), signed(nr), full)

    def _on_ptep_modify_prot_start(self, addr: int, ptep: int, mm: int, *_: int) -> None:
        self.k.called_modify_prot_start("ptep_modify_prot_start", mm, addr, signed(ptep), 1)

    def _on_modify_prot_start_ptes(self, addr: int, ptep: int, nr: int, mm: int, *_: int) -> None:
        self.k.called_modify_prot_start("modify_prot_start_ptes", mm, addr, signed(ptep), signed(nr))

    def _on_ptep_modify_prot_commit(self, addr: int, ptep: int, old_pte: int, pte: int, mm: int, *_: int) -> None:
        self.k.called_modify_prot_commit("ptep_modify_prot_commit", mm, addr, signed(ptep), old_pte, pte, 1)

    def _on_modify_prot_commit_ptes(
        self, addr: int, ptep: int, old_pte: int, pte: int, nr: int, mm: int, *_: int
    ) -> None:
        name = "modify_prot_commit_ptes"
        self.k.called_modify_prot_commit(name, mm, addr, signed(ptep), old_pte, pte, signed(nr))

    def _on_tlb_flush_pte_range(self, address: int, size: int, *_: int) -> None:
        self.k.tlb_flush_pte_range(self.k.gather, address, size)

    def _on_set_ptes(self, addr: int, ptep: int, pte: int, nr: int, mm: int, *_: int) -> None:
        self.k.called_set_ptes(mm, addr, signed(ptep), pte, signed(nr))

    def _on_set_pte_at(self, addr: int, ptep: int, pte: int, mm: int, *_: int) -> None:
        self.k.called_set_pte_at(mm, addr, signed(ptep), pte)

    def _on_pte_batch_hint(self, ptep: int, pte: int, *_: int) -> None:
        self.k.events.append(("pte_batch_hint", signed(ptep), pte))

    def _on_folio_pte_batch(self, pfn: int, addr: int, ptep: int, pte: int, max_nr: int, flags: int, *_: int) -> None:
        event = ("folio_pte_batch", pfn, addr, signed(ptep), pte, signed(max_nr), flags)
        self.batches.append(self.k.called_batch(event, self.k.page_folio(pfn)))

    def _on_folio_pte_batch_flags(self, pfn: int, ptep: int, pte: int, max_nr: int, flags: int, *_: int) -> None:
        event = ("folio_pte_batch_flags", pfn, 0, signed(ptep), pte, signed(max_nr), flags)
        self.batches.append(self.k.called_batch(event, self.k.page_folio(pfn)))

    def _on_result(self, nr: int, *_: int) -> None:
        self.k.batch_returned(self.batches.pop(), signed(nr))

    def _on_vm_normal_folio(self, addr: int, pte: int, *_: int) -> None:
        self.k.vm_normal_folio(self.k.vma, addr, pte)

    # -- locks and the TLB

    def _on_pte_offset_map_lock(self, table: int, addr: int, *_: int) -> None:
        pmd = self.k.pmds[table]
        self.k.pte_offset_map_lock(pmd.mm, pmd, addr)

    def _on_pte_offset_map_rw_nolock(self, table: int, addr: int, *_: int) -> None:
        pmd = self.k.pmds[table]
        self.k.pte_offset_map_rw_nolock(pmd.mm, pmd, addr)

    def _on_pte_unmap(self, ptep: int, *_: int) -> None:
        self.k.pte_unmap(signed(ptep))

    def _on_spin_lock(self, lock: int, *_: int) -> None:
        self.k.spin_lock(signed(lock))

    def _on_spin_lock_nested(self, lock: int, *_: int) -> None:
        self.k.spin_lock_nested(signed(lock), 1)

    def _on_spin_unlock(self, lock: int, *_: int) -> None:
        self.k.spin_unlock(signed(lock))

    def _on_flush_tlb_range(self, start: int, end: int, mm: int, *_: int) -> None:
        self.k.flush_tlb_range(self._vma_of(mm), start, end)

    def _on_flush_tlb_page(self, addr: int, mm: int, *_: int) -> None:
        self.k.flush_tlb_page(self._vma_of(mm), addr)

    def _on_flush_tlb_mm(self, mm: int, *_: int) -> None:
        self.k.flush_tlb_mm(mm)

    def _on_flush_tlb_batched_pending(self, mm: int, *_: int) -> None:
        self.k.flush_tlb_batched_pending(mm)

    def _vma_of(self, mm: int) -> Vma:
        """A VMA of that mm: flushes ask a VMA for nothing else."""
        return next((vma for vma in self.k.scenario.vmas if vma.vm_mm == mm), Vma(vm_mm=mm))

    def settle(self, tables: Sequence[Sequence[int]], logged: Sequence[int | None]) -> None:
        """The run is over: take over what stores left in the tables of which no event told.

        `logged` is what the log says of the C's memory. Others may have changed entries since: theirs stay.
        """
        size = self.k.table_size
        for number, table in enumerate(tables):
            at = self.k.places.ptep(number, 0)
            if logged[at : at + size] != table:
                for i, pte in enumerate(table, at):
                    if logged[i] != pte:
                        self.k.memory[i] = pte


class LineFollower(Follower):
    """Also notes the line of the kernel file that each event of the machine's log stems from, in `lines`."""

    def __init__(self, k: Kernel, files: Sequence[Texts], lines: list[int]) -> None:
        super().__init__(k, files)
        self.lines = lines

    def feed(self, words: Sequence[int]) -> list[tuple[int, int]]:
        changed = []
        for first in range(0, len(words), EVENT_WORDS):
            changed += super().feed(words[first : first + EVENT_WORDS])
            self.lines += [self.line] * (len(self.k.events) - len(self.lines))
        self.changed = changed
        return changed


Handler = Callable[..., None]


@lru_cache(maxsize=1)
def _handlers() -> tuple[Handler, ...]:
    """What each event is fed to, by its number: a method of Follower that is named after it, or the machine's own."""
    return tuple(getattr(Follower, f"_on_{name}", None) or _plain(name) for name in event_names())


def _plain(name: str) -> Handler:
    if name in RMAP_CALLS:
        way, lock = "_unlock" if "unlock" in name else "_lock", RMAP_CALLS[name]
        return lambda self, *_: getattr(self.k, way)(name, lock)
    return lambda self, *_: getattr(self.k, name)()
