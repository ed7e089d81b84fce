# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with an outcome, and how two outcomes differ: kinds, promises, contracts. Nothing here runs a version.

promise.py is what a function owes, findings.py where one outcome breaks it, judge.py compares two.
"""
