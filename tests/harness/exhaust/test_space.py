# SPDX-License-Identifier: GPL-2.0-only
"""The space: legal, counted by formulas of its own, every table once, and described by its own numbers."""

import random
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.cli.exhaust import MOST_ENTRIES
from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.describe import describe
from pte_review.harness.exhaust.folio_layout import compositions, layouts
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.models.legal import broken_rules
from pte_review.models.move_ptes.call import moved
from pte_review.models.scenario_check import check
from tests.kit.build import ARCHES
from tests.kit.moves import as_move, scenario_from_json

SAMPLES = 8  # tables of a block, of spaces too large to try whole


def tables(blocks: tuple[Block, ...]) -> int:
    return sum(block.cases for block in blocks)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("entries", [1, 2])
def test_every_table_is_legal_and_there_once(arch: str, entries: int):
    seen = set()
    for block in space(arch, entries):
        for number in range(block.cases):
            scenario = block.scenario(number)
            assert broken_rules(scenario) == (), (block.label, number)
            seen.add(scenario)
    assert len(seen) == tables(space(arch, entries))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("entries", [3, 4, MOST_ENTRIES])
def test_samples_are_legal_and_machines_can_be_built(arch: str, entries: int):
    chooser = random.Random(entries)
    for block in space(arch, entries):
        for number in {0, block.cases - 1, *(chooser.randrange(block.cases) for _ in range(SAMPLES))}:
            scenario = block.scenario(number)
            check(scenario)
            assert broken_rules(scenario) == (), (block.label, number)
            assert as_move(scenario).extent == entries << 12
    assert scenario_from_json(scenario.to_json()) == scenario


@pytest.mark.parametrize("n", range(1, 5))
def test_count_on_x86_64(n: int):
    """Without and with a userfaultfd: 13 and 17 values in anon memory, 12 and 16 (no zero page) in a file's.

    In other VMAs: 5 read-only, 5 executable, 3 under PROT_NONE, 11 with userfaultfd RWP.
    """
    anon, file, soft_dirty = 13**n + 2 * 17**n, 12**n + 2 * 16**n, 13**n + 2 * 17**n
    others = 2 * (5**n + 5**n + 3**n) + 2 * 11**n
    assert tables(space("x86_64", n)) == 2 ** (n - 1) * (3 * anon + 3 * file + soft_dirty + others)


@pytest.mark.parametrize("arch", ARCHES)
def test_four_entries_are_a_space_of_minutes(arch: str):
    assert 3_000_000 <= tables(space(arch, 4)) <= 15_000_000


@pytest.mark.parametrize("arch", ARCHES)
def test_a_large_space_is_small_in_memory(arch: str):
    """Blocks share their groups, and choices are of one entry or one contpte block: made in a tenth of a second."""
    groups = {id(group): group for block in space(arch, 4) for group in block.groups}
    assert sum(len(group.choices) for group in groups.values()) < 300_000
    assert len(groups) < sum(len(block.groups) for block in space(arch, 4))


def test_folded_blocks_are_all_that_are_legal():
    """Every pair of valid CONT entries of the right pages, tried one by one."""
    blocks = [b for b in space("arm64", 2) if b.label.config == "CONT_PTES 2" and b.label.folded]
    assert blocks
    for block in blocks:
        (group,) = block.groups
        words = block.template.words
        single = [{one[i] | words.CONT for one in group.choices if words.pte_valid(one[i])} for i in range(2)]
        legal = {
            pair
            for pair in product(*single)
            if not broken_rules(moved(block.template, old_table=tuple(zip(group.indices, pair, strict=True))))
        }
        assert {one for one in group.choices if words.pte_valid(one[0]) and words.pte_cont(one[0])} == legal
        assert len(legal) == block.label.folded - 1  # and one under PROT_NONE


@given(st.data())
def test_table_numbers_and_choices_are_inverse(data: st.DataObject):
    blocks = space(data.draw(st.sampled_from(ARCHES)), data.draw(st.integers(1, MOST_ENTRIES)))
    block = blocks[data.draw(st.integers(0, len(blocks) - 1))]
    number = data.draw(st.integers(0, block.cases - 1))
    chosen = block.chosen(number)
    assert block.number(chosen) == number
    expected = dict(as_move(block.template).old_table)
    for group, digit in zip(block.groups, chosen, strict=True):
        expected.update(zip(group.indices, group.choices[digit], strict=True))
    assert dict(as_move(block.scenario(number)).old_table) == {index: pte for index, pte in expected.items() if pte}


def test_the_last_group_varies_fastest():
    block = space("x86_64", 2)[0]
    assert [block.chosen(number) for number in (0, 1, len(block.groups[1].choices))] == [(0, 0), (0, 1), (1, 0)]
    with pytest.raises(IndexError):
        block.scenario(block.cases)


@pytest.mark.parametrize("n", range(1, 7))
def test_compositions(n: int):
    found = compositions(n)
    assert len(set(found)) == len(found) == 2 ** (n - 1)
    assert all(sum(parts) == n for parts in found)


@pytest.mark.parametrize("anon", [False, True])
@pytest.mark.parametrize("n", range(1, 7))
def test_runs_of_a_layout_lie_in_folios_of_their_own(n: int, anon: bool):
    for layout in layouts(n, 1, 1, 1, 2, anon=anon):
        owners = [next(f.pfn for f in layout.folios if f.pfn <= pfn < f.end) for pfn in layout.pfns]
        sizes = [owners.count(owner) for owner in dict.fromkeys(owners)]
        sizes[0] -= 1
        sizes[-1] -= 1
        assert "+".join(map(str, sizes)) == layout.name
        assert all(folio.order != 1 for folio in layout.folios if folio.anon)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("entries", [1, 2, 4])
def test_the_description_has_the_numbers_of_the_blocks(arch: str, entries: int):
    blocks = space(arch, entries)
    head, *rest = describe(blocks).splitlines()
    total = tables(blocks)
    assert head.startswith(f"{total:,} tables on {arch}: ")
    parts = [int(match[1].replace(",", "")) for line in rest if (match := re.search(r": ([\d,]+) tables: ", line))]
    assert sum(parts) == total
    for block in blocks:
        for name in (block.label.mode, block.label.place, block.label.layout, *block.label.values):
            assert name in "\n".join(rest)


def test_a_smaller_space_is_described_as_such():
    blocks = tuple(b for b in space("x86_64", 2) if b.label.memory == "anon" and b.label.mode == "no userfaultfd")
    text = describe(blocks)
    assert "file" not in text.partition("the same in all")[0]
    assert "x 1 VMA x" in text
    assert "uffd-wp" not in text
