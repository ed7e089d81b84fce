# SPDX-License-Identifier: GPL-2.0-only
"""What a version costs, counted on the machine: exact, without noise, the same on every computer.

ledger.py counts one run, workloads.py names the shapes, compare.py sets versions side by side, claims.py judges
what the thread claims.
"""
