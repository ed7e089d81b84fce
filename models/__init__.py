# SPDX-License-Identifier: GPL-2.0-only
"""The kernel: PTE words per architecture, the machine with its primitives, and the versions of move_ptes().

Knows nothing of Hypothesis, pytest or verdicts. Start at machine/kernel.py and move_ptes/pre_patch.py.
"""
