# SPDX-License-Identifier: GPL-2.0-only
"""The entry next to the ranges that a program checks if a call changes entries outside its range."""

from dataclasses import dataclass

from pte_review.harness.live.reproduce.area import NONE, PAGE, Area, NotBuilt
from pte_review.harness.live.reproduce.call import SystemCall
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Range


@dataclass(frozen=True)
class Beside:
    """An entry index in the table of the range `where`."""

    where: Range
    entry: int

    @property
    def in_first_table(self) -> int | None:
        """The entry's index, where it is in the area that the program maps."""
        return None if self.where.table else self.entry

    @property
    def elsewhere(self) -> int | None:
        """The entry's index, where the call has to say where it is."""
        return self.entry if self.where.table else None


def beside_of(scenario: Scenario, name: str, entry: int) -> Beside:
    """The entry that a divergence is at. Raises NotBuilt."""
    if name not in [where.name for where in scenario.ranges] or not 0 <= entry < scenario.config.ptrs_per_pte:
        raise NotBuilt("the file does not say which entry next to the ranges changes")
    where = scenario.places.named(name)
    label = scenario.places.label(scenario.places.at(name, entry))
    if any(entry in other.entries for other in scenario.ranges if other.table == where.table):
        raise NotBuilt(f"{label} is in a range, not next to one")
    if where.table and scenario.whole_tables[where.table][entry]:
        raise NotBuilt(f"{label}: what is mapped next to the last range is not built here")
    return Beside(where, entry)


def beside_terms(area: Area, call: SystemCall, beside: Beside) -> tuple[str, ...]:
    """What of that page is not as before, for check_terms(). Raises NotBuilt."""
    if beside.elsewhere is not None:
        return (f'other_bits("next to {beside.where.name}", {call.beside}, 1, 0, PM_ANYTHING)',)
    number = beside.entry + area.shift - area.start
    kind = next((page.kind for page in area.pages if page.number == number), NONE)
    if kind == NONE:
        return (f'other_bits("next to {beside.where.name}", page({number}), 1, 0, PM_ANYTHING)',)
    if kind != PAGE or area.prot_none:
        raise NotBuilt("of what is next to the first range, pages that can be read are looked at alone")
    return (f"other_data(page({number}), {number}, 1)",)
