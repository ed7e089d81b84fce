# SPDX-License-Identifier: GPL-2.0-only
"""What functions under review and their primitives look at in a struct vm_area_struct."""

from dataclasses import dataclass

# Names of vm_flags without VM_, and their bits: those of v7.3 with 64-bit flags.
VM_FLAG_BITS = {
    "READ": 0, "WRITE": 1, "EXEC": 2, "SHARED": 3, "MAYREAD": 4, "MAYWRITE": 5, "MAYEXEC": 6, "MAYSHARE": 7,
    "GROWSDOWN": 8, "UFFD_MISSING": 9, "PFNMAP": 10, "MAYBE_GUARD": 11, "UFFD_WP": 12, "LOCKED": 13, "IO": 14,
    "SEQ_READ": 15, "RAND_READ": 16, "DONTCOPY": 17, "DONTEXPAND": 18, "LOCKONFAULT": 19, "ACCOUNT": 20,
    "NORESERVE": 21, "HUGETLB": 22, "SYNC": 23, "WIPEONFORK": 25, "DONTDUMP": 26, "SOFTDIRTY": 27, "MIXEDMAP": 28,
    "HUGEPAGE": 29, "NOHUGEPAGE": 30, "MERGEABLE": 31, "SHADOW_STACK": 37, "ALLOW_ANY_UNCACHED": 39, "DROPPABLE": 40,
    "UFFD_MINOR": 41, "SEALED": 42, "UFFD_RWP": 43,
}  # fmt: skip


UFFD_MODES = ("missing", "minor", "wp", "rwp")


@dataclass(frozen=True, slots=True)
class Vma:
    """A VMA: private anonymous memory, read and written, unless fields say otherwise.

    A VMA with a file and without an anon_vma is shared. `uffd` is a userfaultfd context, `uffd_modes` are the modes it
    is registered in. `writenotify`: the file system wants to know of the first store to a page (page_mkwrite).
    """

    vm_file: bool = False
    anon_vma: bool = True
    read: bool = True  # VM_READ
    write: bool = True  # VM_WRITE
    exec: bool = False  # VM_EXEC
    maywrite: bool = True  # VM_MAYWRITE: not of a shared file that was opened for reading
    pfnmap: bool = False  # VM_PFNMAP
    mixedmap: bool = False  # VM_MIXEDMAP
    shadow_stack: bool = False  # VM_SHADOW_STACK
    droppable: bool = False  # VM_DROPPABLE
    softdirty: bool = False  # VM_SOFTDIRTY: new since clear_refs was last written
    writenotify: bool = False
    uffd: bool = False
    uffd_modes: tuple[str, ...] = ("wp",)
    uffd_event_remap: bool = False  # the context has UFFD_FEATURE_EVENT_REMAP
    uffd_wp_unpopulated: bool = False  # the context has UFFD_FEATURE_WP_UNPOPULATED
    vm_mm: int = 1  # the number of its mm

    @property
    def shared(self) -> bool:
        """VM_SHARED."""
        return self.vm_file and not self.anon_vma

    @property
    def accessible(self) -> bool:
        """Whether it is no PROT_NONE mapping."""
        return self.read or self.write or self.exec

    @property
    def letters(self) -> str:
        """VM_READ, VM_WRITE and VM_EXEC as letters: "rw"; "" of a PROT_NONE mapping."""
        return "".join(letter for letter, on in zip("rwx", (self.read, self.write, self.exec), strict=True) if on)

    def has_uffd(self, mode: str, *, rwp: bool) -> bool:
        """Whether it is registered in that mode. A kernel without RWP takes such a registration for one of WP."""
        if not self.uffd or (mode == "rwp" and not rwp):
            return False
        return mode in self.uffd_modes or (mode == "wp" and not rwp and "rwp" in self.uffd_modes)

    def vm_flags(self, *, rwp: bool) -> int:
        """The flags as a word, by VM_FLAG_BITS, of a kernel with userfaultfd RWP or without."""
        flags = {
            "READ": self.read, "WRITE": self.write, "EXEC": self.exec, "SHARED": self.shared, "MAYREAD": True,
            "MAYWRITE": self.maywrite, "MAYEXEC": True, "MAYSHARE": self.shared, "PFNMAP": self.pfnmap,
            "MIXEDMAP": self.mixedmap, "SHADOW_STACK": self.shadow_stack, "DROPPABLE": self.droppable,
            "SOFTDIRTY": self.softdirty,
        }  # fmt: skip
        flags |= {f"UFFD_{mode.upper()}": self.has_uffd(mode, rwp=rwp) for mode in UFFD_MODES}
        return sum(1 << VM_FLAG_BITS[name] for name, on in flags.items() if on)
