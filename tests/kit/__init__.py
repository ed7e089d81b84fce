# SPDX-License-Identifier: GPL-2.0-only
"""Helpers of the tests: scenarios and outcomes by hand (build.py, outcomes.py), wrong ports (ports.py), kernel trees
(trees.py, little_tree.py), commands run and read (done.py, kernel_text.py), golden files (golden.py)."""
