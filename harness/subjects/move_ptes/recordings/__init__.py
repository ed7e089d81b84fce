# SPDX-License-Identifier: GPL-2.0-only
"""mremap() calls of real kernels: raw entries before and after, out of files, held against what a version predicts."""
