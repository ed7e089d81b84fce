# SPDX-License-Identifier: GPL-2.0-only
"""What a reviewer would write first, on the same pairs: `make alternatives`."""
