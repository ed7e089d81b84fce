# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source trees: read from a folder or from git, with patches applied on a copy. Never written to."""
