# SPDX-License-Identifier: GPL-2.0-only
"""Changes to mm/mremap.c of tests/data/kernels/batching: {old text: new text} for tests.kit.trees.edited and diff."""

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
FLUSH = "\tif (flush)\n\t\tflush_tlb_range(vma, end - bytes, end);\n"
ASKS_FOR_A_HINT = "if (pte_batch_hint(slot, value) == 1)"
RESPECTS_WRITE = "FPB_RESPECT_WRITE);"

NOTHING = {"\tint most, nr;\n": "\tint nr, most;\n"}
SMEAR = {ASKS_FOR_A_HINT: "if (0)", RESPECTS_WRITE: "0);"}
BATCHES = {ASKS_FOR_A_HINT: "if (0)"}
FLUSHES_TWICE = {FLUSH: FLUSH + FLUSH}


def before_set(statement: str) -> dict[str, str]:
    """`statement` where an entry is about to be set; `seen` is what it was."""
    return {SET: f"\t\t\t{statement}\n{SET}"}


def no_end(condition: str) -> dict[str, str]:
    """A loop without an end, and without anybody who counts its passes, where `condition` holds."""
    return {"#include <asm/tlb.h>": "#define spin() while (1)", **before_set(f"if ({condition}) {{ spin(); }}")}


# One mistake for each value of a page, so that tables of one entry show one mistake each. What it is, where, its kind.
MISTAKES = (
    ("ret = 7;", "pte_young(seen) && !pte_dirty(seen) && !pte_write(seen)", "return-value"),
    ("to += PAGE_SIZE;", "!pte_young(seen) && pte_dirty(seen) && !pte_write(seen)", "primitive-contract"),
    ("WARN_ON_ONCE(1);", "pte_young(seen) && pte_dirty(seen) && !pte_write(seen)", "warning-extra"),
    ("pte = pte_wrprotect(pte);", "!pte_young(seen) && !pte_dirty(seen) && pte_write(seen)", "write-lost"),
    ("flush = false;", "pte_young(seen) && !pte_dirty(seen) && pte_write(seen)", "stale-tlb"),
    ("*(dst + 600) = pte;", "pte_young(seen) && pte_dirty(seen) && pte_write(seen)", "table-overrun"),
    ("while (!pte_none(pte));", "!pte_young(seen) && pte_dirty(seen) && pte_write(seen)", "no-progress"),
)
MANY = {
    **before_set(
        "".join(f"if (pte_present(seen) && {where}) {{ {what} }} " for what, where, _ in MISTAKES)
        + "held = !pte_present(seen);"
    ),
    "\tint most, nr;\n": "\tint most, nr;\n\tbool held = false;\n",
    "\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n": (
        "\tif (new_lock != old_lock && !held)\n\t\tspin_unlock(new_lock);\n"
    ),
}
MANY_KINDS = {*(kind for _, _, kind in MISTAKES), "lock-leak"}

# Another mixture of mistakes at every table.
MIXTURE = {
    **BATCHES,
    "\tint most, nr;\n": "\tint most, nr;\n\tunsigned long mix = 0;\n",
    **before_set(
        "mix = (mix ^ pte_val(seen) ^ from) * 0x9e3779b97f4a7c15UL; "
        + "".join(
            f"if (mix >> {bit} & 1) {what} "
            for bit, what in enumerate(
                (
                    "pte = pte_mkyoung(pte);", "pte = pte_mkdirty(pte);", "pte = pte_wrprotect(pte);", "WARN_ON(1);",
                    "pte = pte_mkuffd_wp(pte);", "ret = 1;", "flush = false;", "pte = pte_mkold(pte);",
                    "pte = pte_mkclean(pte);",
                ),
                54,
            )
        )
    ),
}  # fmt: skip
