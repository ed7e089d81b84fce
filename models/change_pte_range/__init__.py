# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range() of mm/mprotect.c: its versions, one file each, and its call.

before_batching is the loop of v6.16; as_merged has the batches of 6.17-rc1, and batching those of the release.
"""
