# SPDX-License-Identifier: GPL-2.0-only
"""One thing that is wrong with one outcome."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` at an entry of the old or new table (index there), or of the run as a whole: table "", entry -1.

    Two versions share a finding when theirs are equal. `what` is the entry that stands there, the text of
    a warning or of a broken contract, or the variable that a run which ended early read unassigned. `seen` says how
    others notice (scheduled events).
    """

    kind: str
    table: str = ""
    entry: int = -1
    what: str = ""
    seen: str = ""
