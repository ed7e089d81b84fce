# SPDX-License-Identifier: GPL-2.0-only
"""How kernel text of a function under review is called: its file, and what its parameters are bound to in C."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pte_review.models.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Binding:
    """`function` of kernel file `file`. C expressions use the helpers of include/machine.h: pr_range_start(0), ...

    `arguments` are the expressions of parameters, by name; `structs` are those of the fields of structs that callers
    hand down, by the struct's name. An instance of a struct is named as `instances` say. `words` are what of the
    scenario's call the expressions find in pr->call[]. `behind` is what the caller does when the call has returned, as
    far as a run without a log has to do it too: statements in C.
    """

    function: str
    file: str
    arguments: Mapping[str, str]
    structs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()  # fields of those structs that only say where the ranges lie
    words: Callable[[Scenario], tuple[int, ...]] = lambda _: ()
    behind: str = ""
