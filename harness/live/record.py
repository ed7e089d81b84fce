# SPDX-License-Identifier: GPL-2.0-only
"""Records what a function does on a running kernel, with a static C program: a process here, or in a booted guest.

The program consists of the subject's files (`Recordings.sources`) and those of harness/live/c/. Its arguments are the
number of records, a seed, and in a guest `booted`, which permits what harms a kernel. It writes a line of JSON for each
record and exits with 0, or with 2 and a line on stderr.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.live.boot import boot, last_lines
from pte_review.harness.live.build import static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage, host_arch
from pte_review.harness.progress import Listen, Progress, silent
from pte_review.harness.subject import Subject

KIT = Path(__file__).parent / "c"
OF_KIT = (
    "arena", "around", "bpf", "btf", "chance", "facts", "folios", "frames", "numa", "pages", "recorder", "say",
    "settings", "states", "steps", "tables", "uffd",
)  # fmt: skip
BOOT_SECONDS, SECONDS_EACH = 120.0, 1.0  # bounds of a guest on an emulated machine
HOST = "this machine"


@dataclass(frozen=True)
class Recording:
    """Records of one kernel, as the lines of a file. `missing` is what could not be had there, each with the reason."""

    kernel: str
    arch: str
    text: str
    records: int
    missing: tuple[str, ...]
    subset: str
    seconds: float


def record(
    subject: Subject, kernel: KernelImage | None, *, records: int, seed: int, listen: Listen = silent
) -> Recording:
    """Make `records` records on `kernel`, or on this machine without one. Raises LiveError where none can be made."""
    sources = subject.recordings.sources if subject.recordings is not None else ()
    if not sources:
        raise LiveError(f"{subject.name}(): nothing records it on a running kernel")
    arch = kernel.arch if kernel is not None else host_arch()
    if arch is None:
        raise LiveError("this machine has an architecture that is not modelled: expected --on KERNEL, to boot one")
    files = [*(KIT / f"{name}.c" for name in OF_KIT), *sources]
    program = static_program(files, arch, options=("-Wextra", f"-I{KIT}", f"-I{sources[0].parent}"))
    began = time.monotonic()
    count = _counter(records, listen, kernel.release if kernel is not None else HOST)
    call = [str(records), str(seed)]
    output = _on_host(program, call, count) if kernel is None else _on_guest(kernel, program, call, records, count)
    return _recording(output, records, time.monotonic() - began)


def _counter(records: int, listen: Listen, where: str) -> Callable[[bytes], None]:
    """A listener to the program's output that says how many records there are."""
    made = 0

    def count(data: bytes) -> None:
        nonlocal made
        made = min(made + data.count(b"\n"), records)
        listen(Progress(f"recording on {where}", made, records))

    count(b"")
    return count


def _on_host(program: Path, call: list[str], count: Callable[[bytes], None]) -> bytes:
    process = subprocess.Popen(  # noqa: S603  # our own program
        [program, *call], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    pieces = []
    try:
        while data := process.stdout.read1():  # type: ignore[attr-defined]  # a buffered pipe
            pieces.append(data)
            count(data)
        errors = process.stderr.read().decode("utf-8", "replace").strip()
    finally:
        process.kill()
        process.wait()
    _check_status(process.returncode if process.returncode >= 0 else 128 - process.returncode, errors, HOST)
    return b"".join(pieces)


def _on_guest(
    kernel: KernelImage, program: Path, call: list[str], records: int, count: Callable[[bytes], None]
) -> bytes:
    booted = boot(kernel, program, [*call, "booted"], seconds=BOOT_SECONDS + records * SECONDS_EACH, receive=count)
    lines = last_lines(booted.console)
    if booted.status is None:
        raise LiveError(f"{kernel.release}: the recorder did not end: {booted.why}", lines)
    _check_status(booted.status, lines[-1] if lines else "", kernel.release)
    return booted.output


def _check_status(status: int, errors: str, where: str) -> None:
    if status == 128 + signal.SIGALRM:
        raise LiveError(
            f"{where}: a system call of the recorder did not return, so nothing is kept; try another --seed"
        )
    if status:
        raise LiveError(f"{where}: {errors or f'the recorder ended with status {status}'}")


def _recording(output: bytes, records: int, seconds: float) -> Recording:
    try:
        lines = output.decode("utf-8").splitlines()
        parsed: list[dict[str, Any]] = [json.loads(line) for line in lines]
        first = parsed[0]
        kernel, arch, missing = str(first["kernel"]), str(first["arch"]), tuple(map(str, first["missing"]))
    except (ValueError, LookupError, TypeError) as error:
        raise LiveError(f"the recorder's output is not whole: {type(error).__name__}: {error}") from None
    if len(parsed) != records:
        raise LiveError(f"the recorder made {len(parsed)} of {records} records")
    text = "".join(f"{line}\n" for line in lines)
    return Recording(kernel, arch, text, records, missing, str(first.get("subset", "")), seconds)
