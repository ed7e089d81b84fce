# SPDX-License-Identifier: GPL-2.0-only
"""The memory that a run in C shares with Python: request, reply and event log, all of 64-bit words.

run.c has the other half. Offsets are in words. The request begins with REQUEST_WORDS words, its folios and entries
follow; the reply with REPLY_WORDS, both tables follow. An event is its name's number and seven arguments, of which
the last is the line.
"""

import mmap
import os
import re
import weakref
from array import array
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.machine.state import Machine
from pte_review.models.scenario import Scenario

WORD = 8
REQUEST_AT, REPLY_AT, CHANGES_AT, EVENTS_AT = 0, 1 << 16, 1 << 17, 1 << 18
REQUEST_WORDS, REPLY_WORDS, EVENT_WORDS = 16, 8, 8
MOST_EVENTS = 1 << 20
BYTES = (EVENTS_AT + EVENT_WORDS * MOST_EVENTS) * WORD  # of which only what is used takes memory

CPU = 14  # of the request: where its child is to run
ENDED, RETURNED, LINE, PTEP, VARIABLE, EVENTS = range(6)  # of the reply
# How a run ended: enum pr_ending of machine.h.
ENDINGS = ("returned", "table-overrun", "no-progress", "unassigned-read", "bug")
# What a local holds before it is assigned. POISONED: an entry also at the top of each pass that should assign it.
POISONED, ZERO, PATTERN, POISONED_ONCE = range(4)


@lru_cache(maxsize=1)
def event_names() -> tuple[str, ...]:
    """The names of events by number: PR_EVENTS of events.h."""
    text = (Path(__file__).parent / "include" / "events.h").read_text(encoding="utf-8")
    block = text[text.index("#define PR_EVENTS") : text.index("#define PR_NAMED")]
    return tuple(re.findall(r"\be\((\w+)\)", block))


def request(scenario: Scenario, stack: int = POISONED) -> bytes:
    """The request for one run of `scenario`."""
    config, vma = scenario.config, scenario.vma
    seen = (vma.vm_file, vma.anon_vma, vma.pfnmap, vma.mixedmap, vma.shadow_stack, vma.uffd, vma.uffd_event_remap)
    flags = (
        scenario.split_ptlocks,
        scenario.old_maps,
        scenario.new_maps,
        scenario.need_rmap_locks,
        config.debug_vm,
        config.shstk,
        config.page_table_check,
        config.page_table_check_skips_special,
    )
    words = [
        scenario.old_addr,
        scenario.new_addr,
        scenario.extent,
        config.ptrs_per_pte,
        config.cont_ptes,
        sum(1 << i for i, bit in enumerate(seen) if bit),
        sum(1 << i for i, bit in enumerate(flags) if bit),
        config.zero_pfn,
        config.highest_memmap_pfn,
        min(Machine.passes_for(scenario), MOST_EVENTS),
        stack,
        len(scenario.folios),
        len(scenario.old_table),
        len(scenario.new_table),
    ]
    words += [0] * (REQUEST_WORDS - len(words))
    for folio in scenario.folios:
        words += (folio.pfn, folio.order, folio.anon)
    for table in (scenario.old_table, scenario.new_table):
        for entry in table:
            words += entry
    return array("Q", words).tobytes()


class Arena:
    """One arena. `fd` is what another process maps."""

    def __init__(self) -> None:
        if not hasattr(os, "memfd_create"):
            raise TreeError("kernel text runs on Linux only: it takes memory that processes share by memfd_create()")
        self.fd = os.memfd_create("pte-review")
        os.ftruncate(self.fd, BYTES)
        self.map = mmap.mmap(self.fd, BYTES)
        self.words = memoryview(self.map).cast("Q")
        self._close = weakref.finalize(self, os.close, self.fd)

    def put(self, what: bytes) -> None:
        """Write a request."""
        self.map[: len(what)] = what

    def reply(self, size: int, tables: int) -> list[int]:
        """The reply: REPLY_WORDS words, then `tables` tables of `size` entries."""
        return self.words[REPLY_AT : REPLY_AT + REPLY_WORDS + tables * size].tolist()

    def events(self, first: int, end: int) -> list[int]:
        """The events from number `first` to before `end`, EVENT_WORDS words each."""
        return self.words[EVENTS_AT + EVENT_WORDS * first : EVENTS_AT + EVENT_WORDS * end].tolist()

    def close(self) -> None:
        """Give the memory back."""
        self.words.release()
        self.map.close()
        self._close()
