# SPDX-License-Identifier: GPL-2.0-only
"""Functions of PTE words by name, each as C and as Python: the judge's, in the project's headers, and the kernel's."""

from pte_review.models.arch.word import (
    MAX_SWAPFILES,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
)
from pte_review.models.vma import Vma
from tests.models.native.primitives.word_values import Function

Table = dict[str, tuple[str, Function]]
OFFSET_MASK = (1 << 50) - 1
ORDINARY, SHADOW_STACK = Vma(), Vma(shadow_stack=True)

# -- the judge's own words, in models/native/include

OF_THE_JUDGE = {
    "pr_none": "pte_none", "pr_present": "pte_present", "pr_valid": "pte_valid", "pr_write": "pte_write",
    "pr_dirty": "pte_dirty", "pr_young": "pte_young", "pr_special": "pte_special", "pr_pfn": "pte_pfn",
    "pr_soft_dirty": "pte_soft_dirty", "pr_uffd_wp": "pte_uffd_wp", "pr_swap": "is_swap_pte",
    "pr_swp_soft_dirty": "pte_swp_soft_dirty", "pr_swp_uffd_wp": "pte_swp_uffd_wp",
    "pr_user_accessible": "pte_user_accessible_page", "pr_mmu_may_write": "mmu_may_write", "pr_mmu_dirty": "mmu_dirty",
}  # fmt: skip
JUDGE_ALONE: Table = {
    "pr_devmap": ("pr_devmap(pte)", lambda w, v, o: bool(v & w.DEVMAP)),
    "pr_swp_type": ("pr_swp_type(value)", lambda w, v, o: w._swp_type(v)),
    "pr_forgives": (  # the entry is what was cached but for one bit
        "pr_forgives(pte, __pte(value ^ 1UL << (other & 63)))", lambda w, v, o: w.mmu_forgives(v, v ^ 1 << (o & 63)),
    ),
    "pr_pushes": ("pr_pushes(pte)", lambda w, v, o: hasattr(w, "pte_shstk") and w.pte_shstk(v)),
    "pr_cached_writable": (
        "pr_cached_writable(pte)", lambda w, v, o: w.swp_type(v) in (SWP_MIGRATION_WRITE, SWP_DEVICE_WRITE),
    ),
}  # fmt: skip


def judged(arch: str) -> Table:
    """By name in C: what the judge asks of an entry."""
    table: Table = {c: (f"{c}(pte)", lambda w, v, o, p=p: getattr(w, p)(v)) for c, p in OF_THE_JUDGE.items()}
    cont: Table = {"pr_cont": ("pr_cont(pte)", lambda w, v, o: w.pte_cont(v))}
    return {**table, **JUDGE_ALONE, **(cont if arch == "arm64" else {})}


# -- the kernel's words. A name with | is that of earlier and of later releases.

PREDICATES = (
    "is_swap_pte", "pte_dirty", "pte_marker_uffd_wp|pte_is_uffd_wp_marker", "pte_none", "pte_present", "pte_protnone",
    "pte_soft_dirty", "pte_special", "pte_swp_exclusive", "pte_swp_soft_dirty", "pte_swp_uffd_wp|pte_swp_uffd",
    "pte_uffd_wp|pte_uffd", "pte_user_accessible_page", "pte_write", "pte_young",
)  # fmt: skip
SETTERS = (
    "pte_clear_soft_dirty", "pte_clear_uffd_wp|pte_clear_uffd", "pte_mkclean", "pte_mkdirty", "pte_mkold",
    "pte_mksoft_dirty", "pte_mkspecial", "pte_mkuffd_wp|pte_mkuffd", "pte_mkwrite_novma", "pte_mkyoung",
    "pte_swp_clear_flags", "pte_swp_clear_uffd_wp|pte_swp_clear_uffd", "pte_swp_mksoft_dirty",
    "pte_swp_mkuffd_wp|pte_swp_mkuffd", "pte_wrprotect",
)  # fmt: skip
ONLY_ON = {  # predicates and setters of one architecture
    "x86_64": (("pte_shstk",), ()),
    "arm64": (("pte_cont", "pte_hw_dirty", "pte_user_exec", "pte_valid", "pte_valid_cont"), ("pte_mknoncont",)),
}
ENTRY, LEAF = "(pte_to_swp_entry(pte))", "(softleaf_from_pte(pte))"
# What asks an entry: its name until v6.18, and since.
OF_ENTRIES = {
    "is_writable_migration_entry": "softleaf_is_migration_write",
    "is_writable_device_private_entry": "softleaf_is_device_private_write",
    "is_pte_marker_entry": "softleaf_is_marker",
    "is_poisoned_swp_entry": "softleaf_is_poison_marker",
    "is_guard_swp_entry": "softleaf_is_guard_marker",
}
MADE = (
    "make_readable_migration_entry",
    "make_readable_exclusive_migration_entry",
    "make_readable_device_private_entry",
)
# With other arguments or another result than a predicate or a setter has.
OTHERS: Table = {
    "move_pte": ("pte_val(move_pte(pte, 0, 0x1000))", lambda w, v, o: w.move_pte(v, 0, 0x1000)),
    "pfn_pte": ("pte_val(pfn_pte(other, __pgprot(value)))", lambda w, v, o: w.pfn_pte(o, v)),
    "pte_advance_pfn": ("pte_val(pte_advance_pfn(pte, other))", lambda w, v, o: w.pte_advance_pfn(v, o)),
    "pte_mkwrite": ("pte_val(pte_mkwrite(pte, &ordinary))", lambda w, v, o: w.pte_mkwrite(v, ORDINARY)),
    "pte_mkwrite of a shadow stack": (
        "pte_val(pte_mkwrite(pte, &shadow_stack))", lambda w, v, o: w.pte_mkwrite(v, SHADOW_STACK),
    ),
    "pte_modify": ("pte_val(pte_modify(pte, __pgprot(other)))", lambda w, v, o: w.pte_modify(v, o)),
    "pte_needs_flush": ("pte_needs_flush(pte, __pte(other))", lambda w, v, o: w.pte_needs_flush(v, o)),
    "PAGE_NONE": ("pgprot_val(PAGE_NONE)", lambda w, v, o: w.PAGE_NONE),
    "make_pte_marker": ("pte_val(make_pte_marker(other & 7))", lambda w, v, o: w.make_pte_marker(o & 7)),
    "pte_to_swp_entry": (f"swp_offset({ENTRY})", lambda w, v, o: w.pte_to_swp_entry(v).offset),
    "softleaf_from_pte": (
        f"pte_none(pte) || pte_present(pte) ? 0 : swp_offset({LEAF})",
        lambda w, v, o: w.softleaf_from_pte(v).offset if w.is_swap_pte(v) else 0,
    ),
    **{
        name: (
            f"pte_val(swp_entry_to_pte({name}(value & ((1UL << 50) - 1))))",
            lambda w, v, o, name=name: w.swp_entry_to_pte(*getattr(w, name)(v & OFFSET_MASK)),
        )
        for name in MADE
    },
    **{
        name: (f"!!({name}({ENTRY}))", lambda w, v, o, name=name: getattr(w, name)(w.pte_to_swp_entry(v)))
        for name in OF_ENTRIES
    },
    **{
        name: (
            f"!!(!pte_none(pte) && !pte_present(pte) && {name}({LEAF}))",
            lambda w, v, o, name=name: w.is_swap_pte(v) and getattr(w, name)(w.softleaf_from_pte(v)),
        )
        for name in OF_ENTRIES.values()
    },
    "pte_pfn": ("pte_pfn(pte)", lambda w, v, o: w.pte_pfn(v)),
    "pte_pgprot": ("pgprot_val(pte_pgprot(pte))", lambda w, v, o: w.pte_pgprot(v)),
    "pte_same": ("pte_same(pte, __pte(other))", lambda w, v, o: w.pte_same(v, o)),
    "__swp_entry": (
        "__swp_entry(other & 31, value & ((1UL << 50) - 1)).val",
        lambda w, v, o: w.swp_entry_to_pte(o & 31, v & OFFSET_MASK),
    ),
    "__swp_offset": ("__swp_offset(__pte_to_swp_entry(pte))", lambda w, v, o: w._swp_offset(v)),
    "__swp_type": ("__swp_type(__pte_to_swp_entry(pte))", lambda w, v, o: w._swp_type(v)),
    "swp_offset": (f"swp_offset({ENTRY})", lambda w, v, o: w.swp_offset(v)),
    "swp_type": (f"swp_type({ENTRY})", lambda w, v, o: w.swp_type(v)),
    # What the machine in Python does without:
    "is_device_private_entry": (
        f"is_device_private_entry({ENTRY})", lambda w, v, o: w.swp_type(v) in (SWP_DEVICE_WRITE, SWP_DEVICE_READ),
    ),
    "is_hwpoison_entry": (f"is_hwpoison_entry({ENTRY})", lambda w, v, o: w.swp_type(v) == SWP_HWPOISON),
    "is_migration_entry": (
        f"is_migration_entry({ENTRY})", lambda w, v, o: SWP_MIGRATION_READ <= w.swp_type(v) <= SWP_MIGRATION_WRITE,
    ),
    "is_pte_marker": ("is_pte_marker(pte)", lambda w, v, o: w.is_swap_pte(v) and w.swp_type(v) == SWP_PTE_MARKER),
    "non_swap_entry": (f"non_swap_entry({ENTRY})", lambda w, v, o: w.swp_type(v) >= MAX_SWAPFILES),
}  # fmt: skip
ADDR = "(value & 0xfffffffff000UL)"
OTHERS_ON: dict[str, Table] = {
    "x86_64": {},
    "arm64": {
        "pte_cont_addr_end": (
            f"pte_cont_addr_end({ADDR}, {ADDR} + ((other & 63) + 1) * PAGE_SIZE)",
            lambda w, v, o: min((v & 0xFFFFFFFF0000) + 0x10000, (v & 0xFFFFFFFFF000) + ((o & 63) + 1) * 0x1000),
        ),
        "pte_mkcont": ("pte_val(pte_mkcont(pte))", lambda w, v, o: w.pte_mkcont(v)),
        "pte_mkcont of v6.12": ("pte_val(pte_mkcont(pte))", lambda w, v, o: w.pte_mkcont(v) | 3),
        "pte_sw_dirty": ("pte_sw_dirty(pte)", lambda w, v, o: bool(v >> 55 & 1)),
    },
}
# Words of some releases only.
GONE = {
    "is_swap_pte", "is_device_private_entry", "is_hwpoison_entry", "is_migration_entry", "is_pte_marker",
    "non_swap_entry", "pte_to_swp_entry", "pte_swp_clear_flags", "swp_type", "swp_offset",
    "pte_mkcont", "pte_mkcont of v6.12", "pte_modify", "softleaf_from_pte", *OF_ENTRIES, *OF_ENTRIES.values(),
}  # fmt: skip
PYTHON_ALONE = {
    "mmu_dirty": "the hardware's", "mmu_forgives": "the hardware's", "pte_user_exec": "on arm64 only in C",
    "mmu_may_write": "the hardware's", "mmu_mkdirty": "the hardware's",
    "pte_batch_hint": "a primitive, probed", "without_ad": "for comparing entries", "pte_cont": "on arm64 only in C",
    "pte_valid": "on arm64 only in C", "swp_entry_to_pte": "as __swp_entry()", "vm_page_prot": "a VMA's",
    "vm_get_page_prot": "a VMA's", "entry_prot": "a VMA's", "vma_wants_writenotify": "a VMA's",
    "notices_stores": "a VMA's", "userfaultfd_wp": "a VMA's", "userfaultfd_rwp": "a VMA's", "keeps_uffd": "a VMA's",
}  # fmt: skip


def of_kernel(arch: str) -> Table:
    """By name: the kernel's words, in C and in Python."""
    table: Table = {}
    for names, expression in (
        ((*PREDICATES, *ONLY_ON[arch][0]), "!!(NAME(pte))"),
        ((*SETTERS, *ONLY_ON[arch][1]), "pte_val(NAME(pte))"),
    ):
        for name in names:
            python = name.partition("|")[0]
            table[name] = (expression, lambda w, v, o, python=python: getattr(w, python)(v))
    return {**table, **OTHERS, **OTHERS_ON[arch]}
