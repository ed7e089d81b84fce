# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario costs on one core. Figures are printed, never asserted: they are the machine's, not the code's."""

from collections import deque
from itertools import islice

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.aim import fresh
from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.kernel import KernelX86_64
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from pte_review.strategies.move_ptes import RECIPE
from tests.kit.build import ARCHES, page, scenario
from tests.kit.draws import drawn
from tests.kit.moves import as_move, compared, explore, load, minimise

FOLIO_AD = CONTRACTS["folio-ad"]
MACHINES = {"x86_64": KernelX86_64, "arm64": KernelArm64}
EXAMPLES = 400


def folios_of_16(arch, entries):
    """Whole 64K folios, mapped writable; on arm64 folded into contpte blocks."""
    flags = "WAC" if arch == "arm64" else "WA"
    old = {i: page(arch, 0x1000 + i, flags) for i in range(entries)}
    folios = tuple(Folio(0x1000 + i, 4, exclusive=((0, 16),)) for i in range(0, entries, 16))
    whole_table = entries == 512  # moved by move_ptes() only where uffd-wp has to be cleared
    return scenario(arch, old, at=(0, 0, entries), folios=folios, vma=Vma(uffd=whole_table))


@pytest.fixture(scope="module")
def rows():
    """What is printed when all have run: name, scenarios of a round, statistics, goal."""
    gathered = []
    yield gathered
    print(f"\n\n{'one core':<58}{'fastest':>12}{'median':>12}  (scenarios a second)")
    for name, per_round, stats, goal in gathered:
        print(f"{name:<58}{per_round / stats.min:>12,.0f}{per_round / stats.median:>12,.0f}  {goal}")


@pytest.fixture
def report(benchmark, rows):
    def add(name, per_round=1, goal=""):
        rows.append((name, per_round, benchmark.stats.stats, goal))

    return add


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("entries", "goal"), [(16, "goal 2,000"), (512, "goal 100 (10 ms each)")])
def test_run_two_and_compare(benchmark, report, arch, entries, goal):
    what = folios_of_16(arch, entries)
    base, candidate = load("pre_patch"), load("v4")
    judgement = benchmark(lambda: compared(what, base, candidate, FOLIO_AD).judgement)
    assert judgement.differences == ()
    report(f"two versions and compare, {entries} entries, {arch}", 1, goal)


@pytest.mark.parametrize("arch", ARCHES)
def test_explore(benchmark, report, arch):
    pair = (load("pre_patch"), load("v4"))
    (tally,) = benchmark.pedantic(lambda: explore(arch, [pair], FOLIO_AD, None, EXAMPLES, 0), rounds=3, warmup_rounds=1)
    assert tally.examples == EXAMPLES
    nr = sum(s.nr for s in drawn(arch, None, EXAMPLES)) / EXAMPLES
    report(f"generate, run two and compare, mean {nr:.0f} entries, {arch}", EXAMPLES, "goal 400")


@pytest.mark.parametrize("arch", ARCHES)
def test_generate(benchmark, report, arch):
    benchmark.pedantic(lambda: deque(islice(fresh(RECIPE, arch, 0), 1000), 0), rounds=3, warmup_rounds=1)
    report(f"generate alone, {arch}", 1000, "goal 1,000")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("entries", [16, 512])
def test_build_a_machine(benchmark, report, arch, entries):
    what = folios_of_16(arch, entries)
    benchmark(MACHINES[arch], what)
    report(f"a machine of {entries} entries, {arch}", 1)


@pytest.mark.parametrize("arch", ARCHES)
def test_minimise(benchmark, report, arch):
    base, candidate = load("pre_patch"), load("v4")

    def gains(what):
        diverging = compared(what, base, candidate, FOLIO_AD).judgement.differences
        return any(d.finding.kind == "write-gained" for d in diverging)

    seen = [s for s in drawn(arch, None, EXAMPLES) if gains(s)][:10]
    smallest = benchmark.pedantic(lambda: [minimise(s, gains) for s in seen], rounds=1)
    assert all(len(as_move(s).old_table) == 2 for s in smallest)
    report(f"minimise one write-gained, {arch}", len(seen))
