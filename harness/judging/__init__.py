# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with an outcome, and how two outcomes differ: kinds, the reference relation, contracts.

expected.py says what a move promises, entries.py and rules.py where one outcome breaks that, judge.py compares two.
"""
