# SPDX-License-Identifier: GPL-2.0-only
"""How much the harness sees: mutants of right versions, each run against its original; `make sensitivity`.

operators.py and mutants.py make them with cosmic-ray, judging.py kills them, argued.py holds why some cannot be
killed, run.py is the command, state.py what it remembers, report.py what it prints.
"""
