# SPDX-License-Identifier: GPL-2.0-only
"""One chunk of a soak: which pairs run on its scenarios, under which contract, and what was wrong.

A version against itself is loaded twice and both copies run on machines of their own, so a run that is not the same
every time shows as well. Right versions are also held to the rules that need no partner: they keep them all on legal
scenarios, but for what their subject says is known.
"""

from collections import Counter
from dataclasses import dataclass, field

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.reports.picture import picture
from pte_review.harness.review import smallest_case
from pte_review.harness.search.explore import PairTally, explore
from pte_review.models.version import Version
from tests.kit.study import Study
from tests.programs.studied import STUDIES

SELVES = 2  # versions against themselves in a chunk, in turn
EXACT_EVERY = 4  # chunks: under `exact`, which few right versions keep against each other
Pair = tuple[str, str]


@dataclass(frozen=True)
class Chunk:
    """Scenarios `number * size` on of one subject and architecture; its number is its seed."""

    subject: str
    arch: str
    number: int
    examples: int


@dataclass(frozen=True)
class Result:
    """What ran: scenarios, those in which others acted, scenarios by "pair, contract"; what was wrong, as text.

    `known` are the known findings: pairs and scenarios that showed one, by its title.
    """

    examples: int
    acted: int
    ran: dict[str, int]
    alarms: list[str] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)


def plan(study: Study, number: int) -> tuple[str, list[Pair]]:
    """(contract, pairs) of a chunk: every version has its turn under both contracts."""
    exact = number % EXACT_EVERY == EXACT_EVERY - 1
    nth = number // EXACT_EVERY if exact else number - number // EXACT_EVERY
    versions = study.versions()
    turn = [versions[(nth * SELVES + i) % len(versions)] for i in range(SELVES)]
    base, *right = study.right
    pairs = [*study.exact] if exact else [(base, version) for version in right]
    return ("exact" if exact else "folio-ad"), [*pairs, *((name, name) for name in turn)]


def run(chunk: Chunk) -> Result:
    """Run the chunk. Versions of kernels with other options run on scenarios of their own."""
    study = STUDIES[chunk.subject]
    contract, pairs = plan(study, chunk.number)
    loaded = {name: study.load(name) for pair in pairs for name in pair}
    groups: dict[str, list[tuple[Pair, tuple[Version, Version]]]] = {}
    for base, candidate in pairs:
        two = loaded[base], study.load(candidate) if candidate == base else loaded[candidate]
        groups.setdefault(str([version.config for version in two]), []).append(((base, candidate), two))
    ran, known, alarms, acted = {}, Counter[str](), list[str](), []
    for group in groups.values():
        twos, rules = [two for _, two in group], CONTRACTS[contract]
        tallies = explore(
            study.subject, chunk.arch, twos, rules, None, chunk.examples, chunk.number, known=study.subject.known
        )
        acted.append(tallies[0].exercised.get("action", 0))
        for (pair, two), tally in zip(group, tallies, strict=True):
            ran[f"{label(pair)}, {contract}"] = tally.examples
            known.update(tally.apart)
            alarms += alarms_of(study, chunk, contract, pair, two, tally)
    return Result(chunk.examples, max(acted), ran, alarms, dict(known))


def label(pair: Pair) -> str:
    return f"{pair[0]} -> {'itself' if pair[0] == pair[1] else pair[1]}"


def alarms_of(
    study: Study, chunk: Chunk, contract: str, pair: Pair, versions: tuple[Version, Version], tally: PairTally
) -> list[str]:
    """Each divergence as a picture, what ended the pair, and each rule that a right version breaks on both sides."""
    where = f"{label(pair)}, {chunk.arch}, contract {contract}, seed {chunk.number}"
    alarms = [f"{tally.unmodelled} ({where})"] if tally.unmodelled else []
    if tally.examples < chunk.examples:
        alarms.append(f"ended after {tally.examples} scenarios ({where})")
    for key, seen in tally.seen.items():
        case = smallest_case(study.subject, *versions, CONTRACTS[contract], key, seen)
        shown = picture(case, pair[0], pair[1], study.subject.words) if case else f"{key[0]} did not happen again "
        alarms.append(f"{shown}({where})")
    if pair[0] in study.right:
        alarms += [f"a rule is broken: {kind}, {count} scenarios ({where})" for kind, count in tally.shared.items()]
    return alarms
