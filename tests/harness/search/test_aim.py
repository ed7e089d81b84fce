# SPDX-License-Identifier: GPL-2.0-only
"""Where scenarios come from: the same for a seed, a third of them fresh, others like those that made a difference."""

from itertools import count, islice, pairwise
from random import Random

import pytest

from pte_review.harness import check
from pte_review.harness.known import hunt
from pte_review.harness.search import aim as aiming
from pte_review.harness.search import explore as exploring
from pte_review.harness.search.aim import CHILDREN, Aim, fresh
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.legal import broken_rules
from pte_review.strategies.drawn import (
    KERNEL_BYTES,
    PLACE_BYTES,
    RUNS_END,
    alike,
    by_block,
    bytes_of,
    scenario_of,
    with_actions,
)
from pte_review.strategies.move_ptes import RECIPE
from tests.kit.build import ARCHES

STORE, FLUSH = ("S", 512, 1), ("T", 0, 4096)


def drawn(count, differs, seed=0, arch="arm64"):
    """The bytes of `count` scenarios; `differs(number, scenario)` gives what the two versions did, if not the same."""
    aim, found = Aim(RECIPE, arch, seed), []
    for number in range(count):
        drawn = aim.draw()
        found.append(drawn.data)
        if events := differs(number, drawn.scenario):
            aim.saw(drawn, *events)
    return found


def nothing(number, scenario):
    return None


def once(number, scenario):
    return ([STORE], []) if number == 3 else None


def test_the_same_for_a_seed():
    assert drawn(60, once) == drawn(60, once)
    assert drawn(60, once)[1:] != drawn(60, once, seed=1)[1:]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("hostile", [None, "destination-occupied"])
def test_the_first_is_the_simplest(arch, hostile):
    first = next(fresh(RECIPE, arch, 5, hostile))
    assert first == scenario_of(RECIPE, arch, bytes(bytes_of(hostile)), hostile)


def test_nothing_is_aimed_at_before_the_versions_differ():
    aimless = [scenario_of(RECIPE, "arm64", data) for data in drawn(40, nothing)]
    assert aimless == list(islice(fresh(RECIPE, "arm64", 0), 40))
    assert drawn(60, once)[:4] == drawn(60, nothing)[:4]


def layout(data):
    """What alike() keeps, of all but the runs."""
    return data[:4], data[KERNEL_BYTES : KERNEL_BYTES + PLACE_BYTES]


def test_no_more_than_so_many_are_like_one_and_no_less_than_a_third_are_fresh():
    found = drawn(400, once)
    like = [data for data in found[4:] if layout(data) == layout(found[3])]
    assert len(like) == CHILDREN
    always = drawn(400, lambda number, scenario: ([STORE], []))
    known, children = set(), 0
    for data in always:
        children += layout(data) in known
        known.add(layout(data))
    assert 0.55 * 400 < children < 0.7 * 400


def test_pages_of_a_folio_may_differ_by_contpte_block():
    """In no place but a border, and in who may write if that is asked for."""
    borders, written = 0, 0
    for scenario in islice(fresh_by_block(), 300):
        words, block = scenario.words, scenario.config.cont_ptes
        entries = dict(scenario.tables[0].entries)
        for folio in (folio for folio in scenario.folios if 1 << folio.order > block):
            where = {
                i: pte
                for i, pte in entries.items()
                if words.pte_present(pte) and folio.pfn <= words.pte_pfn(pte) < folio.end
            }
            for i in where.keys() & {i + 1 for i in where}:
                if words.pte_write(where[i]) != words.pte_write(where[i - 1]):
                    written += 1
                    borders += i % block == 0
    assert borders == written > 20


def fresh_by_block():
    """Scenarios on arm64 that differ in who may write from block to block."""
    random = Random(0)
    while True:
        data = by_block(random.randbytes(bytes_of(None)), in_write=True)
        yield scenario_of(RECIPE, "arm64", data)


def test_where_only_flushes_differ_others_act():
    acting = sum(bool(scenario_of(RECIPE, "arm64", data).actions) for data in drawn(400, lambda *_: ([FLUSH], [])))
    usual = sum(bool(scenario_of(RECIPE, "arm64", data).actions) for data in drawn(400, nothing))
    assert usual < 0.4 * 400
    assert acting > 1.6 * usual


@pytest.mark.parametrize("arch", ARCHES)
def test_alike_has_the_layout_of_one_and_the_entries_of_the_other(arch):
    datas = drawn(60, nothing, arch=arch)
    for first, second in pairwise(datas):
        assert alike(first, first) == first
        both = scenario_of(RECIPE, arch, alike(first, second))
        assert broken_rules(both) == ()
        assert both.config.cont_ptes == scenario_of(RECIPE, arch, first).config.cont_ptes
        assert both.config.debug_vm == scenario_of(RECIPE, arch, second).config.debug_vm
    assert with_actions(datas[1])[:RUNS_END] == datas[1][:RUNS_END]


@pytest.mark.parametrize("title", ["the same in v6.17", "dirty asked early"])
def test_rare_bugs_are_found_sooner_than_without_aim(title, monkeypatch):
    (bug,) = (bug for bug in BUGS if bug.title == title)

    def scenarios_until_found():
        return sum(n or 600 for n in hunt(MOVE_PTES, bug, bug.arches, seeds=10, max_examples=600).counts)

    aimed = scenarios_until_found()
    monkeypatch.setattr(aiming, "FRESH", 1.0)
    assert aimed < 0.75 * scenarios_until_found()


def test_seconds_end_it(monkeypatch):
    """A second a look at the clock: one look before the first scenario, one after each."""
    seconds = count()
    monkeypatch.setattr(exploring, "perf_counter", lambda: next(seconds))
    verdict = check("pre_patch", "pre_patch", seconds=14, max_examples=100)
    assert verdict.scenarios == {"x86_64": 7, "arm64": 7}
    assert check("pre_patch", "pre_patch", seconds=1e-6).scenarios == {"x86_64": 1, "arm64": 1}
    assert check("pre_patch", "pre_patch", seconds=1000, max_examples=3).scenarios == {"x86_64": 3, "arm64": 3}
