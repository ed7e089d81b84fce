# SPDX-License-Identifier: GPL-2.0-only
"""The judge's PTE words in C are those of models/arch, on every kind of word."""

from pathlib import Path
from types import FunctionType

import pytest

from pte_review.models.arch import ARCHES, word, words
from pte_review.models.config import Config
from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.native.tree_version import defines
from tests.models.native.primitives.word_functions import PYTHON_ALONE, judged, of_kernel
from tests.models.native.primitives.word_values import differences, results, values

HEADERS = Path(word.__file__).parents[1] / "native" / "include"
PRELUDE = """
#include "pte_review.h"
static void start(void) { pr->config = %d * PR_CONFIG_SHSTK; }
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
    config, table = Config(**options, **UFFD[uffd]), judged(arch)
    found = results(PRELUDE % config.shstk, [c for c, _ in table.values()], defines(arch, config), "words")
    assert len(values()) * len(table) > 100_000
    assert differences(words(arch, config), table, found) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_no_function_is_left_out(arch: str) -> None:
    names = {name for name in in_headers("words", arch) if name.islower()}
    assert names == judged(arch).keys() | {"pr_has"}
    classes = type(words(arch, Config())).__mro__
    methods = {name for each in classes for name, what in vars(each).items() if isinstance(what, FunctionType)}
    kernel = {each for name in of_kernel(arch) for each in name.split("|")}
    assert {name for name in methods if not name.startswith("_")} - kernel <= PYTHON_ALONE.keys()


@pytest.mark.parametrize("arch", ARCHES)
def test_constants(arch: str) -> None:
    kinds = words(arch, Config(mem_soft_dirty=arch == "x86_64"))
    python = {
        **{name: getattr(word, name, word.SWP_DEVICE_EXCLUSIVE) for name in in_headers("swap") if name.isupper()},
        "MAX_SWAPFILES_SHIFT": 5,
        "PR_SWP_EXCLUSIVE": kinds.SWP_EXCLUSIVE,
        "PR_PFN_MASK": kinds.PFN_MASK,
    }
    found = results(PRELUDE % 0, [*python], defines(arch, kinds.config), "words")
    assert {name: hex(column[0]) for name, column in zip(python, found, strict=True)} == {
        name: hex(value) for name, value in python.items()
    }


@pytest.mark.parametrize("name", ["pte_write", "pte_dirty", "pte_pfn", "_swp_type", "pte_none"])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_wrong_function_is_reported(arch: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, table = words(arch, Config()), judged(arch)
    right = getattr(kinds, name)
    odd = values()[-1]
    monkeypatch.setattr(kinds, name, lambda pte: right(pte) ^ (pte == odd))
    found = results(PRELUDE % 0, [c for c, _ in table.values()], defines(arch, kinds.config), "words")
    assert any(f"({odd:#x}" in line for line in differences(kinds, table, found))
