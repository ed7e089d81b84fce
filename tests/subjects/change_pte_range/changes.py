# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes in v7.2's mm/mprotect.c: {old text: new text} for tests.kit.trees.edited."""

COMMIT = "\tmodify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes);\n"
FLUSHES = "\tif (pte_needs_flush(oldpte, ptent))\n\t\ttlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE);\n"
COUNTS = "\t\t\tpages += nr_ptes;\n"
UNLOCKS = "\tlazy_mmu_mode_disable();\n\tpte_unmap_unlock(pte - 1, ptl);\n\n\treturn pages;\n"
LOCALS = "\tbool uffd_wp = cp_flags & MM_CP_UFFD_WP;\n\tint nr_ptes;\n"
FLAGS = "const fpb_t flags = FPB_RESPECT_SOFT_DIRTY | FPB_RESPECT_WRITE;"
CALL = "\tcommit_anon_folio_batch(vma, folio, page, addr, ptep,"

NO_UPGRADE = {"\tif (set_write)\n\t\tptent = pte_mkwrite(ptent, vma);\n": ""}  # which is right
HEAD_PAGE = {CALL: CALL.replace("page,", "folio_page(folio, 0),")}


def before_commit(statement: str) -> dict[str, str]:
    """`statement` where entries are about to be put back: oldpte is what the first was, ptent what it becomes."""
    return {COMMIT: f"\t{statement}\n{COMMIT}"}


def _was(young: bool, dirty: bool, write: bool) -> str:
    tests = {"young": young, "dirty": dirty, "write": write}
    return " && ".join(
        ["!pte_protnone(oldpte)", *(f"{'' if on else '!'}pte_{name}(oldpte)" for name, on in tests.items())]
    )


# One mistake for each value of a page, so that tables of one entry show one mistake each.
_PUT_BACK = (
    ("ptent = pte_mkold(ptent);", _was(True, False, False), "young-lost"),
    ("WARN_ON_ONCE(1);", _was(False, True, False), "warning-extra"),
    ("ptent = pte_mkwrite_novma(ptent);", _was(True, True, False), "write-gained"),
    ("addr += PAGE_SIZE;", _was(True, False, True), "primitive-contract"),
    ("*(ptep + 600) = ptent;", _was(False, True, True), "table-overrun"),
)
MANY = {
    **before_commit(" ".join(f"if ({where}) {{ {what} }}" for what, where, _ in _PUT_BACK)),
    FLUSHES: FLUSHES.replace("ptent))", f"ptent) && !({_was(False, False, True)}))"),
    COUNTS: f"\t\t\tpages += nr_ptes + ({_was(False, False, False)});\n\t\t\theld |= {_was(True, True, True)};\n",
    LOCALS: f"{LOCALS}\tbool held = false;\n",
    UNLOCKS: UNLOCKS.replace(
        "\tpte_unmap_unlock", "\tif (held)\n\t\tpte_unmap(pte - 1);\n\telse\n\t\tpte_unmap_unlock"
    ),
}
MANY_KINDS = {"return-value", "lock-leak", "stale-tlb", *(kind for _, _, kind in _PUT_BACK)}

# For a while an entry is writable that never was, and nobody flushes: all that it leaves is what others have cached.
_FOR_A_WHILE = "set_pte_at(vma->vm_mm, addr, ptep, {}); ptep_get_and_clear(vma->vm_mm, addr, ptep);"
_WRITABLE = _FOR_A_WHILE.format("pte_mkwrite_novma(ptent)")
CACHED = before_commit(f"if (nr_ptes == 1 && !pte_protnone(ptent) && !pte_write(oldpte)) {{ {_WRITABLE} }}")
CACHED_BEHIND = before_commit(
    f"if (nr_ptes == 1 && !pte_protnone(ptent) && !pte_write(oldpte)) {{ {_FOR_A_WHILE.format('ptent')} {_WRITABLE} }}"
)

# Of a text each: what it does wrong, for the whole space.
WRONG = {
    "a batch of mixed soft-dirty": {FLAGS: FLAGS.replace("FPB_RESPECT_SOFT_DIRTY | ", "")},
    "a batch of mixed write permission": {FLAGS: FLAGS.replace(" | FPB_RESPECT_WRITE", "")},
    "the first page decides for the others": {"expected_anon_exclusive != PageAnonExclusive(first_page + idx)": "0"},
    "soft-dirty tracking is not asked": {"\tif (pte_needs_soft_dirty_wp(vma, pte))\n\t\treturn false;\n": ""},
    "userfaultfd is not asked": {"\tif (userfaultfd_pte_wp(vma, pte))\n\t\treturn false;\n": ""},
    "uffd-wp stays": {"\t\tptent = pte_clear_uffd_wp(ptent);\n": "\t\t;\n"},
    "swap entries are not protected": {"\t\tnewpte = pte_swp_mkuffd_wp(newpte);\n\telse": "\t\t;\n\telse"},
    "markers stay": {"\t\t\tpte_clear(vma->vm_mm, addr, pte);\n\t\t\treturn 1;\n": "\t\t\treturn 0;\n"},
    "migration entries stay writable": {"if (softleaf_is_migration_write(entry))": "if (0)"},
    "swap entries are dropped": {"\t\tnewpte = oldpte;\n": "\t\tpte_clear(vma->vm_mm, addr, pte);\n\t\treturn 0;\n"},
    "old entries are not flushed": {FLUSHES: FLUSHES.replace("ptent))", "ptent) && pte_young(oldpte))")},
    "one page of a batch is flushed": {FLUSHES: FLUSHES.replace("nr_ptes * PAGE_SIZE", "PAGE_SIZE")},
    "a batch goes over the end": {"(end - addr) >> PAGE_SHIFT;": "((end - addr) >> PAGE_SHIFT) + 1;"},
    "dirty is made up": before_commit("if (nr_ptes == 1)\n\t\tptent = pte_mkdirty(ptent);"),
    "another page": before_commit("if (pte_dirty(oldpte))\n\t\tptent = pte_advance_pfn(ptent, 1);"),
    "the caller flushes nothing": {FLUSHES: "\tflush_tlb_range(vma, addr, addr + nr_ptes * PAGE_SIZE);\n"},
    "writable for a while": CACHED,
    "writable for a while, behind another value": CACHED_BEHIND,
}
