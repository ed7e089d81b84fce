# SPDX-License-Identifier: GPL-2.0-only
"""check(): a seed says the same anywhere, callables and names are alike, a version never differs from itself."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from pte_review.harness import check
from pte_review.harness.errors import UsageError
from pte_review.harness.progress import Progress
from pte_review.harness.search.explore import size
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import Verdict, verdict_from_json
from pte_review.models.move_ptes import pre_patch, v4
from pte_review.models.move_ptes.call import MoveCall, moved
from tests.kit.build import ARCHES
from tests.kit.moves import load, names, review
from tests.kit.outcomes import moving

SCRIPT = """
import json
from pte_review.harness import check
print(json.dumps(check("pre_patch", "refactor", max_examples=60, seed=7).to_json()))
"""


def plain(verdict: Verdict | dict[str, Any]) -> dict[str, Any]:
    """The verdict as JSON without how long it took."""
    data = verdict.to_json() if isinstance(verdict, Verdict) else dict(verdict)
    del data["seconds"]
    return data


def test_the_same_seed_says_the_same():
    one, two = (check("pre_patch", "refactor", max_examples=60, seed=7) for _ in range(2))
    assert plain(one) == plain(two)
    assert replace(one, seconds=0) == replace(two, seconds=0)


def test_the_same_seed_says_the_same_in_another_process():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    here = check("pre_patch", "refactor", max_examples=60, seed=7)
    assert plain(json.loads(done.stdout)) == json.loads(json.dumps(plain(here)))


def test_another_seed_tries_other_scenarios():
    one, two = (check("pre_patch", "v4", max_examples=60, seed=seed) for seed in (1, 2))
    assert (one.allowed, one.exercised) != (two.allowed, two.exercised)
    assert (one.seed, two.seed) == (1, 2)


@pytest.mark.parametrize(("base", "candidate"), [("pre_patch", "refactor"), ("v4", "refactor_intended")])
def test_json_there_and_back(base, candidate):
    verdict = check(base, candidate, max_examples=60)
    assert verdict.divergences or verdict.shared
    again = verdict_from_json(json.loads(json.dumps(verdict.to_json())), MoveCall)
    assert replace(again, seconds=verdict.seconds) == verdict
    assert again.kinds == verdict.kinds


def test_what_a_verdict_counts():
    verdict = check("pre_patch", "v4", max_examples=100)
    assert (verdict.base, verdict.candidate, verdict.contract, verdict.hostile) == ("pre_patch", "v4", "folio-ad", None)
    assert (verdict.verdict, verdict.arches, verdict.examples) == ("diverges", ARCHES, 200)
    assert 0 < verdict.exercised["batch"] <= 200
    assert 0 < sum(verdict.changed.values()) <= 200
    assert verdict.allowed["dirty-gained"] > 0
    assert check("pre_patch", "pre_patch", max_examples=50).changed == {"x86_64": 0, "arm64": 0}


def test_most_severe_first_then_by_architecture():
    divergences = check("pre_patch", "v4", max_examples=100).divergences
    assert [d.severity for d in divergences] == sorted(
        (d.severity for d in divergences), key=["critical", "high", "medium"].index
    )
    gained = [d.arch for d in divergences if d.kind == "write-gained"]
    assert gained == list(ARCHES)


@pytest.mark.parametrize("arch", ARCHES)
def test_one_architecture(arch):
    verdict = check("pre_patch", "v4", arch=arch, max_examples=50)
    assert verdict.arches == (arch,)
    assert {d.arch for d in verdict.divergences} == {arch}
    assert verdict.examples == 50


@pytest.mark.parametrize(("rule", "arch"), [("dirty-read-only", "x86_64"), ("malformed-cont", "arm64")])
def test_a_rule_of_one_architecture(rule, arch):
    assert check("pre_patch", "pre_patch", hostile=rule, max_examples=20).arches == (arch,)
    other = next(name for name in ARCHES if name != arch)
    with pytest.raises(UsageError, match=f"hostile rule '{rule}' can only be broken on {arch}, not on {other}"):
        check("pre_patch", "v4", arch=other, hostile=rule)


def test_what_both_do_is_shared_and_no_divergence():
    verdict = check("v4", "refactor_intended", max_examples=200)
    assert (verdict.verdict, verdict.divergences) == ("no-difference-found", ())
    assert {"write-gained", "write-lost"} <= {shared.kind for shared in verdict.shared}


def test_exact_reports_what_folio_ad_counts():
    assert {"dirty-gained", "young-gained"} <= set(check("pre_patch", "v4", contract="exact", max_examples=60).kinds)
    allowed = check("pre_patch", "v4", max_examples=60)
    assert {"dirty-gained", "young-gained"} <= allowed.allowed.keys()
    assert not {"dirty-gained", "young-gained"} & set(allowed.kinds)


@pytest.mark.parametrize("contract", ["folio-ad", "exact"])
def test_a_version_never_differs_from_itself(contract):
    for verdict in review([(name, name) for name in names()], contract=contract, max_examples=100, seed=5):
        assert (verdict.verdict, verdict.divergences) == ("no-difference-found", ())
        assert (verdict.allowed, set(verdict.changed.values())) == ({}, {0})


@pytest.mark.parametrize("rule", MOVE_PTES.rules)
def test_nor_on_hostile_tables(rule):
    for verdict in review([(name, name) for name in names()], hostile=rule, max_examples=30):
        assert (verdict.verdict, verdict.divergences, verdict.allowed) == ("no-difference-found", (), {})


# -- what BASE and CANDIDATE may be


@pytest.mark.parametrize(
    ("base", "candidate"),
    [
        (pre_patch.move_ptes, v4.move_ptes),
        (lambda k, pmc, extent, old_pmd, new_pmd: pre_patch.move_ptes(k, pmc, extent, old_pmd, new_pmd), "v4"),
        (load("pre_patch"), load("v4")),
        (pre_patch.__file__, v4.__file__),
    ],
)
def test_callables_files_and_loaded_versions(base, candidate):
    by_name = check("pre_patch", "v4", max_examples=40)
    other = check(base, candidate, max_examples=40)
    assert [(d.kind, d.scenario) for d in other.divergences] == [(d.kind, d.scenario) for d in by_name.divergences]


def test_several_pairs_at_once():
    pairs = [("pre_patch", "v4"), ("v4", "refactor_intended")]
    together = review(pairs, max_examples=60)
    assert [plain(v) for v in together] == [plain(check(*pair, max_examples=60)) for pair in pairs]


def test_progress_is_said_for_every_scenario_and_divergence():
    messages: list[Progress] = []
    verdict = check("pre_patch", "v4", max_examples=20, listen=messages.append)
    exploring = [message for message in messages if "minimising" not in message.work]
    assert [(message.done, message.total) for message in exploring] == [(n, 20) for _ in ARCHES for n in range(1, 21)]
    minimising = [message.work for message in messages if message not in exploring]
    assert len(minimising) == len(verdict.divergences)
    assert all(any(d.arch in work and d.kind in work for work in minimising) for d in verdict.divergences)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"base": "prepatch"}, "no version 'prepatch' of move_ptes(): did you mean pre_patch"),
        ({"candidate": "xyzzy"}, "no version 'xyzzy' of move_ptes(): versions: pre_patch, v4, v7_3, refactor"),
        ({"candidate": "none.py"}, "none.py: cannot be read: No such file or directory"),
        ({"candidate": lambda k: 0}, "does not take (k, pmc, extent, old_pmd, new_pmd)"),
        ({"candidate": lambda a, b, c, d, e, f: 0}, "does not take (k, pmc, extent, old_pmd, new_pmd)"),
        ({"arch": "arm"}, "no architecture 'arm': did you mean arm64?"),
        ({"arch": "s390"}, "no architecture 's390': expected one of x86_64, arm64"),
        ({"contract": "folio"}, "no contract 'folio': did you mean folio-ad?"),
        ({"contract": ""}, "no contract '': expected one of folio-ad, exact"),
        ({"hostile": "overlapp"}, "no hostile rule of move_ptes() 'overlapp': did you mean overlap"),
        ({"max_examples": 0}, "examples: expected 1 to 100,000,000, got 0"),
        ({"max_examples": -1}, "examples: expected 1 to 100,000,000, got -1"),
        ({"max_examples": 100_000_001}, "examples: expected 1 to 100,000,000, got 100000001"),
    ],
)
def test_a_wrong_call(arguments, says):
    with pytest.raises(UsageError) as error:
        check(**{"base": "pre_patch", "candidate": "v4", "max_examples": 5, **arguments})
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_the_smallest_seen_so_far_is_where_minimising_starts():
    two, three = moving("x86_64", ["W", ""]), moving("x86_64", ["W", "", ""])
    assert size(two) < size(three)
    assert size(two) < size(replace(two, config=replace(two.config, debug_vm=True)))
    assert size(moved(two, need_rmap_locks=True)) >= size(two)
