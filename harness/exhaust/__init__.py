# SPDX-License-Identifier: GPL-2.0-only
"""Every table of N entries over a stated alphabet: space.py says which, backend.py runs them, run.py and cluster.py
spread the work, result.py says what came of it.
"""
