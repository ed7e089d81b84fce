# SPDX-License-Identifier: GPL-2.0-only
"""Versions side by side: their ledgers on every workload, what improved and what regressed, growth with size."""

from collections.abc import Sequence
from dataclasses import dataclass

from pte_review.harness.costs.ledger import COUNTS, ledger
from pte_review.harness.costs.workload import Workload
from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.side_by_side import with_config_of
from pte_review.models.outcome import RETURNED
from pte_review.models.version import Version

VERSION = 2
SIZES = (1, 16, 64, 512)  # entries, where growth is looked at
GATED = ("folio-lookups", "tlb-flushes", "raw-reads")


@dataclass(frozen=True, slots=True)
class Costs:
    """The ledgers of every version on one workload of one architecture, at one size in entries."""

    arch: str
    workload: str
    size: int
    ledgers: tuple[tuple[str, dict[str, int]], ...]  # version: ledger, in the order asked for

    def of(self, version: str) -> dict[str, int]:
        return dict(self.ledgers)[version]


@dataclass(frozen=True, slots=True)
class CostChange:
    """One count that differs between BASE and another version on one workload."""

    arch: str
    workload: str
    size: int
    version: str
    count: str
    base: int
    now: int

    @property
    def regressed(self) -> bool:
        """More is worse in every count but batched-entries, which is no cost."""
        return self.now > self.base

    @property
    def share(self) -> float:
        """By how much it grew, of BASE's; infinite from 0."""
        return (self.now - self.base) / self.base if self.base else float("inf")


def measure(
    version: Version, workload: Workload, arch: str, size: int | None = None, beside: Sequence[Version] = ()
) -> dict[str, int]:
    """The ledger of `version` on a workload, `size` entries or the natural size. Raises UsageError.

    Versions `beside` it whose kernel has a config of its own share it.
    """
    outcome = version.run(with_config_of(workload.scenario(arch, size), beside or (version,)))
    if outcome.ended != RETURNED:
        raise UsageError(f"{version.name} ended on workload {workload.name} ({arch}): {outcome.ended}, {outcome.why}")
    return ledger(outcome.events)


def measure_where_it_can(
    versions: Sequence[Version], arches: Sequence[str], workloads: Sequence[Workload]
) -> list[Costs]:
    """measure_all() without the workloads on which one of the versions does not return."""
    measured = []
    for arch in arches:
        for workload in workloads:
            try:
                measured += measure_all(versions, [arch], [workload])
            except UsageError:
                continue
    return measured


def measure_all(
    versions: Sequence[Version], arches: Sequence[str], workloads: Sequence[Workload], size: int | None = None
) -> list[Costs]:
    """Every version on every workload and architecture, at `size` entries or at each workload's natural size."""
    return [
        Costs(
            arch,
            workload.name,
            size or workload.size,
            tuple((version.name, measure(version, workload, arch, size, versions)) for version in versions),
        )
        for arch in arches
        for workload in workloads
    ]


def changes(measured: Sequence[Costs], base: str) -> list[CostChange]:
    """Every count in which a version differs from `base`, in order."""
    return [
        CostChange(costs.arch, costs.workload, costs.size, version, count, costs.of(base)[count], values[count])
        for costs in measured
        for version, values in costs.ledgers
        if version != base
        for count in COUNTS
        if count != "batched-entries" and values[count] != costs.of(base)[count]
    ]


def regressions(all_changes: Sequence[CostChange], counts: Sequence[str], share: float) -> list[CostChange]:
    """The changes of `counts` that grew by more than `share` of BASE's value."""
    for count in counts:
        if count not in COUNTS:
            raise unknown("count", count, COUNTS)
    return [change for change in all_changes if change.count in counts and change.regressed and change.share > share]


def growth(version: Version, arch: str, workload: Workload, count: str) -> list[tuple[int, int]]:
    """(size in entries, count) at each of SIZES."""
    return [(size, measure(version, workload, arch, size)[count]) for size in SIZES]


@dataclass(frozen=True, slots=True)
class SavedCosts:
    """The Costs of one workload in a file."""

    arch: str
    workload: str
    size: int
    ledgers: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class SavedLedgers:
    """What --json writes: the same bytes on every machine."""

    version: int
    subject: str
    base: str
    counts: dict[str, str]
    workloads: tuple[SavedCosts, ...]


def saved_ledgers(measured: Sequence[Costs], subject: str, base: str) -> SavedLedgers:
    """`measured` for a file."""
    workloads = (SavedCosts(costs.arch, costs.workload, costs.size, dict(costs.ledgers)) for costs in measured)
    return SavedLedgers(VERSION, subject, base, COUNTS, tuple(workloads))


def costs_of(saved: SavedLedgers, where: str) -> list[Costs]:
    """The measurements that saved_ledgers() was given. Raises UsageError for missing counts."""
    result = []
    for i, costs in enumerate(saved.workloads):
        for name, ledger_saved in costs.ledgers.items():
            if missing := [count for count in COUNTS if count not in ledger_saved]:
                raise UsageError(f"{where}: workloads[{i}].ledgers.{name}: has no count {missing[0]}")
        result.append(Costs(costs.arch, costs.workload, costs.size, tuple(costs.ledgers.items())))
    return result
