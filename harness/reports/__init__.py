# SPDX-License-Identifier: GPL-2.0-only
"""What people read: the matrix, pictures, sentences, progress. Nothing here computes a verdict."""
