# SPDX-License-Identifier: GPL-2.0-only
"""Files that replay: counterexamples of ours, recordings of real kernels."""
