# SPDX-License-Identifier: GPL-2.0-only
"""Records of running kernels as files: reads, checks, compares with a version. Knows no function under review."""
