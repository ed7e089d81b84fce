# SPDX-License-Identifier: GPL-2.0-only
"""The way in.

Exit status: 0 nothing forbidden, 1 diverges, 2 wrong call or file, 3 inconclusive, 70 a mistake of pte-review itself.
"""

import io
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Group
from pte_review.harness.cli.colour import coloured, wanted
from pte_review.harness.cli.endings import WRONG, ended_well
from pte_review.harness.cli.options import (
    OK,
    arch_option,
    epilog,
    html_option,
    max_examples_option,
    seed_option,
    subject_option,
)
from pte_review.harness.cli.settings import settings_here
from pte_review.harness.cli.thread import thread_review
from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.printable import Printable, printable
from pte_review.harness.subjects import choose
from pte_review.models.version import VersionError

LONGEST_LINE = 2000  # characters of what goes to stderr
COMMANDS = {
    "b4-check": "pte_review.harness.cli.b4_check:b4_check_command",
    "boot": "pte_review.harness.cli.boot:boot_command",
    "check": "pte_review.harness.cli.check:check_command",
    "cost": "pte_review.harness.cli.cost:cost_command",
    "exhaust": "pte_review.harness.cli.exhaust:exhaust_command",
    "history": "pte_review.harness.cli.history:history_command",
    "list": "pte_review.harness.cli.listing:list_command",
    "live": "pte_review.harness.cli.live:live_command",
    "new-version": "pte_review.harness.cli.new_version:new_version_command",
    "record": "pte_review.harness.cli.record:record_command",
    "releases": "pte_review.harness.cli.releases:releases_command",
    "replay": "pte_review.harness.cli.replay:replay_command",
    "reproduce": "pte_review.harness.cli.reproduce:reproduce_command",
}


@click.group(
    cls=Group,
    places=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=epilog("pte-review", "pte-review check pre_patch v4", "pte-review COMMAND --help"),
)
@max_examples_option
@seed_option
@arch_option
@subject_option
@html_option
@click.version_option(package_name="pte-review")
@click.pass_context
def cli(
    context: click.Context,
    max_examples: int,
    seed: int,
    arch: str | None,
    subject_name: str | None,
    html_file: Path | None,
) -> None:
    """Run versions of a kernel function side by side on generated page tables.

    Without a command: review the mails of the first subject of `pte-review list`.
    """
    if context.invoked_subcommand is None:
        context.exit(thread_review(choose(subject_name), max_examples, seed, arch, html_file))


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: every error of the caller is one line on stderr and exit status 2.

    No traceback ends in a status that says something of a version.
    """
    # Hypothesis keeps a folder of its own wherever it is run; the caller's is not the place for it.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "pte-review-hypothesis"))
    if "_PTE_REVIEW_COMPLETE" in os.environ:  # click's shell completion
        cli.main(prog_name="pte-review")
    for stream in (sys.stdout, sys.stderr):  # a file's name, or what a port says, may be no text of this terminal
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    finish = coloured if sys.stdout and wanted(sys.stdout) else str
    with redirect_stdout(Printable(sys.stdout, finish)) if sys.stdout else nullcontext():
        status = ended_well(partial(_run, list(sys.argv[1:] if arguments is None else arguments)))
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    details: Sequence[str] = ()
    try:
        own = settings_here()
        with cli.make_context(
            "pte-review", arguments, default_map=own.defaults, obj=own
        ) as context:  # cli.main() ends in 1 where nobody reads the output
            status = cli.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        message = error.format_message()
    except click.UsageError as error:
        message = _usage(error, arguments)
    except (UsageError, VersionError) as error:
        message, details = str(error), getattr(error, "details", ())
    except BrokenPipeError:
        raise
    except OSError as error:
        message = f"{error.filename or 'output'}: {error.strerror or error}"
    else:
        return status if isinstance(status, int) else OK
    click.echo(printable("\n".join([f"pte-review: {_cut(' '.join(message.split()))}", *map(_cut, details)])), err=True)
    return WRONG


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."


def _usage(error: click.UsageError, arguments: list[str]) -> str:
    if arguments and error.message.startswith("No such command"):
        named = next((name for name in arguments if repr(name) in error.message), arguments[0])
        return str(unknown("command", named, COMMANDS))
    return error.format_message()
