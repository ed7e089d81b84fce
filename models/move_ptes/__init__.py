# SPDX-License-Identifier: GPL-2.0-only
"""move_ptes() of mm/mremap.c: one file a version, to be read next to the C and diffed against its neighbours.

`diff pre_patch.py v4.py` is the patch. Shared idiom: `for _ in k.for_loop(condition, step)` is C's for (; ; ).
"""
