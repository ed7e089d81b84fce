# SPDX-License-Identifier: GPL-2.0-only
"""Looks for false alarms for as long as you like: chunks of scenarios (chunk.py), kept in a file (state.py)."""
