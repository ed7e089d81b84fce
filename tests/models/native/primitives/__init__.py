# SPDX-License-Identifier: GPL-2.0-only
"""The Python primitives and the C of a kernel tree, call by call: tables to the bit, events in order, values."""
