# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range() of mm/mprotect.c as a subject: what it promises, in which words, what is known of its versions.

subject.py puts it together; models/change_pte_range/ has the versions and the call, strategies/change_pte_range.py the
scenarios.
"""
