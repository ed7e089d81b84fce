# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a kernel tree are read beside that of the function under review.

They stand in the order in which the kernel's own #include lines would bring them, where that matters.
"""

_GENERIC = (
    "include/linux/pgtable.h", "include/linux/mm_types.h", "include/linux/mm.h", "include/linux/swap.h",
    "include/linux/swapops.h", "include/linux/leafops.h", "include/linux/userfaultfd_k.h", "include/linux/mm_inline.h",
)  # fmt: skip
_LATER = ("include/asm-generic/tlb.h", "mm/mempolicy.c")  # what functions ask that flush by a gather, or place memory
_X86, _ARM64 = "arch/x86/include/asm/", "arch/arm64/include/asm/"
LIBRARY = {
    "x86_64": (
        f"{_X86}page_types.h", f"{_X86}pgtable_64_types.h", f"{_X86}pgtable_types.h", f"{_X86}pgtable-invert.h",
        "include/asm-generic/pgtable_uffd.h", f"{_X86}pgtable_64.h", f"{_X86}pgtable.h",
        *_GENERIC, "arch/x86/mm/pgtable.c", f"{_X86}tlbflush.h", *_LATER,
    ),
    "arm64": (
        f"{_ARM64}pgtable-hwdef.h", f"{_ARM64}pgtable-prot.h", "include/asm-generic/pgtable_uffd.h",
        f"{_ARM64}pgtable.h", *_GENERIC, "arch/arm64/mm/contpte.c", "arch/arm64/mm/mmu.c",
        f"{_ARM64}tlbflush.h", *_LATER,
    ),
}  # fmt: skip
# Files that the kernel compiles under an option only.
GATED = {"arch/arm64/mm/contpte.c": "CONFIG_ARM64_CONTPTE"}
BATCH = ("mm/internal.h", "mm/util.c")
READ = tuple(dict.fromkeys((*BATCH, *LIBRARY["x86_64"], *LIBRARY["arm64"])))
