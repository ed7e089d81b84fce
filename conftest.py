# SPDX-License-Identifier: GPL-2.0-only
"""Hypothesis profiles: dev (default), ci (the same examples every time), night (many); HYPOTHESIS_PROFILE chooses."""

import os

from hypothesis import settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("night", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))
