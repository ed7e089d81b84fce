# SPDX-License-Identifier: GPL-2.0-only
"""A counterexample as a C program: which state it builds, by which system calls, and what it looks at afterwards."""
