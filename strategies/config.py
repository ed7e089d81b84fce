# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario runs on and in: the kernel config and the VMA."""

from dataclasses import replace

from pte_review.models.config import Config
from pte_review.models.vma import Vma
from pte_review.strategies.choices import Choices

CONT_PTES = (16, 16, 16, 16, 4, 4, 4, 8, 2, 32)  # 16 on 4K kernels; small ones find the same with fewer entries
PTRS_PER_PTE = (512, 512, 512, 512, 512, 64, 128, 32)


SHAPE_BYTES = 4  # what `shape` gives both: they decide how a table is laid out


def draw_config(choices: Choices, shape: Choices, arch: str) -> Config:
    """A config that `arch` can be built with."""
    x86 = arch == "x86_64"
    uffd_wp = not choices.chance(5)
    return Config(
        mem_soft_dirty=choices.chance(50) and x86,
        uffd_wp=uffd_wp,
        pte_marker_uffd_wp=not choices.chance(4) and uffd_wp,
        debug_vm=choices.chance(12),
        page_table_check=choices.chance(12),
        page_table_check_skips_special=not choices.chance(25),
        shstk=choices.chance(12) and x86,
        contpte=not shape.chance(6),
        contpte_get_stops_early=choices.chance(8),
        contpte_set_guards_invalid=choices.chance(8),
        cont_ptes=shape.pick(CONT_PTES),
        ptrs_per_pte=shape.pick(PTRS_PER_PTE),
        bbml2_noabort=choices.chance(12) and not x86,
    )


# How often each protection, as letters of read, write and exec; memory is there to be written.
PROTECTIONS = (*("rw",) * 34, *("r",) * 5, "rx", "rx", "rwx", "", "w")
MODES = (*(("wp",),) * 10, ("missing", "wp"), ("missing",), *(("rwp",),) * 3, ("missing", "rwp"))


def draw_vma(choices: Choices, shape: Choices, config: Config) -> Vma:
    """Anonymous memory mostly; shared and private files, PFN maps, shadow stacks; a userfaultfd on half of them."""
    kind = shape.pick(("anon",) * 10 + ("shared-file",) * 3 + ("private-file",) * 2 + ("pfnmap", "mixedmap"))
    shadow_stack = choices.chance(50) and config.shstk and kind == "anon"
    uffd = choices.chance(50)
    event_remap = choices.chance(30) and uffd
    protection = choices.pick(PROTECTIONS)
    if shadow_stack:
        protection = "rw"
    shared = kind not in ("anon", "private-file")
    modes = choices.pick((*MODES, ("minor", "wp"), ("minor",)) if shared else MODES)
    return Vma(
        vm_file=kind != "anon",
        anon_vma=kind in ("anon", "private-file"),
        pfnmap=kind == "pfnmap",
        mixedmap=kind == "mixedmap",
        read="r" in protection,
        write="w" in protection,
        exec="x" in protection,
        maywrite=choices.chance(50) or "w" in protection or not shared,
        shadow_stack=shadow_stack,
        droppable=choices.chance(6) and kind == "anon" and not shadow_stack,
        softdirty=choices.chance(50),
        writenotify=choices.chance(50) and kind == "shared-file",
        uffd=uffd,
        uffd_modes=modes,
        uffd_event_remap=event_remap,
    )


def plain_vma(vma: Vma) -> Vma:
    """The same mapping, read and written, its stores not noticed."""
    plain = replace(vma, read=True, write=True, exec=False, maywrite=True, droppable=False)
    return replace(plain, softdirty=True, writenotify=False, uffd_modes=("wp",))
