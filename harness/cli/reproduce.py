# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review reproduce`: a counterexample as a C program, and what it says on kernels."""

from collections.abc import Sequence
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import FINDING, OK, UNDECIDED
from pte_review.harness.cli.outputs import Inputs, check_file
from pte_review.harness.files.counterexample import read
from pte_review.harness.files.writing import write_whole
from pte_review.harness.live.kernels import KernelImage, kernel_of
from pte_review.harness.live.reproduce.area import NotBuilt
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, HOST, PASS, Answer, on_host, on_kernel
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.subjects import SUBJECTS


@click.command("reproduce", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="Write the program to FILE.c.")
@click.option(
    "--on",
    "kernels",
    metavar="KERNEL",
    multiple=True,
    help=f"Run it on this kernel: a release, a path to an image, or `{HOST}` for this machine. May be repeated.",
)
def reproduce_command(file: Path, out: Path | None, kernels: tuple[str, ...]) -> int:
    """Write a C program, like a selftest of the kernel, that shows a counterexample to userspace.

    Exit status with --on: 1 if a kernel shows it, 3 if one does not get to the state, else 0.
    """
    if out is not None:
        check_file("-o", out, Inputs((file,)))
    counterexample = read(file, SUBJECTS)
    arch = counterexample.divergence.arch
    try:
        text = reproducer(SUBJECTS[counterexample.subject], counterexample)
    except NotBuilt as why:
        click.echo(f"{file}: not reproduced: {why}")
        return UNDECIDED
    if out is not None:
        write_whole(out, text)
    elif not kernels:
        click.echo(text, nl=False)
    return _asked(text, arch, kernels)


def _asked(text: str, arch: str, names: Sequence[str]) -> int:
    """Ask every kernel, and say what each answers. The exit status."""
    answers = []
    with ProgressDisplay("seconds") as display:
        images: list[KernelImage | None] = [None if name == HOST else kernel_of(name, arch, display) for name in names]
        for image in images:
            answer = on_host(arch, text) if image is None else on_kernel(image, text, display)
            click.echo(shown(answer))
            answers.append(answer.status)
    if FAIL in answers:
        return FINDING
    return OK if all(answer == PASS for answer in answers) else UNDECIDED


def shown(answer: Answer) -> str:
    """The answer of one kernel, and below it what the program printed."""
    return "\n".join([answer.line, *(f"    {line}" for line in answer.output.splitlines())])
