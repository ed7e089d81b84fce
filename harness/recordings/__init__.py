# SPDX-License-Identifier: GPL-2.0-only
"""Records of running kernels as files: read and checked, held against a version. Knows no function under review."""
