# SPDX-License-Identifier: GPL-2.0-only
"""Versions side by side: judged, minimised, saved, replayed, reported. `harness.check()` is the way in.

What it offers is loaded when it is first used: the pytest plugin is part of every test run of its environment.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pte_review.harness.api import assert_no_divergence, check
    from pte_review.harness.verdict import Divergence, Verdict

__all__ = ["Divergence", "Verdict", "assert_no_divergence", "check"]

HOMES = {
    "Divergence": "pte_review.harness.verdict",
    "Verdict": "pte_review.harness.verdict",
    "assert_no_divergence": "pte_review.harness.api",
    "check": "pte_review.harness.api",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
