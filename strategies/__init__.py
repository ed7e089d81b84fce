# SPDX-License-Identifier: GPL-2.0-only
"""Hypothesis strategies that make Scenarios: a file a subject, named after it, and the kit that they are built from.

Tables are built the way page tables come to be, legal by construction; hostile ones break one rule.
"""
