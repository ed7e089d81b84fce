# SPDX-License-Identifier: GPL-2.0-only
"""Hostile input of every kind against the command line, and the rule that it must not break."""
