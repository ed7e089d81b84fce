# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources as they are: trees and patches on them, never written to; a function taken out with what it needs."""
