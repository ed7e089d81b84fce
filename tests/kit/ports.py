# SPDX-License-Identifier: GPL-2.0-only
"""Wrong ports, each pre_patch with one mistake that only others notice; some of them were in released kernels."""

from functools import cache
from pathlib import Path

import pte_review.models.move_ptes.pre_patch as pre_patch
from pte_review.models.version import Version
from tests.kit.moves import load

FLUSH = "        k.flush_tlb_range(vma, old_end - len_, old_end)\n"
IF_FLUSH = "    if force_flush:\n" + FLUSH
UNLOCK_NEW = "        k.spin_unlock(new_ptl)\n"
UNLOCK_OLD = "    k.pte_unmap_unlock(old_ptep - 1, old_ptl)\n"
PENDING = "    k.flush_tlb_batched_pending(vma.vm_mm)\n"
MAP_OLD = "    old_ptep, old_ptl = k.pte_offset_map_lock(mm, old_pmd, old_addr)\n"
CLEAR = "        pte = k.ptep_get_and_clear(mm, old_addr, old_ptep)\n"
SET = "            k.set_pte_at(mm, new_addr, new_ptep, pte)\n"

Edits = tuple[tuple[str, str], ...]
PORTS: dict[str, Edits] = {
    "no flush": ((IF_FLUSH, ""),),
    "flush too short": ((FLUSH, FLUSH.replace("old_end)", "old_end - PAGE_SIZE)")),),
    "flush of the new range": ((FLUSH, FLUSH.replace("old_end - len_, old_end", "pmc.new_addr, pmc.new_addr + len_")),),
    "local flush": ((FLUSH, "        k.local_flush_tlb_all()\n"),),
    # CVE-2018-18281 and, for the old table's lock, commit 5d1904204c99 (v4.9)
    "flush after both locks": ((IF_FLUSH, ""), (UNLOCK_OLD, UNLOCK_OLD + IF_FLUSH)),
    "flush between the locks": ((IF_FLUSH, ""), (UNLOCK_NEW, UNLOCK_NEW + IF_FLUSH)),
    "flush before the loop": ((IF_FLUSH, ""), (PENDING, PENDING + FLUSH.removeprefix("    "))),
    "no pending flush": ((PENDING, ""),),
    "pending flush before the locks": ((PENDING, ""), (MAP_OLD, PENDING + MAP_OLD)),
    # A look and a plain store where an atomic exchange has to be.
    "read, then clear": (
        (CLEAR, "        pte = k.ptep_get(old_ptep)\n        k.pte_clear(mm, old_addr, old_ptep)\n"),
    ),
    "install, then clear": (
        (CLEAR, "        pte = k.ptep_get(old_ptep)\n"),
        (SET, SET + "            k.ptep_get_and_clear(mm, old_addr, old_ptep)\n"),
    ),
    "writable for a while": (
        (SET, "            if k.pte_present(pte):\n"
              "                k.set_pte_at(mm, new_addr, new_ptep, k.pte_mkwrite(pte, vma))\n" + SET),
    ),
    "next page for a while": (
        (SET, "            if k.pte_present(pte):\n"
              "                k.set_pte_at(mm, new_addr, new_ptep, k.pte_next_pfn(pte))\n" + SET),
    ),
    "stored twice": ((SET, SET + SET),),
    "no rmap locks": (("    vma = pmc.old\n", "    vma = pmc.old\n    pmc = replace(pmc, need_rmap_locks=False)\n"),),
    "rmap locks dropped at once": (
        ("        k.take_rmap_locks(vma)\n",
         "        k.take_rmap_locks(vma)\n        k.drop_rmap_locks(vma)\n"
         "        pmc = replace(pmc, need_rmap_locks=False)\n"),
    ),
    # The entry is looked at before the locks are taken.
    "no lock for the first look": (
        (MAP_OLD, "    early = k.read(old_pmd.ptep + (old_addr - old_pmd.base) // PAGE_SIZE)\n" + MAP_OLD),
        (CLEAR, CLEAR + "        pte = early if k.pte_present(pte) and old_addr == pmc.old_addr else pte\n"),
    ),
}  # fmt: skip


def source(name: str) -> str:
    """The port's source: each edit applies exactly once."""
    text = Path(str(pre_patch.__file__)).read_text(encoding="utf-8")
    text = text.replace(
        '"""\n\nfrom pte_review.models', '"""\n\nfrom dataclasses import replace\n\nfrom pte_review.models', 1
    )
    for old, new in PORTS[name]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@cache
def port(name: str) -> Version:
    """The port, ready to run."""
    namespace: dict[str, object] = {"__name__": f"port: {name}"}
    exec(compile(source(name), f"<{name}>", "exec"), namespace)
    return load(namespace["move_ptes"])
