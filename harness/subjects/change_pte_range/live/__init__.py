# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range() on kernels that run: the recorder's C, the system calls of reproducers."""
