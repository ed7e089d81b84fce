# SPDX-License-Identifier: GPL-2.0-only
"""Records of running kernels as text of at most 75 columns."""

import re
from collections.abc import Sequence

from rich import box
from rich.table import Table

from pte_review.harness.live.compare import Compared
from pte_review.harness.live.record import Recording
from pte_review.harness.reports.report import rendered, wrapped
from pte_review.harness.reports.surroundings import WIDTH
from pte_review.harness.subject import Replayed


def recorded_summary(made: Recording, seed: int) -> str:
    """What was recorded, and a line for what could not be had."""
    subset = f", subset {made.subset}" if made.subset else ""
    lines = [
        f"{made.records:,} records of Linux {made.kernel} {made.arch}{subset}, seed {seed}, {made.seconds:.1f} seconds",
        *without(made),
    ]
    return "\n".join(wrapped(line) for line in lines)


def without(made: Recording) -> list[str]:
    """What the recorder did without, as one line."""
    return [f"without {'; '.join(made.missing)}"] if made.missing else []


def live_table(version: str | None, rows: Sequence[Compared]) -> str:
    """A line for each kernel: how many of its records its own text and the version predict. Then what they do not."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    table.add_column("kernel", overflow="fold")
    table.add_column("records", justify="right", width=7)
    table.add_column("its text", justify="right", width=16)
    if version is not None:
        table.add_column(version, justify="right", overflow="fold")
    table.add_column("sec", justify="right", width=5)
    for row in rows:
        made = row.recording
        own = f"{_predicted(row.text)} of {row.tree.number}" if row.tree is not None else "no tree"
        cells = [_name(made), f"{made.records:,}", own]
        cells += [_predicted(row.version)] if version is not None else []
        table.add_row(*cells, f"{made.seconds:.1f}")
    return rendered(table) + "".join(f"\n{text}" for row in rows for text in _explained(version, row))


def _name(made: Recording) -> str:
    """The kernel and its architecture, which Debian's releases end in."""
    return made.kernel if re.search(r"-(arm64|amd64)$", made.kernel) else f"{made.kernel} {made.arch}"


def _predicted(replayed: Replayed | None) -> str:
    return f"{replayed.records - replayed.otherwise:,}" if replayed is not None else ""


def _explained(version: str | None, row: Compared) -> list[str]:
    """What the recorder did without; whose the difference is; then each replay that found one, as `replay` says it."""
    lines = [*without(row.recording), *_whose(version, row)]
    texts = [replayed.text for replayed in (row.text, row.version) if replayed is not None and replayed.otherwise]
    return [*(wrapped(f"{_name(row.recording)}: {line}") + "\n" for line in lines), *texts]


def _whose(version: str | None, row: Compared) -> list[str]:
    """Which of the three stands alone, where all three are there."""
    if row.text is None or row.version is None or not (row.text.otherwise or row.version.otherwise):
        return []
    if not row.text.otherwise:
        return [f"the kernel does what its text says, {version} does otherwise"]
    if not row.version.otherwise:
        return [f"the kernel does what {version} does, and not what its text says"]
    return [f"the kernel does neither what its text says nor what {version} does"]
