# SPDX-License-Identifier: GPL-2.0-only
"""Versions of change_pte_range() from before the series, and the drafts of the series."""
