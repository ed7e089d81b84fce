# SPDX-License-Identifier: GPL-2.0-only
"""The counterexample that everything about files is tried on: write-gained, two entries of one order-2 folio."""

import json
from typing import Any

from pte_review.harness.files.counterexample import Counterexample, divergences_on, dumps
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.scenario import Folio, Scenario
from tests.kit.moves import load
from tests.kit.outcomes import FOLIO, moving


def smear(arch: str = "x86_64") -> Scenario:
    return moving(arch, ["W", ""], folios=(Folio(FOLIO, 2, True, ((0, 1),)),))


def counterexample(arch: str = "x86_64", base: str = "pre_patch", candidate: str = "v4") -> Counterexample:
    (divergence,) = divergences_on(MOVE_PTES, smear(arch), load(base), load(candidate), CONTRACTS["folio-ad"])
    return Counterexample("move_ptes", base, candidate, "folio-ad", divergence)


def data(arch: str = "x86_64") -> dict[str, Any]:
    """The file's object."""
    parsed: dict[str, Any] = json.loads(dumps(counterexample(arch)))
    return parsed


def with_field(path: str, value: Any, arch: str = "x86_64") -> dict[str, Any]:
    """The file's object with one field, `a.b.0.c`, set; or taken out where `value` is None."""
    result = data(arch)
    at: Any = result
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in parents:
        at = at[part] if isinstance(part, int) else at.setdefault(part, {})
    if value is None:
        del at[last]
    else:
        at[last] = value
    return result
