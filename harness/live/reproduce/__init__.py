# SPDX-License-Identifier: GPL-2.0-only
"""A counterexample as a C program: the state that it builds, the system calls that it makes, and what it checks."""
