# SPDX-License-Identifier: GPL-2.0-only
"""Three judges, each for what the one before let live: legal scenarios, hostile ones, and the cost ledger.

A mutant is held to its original, as CANDIDATE to BASE under the default contract. What only a broken table shows (a
destination that is not none) is looked for with as many hostile scenarios again; what leaves the same tables and costs
more or less, on the first legal ones again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from pte_review.harness.costs.ledger import COUNTS, ledger
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.kinds import rank
from pte_review.harness.search.aim import fresh
from pte_review.harness.search.explore import PairTally, explore
from pte_review.models.arch import ARCHES
from pte_review.models.version import Version
from tests.kit.study import Study
from tests.programs.sensitivity.mutants import Mutant
from tests.programs.studied import originals

LEGAL, HOSTILE, COST, SURVIVED = "legal", "hostile", "cost", "survived"
EXAMPLES = 2000  # scenarios an architecture, of each judge
CONTRACT = CONTRACTS["folio-ad"]
SEED = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant. `examples` is how many scenarios of one architecture it took, the fewer of both."""

    how: str  # one of the four above
    examples: int = 0
    what: str = ""  # kind of divergence, or the count that differs, with what it was and is
    arch: str = ""


def judge_all(mutants: Sequence[Mutant], examples: int = EXAMPLES) -> list[Fate]:
    """The fate of each of `mutants`, which are of one original."""
    fates: dict[str, Fate] = {}
    study = originals()[mutants[0].original]
    base = study.load(mutants[0].original)
    with TemporaryDirectory() as directory:
        alive = {mutant.key: _loaded(study, Path(directory), mutant) for mutant in mutants}
        for rule in (None, *study.rules):
            fates |= by_verdict(study, base, _without(alive, fates), rule, examples)
        fates |= by_cost(study, base, _without(alive, fates), examples)
    return [fates.get(mutant.key, Fate(SURVIVED)) for mutant in mutants]


def _loaded(study: Study, directory: Path, mutant: Mutant) -> Version:
    path = directory / f"{mutant.key}.py"
    path.write_text(mutant.source, encoding="utf-8")
    return study.load(path)


def _without(alive: dict[str, Version], fates: dict[str, Fate]) -> dict[str, Version]:
    return {key: version for key, version in alive.items() if key not in fates}


def by_verdict(
    study: Study, base: Version, alive: dict[str, Version], rule: str | None, examples: int
) -> dict[str, Fate]:
    """Those of `alive` that diverge from `base` on legal scenarios, or on hostile ones that break `rule`."""
    fates: dict[str, Fate] = {}
    pairs = [(base, version) for version in alive.values()]
    for arch in ARCHES if pairs else ():
        tallies = explore(
            study.subject, arch, pairs, CONTRACT, rule, examples, SEED,
            enough=lambda tally: bool(_kinds(tally, rule)),
        )  # fmt: skip
        for key, tally in zip(alive, tallies, strict=True):
            if kinds := _kinds(tally, rule):
                _note(fates, key, Fate(HOSTILE if rule else LEGAL, tally.examples, kinds[0], arch))
    return fates


def _kinds(tally: PairTally, rule: str | None) -> list[str]:
    """The kinds of divergence, the worst first; on hostile scenarios without what only the original does wrong there.

    A mutant that flushes too much covers up what pte_clear() of an occupied destination leaves: that is its cost.
    """
    return sorted({kind for kind, by, _ in tally.seen if by == "candidate" or rule is None}, key=rank)


def _note(fates: dict[str, Fate], key: str, fate: Fate) -> None:
    """Keep the one that took fewer scenarios."""
    if key not in fates or fate.examples < fates[key].examples:
        fates[key] = fate


def by_cost(study: Study, base: Version, alive: dict[str, Version], examples: int) -> dict[str, Fate]:
    """Those of `alive` whose ledger is not `base`'s on some legal scenario."""
    fates: dict[str, Fate] = {}
    for arch in ARCHES if alive else ():
        left = dict(alive)
        for done, scenario in enumerate(islice(fresh(study.subject.recipe, arch, SEED), examples), 1):
            base_costs = ledger(base.run(scenario).events)
            for key, version in tuple(left.items()):
                costs = ledger(version.run(scenario).events)
                if costs != base_costs:
                    _note(fates, key, Fate(COST, done, _dearer(base_costs, costs), arch))
                    del left[key]
            if not left:
                break
    return fates


def _dearer(base_costs: dict[str, int], costs: dict[str, int]) -> str:
    return next(
        f"{count} {base_costs[count]} -> {costs[count]}" for count in COUNTS if base_costs[count] != costs[count]
    )
