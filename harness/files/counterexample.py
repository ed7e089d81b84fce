# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples as files: saved as versioned JSON, loaded with errors that name the field, run again."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.files.reading import parse_object, read_object
from pte_review.harness.files.writing import write_whole
from pte_review.harness.judging.contracts import CONTRACTS, Contract
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.kernel_text import PATCHED, TREE, KernelText
from pte_review.harness.review import describe
from pte_review.harness.side_by_side import compare_on
from pte_review.harness.subject import Subject
from pte_review.harness.verdict import Divergence, Verdict
from pte_review.models.call import Call
from pte_review.models.codec import SchemaError, from_json, to_json
from pte_review.models.kernel_tree.brought import is_brought, label
from pte_review.models.outcome import UNMODELLED
from pte_review.models.scenario import Scenario
from pte_review.models.scenario_check import check
from pte_review.models.version import Version

FORMAT = "pte-review counterexample"
EXPECTED = f'an object with "format": "{FORMAT}"'
VERSION = 2
UPGRADED = 1  # the version that subjects know how to make today's of


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One divergence and the pair it belongs to, versions of function `subject`."""

    subject: str
    base: str
    candidate: str
    contract: str
    divergence: Divergence


def save(subject: Subject, verdict: Verdict, directory: Path) -> list[Path]:
    """Write one file for each divergence of `verdict` into `directory`, made if need be. Returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for divergence in verdict.divergences:
        counterexample = Counterexample(subject.name, verdict.base, verdict.candidate, verdict.contract, divergence)
        name = f"{_stem(verdict.base)}-{_stem(verdict.candidate)}-{divergence.arch}-{divergence.kind}"
        path, n = directory / f"{name}.json", 2
        while path in paths:
            path, n = directory / f"{name}-{n}.json", n + 1
        write_whole(path, dumps(counterexample))
        paths.append(path)
    return paths


def may_be_named(path: Path, versions: Sequence[str]) -> bool:
    """Whether save() may give the name of `path` to a counterexample of this pair."""
    return path.name.startswith("-".join(map(_stem, versions)) + "-") and path.suffix == ".json"


def _stem(name: str) -> str:
    return re.sub(r"[^\w.]+", "_", Path(name).name)


def dumps(counterexample: Counterexample) -> str:
    """The file's text."""
    return json.dumps({"format": FORMAT, "version": VERSION, **to_json(counterexample)}, indent=1) + "\n"


def read(path: Path, subjects: Mapping[str, Subject]) -> Counterexample:
    """The counterexample in the file at `path`. Raises UsageError: which file, which field, what was expected."""
    return _from_object(read_object(path, EXPECTED), str(path), subjects)


def parse(text: str, where: str, subjects: Mapping[str, Subject]) -> Counterexample:
    """The counterexample that `text` holds; `where` names it in errors. Raises UsageError."""
    return _from_object(parse_object(text, where, EXPECTED), where, subjects)


def _from_object(data: dict[str, Any], where: str, subjects: Mapping[str, Subject]) -> Counterexample:
    if data.get("format") != FORMAT:
        raise UsageError(f"{where}: expected {EXPECTED}")
    try:
        data = _of_this_version(data, where, subjects)
        name = str(data.get("subject"))
        if name not in subjects:
            raise UsageError(f"{where}: {unknown('subject', name, subjects)}")
        counterexample = from_json(Counterexample, data, "counterexample", {Call: subjects[name].function.call})
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


def _of_this_version(data: dict[str, Any], where: str, subjects: Mapping[str, Subject]) -> dict[str, Any]:
    """The object without its head, as a file of VERSION has it. Raises UsageError, SchemaError."""
    version = data.get("version")
    body = {name: value for name, value in data.items() if name not in ("format", "version")}
    upgrades = [subject.upgrade for subject in subjects.values() if subject.upgrade is not None]
    if type(version) is int and version == UPGRADED and upgrades:
        return upgrades[0](body)
    if type(version) is not int or version != VERSION:
        raise UsageError(f"{where}: expected version {VERSION} or {UPGRADED}, got {version!r}")
    return body


def divergences_on(
    subject: Subject, scenario: Scenario, base: Version, candidate: Version, contract: Contract, first: int = 1
) -> tuple[Divergence, ...]:
    """Every kind of divergence of a pair on one scenario, one Divergence each. Raises UsageError if inconclusive."""
    comparison = compare_on(subject, scenario, (base, candidate), contract).pair(base, candidate)
    for outcome in (comparison.base, comparison.candidate):
        if outcome.ended == UNMODELLED:
            raise UsageError(f"inconclusive: {outcome.why}")
    by_kind = {(d.finding.kind, d.by): d for d in reversed(comparison.judgement.differences)}
    return tuple(
        describe(subject, base, candidate, scenario, comparison, difference, first)
        for difference in reversed(by_kind.values())
    )


def replay(
    subject: Subject, counterexample: Counterexample, base: Version, candidate: Version
) -> tuple[Divergence, ...]:
    """The divergences that its scenario shows on a pair now; none if that is fixed. Raises UsageError."""
    contract = CONTRACTS[counterexample.contract]
    saved = counterexample.divergence
    return divergences_on(subject, saved.scenario, base, candidate, contract, saved.examples_to_find)


def snippet(subject: Subject, counterexample: Counterexample, text: KernelText | None = None) -> str:
    """A test to paste: the scenario as a permanent @example beside generated ones. Raises UsageError, VersionError.

    `text` is what versions of kernel text are.
    """
    named = (counterexample.base, counterexample.candidate)
    if text is not None and {TREE, PATCHED} & set(named):
        if unsaved := [label(patch) for patch in text.patches if is_brought(patch)]:
            raise UsageError(f"--snippet: a test reads the patch from a file: save that of {unsaved[0]} to one first")
        text.load_all(*named, arches=())
        module, _, constant = subject.location.partition(":")
        imports, made = "from pathlib import Path\n\n", f"TEXT = {text.source()}\n\n\n"
        versions = f"from pte_review.harness.kernel_text import KernelText\nfrom {module} import {constant}\n"
        pair = ", ".join(f"TEXT.load({json.dumps(name)})" for name in named)
    else:
        imports, made, versions = "", "\n", ""
        pair = ", ".join(json.dumps(name) for name in named)
    call, strategy = subject.function.call, subject.scenarios
    name = re.sub(r"\W", "_", f"{counterexample.divergence.kind}_{counterexample.divergence.arch}")
    return f'''{imports}from hypothesis import example, given

from pte_review.harness import assert_no_divergence
{versions}from {call.__module__} import {call.__name__}
from pte_review.models.scenario_check import scenario_from_json
from {strategy.__module__} import {strategy.__qualname__}

{made}@example({counterexample.divergence.scenario!r})
@given({strategy.__qualname__}("{counterexample.divergence.arch}"))
def test_{name}(scenario):
    assert_no_divergence(scenario, {pair}, "{counterexample.contract}")
'''
