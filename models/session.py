# SPDX-License-Identifier: GPL-2.0-only
"""A process that ends with the one that started it, where the system can do that (Linux)."""

import ctypes
import os
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h


def end_with(parent: int) -> None:
    """From here on this process ends when the thread that started it does; at once where `parent` is gone already."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
