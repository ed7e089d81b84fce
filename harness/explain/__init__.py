# SPDX-License-Identifier: GPL-2.0-only
"""Facts about a divergence, apart from its pictures: its cause, what differs, how far it is reachable, a sentence."""
