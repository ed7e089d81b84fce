# SPDX-License-Identifier: GPL-2.0-only
"""The command line: main.py is the way in, then a file a command.

Here and in the pytest plugin a subject is chosen; the rest of the kit is given one.
"""
