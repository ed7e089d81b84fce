# SPDX-License-Identifier: GPL-2.0-only
"""A running QEMU: started with limits, watched through the files that the guest writes, ended with all its children."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_OUTPUT = 256 << 20  # bytes of each file that the guest fills
MOST_CONSOLE = 1 << 20
PIECE = 1 << 20  # bytes of output that are passed on at once
GRACE = 10  # seconds after which QEMU ends even if this process was killed
FILES = ("console", "status", "output")  # what the guest fills
STARTED = "started "  # init.c writes it to the file `status`
ERRORS = "errors"  # what QEMU says itself

# What holds even if this process is killed: a bound on each file that is written, in blocks of 512 bytes; and QEMU and
# the folder are gone when standard input ends, which is a pipe from here.
BOUNDS = """
ulimit -f "$1"; folder=$2; shift 2; exec 3<&0
"$@" 3<&- </dev/null & qemu=$!
{ read -r _ <&3; kill -KILL $qemu; rm -rf "$folder"; } &
exec 3<&-; wait $qemu
"""

Receive = Callable[[bytes], None]  # a piece of the program's output, as it comes


class Emulation:
    """A run of QEMU with its files in `folder`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], receive: Receive) -> None:
        self.folder, self._process, self._receive = folder, process, receive
        self._began = time.monotonic()
        self._taken = 0  # bytes of the output
        self.userspace = 0.0  # seconds until the program was started, once it is

    @property
    def ended(self) -> bool:
        """Whether QEMU has ended."""
        return self._process.poll() is not None

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    @property
    def too_much(self) -> bool:
        """Whether a file has reached its bound, which ends QEMU."""
        return any((self.folder / name).stat().st_size >= MOST_OUTPUT for name in FILES)

    def text(self, name: str) -> str:
        """The end of one of the files."""
        with (self.folder / name).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_CONSOLE))
            return file.read().decode("utf-8", "replace").replace("\r\n", "\n")

    def look(self) -> None:
        """Pass on the output that has come."""
        if not self.userspace and STARTED in self.text("status"):
            self.userspace = self.seconds
        with (self.folder / "output").open("rb") as file:
            file.seek(self._taken)
            while (data := file.read(PIECE)) and self._taken < MOST_OUTPUT:
                self._taken += len(data)
                self._receive(data)


@contextmanager
def running(command: list[str], folder: Path, seconds: float, receive: Receive) -> Iterator[Emulation]:
    """QEMU, until the block ends: then it is killed with all that it started."""
    for name in FILES:
        (folder / name).write_bytes(b"")
    bounded = ["timeout", "--signal=KILL", f"{seconds + GRACE:.0f}", "sh", "-c", BOUNDS]
    bounded += ["sh", str(MOST_OUTPUT // 512), str(folder)]
    with (folder / ERRORS).open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  # QEMU, with the options of qemu.py
            [*bounded, *command], stdin=subprocess.PIPE, stdout=errors, stderr=errors, start_new_session=True
        )
    try:
        yield Emulation(folder, process, receive)
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()  # closes the pipe
