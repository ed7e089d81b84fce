# SPDX-License-Identifier: GPL-2.0-only
"""Hypothesis strategies that make Scenarios: `from pte_review.strategies import scenarios`.

Tables are built the way page tables come to be, legal by construction; hostile ones break one rule of models.legal.
"""

from pte_review.strategies.scenarios import scenarios

__all__ = ["scenarios"]
