# SPDX-License-Identifier: GPL-2.0-only
"""Versions side by side: their ledgers on every workload, what improved and what regressed, growth with size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pte_review.harness.costs.ledger import COUNTS, ledger
from pte_review.harness.costs.workloads import WORKLOADS
from pte_review.harness.errors import UsageError, unknown
from pte_review.models.outcome import RETURNED
from pte_review.models.port import Version
from pte_review.models.run import run

VERSION = 1
SIZES = (1, 16, 64, 512)  # entries, where growth is looked at
GATED = ("folio-lookups", "tlb-flushes", "raw-reads")


@dataclass(frozen=True, slots=True)
class Measured:
    """The ledgers of every version on one workload of one architecture, at one size in entries."""

    arch: str
    workload: str
    size: int
    ledgers: tuple[tuple[str, dict[str, int]], ...]  # version: ledger, in the order asked for

    def of(self, version: str) -> dict[str, int]:
        return dict(self.ledgers)[version]


@dataclass(frozen=True, slots=True)
class Change:
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


def measure(version: Version, arch: str, workload: str, size: int | None = None) -> dict[str, int]:
    """The ledger of `version` on a workload, `size` entries or the natural size. Raises UsageError."""
    if workload not in WORKLOADS:
        raise unknown("workload", workload, WORKLOADS)
    outcome = run(WORKLOADS[workload].scenario(arch, size), version)
    if outcome.ended != RETURNED:
        raise UsageError(f"{version.name} ended on workload {workload} ({arch}): {outcome.ended}, {outcome.why}")
    return ledger(outcome.events)


def measure_all(
    versions: Sequence[Version], arches: Sequence[str], workloads: Sequence[str], size: int | None = None
) -> list[Measured]:
    """Every version on every workload and architecture, at `size` entries or at each workload's natural size."""
    for name in workloads:
        if name not in WORKLOADS:
            raise unknown("workload", name, WORKLOADS)
    return [
        Measured(
            arch,
            name,
            size or WORKLOADS[name].size,
            tuple((version.name, measure(version, arch, name, size)) for version in versions),
        )
        for arch in arches
        for name in workloads
    ]


def changes(measured: Sequence[Measured], base: str) -> list[Change]:
    """Every count in which a version differs from `base`, in order."""
    return [
        Change(one.arch, one.workload, one.size, version, count, one.of(base)[count], values[count])
        for one in measured
        for version, values in one.ledgers
        if version != base
        for count in COUNTS
        if count != "batched-entries" and values[count] != one.of(base)[count]
    ]


def regressions(found: Sequence[Change], counts: Sequence[str], share: float) -> list[Change]:
    """The changes of `counts` that grew by more than `share` of BASE's value."""
    for count in counts:
        if count not in COUNTS:
            raise unknown("count", count, COUNTS)
    return [change for change in found if change.count in counts and change.regressed and change.share > share]


def growth(version: Version, arch: str, workload: str, count: str) -> list[tuple[int, int]]:
    """(size in entries, count) at each of SIZES."""
    return [(size, measure(version, arch, workload, size)[count]) for size in SIZES]


def to_json(measured: Sequence[Measured], base: str) -> dict[str, Any]:
    """What --json writes: the same bytes on every machine."""
    return {
        "version": VERSION,
        "base": base,
        "counts": COUNTS,
        "workloads": [
            {"arch": one.arch, "workload": one.workload, "size": one.size, "ledgers": dict(one.ledgers)}
            for one in measured
        ],
    }


def from_json(data: Any, where: str) -> list[Measured]:
    """Measurements that to_json() wrote. Raises UsageError: another version, or not such a file."""
    if not isinstance(data, dict) or not isinstance(data.get("workloads"), list):
        raise UsageError(f"{where}: expected what `pte-review cost --json` writes")
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise UsageError(f"{where}: expected version {VERSION}, got {data.get('version')!r}")
    result = []
    for i, one in enumerate(data["workloads"]):
        try:
            ledgers = tuple((str(name), {c: int(values[c]) for c in COUNTS}) for name, values in one["ledgers"].items())
            result.append(Measured(str(one["arch"]), str(one["workload"]), int(one["size"]), ledgers))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                f"{where}: workloads[{i}]: expected arch, workload, size and ledgers ({error!r})"
            ) from None
    return result
