# SPDX-License-Identifier: GPL-2.0-only
"""Costs as bars: for each count that differs, a row a workload and a bar a version."""

from collections.abc import Sequence
from dataclasses import dataclass

from pte_review.harness.costs.compare import Costs
from pte_review.harness.costs.ledger import COUNTS

MOST_PLOTS = 4  # of one architecture
MOST_ROWS = 6


@dataclass(frozen=True)
class Bar:
    """One version on one workload. `width` is in percent of the longest bar of the plot."""

    version: str
    value: int
    width: float


@dataclass(frozen=True)
class Plot:
    """One count on one architecture. `rows`: workloads, with a bar a version."""

    count: str
    what: str
    arch: str
    rows: tuple[tuple[str, tuple[Bar, ...]], ...]
    left_out: int  # workloads


def plots_of(measured: Sequence[Costs]) -> list[Plot]:
    """For each architecture, the counts with the largest differences, on the workloads that show them most."""
    result = []
    for arch in dict.fromkeys(costs.arch for costs in measured):
        own = [costs for costs in measured if costs.arch == arch]
        plots = [plot for count in COUNTS if (plot := _plot(own, arch, count)) is not None]
        result += sorted(plots, key=_spread, reverse=True)[:MOST_PLOTS]
    return result


def _plot(measured: Sequence[Costs], arch: str, count: str) -> Plot | None:
    """None where the count is the same everywhere."""

    def apart(costs: Costs) -> float:
        values = [ledger[count] for _, ledger in costs.ledgers]
        return (max(values) - min(values)) / costs.size

    differing = [costs for costs in measured if apart(costs)]
    shown = sorted(differing, key=apart, reverse=True)[:MOST_ROWS]
    if not shown:
        return None
    most = max(ledger[count] for costs in shown for _, ledger in costs.ledgers)
    rows = tuple(
        (
            f"{costs.workload}, {costs.size} entries",
            tuple(Bar(name, ledger[count], 100 * ledger[count] / most) for name, ledger in costs.ledgers),
        )
        for costs in shown
    )
    return Plot(count, COUNTS[count], arch, rows, len(differing) - len(shown))


def _spread(plot: Plot) -> float:
    """The share of the larger bar by which the bars of a row differ, at most."""
    values = [[bar.value for bar in bars] for _, bars in plot.rows]
    return max((max(row) - min(row)) / max(row) for row in values)
