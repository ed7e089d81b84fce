# SPDX-License-Identifier: GPL-2.0-only
"""A forked process that imports and runs a port of somebody's: what it does to Python, it does to itself.

Requests are pickled, as the asking side is trusted; answers are JSON, looked at before anything is made of them.
"""

import gc
import json
import os
import pickle
import resource
import select
import signal
import struct
import sys
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pte_review.models.child_watch import LOOK_EVERY, Died, Output, Watch, close, died, end_session
from pte_review.models.session import end_with

LENGTH = struct.Struct("<I")
MOST_ANSWER = 64 << 20  # bytes
MEMORY = 2 << 30  # bytes that it may use beside what it starts with

Serve = Callable[[Callable[[Any], None], Callable[[], Any]], None]  # is given how to put an answer, to take a request


class PortProcess:
    """One process that answers requests with what `serve` makes of them in it."""

    def __init__(self, serve: Serve) -> None:
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()
        self._output = Output()
        os.set_blocking(self._to, False)
        parent = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads: nothing of theirs is used
            self.pid = os.fork()
        if self.pid == 0:
            _be_the_child(parent, read_end, write_end, self._output.write_end, serve)
        close(read_end, write_end, self._output.write_end)
        ends = (self._to, self._from, self._output.read_end)
        self._end = weakref.finalize(self, end_session, self.pid, parent, ends, partial(os.waitpid, self.pid, 0))

    def ask(self, request: object) -> None:
        """Send a request. Raises Died."""
        data = pickle.dumps(request, pickle.HIGHEST_PROTOCOL)
        rest, watch = memoryview(LENGTH.pack(len(data)) + data), Watch(self.pid)
        while rest:
            _, writable, _ = select.select([], [self._to], [], LOOK_EVERY)
            if writable:
                try:
                    rest = rest[os.write(self._to, rest) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    self._buried()
            elif why := watch.look():
                self.stop()
                raise Died(why, slow=True)

    def answer(self) -> Any:
        """The next answer. Raises Died, also for what is no JSON."""
        watch = Watch(self.pid)
        (length,) = LENGTH.unpack(self._read(LENGTH.size, watch))
        if length > MOST_ANSWER:
            self.stop()
            raise Died("an answer too large to be one")
        try:
            return json.loads(self._read(length, watch))
        except (ValueError, RecursionError):
            self.stop()
            raise Died("an answer that is none") from None

    def _read(self, size: int, watch: Watch) -> bytes:
        data = b""
        while len(data) < size:
            if not select.select([self._from], [], [], LOOK_EVERY)[0]:
                if why := watch.look():
                    self.stop()
                    raise Died(why, slow=True)
                continue
            if not (more := os.read(self._from, size - len(data))):
                self._buried()
            data += more
        return data

    def _buried(self) -> None:
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:  # the user's program ignores SIGCHLD
            self.stop()
            raise Died("gone") from None
        self.stop()
        raise died(os.waitstatus_to_exitcode(status))

    def printed(self) -> str:
        """What it wrote to its standard output and error, at most MOST_PRINTED bytes."""
        return self._output.printed()

    def stop(self) -> None:
        """End it."""
        self._output.forget()
        self._end()


# -- in the child


def _be_the_child(parent: int, requests: int, answers: int, output: int, serve: Serve) -> None:
    status = 70
    try:
        _confine(parent, requests, answers, output)

        def put(answer: object) -> None:
            data = json.dumps(answer, separators=(",", ":")).encode()
            rest = memoryview(LENGTH.pack(len(data)) + data)
            while rest:
                rest = rest[os.write(answers, rest) :]

        def take() -> Any:
            head = _exactly(requests, LENGTH.size)
            if head is None:
                return None
            return pickle.loads(_exactly(requests, *LENGTH.unpack(head)) or b"")  # noqa: S301  # the parent's

        serve(put, take)
        status = 0
    finally:
        os._exit(status)


def _exactly(file: int, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        if not (more := os.read(file, size - len(data))):
            return None
        data += more
    return data


def _confine(parent: int, *kept: int) -> None:
    """A session, descriptors and limits of its own; it ends with its parent."""
    os.setsid()
    end_with(parent)
    # The parent's garbage is left to the parent. In Python 3.11 a finalizer that parses, as one that prints a traceback
    # does, makes the ast.parse() inside which it runs raise SystemError.
    gc.freeze()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for stream in (1, 2):
        os.dup2(kept[-1], stream)
    first = 3
    for number in sorted(kept[:-1]):
        os.closerange(first, number)
        first = number + 1
    os.closerange(first, 1 << 16)
    sys.stdin, sys.stdout = open(0), open(1, "w", buffering=1)  # noqa: SIM115  # until the process ends
    sys.stderr = open(2, "w", buffering=1)  # noqa: SIM115  # as above
    sys.dont_write_bytecode = True
    os.environ.clear()
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, _memory())):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def _memory() -> int:
    """Bytes of address space."""
    with suppress(OSError, ValueError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") + MEMORY
    return resource.RLIM_INFINITY
