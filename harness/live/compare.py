# SPDX-License-Identifier: GPL-2.0-only
"""Compares a running kernel, its text on the modelled machine, and a port, on new records each time."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.kernel_text import TREE, KernelText
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.record import Recording, record
from pte_review.harness.progress import Listen, silent
from pte_review.harness.releases import Release, release_of
from pte_review.harness.subject import Replayed, Subject
from pte_review.models.version import Version

SERIES = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Compared:
    """The records of one kernel through the text of its release and through a version; None where there is none."""

    recording: Recording
    tree: Release | None
    text: Replayed | None
    version: Replayed | None

    @property
    def otherwise(self) -> int:
        """Records that the kernel left otherwise than its text or the version."""
        return max([replayed.otherwise for replayed in (self.text, self.version) if replayed is not None], default=0)


def tree_of(release: str, trees: Sequence[Path]) -> Release | None:
    """Of the folders `trees` the one with the text of a kernel: of its very release, or else of its series."""
    releases = [release_of(folder) for folder in trees]
    exact = [tree for tree in releases if re.match(rf"{re.escape(tree.number)}(?![\d.])", release)]
    series = SERIES.match(release)
    same = [tree for tree in releases if series and re.match(rf"{re.escape(series[0])}(?!\d)", tree.number)]
    return next(iter(exact or same), None)


def compare(
    subject: Subject,
    version: Version | None,
    kernel: KernelImage | None,
    trees: Sequence[Path],
    *,
    records: int,
    seed: int,
    listen: Listen = silent,
) -> Compared:
    """Record on `kernel`, or on this machine without one, and replay. Raises UsageError or VersionError."""
    recording = record(subject, kernel, records=records, seed=seed, listen=listen)
    assert subject.recordings is not None
    tree = tree_of(recording.kernel, trees)
    with tempfile.TemporaryDirectory(prefix="pte-review-live-") as folder:
        path = Path(folder) / f"linux-{recording.kernel}.jsonl"
        path.write_text(recording.text, encoding="utf-8")
        text = None
        if tree is not None:
            (own,) = KernelText(subject, tree.folder).load_all(TREE, arches=[recording.arch])
            text = subject.recordings.replay(path, own)
        ported = subject.recordings.replay(path, version) if version is not None else None
    return Compared(recording, tree, text, ported)
