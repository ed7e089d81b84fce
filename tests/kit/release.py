# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios a seed gives hangs on Hypothesis's release: their figures are compared on the one named here."""

from importlib.metadata import version

import hypothesis
import pytest

NAMED = "6.170.17"  # what the figures in README.md and docs/ were made with
needs_named_release = pytest.mark.skipif(
    hypothesis.__version__ != NAMED, reason=f"the figures are those of Hypothesis {NAMED}"
)

CLICK = "8.5.1"  # folds help texts as the snapshots have them
needs_named_click = pytest.mark.skipif(version("click") != CLICK, reason=f"the snapshots are those of click {CLICK}")
