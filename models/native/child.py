# SPDX-License-Identifier: GPL-2.0-only
"""A confined child process that runs C nobody vouches for (worker.c, confine.h): started, asked, watched, ended.

The two talk a byte at a time through pipes of their own. What the C writes to its standard output and standard error
goes to a third pipe, and waits there to be shown.
"""

import os
import select
import subprocess
import weakref
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from pte_review.models.child_watch import LOOK_EVERY, Died, Output, Watch, close, died, end_session
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native import confinement
from pte_review.models.native.arena import BYTES, Arena, layout_header
from pte_review.models.native.build import HOME, compiled

READY = b"!"

Look = Callable[[], "str | None"]  # why the child is to be given up, if it is


class Child:
    """A child that has loaded `objects` and shares `arena`. Started when first needed, and again after it died."""

    leave_out = 0  # bits of confinement.PARTS that are not even tried; for tests

    def __init__(self, objects: Sequence[Path], arena: Arena) -> None:
        self.objects, self.arena = tuple(objects), arena
        self._process: subprocess.Popen[bytes] | None = None
        self._to = self._from = -1
        self._outputs: list[Output] = []  # of each process that there was
        self._end: weakref.finalize[..., Child] | None = None

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def start(self) -> None:
        """Start the process and wait until it is ready. Raises TreeError where it cannot be, and Unconfined."""
        lacking = self.greeted()
        try:
            confinement.check(lacking)
        except confinement.Unconfined:
            self.stop()
            raise

    def greeted(self) -> int:
        """Start the process; the bits of confinement.PARTS that it could not have. Raises TreeError."""
        self._start()
        try:
            ready, lacking = self.hear(), self.hear()
        except Died as ended:
            ready, lacking, why = b"", b"", self.printed() or ended.why
        else:
            why = "it answers what no worker does"
        if ready != READY:
            self.stop()
            raise TreeError(f"{(*self.objects, 'worker')[0]}: the compiled object cannot be loaded: {why}")
        return lacking[0] - ord("0")

    def _start(self) -> None:
        program = str(worker_program())
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()
        output = Output()
        self._outputs.append(output)
        numbers = (read_end, write_end, self.arena.fd, BYTES, os.getpid(), self.leave_out)
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [program, *map(str, numbers), *map(str, self.objects)],
                stdin=subprocess.DEVNULL,
                stdout=output.write_end,
                stderr=output.write_end,
                pass_fds=(read_end, write_end, self.arena.fd),
                env={},
                cwd="/",
                start_new_session=True,
            )
        finally:
            close(read_end, write_end, output.write_end)
            ends = (self._to, self._from, output.read_end)
            if self._process is None:
                output.forget()
                close(*ends)
        self._end = weakref.finalize(self, end_session, self._process.pid, os.getpid(), ends, self._process.wait)

    def say(self, what: bytes) -> None:
        """Send a byte. Raises Died."""
        try:
            os.write(self._to, what)
        except BrokenPipeError:
            self._buried()

    def hear(self, look: Look | None = None) -> bytes:
        """The next byte. `look` is called every LOOK_EVERY seconds while there is none. Raises Died."""
        while not select.select([self._from], [], [], LOOK_EVERY)[0]:
            look = look or Watch(self._pid).look
            if why := look():
                self.stop()
                raise Died(why, slow=True)
        if not (answer := os.read(self._from, 1)):
            self._buried()
        return answer

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _buried(self) -> None:
        assert self._process is not None
        status = self._process.wait()
        self.stop()
        raise died(status)

    def printed(self) -> str:
        """What the C wrote to its standard output and error, at most MOST_PRINTED bytes a process."""
        return "".join(output.printed() for output in self._outputs)

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._end is not None:
            self._outputs[-1].forget()
            self._end()
        self._process = self._end = None
        self._to = self._from = -1


def refused_here() -> int:
    """The bits of confinement.PARTS that this kernel refuses. Raises TreeError, and Unconfined unless trusted."""
    lacking = _refused(Child.leave_out)
    confinement.check(lacking)
    return lacking


@lru_cache(maxsize=8)
def _refused(leave_out: int) -> int:
    arena = Arena()
    probe = Child([], arena)
    probe.leave_out = leave_out
    try:
        return probe.greeted()
    finally:
        probe.stop()
        arena.close()


def worker_program() -> Path:
    """The child's program, compiled. Raises TreeError without a compiler."""
    return compiled(layout_header() + (HOME / "worker.c").read_text(encoding="utf-8"), (), "worker.c", shared=False)
