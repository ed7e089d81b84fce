# SPDX-License-Identifier: GPL-2.0-only
"""What a tree does in its own way, as fields of Config that ports follow: arm64's contpte layer, userfaultfd RWP."""

from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.kernel_tree.tree import Tree
from pte_review.models.native.instrument import walk

CONTPTE = "arch/arm64/mm/contpte.c"
TLBFLUSH = "arch/arm64/include/asm/tlbflush.h"
USERFAULTFD = "include/linux/userfaultfd_k.h"
BBML = {"system_supports_bbml2_noabort", "system_supports_bbml3"}


def config_of_tree(tree: Tree) -> dict[str, bool]:
    """Fields of Config by name, read off the text."""
    config = {"uffd_rwp": "userfaultfd_rwp" in CFile(USERFAULTFD, tree.read(USERFAULTFD) or "").words}
    config["own_needs_flush"] = "pte_needs_flush" in CFile(TLBFLUSH, tree.read(TLBFLUSH) or "").words
    text = tree.read(CONTPTE)
    if text is None:
        return config
    file = CFile(CONTPTE, text)
    if converting := file.function("contpte_convert"):
        config["bbml2_noabort"] = not BBML.isdisjoint(file.uses(converting.node))
    if setting := file.function("contpte_set_ptes"):
        # The guard asks whether the new entry is valid; without it nothing there does.
        config["contpte_set_guards_invalid"] = "pte_valid" in file.uses(setting.node)
    if getting := file.function("contpte_ptep_get"):
        # Commit 093ae7a033cf (v6.17) leaves the loop once both bits are found.
        config["contpte_get_stops_early"] = any(node.type == "break_statement" for node in walk(getting.node))
    return config
