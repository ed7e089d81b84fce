# SPDX-License-Identifier: GPL-2.0-only
"""Generated scenarios through any number of pairs of versions; what diverges is collected by kind, not raised."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from time import perf_counter

from pte_review.harness.judging.contracts import Contract
from pte_review.harness.judging.judge import AGREEMENT, Difference, Judgement
from pte_review.harness.judging.kinds import ENDINGS
from pte_review.harness.known_finding import SHARED, KnownFinding, KnownOfPair
from pte_review.harness.never_varied import Observed
from pte_review.harness.progress import Listen, Progress, silent
from pte_review.harness.search.aim import Aim, Drawn
from pte_review.harness.side_by_side import Comparison, compare_on_each, with_config_of
from pte_review.harness.subject import Subject
from pte_review.models.config import Config
from pte_review.models.machine.state import Event
from pte_review.models.outcome import RETURNED, UNMODELLED
from pte_review.models.run import Path
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Scenario
from pte_review.models.version import Version
from pte_review.models.vma import Vma

Key = tuple[str, str, bool]
BLOCK = 8  # scenarios that are drawn before anything is known of the first of them, at most
SOON = 16  # scenarios after which there is one more in a block: at first what is known of one helps the next
# Where both texts do the same, and nothing came of doing that so far, one run in so many is looked into.
LOOKED_INTO, ONE_IN = 8, 16


@dataclass
class Seen:
    """A kind of divergence while exploring: where it was first seen, and the smallest scenario so far."""

    first: int  # the how-many-th scenario, from 1
    scenario: Scenario
    slow: bool = False  # each run of it takes seconds: not to be minimised
    real: Scenario | None = None  # the smallest with the contpte blocks of a kernel


@dataclass
class PairTally:
    """What exploring one pair on one architecture found."""

    examples: int = 0
    seen: dict[Key, Seen] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)  # by kind
    known: KnownOfPair = field(default_factory=KnownOfPair)  # what is neither seen nor shared, but counted apart
    apart: Counter[str] = field(default_factory=Counter)  # scenarios, by the title of a known finding
    allowed: dict[str, int] = field(default_factory=dict)
    exercised: dict[str, int] = field(default_factory=dict)  # scenarios in which the candidate ran a path
    unmodelled: str = ""  # what a version called that the model does not have
    retired: bool = False  # not run any more
    hidden: set[str] = field(default_factory=set)  # kinds that the candidate shows where BASE ends too early to compare
    observed: Observed = field(default_factory=Observed)
    changed: int = 0  # scenarios in which the two versions wrote to memory differently
    clean: Counter[Path] = field(default_factory=Counter)  # scenarios in which both went a path, and nothing came of it
    unclean: set[Path] = field(default_factory=set)  # paths of which something came

    def passes(self, scenario: Scenario, path: Path | None) -> bool:
        """Count a scenario in which both versions did the same, and went a path of which nothing came so often.

        They have equal outcomes then, and no difference. What both do wrong is seen where one in ONE_IN is looked into.
        """
        if path is None or path in self.unclean or (seen := self.clean[path]) < LOOKED_INTO:
            return False
        self.clean[path] += 1
        if seen % ONE_IN == 0:
            return False
        self.examples += 1
        self.observed.see(scenario)
        return True

    def count(self, scenario: Scenario, comparison: Comparison, path: Path | None, aim: Aim, drawn: Drawn) -> None:
        """Add what came of a scenario, which is `drawn` but for its config, and tell `aim` what differed.

        `path` is where both went, of kernel texts that did the same.
        """
        base, candidate, judgement = comparison.base, comparison.candidate, comparison.judgement
        if path is not None:
            if judgement == AGREEMENT and not candidate.exercised:
                self.clean[path] += 1
            else:
                self.unclean.add(path)
        self.examples += 1
        self.observed.see(scenario)
        for special in candidate.exercised:
            self.exercised[special] = self.exercised.get(special, 0) + 1
        if base is not candidate and (written := (writes(base.events), writes(candidate.events)))[0] != written[1]:
            self.changed += 1
            aim.saw(drawn, *written)
        missing = [outcome.why for outcome in (base, candidate) if outcome.ended == UNMODELLED]
        if missing:
            self.unmodelled = missing[0]
            return
        if base.ended != RETURNED:
            self.hidden |= {finding.kind for finding in comparison.candidate_findings if finding.kind not in ENDINGS}
        slow = base.slow or candidate.slow
        self._count_findings(scenario, judgement, slow=slow)
        for kind, count in judgement.allowed:
            self.allowed[kind] = self.allowed.get(kind, 0) + count
        self.retired = slow  # each run of a slow version takes seconds: one is enough

    def _count_findings(self, scenario: Scenario, judgement: Judgement, *, slow: bool) -> None:
        apart = set()
        for difference in judgement.differences:
            if title := self.known.title(scenario, difference.finding.kind, difference.by):
                apart.add(title)
            else:
                self._see(scenario, difference, slow=slow)
        for kind in {finding.kind for finding in judgement.shared}:
            if title := self.known.title(scenario, kind, SHARED):
                apart.add(title)
            else:
                self.shared[kind] = self.shared.get(kind, 0) + 1
        self.apart.update(apart)

    def _see(self, scenario: Scenario, difference: Difference, *, slow: bool) -> None:
        key = key_of(scenario, difference)
        seen = self.seen.get(key)
        if seen is None:
            seen = self.seen[key] = Seen(self.examples, scenario, slow)
        elif size(scenario) < size(seen.scenario):
            seen.scenario = scenario
        if scenario.real_blocks and (seen.real is None or size(scenario) < size(seen.real)):
            seen.real = scenario


def explore(
    subject: Subject,
    arch: str,
    pairs: Sequence[tuple[Version, Version]],
    contract: Contract,
    hostile: str | None,
    max_examples: int,
    seed_value: int,
    listen: Listen = silent,
    enough: Callable[[PairTally], bool] | None = None,
    seconds: float | None = None,
    known: Sequence[KnownFinding] = (),
) -> list[PairTally]:
    """Run every version of `pairs` on `max_examples` scenarios of `arch`; one tally a pair, in order.

    A pair is retired once `enough` holds for its tally or a run of it was slow. There are no more scenarios when all
    are, or after `seconds`, but for the first. Findings that are `known` are counted apart.
    """
    started = perf_counter()
    tallies = [PairTally(observed=Observed(pair), known=KnownOfPair(known, *(v.name for v in pair))) for pair in pairs]
    with_config = [version for pair in pairs for version in pair if version.config]
    aim = Aim(subject.recipe, arch, seed_value, hostile)
    done = 0
    while done < max_examples:
        running = [(pair, tally) for pair, tally in zip(pairs, tallies, strict=True) if not tally.retired]
        versions = [version for pair, _ in running for version in pair]
        block = [aim.draw() for _ in range(min(BLOCK, 1 + done // SOON, max_examples - done))]
        scenarios = [with_config_of(drawn.scenario, with_config) for drawn in block]
        compared_on = compare_on_each(subject, scenarios, versions, contract)
        for compared, drawn in zip(compared_on, block):  # noqa: B905  # fewer where one is slow
            done += 1
            for (base, candidate), tally in running:
                if tally.retired:
                    continue
                path = compared.alike(base, candidate)
                if not tally.passes(compared.scenario, path):
                    tally.count(compared.scenario, compared.pair(base, candidate), path, aim, drawn)
                    tally.retired = tally.retired or (enough is not None and enough(tally))
            passed = perf_counter() - started
            expected = max_examples if seconds is None else min(max_examples, max(done, int(done * seconds / passed)))
            listen(Progress(f"{arch}: scenarios", done, expected))
            if all(tally.retired for tally in tallies) or (seconds is not None and passed >= seconds):
                return tallies
    return tallies


def writes(events: Sequence[Event]) -> list[Event]:
    """What a run did to memory, TLB and locks, in order: two versions that agree in this did the same thing."""
    return [event for event in events if event[0] in ("X", "S", "T", "spin_unlock")]


def key_of(scenario: Scenario, difference: Difference) -> Key:
    """What is collected and minimised as one: kind, whose it is, and whether it is about a shadow stack's write bit.

    Shadow-stack entries say "writable" with other bits, and lose it in a way of their own.
    """
    kind = difference.finding.kind
    return kind, difference.by, scenario.vma.shadow_stack and kind in ("write-gained", "write-lost")


def size(scenario: Scenario) -> tuple[int, int, int]:
    """How much there is to read in a scenario: entries and actions, slots, options that are not the default."""
    config = sum(getattr(scenario.config, f.name) != getattr(ORDINARY_CONFIG, f.name) for f in fields(Config))
    vma = sum(getattr(scenario.vma, f.name) != getattr(ORDINARY_VMA, f.name) for f in fields(Vma))
    entries = sum(len(table.entries) for table in scenario.tables)
    return entries + len(scenario.actions), scenario.nr, config + vma
