# SPDX-License-Identifier: GPL-2.0-only
"""Versions of change_pte_range() that are older than the series, or that it went through."""
