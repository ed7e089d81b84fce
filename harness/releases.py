# SPDX-License-Identifier: GPL-2.0-only
"""The ledger of releases: the text of each tree against one version, and recorded kernels against their own text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.harness.kernel_text import TREE, KernelText
from pte_review.harness.progress import Listen, silent
from pte_review.harness.recordings.reading import function_of
from pte_review.harness.review import chosen_arches, review
from pte_review.harness.subject import Recordings, Subject
from pte_review.harness.verdict import Verdict
from pte_review.models.version import Version, VersionError

NUMBERS = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL)[ \t]*=[ \t]*(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A kernel tree. `number` is what its Makefile says, or the folder's name where it has none."""

    folder: Path
    number: str


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: the verdict on a release's text, or why there is none."""

    release: Release
    verdict: Verdict | None = None
    unread: str = ""  # the first thing that is wrong, with file and line


@dataclass(frozen=True)
class Recorded:
    """A file of recorded calls held against the text of the release that it was recorded on."""

    path: Path
    release: Release
    otherwise: int  # records that the kernel left otherwise
    text: str


def release_of(folder: Path) -> Release:
    """The release in `folder`."""
    try:
        text = (folder / "Makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    parts = dict(NUMBERS.findall(text))
    number = ".".join(parts[name] for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL") if name in parts)
    return Release(folder, number or folder.resolve().name)


def ledger(
    subject: Subject,
    base: str,
    folders: Sequence[Path],
    *,
    arch: str | None,
    max_examples: int,
    seed: int,
    listen: Listen = silent,
) -> Iterator[Entry]:
    """The verdict on each tree's own text, in order. One that cannot be read or compiled does not stop the others."""
    for release in map(release_of, folders):
        try:
            text = KernelText(subject, release.folder)
            (version,), unread = text.load_where_it_can(TREE, arches=chosen_arches(subject, arch, None))
            (verdict,) = review(
                subject,
                [(base, version)],
                arch=arch,
                max_examples=max_examples,
                seed=seed,
                unread=unread,
                listen=listen,
            )
            yield Entry(release, verdict)
        except VersionError as error:
            details = getattr(error, "details", ())
            yield Entry(release, unread=": ".join([str(error), *details[:1]]))


def _text(subject: Subject, release: Release, arches: Sequence[str]) -> Version:
    (version,) = KernelText(subject, release.folder).load_all(TREE, arches=arches)
    return version


def recorded(subject: Subject, paths: Sequence[Path], folders: Sequence[Path]) -> Iterator[Recorded]:
    """Each file of recordings through the text of its kernel's release. Raises UsageError where no tree is of it."""
    recordings = subject.recordings
    if recordings is None:
        raise UsageError(f"--recorded: nothing is recorded of {subject.name}()")
    releases = {release.number: release for release in map(release_of, folders)}
    for path in paths:
        if not recordings.is_of(function_of(path)):
            raise UsageError(f"{path}: expected a recording of {subject.name}(), got one of {function_of(path)[:40]!r}")
        release = releases.get(_kernel(recordings, path))
        if release is None:
            raise UsageError(f"{path}: recorded on {_kernel(recordings, path)}: expected its tree among the folders")
        version = _text(subject, release, sorted(recordings.arches(path)))
        replayed = recordings.replay(path, version)
        yield Recorded(path, release, replayed.otherwise, replayed.text)


def _kernel(recordings: Recordings, path: Path) -> str:
    """The release number of the kernel that a file was recorded on."""
    number = re.match(r"\d+(?:\.\d+)*", recordings.kernel(path))
    return number[0] if number else recordings.kernel(path)
