# SPDX-License-Identifier: GPL-2.0-only
"""Variants side by side: judged, minimised, saved, replayed, reported. `harness.check()` is the way in."""

from harness.check import check
from harness.verdict import Divergence, Verdict

__all__ = ["Divergence", "Verdict", "check"]
