# SPDX-License-Identifier: GPL-2.0-only
"""A compiled tree in this process, by cffi: for trusted text and for figures. What is reviewed runs in a child."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pte_review.models.child_watch import Died
from pte_review.models.kernel_tree.extras import needed
from pte_review.models.native.arena import EVENTS_AT, REPLY_AT, WORD, Arena

DECLARED = "int pr_run(const uint64_t *, uint64_t *, void *, void *);"


@lru_cache(maxsize=8)
def ffi_of(declared: str) -> Any:
    """A cffi.FFI() that knows the C declarations `declared`. Raises TreeError without the package."""
    (cffi,) = needed("cffi")
    ffi = cffi.FFI()
    ffi.cdef(declared)
    return ffi


class Library:
    """The shared object at `path` with `arena`, loaded in ABI mode."""

    def __init__(self, path: Path, arena: Arena) -> None:
        ffi = ffi_of(DECLARED)
        self._run = ffi.dlopen(str(path)).pr_run
        self.arena = arena
        self._memory = ffi.from_buffer(arena.map)  # keeps it mapped
        words = ffi.cast("uint64_t *", self._memory)
        self._arguments = words, words + REPLY_AT, ffi.cast("void *", self._memory + EVENTS_AT * WORD), ffi.NULL

    def run(self, what: bytes) -> None:
        """Run request `what`; the reply and the events are in the arena. Raises Died without memory for the tables."""
        self.arena.map[: len(what)] = what
        if self._run(*self._arguments):
            raise Died("no memory")
