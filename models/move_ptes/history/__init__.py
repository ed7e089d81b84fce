# SPDX-License-Identifier: GPL-2.0-only
"""move_ptes() as it was before and after the thread, one file a version, each with its source."""
