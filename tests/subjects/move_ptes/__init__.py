# SPDX-License-Identifier: GPL-2.0-only
"""Tests of move_ptes(): its ports, its promise, its thread and history, recordings of it, its C."""
