# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that run: images by path or release, an initrd with one program, QEMU. Knows no function under review."""
