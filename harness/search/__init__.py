# SPDX-License-Identifier: GPL-2.0-only
"""Finding divergences: scenarios by the thousand (explore.py), and the smallest of each kind (minimise.py)."""
