# SPDX-License-Identifier: GPL-2.0-only
"""How a process ends that could not do what it was asked for. None of these statuses says anything of a version."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress

from pte_review.harness.printable import printable

OUR_MISTAKE = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT
NOBODY_READS = 141  # 128 + SIGPIPE
WRONG = 2
MOST_SHOWN = 300  # characters of an error


def ended_well(work: Callable[[], int]) -> int:
    """The status of `work`, its output flushed; or, with what went wrong on stderr, the status that says so."""
    try:
        status = work()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a caller may have closed it
                stream.flush()
    except BrokenPipeError:
        _discard_output()
        return NOBODY_READS
    except OSError as error:
        _discard_output()
        _say(f"pte-review: output: {error.strerror or error}")
        return WRONG
    except KeyboardInterrupt:
        _say("pte-review: interrupted")
        return INTERRUPTED
    except BaseException as error:  # also SystemExit: an exit status of a stranger says nothing
        _say(f"pte-review: {our_mistake(error)}")
        return OUR_MISTAKE
    return status


def our_mistake(error: BaseException) -> str:
    """What is said of an error that nobody foresaw, on one line; its traceback goes to a file."""
    what = printable(" ".join(f"{type(error).__name__}: {error}".split())[:MOST_SHOWN])
    try:
        handle, name = tempfile.mkstemp(prefix="pte-review-mistake-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join([f"{sys.argv}\n", *traceback.format_exception(error)]))
    except OSError:
        return f"a mistake of pte-review itself, please report it: {what}"
    return f"a mistake of pte-review itself, please report it with {name}: {what}"


def _say(text: str) -> None:
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201  # click may be what failed


def _discard_output() -> None:
    """Point stdout at nothing, so that the interpreter does not fail in its own last flush."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
