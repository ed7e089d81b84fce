# SPDX-License-Identifier: GPL-2.0-only
"""How a running kernel is made to call move_ptes()."""
