# SPDX-License-Identifier: GPL-2.0-only
"""The command line. Exit status: 0 nothing forbidden, 1 diverges, 2 wrong call or file, 3 inconclusive."""

import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pte_review.harness.costs.command import claims_text, cost_command
from pte_review.harness.errors import UsageError, check_json_file, check_save_dir, unknown
from pte_review.harness.exhaust.command import exhaust_command
from pte_review.harness.files import counterexample as saved
from pte_review.harness.files import moves, recording
from pte_review.harness.history import DEFAULT_SEEDS, MOST_SEEDS, hunted, measure
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.kernel_text import KernelText, kernel_text_options, saved_line
from pte_review.harness.listing import list_command
from pte_review.harness.reports.history import history_text
from pte_review.harness.reports.picture import picture
from pte_review.harness.reports.progress import ProgressBar
from pte_review.harness.reports.report import (
    NOT_MODELLED,
    known_note,
    matrix,
    pictures,
    recording_lines,
    row,
    verdict_lines,
    wrapped,
)
from pte_review.harness.review import DEFAULT_EXAMPLES, check, check_call, check_count, chosen_arches
from pte_review.harness.thread import review_thread
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE
from pte_review.models.arch import ARCHES
from pte_review.models.port import Version, VersionError, load

OK, FOUND, WRONG, UNDECIDED = 0, 1, 2, 3
STATUS = {DIVERGES: FOUND, INCONCLUSIVE: UNDECIDED}

max_examples_option = click.option(
    "--max-examples", type=int, default=DEFAULT_EXAMPLES, show_default=True, help="Scenarios for each architecture."
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same scenarios.")
arch_option = click.option("--arch", metavar="ARCH", help=f"{' or '.join(ARCHES)}; all without it.")
json_option = click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the verdict to FILE.")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@max_examples_option
@seed_option
@arch_option
@click.version_option(package_name="pte-review")
@click.pass_context
def cli(context: click.Context, max_examples: int, seed: int, arch: str | None) -> None:
    """Run versions of the kernel's move_ptes() side by side on generated page tables.

    Without a command: review the thread "mm: Optimize mremap() by PTE batching", v4.
    """
    if context.invoked_subcommand is None:
        context.exit(_thread(max_examples, seed, arch))


def _thread(max_examples: int, seed: int, arch: str | None) -> int:
    check_call(arch, "folio-ad", None, max_examples)
    started = time.perf_counter()
    click.echo("pte-review of [PATCH v4 2/2] mm: Optimize mremap() by PTE batching")
    click.echo(wrapped(f"{max_examples:,} scenarios for each architecture and kind of table; {NOT_MODELLED}") + "\n")
    with ProgressBar() as reporter:
        rows = review_thread(arch=arch, contract="folio-ad", max_examples=max_examples, seed=seed, reporter=reporter)
    click.echo(matrix(row([verdict], known_note(known, verdict)) for known, verdict in rows))
    click.echo("The smallest case of each kind, in the first pair that shows it:\n")
    shown: set[str] = set()
    for _, verdict in rows:
        fresh = tuple(d for d in verdict.divergences if d.kind not in shown)
        shown |= set(verdict.kinds)
        for text in pictures(replace(verdict, divergences=fresh), load(verdict.base), load(verdict.candidate)):
            click.echo(text)
    click.echo(claims_text())
    unexpected = [known for known, verdict in rows if not known.agrees(verdict)]
    seconds = time.perf_counter() - started
    click.echo(f"{len(rows)} verdicts, {len(rows) - len(unexpected)} as known; {seconds:.0f} s, seed {seed}")
    click.echo("One pair, with every picture: pte-review check BASE CANDIDATE")
    return FOUND if unexpected else OK


@cli.command("check")
@click.argument("base")
@click.argument("candidate")
@arch_option
@click.option("--contract", metavar="NAME", default="folio-ad", show_default=True, help=f"{' or '.join(CONTRACTS)}.")
@click.option("--hostile", metavar="RULE", help="Break this rule of legal tables; `pte-review list` has them.")
@max_examples_option
@seed_option
@json_option
@click.option("--save", "save_dir", type=click.Path(path_type=Path), help="Save counterexamples to DIR.")
@kernel_text_options
def check_command(
    base: str,
    candidate: str,
    arch: str | None,
    contract: str,
    hostile: str | None,
    max_examples: int,
    seed: int,
    json_file: Path | None,
    save_dir: Path | None,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
) -> int:
    """Review one pair. CANDIDATE (and BASE): a version's name, or a .py file that defines move_ptes.

    Or `tree`, the C of a kernel tree, and `tree+patch`, the same with patches.
    """
    check_json_file(json_file, (base, candidate))
    check_save_dir(save_dir)
    check_call(arch, contract, hostile, max_examples)
    text = KernelText(tree, rev, patches)
    ours, theirs = text.load_all(base, candidate, arches=chosen_arches(arch, hostile))
    with ProgressBar() as reporter:
        verdict = check(
            ours,
            theirs,
            arch=arch,
            contract=contract,
            hostile=hostile,
            max_examples=max_examples,
            seed=seed,
            reporter=reporter,
        )
    for line in text.describe():
        click.echo(wrapped(line))
    click.echo(verdict_lines(verdict))
    for shown in pictures(verdict, ours, theirs):
        click.echo(shown)
    if verdict.verdict == DIVERGES:
        again = ["pte-review", "check", base, candidate, "--seed", str(seed), "--max-examples", str(max_examples)]
        for option, value in (("--arch", arch), ("--hostile", hostile)):
            again += [option, value] if value else []
        again += ["--contract", contract] if contract != "folio-ad" else []
        again += text.arguments()
        click.echo(f"again: {shlex.join(again)}")
    if json_file is not None:
        json_file.write_text(json.dumps(verdict.to_json(), indent=1) + "\n", encoding="utf-8")
    if save_dir is not None:
        for path in saved.save(verdict, save_dir):
            click.echo(saved_line(path, text))
    return STATUS.get(verdict.verdict, OK)


@cli.command("replay")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--base", help="Run against this version instead.")
@click.option("--candidate", help="Run this version instead.")
@click.option("--snippet", is_flag=True, help="Print a test to paste instead of running.")
@kernel_text_options
def replay_command(
    files: tuple[Path, ...],
    base: str | None,
    candidate: str | None,
    snippet: bool,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
) -> int:
    """Run counterexamples again on the pair they name, recordings (.jsonl, .jsonl.gz) through pre_patch."""
    if base and any(map(recording.is_recording, files)):
        raise UsageError("--base: a recording has none, it is compared with what the kernel left")
    text = KernelText(tree, rev, patches)
    loaded = [(path, recording.read(path) if recording.is_recording(path) else saved.read(path)) for path in files]
    named, arches = _named([content for _, content in loaded], base, candidate)
    if not snippet:
        text.load_all(*named, arches=arches)  # all that is wrong is said before anything runs
    status = OK
    for path, content in loaded:
        if isinstance(content, list):
            status = max(status, _replay_recording(path, content, text.load(candidate or "pre_patch")))
        elif snippet:
            click.echo(saved.snippet(content, text))
        else:
            status = max(
                status,
                _replay(path, content, text.load(base or content.base), text.load(candidate or content.candidate)),
            )
    return status


def _named(
    contents: Sequence[saved.Counterexample | list[recording.Record]], base: str | None, candidate: str | None
) -> tuple[dict[str, None], dict[str, None]]:
    """The versions and the architectures on which `contents` are run, each once."""
    versions: dict[str, None] = {}
    arches: dict[str, None] = {}
    for content in contents:
        if isinstance(content, list):
            versions[candidate or "pre_patch"] = None
            arches |= {record.arch: None for record in content}
        else:
            versions |= {base or content.base: None, candidate or content.candidate: None}
            arches[content.divergence.arch] = None
    return versions, arches


def _replay(path: Path, content: saved.Counterexample, base: Version, candidate: Version) -> int:
    again = saved.replay(content, base, candidate)
    if not again.divergences:
        click.echo(f"{path}: FIXED: {again.base.name} and {again.candidate.name} do not diverge on it")
        return OK
    kinds = ", ".join(d.kind for d in again.divergences)
    click.echo(f"{path}: STILL DIVERGES: {kinds}\n")
    for divergence in again.divergences:
        click.echo(picture(divergence, again.base.name, again.candidate.name, again.sitting))
    return FOUND


def _replay_recording(path: Path, records: list[recording.Record], version: Version) -> int:
    found = [m for number, record in enumerate(records, 1) for m in moves.mismatches(number, record, version)]
    click.echo(recording_lines(path.name, version.name, records, found))
    return FOUND if found else OK


@cli.command("history")
@click.option("--seeds", type=int, default=DEFAULT_SEEDS, show_default=True, help="How often each bug is looked for.")
@max_examples_option
@arch_option
def history_command(seeds: int, max_examples: int, arch: str | None) -> int:
    """How soon each known bug of the function is found. Exit status 1 if one is missed."""
    check_call(arch, "folio-ad", None, max_examples)
    check_count("seeds", seeds, MOST_SEEDS)
    bugs, rows, over = hunted(arch), [], 0
    total = seeds * sum(len(arches) for _, arches in bugs)
    with ProgressBar() as reporter:
        for bug, arches in bugs:
            rows.append(measure(bug, arches, seeds, max_examples, partial(reporter.hunting, bug.title, total, over)))
            over += seeds * len(arches)
    click.echo(history_text(rows, seeds, max_examples), nl=False)
    return OK if all(row.found for row in rows) else FOUND


cli.add_command(list_command)
cli.add_command(cost_command)
cli.add_command(exhaust_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: every error of the caller is one line on stderr and exit status 2."""
    # Hypothesis keeps a folder of its own wherever it is run; the caller's is not the place for it.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "pte-review-hypothesis"))
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    details: Sequence[str] = ()
    try:
        status = cli.main(arguments, prog_name="pte-review", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        message = error.format_message()
    except click.UsageError as error:
        message = _usage(error, arguments)
    except (UsageError, VersionError) as error:
        message, details = str(error), getattr(error, "details", ())
    except OSError as error:
        message = f"{error.filename or 'output'}: {error.strerror or error}"
    except click.Abort:
        click.echo("pte-review: interrupted", err=True)
        return 130
    else:
        return status if isinstance(status, int) else OK
    click.echo("\n".join([f"pte-review: {' '.join(message.split())}", *details]), err=True)
    return WRONG


def _usage(error: click.UsageError, arguments: list[str]) -> str:
    if arguments and error.message.startswith("No such command"):
        named = next((name for name in arguments if repr(name) in error.message), arguments[0])
        return str(unknown("command", named, cli.commands))
    return error.format_message()


if __name__ == "__main__":
    main()
