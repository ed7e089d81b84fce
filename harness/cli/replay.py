# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review replay`: counterexamples and recordings, run again."""

from dataclasses import dataclass
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.kernel_text import kernel_text_options
from pte_review.harness.cli.options import FINDING, OK, epilog
from pte_review.harness.errors import UsageError
from pte_review.harness.explain.reach import reach
from pte_review.harness.files.counterexample import Counterexample, read, replay, snippet
from pte_review.harness.kernel_text import KernelText, Needed, load_needed, texts_of
from pte_review.harness.recordings.reading import function_of, is_recording
from pte_review.harness.reports.picture import picture
from pte_review.harness.subject import Recordings, Subject
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.verdict import added_kinds
from pte_review.models.legal import broken_rules
from pte_review.models.version import Version


@dataclass(frozen=True)
class Saved:
    """A file to run again, and what it is of: `counterexample` is None for a recording."""

    path: Path
    counterexample: Counterexample | None
    needed: Needed  # versions: BASE and CANDIDATE, or the one that is held against a recording


@click.command(
    "replay",
    cls=Command,
    epilog=epilog(
        "pte-review replay found/*.json --candidate v4_fixed",
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--base", help="Run against this version instead.")
@click.option("--candidate", help="Run this version instead.")
@click.option("--snippet", "show_snippet", is_flag=True, help="Print a test to paste instead of running.")
@kernel_text_options
def replay_command(
    files: tuple[Path, ...],
    base: str | None,
    candidate: str | None,
    show_snippet: bool,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
) -> int:
    """Run counterexamples again on the pair they name, recordings (.jsonl, .jsonl.gz) through the subject's base."""
    if base and any(_recordings(path) for path in files):
        raise UsageError("--base: a recording has none, it is compared with what the kernel left")
    saved = [_saved(path, base, candidate) for path in files]
    needed = [file.needed for file in saved]
    texts = texts_of(needed, tree, rev, patches)
    if not show_snippet:  # all that is wrong is said before anything runs
        load_needed(texts, needed)
    return max(_replayed(file, texts[file.needed.subject.name], show_snippet=show_snippet) for file in saved)


def _recordings(path: Path) -> tuple[Subject, Recordings] | None:
    """The subject whose recording a file is, with its reader; None for a file that is none. Raises UsageError."""
    if not is_recording(path):
        return None
    function = function_of(path)
    for subject in SUBJECTS.values():
        if subject.recordings is not None and subject.recordings.is_of(function):
            return subject, subject.recordings
    raise UsageError(f"{path}: recorded of {function[:40]!r}: expected one of {', '.join(SUBJECTS)}")


def _saved(path: Path, base: str | None, candidate: str | None) -> Saved:
    """What a file holds. Raises UsageError."""
    if recorded := _recordings(path):
        subject, recordings = recorded
        return Saved(path, None, Needed(subject, (candidate or subject.base,), frozenset(recordings.arches(path))))
    counterexample = read(path, SUBJECTS)
    versions = base or counterexample.base, candidate or counterexample.candidate
    arches = frozenset({counterexample.divergence.arch})
    return Saved(path, counterexample, Needed(SUBJECTS[counterexample.subject], versions, arches))


def _replayed(saved: Saved, text: KernelText, *, show_snippet: bool) -> int:
    if saved.counterexample is None:
        return _replay_recording(saved, text)
    if show_snippet:
        click.echo(snippet(saved.needed.subject, saved.counterexample, text))
        return OK
    base, candidate = (text.load(version) for version in saved.needed.versions)
    return _replay(saved, saved.counterexample, base, candidate)


def _replay_recording(saved: Saved, text: KernelText) -> int:
    recordings = saved.needed.subject.recordings
    assert recordings is not None
    replayed = recordings.replay(saved.path, text.load(saved.needed.versions[0]))
    click.echo(replayed.text)
    return FINDING if replayed.otherwise else OK


def _replay(saved: Saved, counterexample: Counterexample, base: Version, candidate: Version) -> int:
    divergences = replay(saved.needed.subject, counterexample, base, candidate)
    if not divergences:
        click.echo(f"{saved.path}: FIXED: {base.name} and {candidate.name} do not diverge on it")
        scenario = counterexample.divergence.scenario
        if broken_rules(scenario):
            click.echo(f"  reach: {reach(scenario, saved.needed.subject.words)}")
        return OK
    kinds = ", ".join(divergence.kind for divergence in divergences)
    fixed = not added_kinds(divergences)
    if fixed:
        click.echo(f"{saved.path}: FIXED: only {base.name} shows {kinds}, {candidate.name} adds nothing\n")
    else:
        click.echo(f"{saved.path}: STILL DIVERGES: {kinds}\n")
    for divergence in divergences:
        click.echo(picture(divergence, base.name, candidate.name, saved.needed.subject.words))
    return OK if fixed else FINDING
