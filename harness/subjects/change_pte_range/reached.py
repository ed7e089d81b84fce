# SPDX-License-Identifier: GPL-2.0-only
"""On which kernels the recipes of reach lines made their states. Written by tests/programs/reached.py."""

from collections.abc import Mapping

REACHED: Mapping[str, str] = {}
