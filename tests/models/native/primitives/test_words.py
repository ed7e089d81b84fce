# SPDX-License-Identifier: GPL-2.0-only
"""The PTE words of the C headers that kernel text runs on are those of models/arch, on every kind of word."""

from pathlib import Path
from types import FunctionType

import pytest

from pte_review.models.arch import ARCHES, arm64, word, words, x86_64
from pte_review.models.config import Config
from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.native.tree_version import defines
from tests.models.native.primitives.word_functions import NO_WORDS, PYTHON_ALONE, functions
from tests.models.native.primitives.word_values import differences, results, values

HEADERS = Path(word.__file__).parents[1] / "native" / "include"
PRELUDE = """
#include "pte_review.h"
static struct pr_event events[8];
static u64 line;
static struct vm_area_struct ordinary, shadow_stack = { .vm_flags = VM_SHADOW_STACK };

static void start(void)
{
	pr->shstk = %d;
	pr->limit = 8;
	pr->nr_events = 0;
	pr->events = events;
	pr->line = &line;
}
"""
UFFD = {
    "": {},
    "no-markers": {"pte_marker_uffd_wp": False},
    "no-uffd-wp": {"uffd_wp": False, "pte_marker_uffd_wp": False},
}
CONFIGS = [
    *(("x86_64", name, {"mem_soft_dirty": sd, "shstk": sd}) for name in UFFD for sd in (False, True)),
    ("x86_64", "", {"mem_soft_dirty": True}),
    *(("arm64", name, {}) for name in UFFD),
]


def in_headers(*names: str) -> set[str]:
    return {d for name in names for d in CFile(name, (HEADERS / f"{name}.h").read_text("utf-8")).definitions}


@pytest.mark.parametrize(("arch", "uffd", "options"), CONFIGS)
def test_every_function_on_every_kind_of_word(arch: str, uffd: str, options: dict[str, bool]) -> None:
    config = Config(**options, **UFFD[uffd])
    table = functions(arch)
    found = results(PRELUDE % config.shstk, [c for c, _ in table.values()], defines(arch, config), "words")
    assert len(values()) * len(table) > 250_000
    assert differences(words(arch, config), table, found) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_no_function_is_left_out(arch: str) -> None:
    names = {name for name in in_headers("words", arch, "swap") if name.islower() and not name.startswith("pr_")}
    assert names - functions(arch).keys() == names & NO_WORDS.keys()
    classes = type(words(arch, Config())).__mro__
    methods = {name for each in classes for name, what in vars(each).items() if isinstance(what, FunctionType)}
    public = {name for name in methods if not name.startswith("_")}
    assert public - functions(arch).keys() <= PYTHON_ALONE.keys()


@pytest.mark.parametrize(("arch", "module", "prefix"), [("x86_64", x86_64, "PR_"), ("arm64", arm64, "PTE_")])
def test_constants(arch: str, module: object, prefix: str) -> None:
    kinds = words(arch, Config(mem_soft_dirty=arch == "x86_64"))
    python = {
        **{name: getattr(word, name) for name in in_headers("swap") if name.isupper()},
        **{prefix + name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, int)},
        "PTE_TYPE_PAGE": 3,
        "PR_YOUNG": kinds.pte_mkyoung(0),
        "PR_SPECIAL": kinds.pte_mkspecial(0),
        "PR_DEVMAP": kinds.DEVMAP,
        "PR_SOFT_DIRTY": kinds.SOFT_DIRTY,
        "PR_SWP_SOFT_DIRTY": kinds.SWP_SOFT_DIRTY,
        "PR_UFFD_WP": kinds.UFFD_WP,
        "PR_SWP_UFFD_WP": kinds.SWP_UFFD_WP,
        "PR_SWP_EXCLUSIVE": kinds.SWP_EXCLUSIVE,
        "PR_PFN_TOP": kinds.PFN_MASK.bit_length(),
        "pfn_pte_mask": kinds.PFN_MASK,
    }
    unknown = {"__HAVE_ARCH_PTEP_GET_AND_CLEAR", "__HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL"}
    unknown |= {"CONT_PTES", "CONT_PTE_SIZE", "CONT_PTE_MASK"}
    names = [*sorted({name for name in in_headers(arch, "swap") if name.isupper()} - unknown), "pfn_pte_mask"]
    found = results(PRELUDE % 0, names, defines(arch, kinds.config), "words")
    assert {name: hex(column[0]) for name, column in zip(names, found, strict=True)} == {
        name: hex(python[name]) for name in names
    }


@pytest.mark.parametrize("name", ["pte_mkdirty", "pte_wrprotect", "pte_pfn", "_swp_offset", "pte_protnone"])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_wrong_function_is_reported(arch: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, table = words(arch, Config()), functions(arch)
    right = getattr(kinds, name)
    odd = values()[-1]
    monkeypatch.setattr(kinds, name, lambda pte: right(pte) ^ (pte == odd))
    found = results(PRELUDE % 0, [c for c, _ in table.values()], defines(arch, kinds.config), "words")
    assert any(f"({odd:#x}" in line for line in differences(kinds, table, found))
