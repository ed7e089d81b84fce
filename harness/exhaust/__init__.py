# SPDX-License-Identifier: GPL-2.0-only
"""Every table of N entries over a stated alphabet: the subject's space says which, backend.py runs them, run.py and
cluster.py distribute the work, result.py has the result.
"""
