# SPDX-License-Identifier: GPL-2.0-only
"""Every small table in C: what the judge in Python says of the same tables, of right texts and of wrong ones."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.exhaust.tally import SpaceTally, merge
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.side_by_side import with_config_of
from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.harness.subjects.change_pte_range.space import space
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.build import ARCHES
from tests.kit.native_backends import Texts, both, kinds
from tests.kit.trees import linux
from tests.subjects.change_pte_range.changes import (
    CACHED,
    CACHED_BEHIND,
    HEAD_PAGE,
    MANY,
    MANY_KINDS,
    NO_UPGRADE,
    WRONG,
)

FEW = 7  # blocks of each part


def texts_of(release: str) -> Texts:
    return Texts(open_tree(linux(release), BINDING.file), BINDING)


@pytest.fixture(scope="module")
def text() -> Iterator[Texts]:
    """text(changes): v7.2 with these changes."""
    texts = texts_of("7.2")
    yield texts
    texts.close()


def some(arch: str, entries: int, most: int = FEW) -> list[Block]:
    """A few blocks of each part and kind of memory, those with the largest folios among them."""
    parts: dict[tuple[str, str], list[Block]] = {}
    for block in space(arch, entries):
        parts.setdefault((block.label.config.rsplit(", ", 1)[0], block.label.memory), []).append(block)
    chooser = random.Random(entries)
    return [
        block for blocks in parts.values() for block in (blocks[0], *chooser.sample(blocks, min(most, len(blocks))))
    ]


def agree(base, candidate, blocks, contract: str = "folio-ad") -> SpaceTally:
    """What the C says, where the judge says the same."""
    in_c, _ = both(base, candidate, blocks, contract, CHANGE_PTE_RANGE)
    assert in_c.undecided == 0
    return in_c


@pytest.mark.parametrize("arch", ARCHES)
def test_every_table_of_one_entry_against_itself(text: Texts, arch: str):
    in_c = agree(text(), text(), space(arch, 1))
    assert in_c.tables == in_c.equal == sum(block.cases for block in space(arch, 1))


@pytest.mark.parametrize("arch", ARCHES)
def test_every_table_of_one_entry_with_a_mistake_for_each_value(text: Texts, arch: str):
    """A return value, a lock, a flush, an address, a warning, accessed, write permission, the gap."""
    in_c = agree(text(), text(MANY), space(arch, 1))
    assert kinds(in_c) >= MANY_KINDS
    assert in_c.diverging > 200
    assert in_c.equal > 50


@pytest.mark.parametrize("arch", ARCHES)
def test_a_mistake_of_base(text: Texts, arch: str):
    in_c = agree(text(MANY), text(), some(arch, 1))
    assert {by for _, by in in_c.by_kind} >= {"base"}


@pytest.mark.parametrize("arch", ARCHES)
def test_what_is_wrong_in_both_is_not_called_allowed(text: Texts, arch: str):
    """One of them never upgrades by hand, which is allowed where nothing is wrong."""
    in_c = agree(text(MANY), text({**MANY, **NO_UPGRADE}), some(arch, 1))
    assert in_c.shared > 0
    assert in_c.allowed > 0


@pytest.mark.parametrize("arch", ARCHES)
def test_right_texts_need_no_judge(text: Texts, arch: str, monkeypatch: pytest.MonkeyPatch):
    """What the C says of a text that never upgrades by hand, it says by itself."""
    monkeypatch.setattr("pte_review.harness.exhaust.python_backend.PythonBackend.run", None)
    native, in_c = NativeBackend(CHANGE_PTE_RANGE, text(), text(NO_UPGRADE), CONTRACTS["folio-ad"]), SpaceTally()
    for block in space(arch, 2):
        if block.label.mode == "mprotect from r to rw" and block.template.config.contpte:
            block = replace(block, template=with_config_of(block.template, (text(), text(NO_UPGRADE))))
            in_c = merge(in_c, native.run(block, 0, block.cases))
    assert in_c.allowed > 1000
    assert in_c.equal + in_c.allowed == in_c.tables
    assert in_c.allowed_kinds["write-not-upgraded"] > in_c.allowed


@pytest.mark.parametrize("arch", ARCHES)
def test_the_head_page_of_two_entries(text: Texts, arch: str):
    """The pages that it makes writable wrongly diverge, those that it leaves read-only are allowed."""
    blocks = [block for block in some(arch, 2) if "to rw" in block.label.mode]
    in_c = agree(text(), text(HEAD_PAGE), blocks)
    assert kinds(in_c) == {"write-gained"}
    assert in_c.allowed_kinds["write-not-upgraded"] > 0


@pytest.mark.parametrize("contract", ["folio-ad", "exact"])
@pytest.mark.parametrize("arch", ARCHES)
def test_without_and_with_batches(text: Texts, arch: str, contract: str):
    """Accessed, dirty and soft-dirty of a folio are merged: allowed under the one contract."""
    texts = texts_of("6.12")
    blocks = [block for block in some(arch, 2) if "entries of all kinds" not in block.label.config]
    in_c = agree(texts(), text(), blocks, contract)
    assert in_c.exercised["batch"] > 0
    assert bool(in_c.diverging) == (contract == "exact")
    assert bool(in_c.allowed_kinds.get("dirty-gained")) == (contract == "folio-ad")
    texts.close()


@pytest.mark.parametrize("changes", [CACHED, CACHED_BEHIND], ids=["one value", "more than the C keeps"])
@pytest.mark.parametrize("arch", ARCHES)
def test_what_was_cached_for_a_while(text: Texts, arch: str, changes):
    """Both leave the same tables. A CPU may hold what stood there meanwhile, and nobody flushes it."""
    blocks = [block for block in space(arch, 1) if block.label.mode == "userfaultfd-wp on"]
    in_c = agree(text(), text(changes), blocks)
    assert kinds(in_c) >= {"stale-tlb"}


def test_four_entries_with_contpte_blocks_of_four(text: Texts):
    """The last tables of a few blocks, where whole blocks are folded."""
    blocks = [b for b in space("arm64", 4) if b.template.config.cont_ptes == 4 and b.label.folded][::37]
    found = SpaceTally()
    native = NativeBackend(CHANGE_PTE_RANGE, text(), text(HEAD_PAGE), CONTRACTS["folio-ad"])
    for plain in blocks:
        block = replace(plain, template=with_config_of(plain.template, (text(), text(HEAD_PAGE))))
        first = max(0, block.cases - 100)
        in_c, in_python = (each.run(block, first, block.cases) for each in (native, native._judge))
        assert (in_c.diverging, in_c.equal, in_c.shared) == (in_python.diverging, in_python.equal, in_python.shared)
        found = merge(found, in_c)
    assert {"batch", "unfold"} <= {*found.exercised}
    assert found.diverging > 0


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_counted_alike(text: Texts, arch: str, wrong: str):
    blocks = some(arch, 2, 3 * FEW)
    in_c = agree(text(), text(WRONG[wrong]), blocks)
    arm64_has_none = {"soft-dirty tracking is not asked", "a batch of mixed soft-dirty"}
    assert in_c.diverging > 0 or (arch == "arm64" and wrong in arm64_has_none)
