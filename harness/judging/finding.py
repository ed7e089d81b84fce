# SPDX-License-Identifier: GPL-2.0-only
"""One thing that is wrong with one outcome."""

from dataclasses import dataclass

FOR_A_WHILE = "for a while"  # how `seen` begins where the run repaired it later


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` at entry index `entry` of the table of the range named `range`; of the run as a whole: range "", entry -1.

    Two versions share a finding when theirs are equal. `what` is the entry that stands there, the text of a warning or
    of a broken contract, or the variable that a run which ended early read unassigned. `seen` says how others notice.
    """

    kind: str
    range: str = ""
    entry: int = -1
    what: str = ""
    seen: str = ""
