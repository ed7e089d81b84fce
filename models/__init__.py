# SPDX-License-Identifier: GPL-2.0-only
"""The kernel: PTE words per architecture, the machine with its primitives, and a folder of versions for each subject.

Knows nothing of Hypothesis, pytest or verdicts. Start at machine/kernel.py and a port in one of these folders.
"""
