# SPDX-License-Identifier: GPL-2.0-only
"""What the MMU does with a valid entry, against the bit tables of both architectures (2.1, 2.2).

x86_64 (Intel SDM 3A, 4.8): a store needs P and RW, and sets A and D. arm64 (FEAT_HAFDBS): DBM with AP[2], which is
WRITE with RDONLY, is writable and clean; the first store clears RDONLY. Software bits are not the MMU's.
"""

import pytest

from pte_review.models.arch import words
from pte_review.models.config import Config
from tests.kit.build import ARCHES, arm, bits, page, x86

CONFIGS = [Config(), Config(shstk=True), Config(uffd_wp=False), Config(mem_soft_dirty=False)]
X86 = [  # entry, whether a store goes through, whether it leaves the entry alone
    ("P RW US", True, False),
    ("P RW US A", True, False),
    ("P RW US D", True, True),
    ("P RW US SD UFFD_WP", True, False),  # software bits hold no store back
    ("P US", False, False),
    ("P US SAVED_DIRTY", False, False),  # dirty in software alone
    ("P RW US SAVED_DIRTY", True, False),
    ("P US D", False, True),  # a shadow stack: ordinary stores fault
    ("PROTNONE", False, False),
    ("PROTNONE RW", False, False),
    ("RW", False, False),
    ("RW D", False, True),
]
ARM = [
    ("VALID TYPE USER RDONLY", False, False),
    ("VALID TYPE USER RDONLY DIRTY", False, False),  # dirty in software alone
    ("VALID TYPE USER RDONLY WRITE", True, False),  # writable, clean
    ("VALID TYPE USER RDONLY WRITE DIRTY", True, False),  # the MMU does not look at the software bit
    ("VALID TYPE USER WRITE", True, True),
    ("VALID TYPE USER WRITE DIRTY CONT", True, True),
    ("VALID TYPE USER RDONLY WRITE CONT UFFD_WP", True, False),
    ("TYPE nG RDONLY PXN UXN", False, False),  # PROT_NONE
    ("TYPE nG WRITE PXN UXN", False, True),
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(("names", "writable", "dirty"), X86)
def test_x86_64_stores(names, writable, dirty, config):
    w, pte = words("x86_64", config), x86(names, 0x123)
    assert (w.mmu_may_write(pte), w.mmu_dirty(pte)) == (writable, dirty)
    if writable:
        assert w.mmu_mkdirty(pte) == pte | bits("x86_64", "D")


@pytest.mark.parametrize("config", [Config(), Config(contpte=False), Config(uffd_wp=False)])
@pytest.mark.parametrize(("names", "writable", "dirty"), ARM)
def test_arm64_stores(names, writable, dirty, config):
    w, pte = words("arm64", config), arm(names, 0x123)
    assert (w.mmu_may_write(pte), w.mmu_dirty(pte)) == (writable, dirty)
    if writable:
        assert w.mmu_mkdirty(pte) == pte & ~bits("arm64", "RDONLY")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("flags", ["W", "WA", "WC", "WU"])
def test_after_a_store_the_kernel_finds_the_entry_dirty_and_the_mmu_is_content(arch, flags):
    w, pte = words(arch, Config()), page(arch, 0x123, flags)
    after = w.mmu_mkdirty(pte)
    assert not w.pte_dirty(pte)
    assert w.pte_dirty(after)
    assert w.mmu_dirty(after)
    assert w.mmu_may_write(after)
    assert w.mmu_mkdirty(after) == after
    assert (w.pte_write(after), w.pte_young(after), w.pte_soft_dirty(after)) == (True, "A" in flags, False)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("flags", ["W", "WD", "WDA"])
def test_what_mkclean_does_takes_the_permission_that_the_mmu_sees(arch, flags):
    w, pte = words(arch, Config()), page(arch, 0x123, flags)
    assert w.mmu_may_write(pte)
    assert not w.mmu_may_write(w.pte_wrprotect(pte))
    assert w.pte_dirty(w.pte_wrprotect(pte)) is ("D" in flags)
    assert not w.pte_dirty(w.pte_mkclean(w.pte_wrprotect(pte)))
    if w.CONT:  # clean and still writable: the next store clears RDONLY again
        assert (w.mmu_may_write(w.pte_mkclean(pte)), w.mmu_dirty(w.pte_mkclean(pte))) == (True, False)
