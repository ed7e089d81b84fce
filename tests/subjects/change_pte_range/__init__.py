# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range(): its promise, its versions, its releases."""
