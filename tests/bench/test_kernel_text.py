# SPDX-License-Identifier: GPL-2.0-only
"""How far a run is from the limit: port, C in a child, C through cffi, C alone; what setting a tree up costs.

Figures are printed, never asserted. Needs the tree of 6.12 (`make trees`).
"""

from dataclasses import replace
from itertools import count

import pytest

from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.exhaust.native_pair import Pair, bare_object, driver_object
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native.arena import Arena, request
from pte_review.models.native.build import compiled
from pte_review.models.native.library import Library
from pte_review.models.native.tree_version import defines
from pte_review.models.outcome import AT_UNLOCK
from pte_review.models.scenario import ORDINARY_CONFIG
from tests.bench.test_throughput import folios_of_16
from tests.kit.build import ARCHES
from tests.kit.little_tree import MREMAP
from tests.kit.moves import load, run
from tests.kit.trees import linux, version

TABLES = 100_000
FOLIO_AD = CONTRACTS["folio-ad"]


@pytest.fixture(scope="module")
def tree():
    text = version(open_tree(linux(), MREMAP))
    yield text
    text.close()


@pytest.fixture(scope="module")
def rows():
    """What is printed when all have run: what, microseconds at best and in the median."""
    gathered = []
    yield gathered
    print(f"\n\n{'one core':<66}{'fastest':>10}{'median':>10}  (microseconds)")
    for name, stats, per_round in gathered:
        print(f"{name:<66}{stats.min * 1e6 / per_round:>10,.2f}{stats.median * 1e6 / per_round:>10,.2f}")


@pytest.fixture
def report(benchmark, rows):
    def add(name, per_round=1):
        rows.append((name, benchmark.stats.stats, per_round))

    return add


@pytest.mark.parametrize("arch", ARCHES)
def test_port(benchmark, report, arch):
    what, port = folios_of_16(arch, 16), load("pre_patch")
    benchmark(run, what, port)
    report(f"{arch}: Python port, 16 entries")


@pytest.mark.parametrize("arch", ARCHES)
def test_c_in_a_child(benchmark, report, tree, arch):
    what = folios_of_16(arch, 16)
    benchmark(run, what, tree)
    report(f"{arch}: C in a child, its log followed by the machine")


@pytest.mark.parametrize("arch", ARCHES)
def test_c_through_cffi(benchmark, report, tree, arch):
    what, arena = folios_of_16(arch, 16), Arena()
    library = Library(compiled(tree.unit(arch).text, defines(arch, what.config), "linux"), arena)

    def once():
        library.run(request(what, tree.binding))
        return arena.reply(what.config.ptrs_per_pte, 2)

    assert benchmark(once)[1] == 0
    report(f"{arch}: C through cffi: request, run, both tables back, events not decoded")


@pytest.mark.parametrize("arch", ARCHES)
def test_c_alone(benchmark, report, tree, arch):
    what = folios_of_16(arch, 16)
    small = replace(what, config=replace(what.config, ptrs_per_pte=64))
    objects = (driver_object(), *(bare_object(tree, side, arch, small.config, AT_UNLOCK) for side in (0, 1)))
    pair = Pair(tree.binding, objects, Arena())
    pair.load(MOVE_PTES.promise(small), [((63,), [(0,)] * TABLES)])
    benchmark(lambda: pair.run(0, TABLES, exact=True))
    pair.child.stop()
    report(f"{arch}: C alone, optimised, without events", 2 * TABLES)


@pytest.mark.parametrize("arch", ARCHES)
def test_exhausting_four_entries(benchmark, report, tree, arch):
    """Both versions, every table of the largest block, what both leave compared."""
    block = max(space(arch, 4), key=lambda one: one.cases)
    backend = NativeBackend(MOVE_PTES, tree, tree, FOLIO_AD)
    backend.run(block, 0, 1)
    tally = benchmark.pedantic(lambda: backend.run(block, 0, block.cases), rounds=5)
    assert tally.equal == block.cases
    report(f"{arch}: a table of 4 entries through two versions, of {block.cases:,}", block.cases)


@pytest.mark.parametrize("cached", [False, True], ids=["new", "cached"])
def test_setting_a_tree_up(benchmark, report, tmp_path, monkeypatch, cached):
    path, rounds = linux(), count(1)
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "0"))

    def set_up():
        text = version(open_tree(path, MREMAP))
        text.prepare(ARCHES)
        text.close()

    def fresh():
        if not cached:
            monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / str(next(rounds))))

    set_up()
    benchmark.pedantic(set_up, setup=fresh, rounds=5)
    report(f"set-up of a tree on two architectures, {'cached' if cached else 'compiled'}")


def test_the_config_is_the_default():
    assert folios_of_16("x86_64", 16).config == ORDINARY_CONFIG
