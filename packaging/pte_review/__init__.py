# SPDX-License-Identifier: GPL-2.0-only
"""Differential testing of versions of a kernel function on generated page tables.

`pte_review.harness` runs, judges and reports, `pte_review.strategies` makes scenarios, `pte_review.models` is the
kernel. They are the three folders at the top of the repository.
"""
