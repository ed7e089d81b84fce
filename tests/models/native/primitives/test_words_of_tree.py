# SPDX-License-Identifier: GPL-2.0-only
"""The words of models/arch against those of every release: what kernel text is compiled with."""

from dataclasses import replace
from functools import lru_cache

import pytest

from pte_review.models.arch import ARCHES, words
from pte_review.models.config import Config
from pte_review.models.kernel_tree.files import BATCH, LIBRARY
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.native.binding import Binding
from pte_review.models.native.build import compiled
from pte_review.models.native.config_of_tree import config_of_tree
from pte_review.models.native.extract import _files, extract, provided
from pte_review.models.native.translation_unit import unit
from pte_review.models.native.tree_version import defines
from pte_review.models.native.wrappers import word_of
from tests.kit.little_tree import MREMAP
from tests.kit.trees import RELEASES, linux
from tests.models.native.primitives.word_functions import ENTRY, GONE, of_kernel
from tests.models.native.primitives.word_values import SOURCE, Function, all_words, differences, values

BINDING = Binding("all_words", MREMAP, {"values": "NULL", "others": "NULL", "count": "0", "out": "NULL"})
START = """
static struct vm_area_struct ordinary, shadow_stack = { .vm_flags = VM_SHADOW_STACK };
static void start(void) { pr->config = %d * PR_CONFIG_SHSTK; pr->passes_left = ~0UL >> 1; pr->cont_ptes = 16; }
"""
THREE_ARGUMENTS = {"pte_user_accessible_page"}
CONFIGS = {
    "x86_64": [
        {},
        {"mem_soft_dirty": True, "shstk": True},
        {"uffd_wp": False, "pte_marker_uffd_wp": False},
        {"pte_marker_uffd_wp": False, "shstk": True},
    ],
    "arm64": [{}, {"uffd_wp": False, "pte_marker_uffd_wp": False}, {"pte_marker_uffd_wp": False}],
}


@lru_cache(maxsize=4)
def table_of(tree: Tree, arch: str) -> dict[str, tuple[str, Function]]:
    """of_kernel() under the names that the tree has; what it has under none is left out."""
    names = provided(arch).union(*(f.definitions for f in _files(tree, (*LIBRARY[arch], *BATCH))))
    table = {}
    for name, (expression, function) in of_kernel(arch).items():
        plain = next((each for each in name.partition(" ")[0].split("|") if each in names), None)
        if plain is not None and (ENTRY not in expression or "pte_to_swp_entry" in names):
            table[name] = (expression.replace("NAME", plain), function)
    for name in THREE_ARGUMENTS & table.keys():
        if len(parameters(tree, arch, name)) == 3:  # of a later release: the mm and the address come first
            table[name] = (f"!!({name}(NULL, 0, pte))", table[name][1])
    old = "6.12" in tree.label
    # Commit ced841702ee7 (v6.13): before it CONT made the entry a valid page as well.
    table.pop("pte_mkcont" if old else "pte_mkcont of v6.12", None)
    if "pte_devmap" in names:  # a bit that pte_modify() kept, until v6.16; ports of v7.3 alone call it
        del table["pte_modify"]
    if "leafops.h" in {path.rpartition("/")[2] for path in LIBRARY[arch] if tree.read(path)}:
        # Where the config has no such markers there are none: later releases do not ask any more.
        name, marker = "pte_marker_uffd_wp|pte_is_uffd_wp_marker", words(arch, Config()).pte_marker_uffd_wp
        table[name] = (table[name][0], lambda w, v, o: marker(v))
    return table


def parameters(tree: Tree, arch: str, name: str) -> tuple[str, ...]:
    """Those of a word of the tree."""
    for file in _files(tree, LIBRARY[arch]):
        for definition in file.definitions.get(name, ()):
            if word := word_of(definition):
                return word.parameters
    return ()


def found_in(tree: Tree, arch: str, config: Config) -> list[list[int]]:
    """What the tree's words are for every pair of words, by the order of table_of()."""
    body = "\n".join(
        f"\t\tout[{number} * count + i] = (u64)({what});"
        for number, (what, _) in enumerate(table_of(tree, arch).values())
    )
    own = replace(tree, overlay={MREMAP: START % config.shstk + SOURCE % body}, cache=dict(tree.cache))
    text = unit(extract(own, arch, BINDING), BINDING, tree.label).text
    options = (*defines(arch, config), "PR_BARE=1", "PR_SIDE=0")
    return all_words(compiled(text, options, tree.label), len(table_of(tree, arch)))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("arch", ARCHES)
def test_every_word_is_the_trees(release: str, arch: str) -> None:
    tree = open_tree(linux(release), MREMAP)
    table = table_of(tree, arch)
    assert {name for name in of_kernel(arch) if name not in table} <= GONE
    assert len(values()) * len(table) > 250_000
    for options in CONFIGS[arch]:
        config = Config(**options, own_needs_flush=config_of_tree(tree)["own_needs_flush"])
        assert differences(words(arch, config), table, found_in(tree, arch, config)) == [], options


@pytest.mark.parametrize("name", ["pte_wrprotect", "pte_mkwrite_novma", "pte_mkclean", "_swp_type", "pfn_pte"])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_wrong_function_is_reported(name: str, arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = open_tree(linux(), MREMAP)
    kinds, table = words(arch, Config()), table_of(tree, arch)
    found = found_in(tree, arch, Config())
    right = getattr(kinds, name)
    monkeypatch.setattr(kinds, name, lambda *arguments: right(*arguments) ^ 1)
    assert differences(kinds, table, found)
