# SPDX-License-Identifier: GPL-2.0-only
"""A child process that runs C nobody vouches for: a crash of it is an outcome, and the next run gets a new one."""

import ctypes
import os
import select
import signal
import subprocess
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.tree import TreeError
from pte_review.models.native.arena import BYTES, CHANGES_AT, CPU, EVENTS, REPLY_AT, REQUEST_AT, Arena, layout_header
from pte_review.models.native.build import HOME, compiled
from pte_review.models.watchdog import CPU_SECONDS

Ask = Callable[[int, int], tuple[int, list[tuple[int, int]]]]
DONE, ASKS, READY = b".", b"?", b"!"
NO_CPU = (1 << 32) - 1
WAIT = 20 * CPU_SECONDS  # for a run that does nothing, on a machine that does much


class Died(Exception):  # the end of a child, no error of ours
    """The child is gone: `signal` names why. `slow`: it used up its time and was killed."""

    def __init__(self, name: str, *, slow: bool = False) -> None:
        self.signal, self.slow = name, slow
        super().__init__(name)


class Worker:
    """One child with `arena` and the shared object at `path`. Started when first needed, and again after it died."""

    def __init__(self, path: Path, arena: Arena) -> None:
        self.path, self.arena = path, arena
        self._child: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., Worker] | None = None

    def run(self, what: bytes, ask: Ask | None = None) -> None:
        """Run request `what`; the reply is in the arena. Raises Died.

        `ask(first, end)` is called before each event at which others may act, with the numbers of the events that are
        new; it returns the value that the access finds and the entries that others have changed, by number.
        """
        child = self._child or self._start()
        self.arena.put(what)
        try:
            with _on_one_cpu() as cpu:
                self.arena.words[REQUEST_AT + CPU] = cpu
                self._converse(child, ask)
        except BaseException:  # it may be in the middle of a run: the next one gets another
            self.stop()
            raise

    def _converse(self, child: subprocess.Popen[bytes], ask: Ask | None) -> None:
        events_seen = 0
        self._write(child, b"a" if ask else b"r")
        while (answer := self._read(child)) != DONE:
            assert answer == ASKS, f"the worker said {answer!r}"
            count = self.arena.words[REPLY_AT + EVENTS]
            assert ask is not None, "the worker asks and nobody answers"
            value, changes = ask(events_seen, count)
            events_seen = count
            words = [value, len(changes), *(word for change in changes for word in change)]
            for i, word in enumerate(words):
                self.arena.words[CHANGES_AT + i] = word
            self._write(child, b"g")

    def _start(self) -> subprocess.Popen[bytes]:
        program = worker_program()
        command = [str(program), str(self.path), str(self.arena.fd), str(BYTES), str(CPU_SECONDS)]
        child = subprocess.Popen(  # noqa: S603  # our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(self.arena.fd,), bufsize=0
        )
        self._child = child
        self._end = weakref.finalize(self, _kill, child, os.getpid())
        try:
            ready = self._read(child) == READY
        except Died:
            ready = False
        if not ready:
            raise TreeError(f"{self.path}: the compiled object cannot be loaded")
        return child

    def _write(self, child: subprocess.Popen[bytes], what: bytes) -> None:
        assert child.stdin is not None
        try:
            os.write(child.stdin.fileno(), what)
        except BrokenPipeError:
            self._buried(child)

    def _read(self, child: subprocess.Popen[bytes]) -> bytes:
        assert child.stdout is not None
        handle = child.stdout.fileno()
        if not select.select([handle], [], [], WAIT)[0]:
            self.stop()
            raise Died(f"{WAIT} seconds", slow=True)
        if not (answer := os.read(handle, 1)):
            self._buried(child)
        return answer

    def _buried(self, child: subprocess.Popen[bytes]) -> None:
        status = child.wait()
        self.stop()
        if status == -signal.SIGPROF:
            raise Died(f"{CPU_SECONDS} seconds of CPU time", slow=True)
        name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        raise Died(name)

    def stop(self) -> None:
        """End the child, if there is one."""
        if self._end is not None:
            self._end()
        self._child = self._end = None


@lru_cache(maxsize=1)
def _sched_getcpu() -> Callable[[], int]:
    function: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
    return function


@contextmanager
def _on_one_cpu() -> Iterator[int]:
    """Stay on the CPU that this thread is on, where the child comes too: its number, or NO_CPU where that cannot be.

    The two wait for each other all the time; to wake somebody up on another CPU takes longer than a run.
    """
    allowed, cpu = os.sched_getaffinity(0), _sched_getcpu()()
    try:
        os.sched_setaffinity(0, {cpu})
    except OSError:
        yield NO_CPU
        return
    try:
        yield cpu
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)


def _kill(child: subprocess.Popen[bytes], parent: int) -> None:
    """End `child`, unless this is a fork of its `parent`."""
    if os.getpid() != parent:
        return
    with suppress(OSError):
        child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def worker_program() -> Path:
    """The child's program, compiled. Raises TreeError without a compiler."""
    return compiled(layout_header() + (HOME / "worker.c").read_text(encoding="utf-8"), (), "worker.c", shared=False)
