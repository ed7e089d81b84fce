# SPDX-License-Identifier: GPL-2.0-only
"""arm64's PTE words against the tree's own text: arch/arm64/include/asm/pgtable.h, compiled without the project's.

The bits that it names are in headers that are not unpacked: they are written down here (2.2 of the kernel's rules).
test_words.py says that the project's C is the project's Python; this says that both are the kernel's.
"""

from functools import lru_cache

import pytest

from pte_review.models.arch import words
from pte_review.models.config import Config
from pte_review.models.kernel_tree.ctext import CFile, Definition
from pte_review.models.kernel_tree.files import LIBRARY
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.little_tree import MREMAP
from tests.kit.trees import linux
from tests.models.native.primitives.word_functions import OFFSET_MASK
from tests.models.native.primitives.word_values import Function, differences, results, values

PRELUDE = """
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include "language.h"
#include "machine.h"
typedef struct { unsigned long val; } swp_entry_t;
#define PTE_VALID (1UL << 0)
#define PTE_TYPE_PAGE (3UL << 0)
#define PTE_USER (1UL << 6)
#define PTE_RDONLY (1UL << 7)
#define PTE_AF (1UL << 10)
#define PTE_NG (1UL << 11)
#define PTE_PRESENT_INVALID PTE_NG
#define PTE_ADDR_LOW (((1UL << 50) - 1) & PAGE_MASK)
#define PTE_WRITE (1UL << 51)
#define PTE_CONT (1UL << 52)
#define PTE_UXN (1UL << 54)
#define PTE_DIRTY (1UL << 55)
#define PTE_SPECIAL (1UL << 56)
#define PTE_DEVMAP (1UL << 57)
#define PTE_UFFD_WP (1UL << 58)
#define PTE_SWP_EXCLUSIVE (1UL << 2)
#define PTE_SWP_UFFD_WP (1UL << 3)
#define CONT_PTE_SIZE (16 * PAGE_SIZE)
#define CONT_PTE_MASK (~(CONT_PTE_SIZE - 1))
static void start(void) { }
"""
DEFINES = (
    "CONFIG_HAVE_ARCH_USERFAULTFD_WP=1", "CONFIG_ARCH_HAS_PTE_PROTNONE=1", "CONFIG_NUMA_BALANCING=1",
    "CONFIG_PAGE_TABLE_CHECK=1", "CONFIG_ARM64=1",
)  # fmt: skip
PREDICATES = (
    "pte_cont", "pte_dirty", "pte_hw_dirty", "pte_none", "pte_present", "pte_protnone", "pte_special",
    "pte_swp_exclusive", "pte_swp_uffd_wp", "pte_uffd_wp", "pte_user_accessible_page", "pte_valid", "pte_valid_cont",
    "pte_write", "pte_young",
)  # fmt: skip
SETTERS = (
    "pte_clear_uffd_wp", "pte_mkclean", "pte_mkdirty", "pte_mknoncont", "pte_mkold", "pte_mkspecial", "pte_mkuffd_wp",
    "pte_mkwrite_novma", "pte_mkyoung", "pte_swp_clear_uffd_wp", "pte_wrprotect",
)  # fmt: skip
ADDR = "(value & 0xfffffffff000UL)"
OTHERS: dict[str, tuple[str, Function]] = {
    "__swp_entry": (
        "__swp_entry(other & 31, value & ((1UL << 50) - 1)).val",
        lambda w, v, o: w.swp_entry_to_pte(o & 31, v & OFFSET_MASK),
    ),
    "__swp_offset": ("__swp_offset(__pte_to_swp_entry(pte))", lambda w, v, o: w._swp_offset(v)),
    "__swp_type": ("__swp_type(__pte_to_swp_entry(pte))", lambda w, v, o: w._swp_type(v)),
    "pfn_pte": ("pte_val(pfn_pte(other, __pgprot(value)))", lambda w, v, o: w.pfn_pte(o, v)),
    "pte_advance_pfn": ("pte_val(pte_advance_pfn(pte, other))", lambda w, v, o: w.pte_advance_pfn(v, o)),
    "pte_cont_addr_end": (
        f"pte_cont_addr_end({ADDR}, {ADDR} + ((other & 63) + 1) * PAGE_SIZE)",
        lambda w, v, o: min((v & 0xFFFFFFFF0000) + 0x10000, (v & 0xFFFFFFFFF000) + ((o & 63) + 1) * 0x1000),
    ),
    "pte_devmap": ("pte_devmap(pte)", lambda w, v, o: bool(v & w.DEVMAP)),
    # Since v6.13 (commit ced841702ee7) it sets CONT alone, as the project's does; v6.12 makes the entry a valid page.
    "pte_mkcont": ("pte_val(pte_mkcont(pte))", lambda w, v, o: w.pte_mkcont(v) | 3),
    "pte_pfn": ("pte_pfn(pte)", lambda w, v, o: w.pte_pfn(v)),
    "pte_pgprot": ("pgprot_val(pte_pgprot(pte))", lambda w, v, o: w.pte_pgprot(v)),
    "pte_present_invalid": ("pte_present_invalid(pte)", lambda w, v, o: w.pte_present(v) and not w.pte_valid(v)),
    "pte_sw_dirty": ("pte_sw_dirty(pte)", lambda w, v, o: bool(v >> 55 & 1)),
    "__pte_to_swp_entry": ("__pte_to_swp_entry(pte).val", lambda w, v, o: v),
}


def functions() -> dict[str, tuple[str, Function]]:
    table: dict[str, tuple[str, Function]] = {}
    for name in PREDICATES:
        table[name] = (f"!!({name}(pte))", lambda w, v, o, name=name: getattr(w, name)(v))
    for name in SETTERS:
        table[name] = (f"pte_val({name}(pte))", lambda w, v, o, name=name: getattr(w, name)(v))
    return {**table, **OTHERS}


@lru_cache(maxsize=1)
def text() -> str:
    """The definitions of all functions() in the tree's header, with what they use of it."""
    tree = open_tree(linux(), MREMAP)
    file = CFile(LIBRARY["arm64"][0], tree.read(LIBRARY["arm64"][0]) or "")
    kept: dict[int, Definition] = {}
    todo, seen = list(functions()), set()
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            for definition in file.definitions.get(name, ()):
                kept[definition.node.start_byte] = definition
                todo += file.uses(definition.node) - {"current"}
    assert seen >= functions().keys()
    return file.masked([kept[at] for at in sorted(kept)])


def test_every_function_is_the_trees() -> None:
    table = functions()
    found = results(PRELUDE + text(), [c for c, _ in table.values()], DEFINES, "arm64 words")
    assert len(values()) * len(table) > 250_000
    assert differences(words("arm64", Config()), table, found) == []


@pytest.mark.parametrize("name", ["pte_wrprotect", "pte_mkwrite_novma", "pte_hw_dirty", "_swp_type", "pfn_pte"])
def test_a_wrong_function_is_reported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, table = words("arm64", Config()), functions()
    right = getattr(kinds, name)
    monkeypatch.setattr(kinds, name, lambda *arguments: right(*arguments) ^ 1)
    found = results(PRELUDE + text(), [c for c, _ in table.values()], DEFINES, "arm64 words")
    assert differences(kinds, table, found)
