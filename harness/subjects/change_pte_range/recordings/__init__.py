# SPDX-License-Identifier: GPL-2.0-only
"""Recorded changes of protection: files, the calls that they are made of, what a version predicts of them."""
