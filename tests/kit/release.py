# SPDX-License-Identifier: GPL-2.0-only
"""How far Hypothesis shrinks and how click folds help hangs on the release: tests of both run on those named here."""

from importlib.metadata import version

import hypothesis
import pytest

NAMED = "6.170.17"
needs_named_release = pytest.mark.skipif(hypothesis.__version__ != NAMED, reason=f"as Hypothesis {NAMED} shrinks")

CLICK = "8.5.1"  # folds help texts as the snapshots have them
needs_named_click = pytest.mark.skipif(version("click") != CLICK, reason=f"the snapshots are those of click {CLICK}")
