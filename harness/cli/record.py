# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review record`: what a running kernel does, as a file that `replay` reads."""

import gzip
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import OK, records_option, seed_option, subject_option
from pte_review.harness.cli.outputs import Inputs, check_file
from pte_review.harness.errors import UsageError
from pte_review.harness.files.writing import write_whole
from pte_review.harness.live.kernels import KernelImage, kernel_of
from pte_review.harness.live.record import Recording, record
from pte_review.harness.recordings.reading import is_recording
from pte_review.harness.reports.live import recorded_summary
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.review import check_count
from pte_review.harness.subjects import choose

HOST = "host"


@click.command("record", cls=Command)
@records_option
@seed_option
@click.option(
    "--on", metavar="KERNEL", default=HOST, show_default=True, help="A kernel to boot: an image or a release."
)
@click.option("--arch", metavar="ARCH", help="Of the kernel to boot; this machine's without it.")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="A .jsonl or .jsonl.gz file; else stdout."
)
@subject_option
def record_command(
    records: int, seed: int, on: str, arch: str | None, output: Path | None, subject_name: str | None
) -> int:
    """Record calls of the function on this machine's kernel, or on one that is booted, from random states.

    The states are made by system calls. Root is needed for raw page-table entries; without it a subset is recorded.
    """
    subject = choose(subject_name)
    check_numbers(records, seed)
    if output is not None:
        _check_output(output)
    with ProgressDisplay("records") as display:
        made = record(subject, kernel_named(on, arch, display), records=records, seed=seed, listen=display)
    if output is None:
        click.echo(made.text, nl=False)
    else:
        write_whole(output, _content(made, output))
    click.echo(recorded_summary(made, seed), err=output is None)
    return OK


def check_numbers(records: int, seed: int) -> None:
    """Raise UsageError for what the recorder does not take."""
    check_count("--moves", records, 1_000_000)
    if not 0 <= seed < 1 << 63:
        raise UsageError(f"--seed {seed}: expected 0 to 2**63-1")


def kernel_named(on: str, arch: str | None, display: ProgressDisplay) -> KernelImage | None:
    """The kernel to boot; None for this machine's. Raises UsageError."""
    if on != HOST:
        return kernel_of(on, arch, display)
    if arch is not None:
        raise UsageError("--arch is of a kernel to boot: expected --on KERNEL")
    return None


def _check_output(path: Path) -> None:
    if not is_recording(path):
        raise UsageError(f"-o {path}: expected a name that ends in .jsonl or .jsonl.gz, which replay reads")
    check_file("-o", path, Inputs())


def _content(made: Recording, path: Path) -> str | bytes:
    return gzip.compress(made.text.encode(), mtime=0) if path.suffix == ".gz" else made.text
