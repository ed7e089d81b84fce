# SPDX-License-Identifier: GPL-2.0-only
"""Where a ptep lies, as findings and people say it. With one table for both, "new" is what lies in the new range."""

from pte_review.models.scenario import Scenario


def place(scenario: Scenario, ptep: int) -> tuple[str, int]:
    """(table, entry index there) of a ptep."""
    p = scenario.config.ptrs_per_pte
    if not scenario.one_table:
        return ("old", ptep - p) if ptep < 2 * p else ("new", ptep - 3 * p)
    return ("new" if scenario.new_index <= ptep - p < scenario.new_index + scenario.nr else "old"), ptep - p


def slot(scenario: Scenario, ptep: int) -> str:
    """`old[3]` or `new[3]`: counted from the start of the range in that table."""
    table, index = place(scenario, ptep)
    return f"{table}[{index - (scenario.new_index if table == 'new' else scenario.old_index)}]"


def ptep_of(scenario: Scenario, table: str, entry: int) -> int:
    """The ptep of entry index `entry` of a table, as Machine numbers it."""
    p = scenario.config.ptrs_per_pte
    return p + entry if table == "old" or scenario.one_table else 3 * p + entry
