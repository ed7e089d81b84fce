# SPDX-License-Identifier: GPL-2.0-only
"""Kernel C on the machine: text of models/kernel_tree compiled and run; the machine follows its log."""
