# SPDX-License-Identifier: GPL-2.0-only
"""move_ptes() of mm/mremap.c as a subject: what it promises, in which words, and what is known of its versions.

subject.py puts it together; models/move_ptes/ has the versions and the call, strategies/move_ptes.py the scenarios.
"""
