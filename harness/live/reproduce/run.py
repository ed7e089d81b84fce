# SPDX-License-Identifier: GPL-2.0-only
"""Runs reproducers in a guest with a kernel of the user's choice, or on this machine."""

import fcntl
import os
import platform
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.live.boot import boot
from pte_review.harness.live.build import static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage, host_arch
from pte_review.harness.progress import Listen, silent

HOST = "host"
SETTINGS = Path("/sys/kernel/mm/transparent_hugepage")
SECONDS = 60.0  # for boot and program together
OPTIONS = ("-U_GNU_SOURCE", "-Wextra")  # the program defines it
# Exit statuses of kselftest, as far as a reproducer has them.
PASS, FAIL, SKIP = 0, 1, 4
WORDS: Mapping[int | None, str] = {PASS: "not shown", FAIL: "SHOWN", SKIP: "state not reached"}
SKIPPED = "# SKIP state not reached: "


@dataclass(frozen=True)
class Answer:
    """What a reproducer said on one kernel. `status` is its exit status; None if it never ended."""

    kernel: str
    status: int | None
    output: str
    seconds: float
    why: str = ""  # it never ended, and the last lines of the console

    @property
    def line(self) -> str:
        """The answer on one line."""
        reason = next((line.partition(SKIPPED)[2] for line in self.output.splitlines() if SKIPPED in line), self.why)
        word = WORDS.get(self.status, f"no answer (exit status {self.status})" if self.status else "no answer")
        return f"{self.kernel}: {word}{f': {reason}' if reason else ''} ({self.seconds:.1f} s)"


def program_of(text: str, arch: str) -> Path:
    """The static program of a reproducer. Raises LiveError."""
    with tempfile.TemporaryDirectory(prefix="pte-review-reproduce-") as folder:
        source = Path(folder) / "reproducer.c"
        source.write_text(text, encoding="ascii")
        return static_program([source], arch, options=OPTIONS)


def on_kernel(kernel: KernelImage, text: str, listen: Listen = silent) -> Answer:
    """Boot `kernel`, run the reproducer `text` there as root. Raises LiveError if that cannot be tried."""
    booted = boot(kernel, program_of(text, kernel.arch), seconds=SECONDS, listen=listen)
    output = booted.output.decode("ascii", "backslashreplace")
    return Answer(f"{kernel.release} {kernel.arch}", booted.status, output, booted.seconds, booted.why)


def on_host(arch: str, text: str) -> Answer:
    """Run the reproducer here, with the rights of the caller. Raises LiveError if that cannot be tried."""
    if host_arch() != arch:
        raise LiveError(f"--on {HOST}: this machine is {platform.machine()}, the counterexample is of {arch}")
    program = program_of(text, arch)
    with _alone(), tempfile.TemporaryDirectory(prefix="pte-review-reproduce-") as folder:
        began = time.monotonic()
        status, output = _run(program, folder)
        seconds = time.monotonic() - began
    why = "" if status is not None else f"still running after {SECONDS:g} seconds"
    return Answer(f"{platform.release()} {arch} (this machine)", status, output, seconds, why)


@contextmanager
def _alone() -> Iterator[None]:
    """One reproducer at a time on this machine: what sizes of folios page faults make is a setting of all of it."""
    if not SETTINGS.is_dir():
        yield
        return
    folder = os.open(SETTINGS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _run(program: Path, folder: str) -> tuple[int | None, str]:
    """The exit status, negative for a signal, and stdout. What it starts ends with it."""
    process = subprocess.Popen(  # noqa: S603  # our own program
        [program], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=SECONDS)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        output, status = b"", None
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return status, output.decode("ascii", "backslashreplace")
