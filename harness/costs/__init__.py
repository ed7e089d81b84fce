# SPDX-License-Identifier: GPL-2.0-only
"""What a version costs, counted on the machine: exact, without noise, the same on every computer.

ledger.py counts one run, compare.py sets versions side by side. The workloads and the claims that are judged by the
counts are the subject's.
"""
