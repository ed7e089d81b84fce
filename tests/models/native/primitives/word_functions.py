# SPDX-License-Identifier: GPL-2.0-only
"""Every function of the project's own PTE words, by name: as the C has it, as Python has it, or why only one does."""

from pte_review.models.arch.word import (
    MAX_SWAPFILES,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
)
from pte_review.models.scenario import Vma
from tests.models.native.primitives.word_values import Function

OFFSET_MASK = (1 << 50) - 1
ORDINARY, SHADOW_STACK = Vma(), Vma(shadow_stack=True)

PREDICATES = (
    "is_swap_pte", "pte_dirty", "pte_marker_uffd_wp", "pte_none", "pte_present", "pte_protnone", "pte_soft_dirty",
    "pte_special", "pte_swp_exclusive", "pte_swp_soft_dirty", "pte_swp_uffd_wp", "pte_uffd_wp", "pte_valid",
    "pte_user_accessible_page", "pte_write", "pte_young",
)  # fmt: skip
SETTERS = (
    "pte_clear_soft_dirty", "pte_clear_uffd_wp", "pte_mkclean", "pte_mkdirty", "pte_mkold", "pte_mksoft_dirty",
    "pte_mkspecial", "pte_mkuffd_wp", "pte_mkwrite_novma", "pte_mkyoung", "pte_swp_clear_flags",
    "pte_swp_clear_uffd_wp", "pte_swp_mksoft_dirty", "pte_wrprotect",
)  # fmt: skip
ONLY_ON = {  # predicates and setters of one architecture
    "x86_64": (("pte_shstk",), ()),
    "arm64": (("pte_cont", "pte_hw_dirty", "pte_valid_cont"), ("pte_mkcont", "pte_mknoncont")),
}
ENTRY = "pte_to_swp_entry(pte)"
# With other arguments or another result than a predicate or a setter has.
OTHERS: dict[str, tuple[str, Function]] = {
    "move_pte": ("pte_val(move_pte(pte, 0, 0x1000))", lambda w, v, o: w.move_pte(v, 0, 0x1000)),
    "pfn_pte": ("pte_val(pfn_pte(other, __pgprot(value)))", lambda w, v, o: w.pfn_pte(o, v)),
    "pte_advance_pfn": ("pte_val(pte_advance_pfn(pte, other))", lambda w, v, o: w.pte_advance_pfn(v, o)),
    "pte_mkwrite": ("pte_val(pte_mkwrite(pte, &ordinary))", lambda w, v, o: w.pte_mkwrite(v, ORDINARY)),
    "pte_mkwrite of a shadow stack": (
        "pte_val(pte_mkwrite(pte, &shadow_stack))", lambda w, v, o: w.pte_mkwrite(v, SHADOW_STACK),
    ),
    "pte_pfn": ("pte_pfn(pte)", lambda w, v, o: w.pte_pfn(v)),
    "pte_pgprot": ("pgprot_val(pte_pgprot(pte))", lambda w, v, o: w.pte_pgprot(v)),
    "pte_same": ("pte_same(pte, __pte(other))", lambda w, v, o: w.pte_same(v, o)),
    "swp_entry_to_pte": (
        "pte_val(swp_entry_to_pte(swp_entry(other & 31, value & ((1UL << 50) - 1))))",
        lambda w, v, o: w.swp_entry_to_pte(o & 31, v & OFFSET_MASK),
    ),
    "swp_offset": (f"swp_offset({ENTRY})", lambda w, v, o: w.swp_offset(v)),
    "swp_type": (f"swp_type({ENTRY})", lambda w, v, o: w.swp_type(v)),
}  # fmt: skip
# What the machine in Python does without: kernel text may call it. Held to what else Python says.
C_ALONE: dict[str, tuple[str, Function]] = {
    "__pte_to_swp_entry": ("__pte_to_swp_entry(pte).val", lambda w, v, o: v),
    "is_device_private_entry": (
        f"is_device_private_entry({ENTRY})", lambda w, v, o: w.swp_type(v) in (SWP_DEVICE_WRITE, SWP_DEVICE_READ),
    ),
    "is_hwpoison_entry": (f"is_hwpoison_entry({ENTRY})", lambda w, v, o: w.swp_type(v) == SWP_HWPOISON),
    "is_migration_entry": (
        f"is_migration_entry({ENTRY})", lambda w, v, o: SWP_MIGRATION_READ <= w.swp_type(v) <= SWP_MIGRATION_WRITE,
    ),
    "is_pte_marker": (
        "is_pte_marker(pte)", lambda w, v, o: w.is_swap_pte(v) and w.swp_type(v) == SWP_PTE_MARKER,
    ),
    "is_pte_marker_entry": (f"is_pte_marker_entry({ENTRY})", lambda w, v, o: w.swp_type(v) == SWP_PTE_MARKER),
    "non_swap_entry": (f"non_swap_entry({ENTRY})", lambda w, v, o: w.swp_type(v) >= MAX_SWAPFILES),
    "pte_devmap": ("pte_devmap(pte)", lambda w, v, o: bool(v & w.DEVMAP)),
    "pte_marker_entry_uffd_wp": (
        f"pte_marker_entry_uffd_wp({ENTRY})",
        lambda w, v, o: w.config.pte_marker_uffd_wp and w.swp_type(v) == SWP_PTE_MARKER and w.swp_offset(v) & 1,
    ),
    "pte_marker_get": (f"pte_marker_get({ENTRY})", lambda w, v, o: w.swp_offset(v) & 7),
    "pte_is_uffd_wp_marker": ("pte_is_uffd_wp_marker(pte)", lambda w, v, o: w.pte_marker_uffd_wp(v)),
    "pte_mk": ("pte_val(pte_mk(pte, other, other << 1))", lambda w, v, o: (v | o) & ~(o << 1)),
    "pte_pmd": ("pmd_val(pte_pmd(pte))", lambda w, v, o: v),
    "pte_pud": ("pud_val(pte_pud(pte))", lambda w, v, o: v),
    "pmd_pte": ("pte_val(pmd_pte(__pmd(value)))", lambda w, v, o: v),
    "pud_pte": ("pte_val(pud_pte(__pud(value)))", lambda w, v, o: v),
    "pte_rdonly": ("pte_rdonly(pte)", lambda w, v, o: not w.pte_write(v)),
    "pte_swp_clear_soft_dirty": ("pte_val(pte_swp_clear_soft_dirty(pte))", lambda w, v, o: v & ~w.SWP_SOFT_DIRTY),
    "pte_swp_mkuffd_wp": ("pte_val(pte_swp_mkuffd_wp(pte))", lambda w, v, o: v | w.SWP_UFFD_WP),
    "pte_swp_uffd_wp_any": (
        "pte_swp_uffd_wp_any(pte)", lambda w, v, o: w.pte_swp_uffd_wp(v) or w.pte_marker_uffd_wp(v),
    ),
    "pte_to_swp_entry": (f"{ENTRY}.val", lambda w, v, o: w.pte_swp_clear_flags(v)),
}  # fmt: skip
C_ALONE_ON: dict[str, dict[str, tuple[str, Function]]] = {
    "x86_64": {},
    "arm64": {
        "pte_mkvalid": ("pte_val(pte_mkvalid(pte))", lambda w, v, o: v | 1),
        "pte_present_invalid": ("pte_present_invalid(pte)", lambda w, v, o: w.pte_present(v) and not w.pte_valid(v)),
        "pte_sw_dirty": ("pte_sw_dirty(pte)", lambda w, v, o: bool(v >> 55 & 1)),
    },
}
NO_WORDS = {  # in the same headers: what is no function of a word
    "pte_clear": "a primitive, probed", "ptep_get_and_clear": "a primitive, probed",
    "ptep_get_and_clear_full": "a primitive", "pte_cont_addr_end": "of addresses; see test_words_of_tree.py",
    "pte_marker": "a type", "swp_entry_t": "a type", "swp_entry": "in swp_entry_to_pte", "pfn_pte_mask": "a constant",
}  # fmt: skip
PYTHON_ALONE = {
    "mmu_dirty": "the hardware's", "mmu_may_write": "the hardware's", "mmu_mkdirty": "the hardware's",
    "pte_batch_hint": "the tree's, probed", "without_ad": "for comparing entries", "pte_cont": "on arm64 only in C",
}  # fmt: skip


def functions(arch: str) -> dict[str, tuple[str, Function]]:
    """By name: the C expression and the function in Python."""
    table: dict[str, tuple[str, Function]] = {}
    for name in (*PREDICATES, *ONLY_ON[arch][0]):
        table[name] = (f"!!({name}(pte))", lambda w, v, o, name=name: getattr(w, name)(v))
    for name in (*SETTERS, *ONLY_ON[arch][1]):
        table[name] = (f"pte_val({name}(pte))", lambda w, v, o, name=name: getattr(w, name)(v))
    return {**table, **OTHERS, **C_ALONE, **C_ALONE_ON[arch]}
