# SPDX-License-Identifier: GPL-2.0-only
"""Recorded changes of protection: the files, the calls that a record consists of, what a version predicts."""
