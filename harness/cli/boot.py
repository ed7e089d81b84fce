# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review boot`: a kernel in QEMU, and one program on it."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import FINDING, OK, UNDECIDED
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.files.writing import write_whole
from pte_review.harness.live.archive import cached, listed
from pte_review.harness.live.boot import Booted, boot, last_lines
from pte_review.harness.live.build import static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage, kernel_of
from pte_review.harness.live.text import booted_line, kernels_table
from pte_review.harness.printable import printable
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.review import check_count
from pte_review.models.arch import ARCHES

RUN = "--run"
SKIPPED = 4  # KSFT_SKIP of tools/testing/selftests/kselftest.h
MOST_SECONDS = 24 * 3600
MOST_CPUS = 64


class BootCommand(Command):
    """A command whose `--run` takes all that stands behind it: options there are the program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, run = args, None
        if RUN in args:
            at = args.index(RUN)
            own, run = args[:at], tuple(args[at + 1 :])
        rest = super().parse_args(ctx, own)
        ctx.params["run"] = run
        return rest


class LiveOutput:
    """Shows a program's output on `stream` as it comes. The first piece ends the progress bar."""

    def __init__(self, stream: TextIO) -> None:
        # The stream itself: while there is a bar, rich sends what goes to sys.stdout where the bar is.
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._bar = ExitStack()

    @contextmanager
    def waiting(self) -> Iterator[ProgressDisplay]:
        """The bar, until output comes or the block ends."""
        with self._bar:
            yield self._bar.enter_context(ProgressDisplay("s"))

    def __call__(self, data: bytes) -> None:
        self._bar.close()
        self._stream.write(self._decoder.decode(data))
        self._stream.flush()


@click.command("boot", cls=BootCommand)
@click.argument("what", metavar="KERNEL", required=False)
@click.option(RUN, "run", metavar="PROGRAM [ARGS]...", help="A static program, or a C file that becomes one.")
@click.option("--arch", metavar="ARCH", help=f"{' or '.join(ARCHES)}; that of the image, or of this machine.")
@click.option("--seconds", type=int, default=120, show_default=True, help="Bound of the clock, boot included.")
@click.option("--cpus", type=int, default=1, show_default=True, help="CPUs of the guest.")
@click.option("--append", metavar="TEXT", help="Behind the kernel's command line.")
@click.option(
    "--file", "files", metavar="FILE", multiple=True, type=click.Path(path_type=Path), help="Put into /files."
)
@click.option("--console", metavar="FILE", type=click.Path(path_type=Path), help="Write kernel messages to FILE.")
@click.option("--list", "listing", is_flag=True, help="Which kernels can be had.")
def boot_command(
    what: str | None,
    run: tuple[str, ...] | None,
    arch: str | None,
    seconds: int,
    cpus: int,
    append: str | None,
    files: tuple[Path, ...],
    console: Path | None,
    listing: bool,
) -> int:
    """Boot KERNEL in QEMU, run one program on it as root, and show its output.

    KERNEL is the path of an image, or a release that the distribution's archive has: 6.17.8, or 6.12 for the newest of
    that series. Exit status 0 if the program's is 0, 3 if it is 4 (KSFT_SKIP), 1 if it is another or a signal.
    """
    if arch is not None and arch not in ARCHES:
        raise unknown("architecture", arch, ARCHES)
    if run and not run[0]:
        raise UsageError(f"{RUN}: expected a value, got ''")
    if listing:
        return _list()
    if what is None or not run:
        raise UsageError("boot: expected KERNEL and --run PROGRAM, or --list")
    check_count("--seconds", seconds, MOST_SECONDS)
    check_count("--cpus", cpus, MOST_CPUS)
    check_outputs(Inputs((what, run[0], *files)), console=console)
    given = {f"files/{path.name}": _bytes(path) for path in files}
    with ProgressDisplay("packages") as bar:
        kernel = kernel_of(what, arch, bar)
    program = Path(run[0])
    if program.suffix == ".c":
        program = static_program([program], kernel.arch)
    output = LiveOutput(sys.stdout)
    with output.waiting() as bar:
        booted = boot(
            kernel,
            program,
            run[1:],
            seconds=seconds,
            cpus=cpus,
            files=given,
            parameters=(append or "").split(),
            listen=bar,
            receive=output,
        )
    if console is not None:
        write_whole(console, booted.console)
    return _report(kernel, booted)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"--file {path}: {error.strerror}") from None


def _report(kernel: KernelImage, booted: Booted) -> int:
    if booted.status is None:
        raise LiveError(f"{kernel.release}: the program did not end: {booted.why}", last_lines(booted.console))
    click.echo(f"pte-review: {booted_line(kernel, booted)}", err=True)
    for note in booted.notes:
        click.echo(f"pte-review: the guest says: {printable(note)}", err=True)
    return {0: OK, SKIPPED: UNDECIDED}.get(booted.status, FINDING)


def _list() -> int:
    here = cached()
    try:
        there = listed()
    except LiveError as error:
        if not here:
            raise
        click.echo(f"pte-review: {error}", err=True)
        there = []
    click.echo(kernels_table(there, here), nl=False)
    return OK
