# SPDX-License-Identifier: GPL-2.0-only
"""The machine of one run: memory and event log (state.py), and the primitives a version may call, a file a subsystem.

kernel.py puts them together per architecture; port.py runs a port and returns its Outcome.
"""
