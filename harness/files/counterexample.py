# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples as files: saved as versioned JSON, loaded with errors that name the field, run again."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.judging.contracts import CONTRACTS, Contract
from pte_review.harness.judging.judge import Sitting, sit
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.kernel_text import PATCHED, TREE, KernelText
from pte_review.harness.reports.picture import picture
from pte_review.harness.review import Which, describe
from pte_review.harness.verdict import Divergence, Verdict
from pte_review.models.codec import SchemaError, from_json, to_json
from pte_review.models.outcome import UNMODELLED
from pte_review.models.port import Version, VersionError, load
from pte_review.models.scenario import Scenario, check

FORMAT = "pte-review counterexample"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One divergence and the pair it belongs to."""

    base: str
    candidate: str
    contract: str
    divergence: Divergence


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a counterexample: the divergences its scenario shows now."""

    base: Version
    candidate: Version
    sitting: Sitting
    divergences: tuple[Divergence, ...]


def save(verdict: Verdict, directory: Path) -> list[Path]:
    """Write one file for each divergence of `verdict` into `directory`, made if need be. Returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for divergence in verdict.divergences:
        counterexample = Counterexample(verdict.base, verdict.candidate, verdict.contract, divergence)
        name = f"{_stem(verdict.base)}-{_stem(verdict.candidate)}-{divergence.arch}-{divergence.kind}"
        path, n = directory / f"{name}.json", 2
        while path in paths:
            path, n = directory / f"{name}-{n}.json", n + 1
        path.write_text(dumps(counterexample), encoding="utf-8")
        paths.append(path)
    return paths


def _stem(name: str) -> str:
    return re.sub(r"[^\w.]+", "_", Path(name).name)


def dumps(counterexample: Counterexample) -> str:
    """The file's text."""
    return json.dumps({"format": FORMAT, "version": VERSION, **to_json(counterexample)}, indent=1) + "\n"


def read(path: Path) -> Counterexample:
    """The counterexample in the file at `path`. Raises UsageError: which file, which field, what was expected."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """A file's text. Raises UsageError."""
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        raise UsageError(f"{path}: a recording, not a counterexample: pte-review replay runs it")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a counterexample: not UTF-8 text") from None


def parse(text: str, where: str) -> Counterexample:
    """The counterexample that `text` holds; `where` names it in errors. Raises UsageError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON file: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f'{where}: expected an object with "format": "{FORMAT}"')
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise UsageError(f"{where}: expected version {VERSION}, got {data.get('version')!r}")
    try:
        counterexample = from_json(Counterexample, _body(data), "counterexample")
        check(counterexample.divergence.scenario, "counterexample.divergence.scenario")
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None
    if counterexample.divergence.arch != counterexample.divergence.scenario.arch:
        raise UsageError(f"{where}: counterexample.divergence.arch: expected that of its scenario")
    if counterexample.divergence.kind not in SEVERITY:
        raise UsageError(f"{where}: {unknown('kind of divergence', counterexample.divergence.kind, SEVERITY)}")
    if counterexample.contract not in CONTRACTS:
        raise UsageError(f"{where}: {unknown('contract', counterexample.contract, CONTRACTS)}")
    return counterexample


def _body(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("format", "version")}


def replay(counterexample: Counterexample, base: Which | None = None, candidate: Which | None = None) -> Replay:
    """Run it again, on the pair it names or on another. No divergences: fixed. Raises UsageError."""
    try:
        ours, theirs = load(base or counterexample.base), load(candidate or counterexample.candidate)
    except VersionError as error:
        raise UsageError(f"{error} (name another with --base or --candidate)") from None
    contract = CONTRACTS[counterexample.contract]
    scenario, first = counterexample.divergence.scenario, counterexample.divergence.examples_to_find
    sitting, divergences = divergences_on(scenario, ours, theirs, contract, first)
    return Replay(ours, theirs, sitting, divergences)


def divergences_on(
    scenario: Scenario, base: Version, candidate: Version, contract: Contract, first: int = 1
) -> tuple[Sitting, tuple[Divergence, ...]]:
    """Every kind of divergence of a pair on one scenario, one Divergence each."""
    sitting = sit(scenario, base, candidate, contract)
    for outcome in (sitting.base, sitting.candidate):
        if outcome.ended == UNMODELLED:
            raise UsageError(f"inconclusive: {outcome.why}")
    by_kind = {(d.finding.kind, d.by): d for d in reversed(sitting.judgement.diverging)}
    found = [describe(scenario, base, candidate, sitting, d, first) for d in reversed(by_kind.values())]
    return sitting, tuple(found)


def assert_no_divergence(scenario: Scenario, base: Which, candidate: Which, contract: str = "folio-ad") -> None:
    """For tests: raise AssertionError with the picture if the pair diverges on `scenario`."""
    if contract not in CONTRACTS:
        raise unknown("contract", contract, CONTRACTS)
    ours, theirs = load(base), load(candidate)
    sitting, divergences = divergences_on(scenario, ours, theirs, CONTRACTS[contract])
    if divergences:
        raise AssertionError("\n\n" + "\n".join(picture(d, ours.name, theirs.name, sitting) for d in divergences))


def snippet(counterexample: Counterexample, text: KernelText | None = None) -> str:
    """A test to paste: the scenario as a permanent @example beside generated ones. Raises UsageError, VersionError.

    `text` is what versions of kernel text are.
    """
    named = (counterexample.base, counterexample.candidate)
    if text is not None and {TREE, PATCHED} & set(named):
        text.load_all(*named, arches=())
        imports, made = "from pathlib import Path\n\n", f"TEXT = {text.source()}\n\n\n"
        versions = "from pte_review.harness.kernel_text import KernelText\n"
        pair = ", ".join(f"TEXT.load({json.dumps(name)})" for name in named)
    else:
        imports, made, versions = "", "\n", ""
        pair = ", ".join(json.dumps(name) for name in named)
    name = re.sub(r"\W", "_", f"{counterexample.divergence.kind}_{counterexample.divergence.arch}")
    return f'''{imports}from hypothesis import example, given

from pte_review.harness import assert_no_divergence
{versions}from models.scenario import scenario_from_json
from pte_review.strategies import scenarios

{made}@example({counterexample.divergence.scenario!r})
@given(scenarios("{counterexample.divergence.arch}"))
def test_{name}(scenario):
    assert_no_divergence(scenario, {pair}, "{counterexample.contract}")
'''
