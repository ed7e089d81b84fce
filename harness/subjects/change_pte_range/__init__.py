# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range() of mm/mprotect.c as a subject: its promise, its words, and what is known of its versions.

subject.py combines these; models/change_pte_range/ has the versions and the call, strategies/change_pte_range.py the
scenarios.
"""
