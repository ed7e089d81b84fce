# SPDX-License-Identifier: GPL-2.0-only
"""The memory that a run in C shares with Python: request, reply and event log, all of 64-bit words.

The names below are the one table of offsets: layout_header() makes C constants of them, which stand in front of
everything that is compiled. A request is REQUEST words, then VMAs, tables, ranges, the call's own words, folios (PFN,
order, anon, facts), ranges of AnonExclusive page frames (first, end), the entries of each table (index, raw value) and
the accesses at which others act (ptep, whether only changes count, which of them). A reply is REPLY words, then all
tables. An event is its name's number and seven arguments, of which the last is the line.
"""

import mmap
import os
import re
import weakref
from array import array
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pte_review.models.actions import ANCHORS, CHANGE, WAITING
from pte_review.models.arch.word import PteWords
from pte_review.models.config import Config
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.machine.state import Machine
from pte_review.models.native.binding import Binding
from pte_review.models.outcome import AT_UNLOCK, FLUSH_TIMES
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import MOST_MMS, MOST_RANGES, MOST_TABLES
from pte_review.models.vma import VM_FLAG_BITS, Vma

WORD = 8
AREAS = {"REQUEST_AT": 0, "REPLY_AT": 1 << 16, "CHANGES_AT": 1 << 17, "EVENTS_AT": 1 << 18}  # offsets in words
LAYOUT = {
    "REQ": (
        "SIZE", "CONT_PTES", "CONFIG", "ZERO_PFN", "HIGHEST_PFN", "LIMIT", "STACK", "FLUSHED", "NO_BREACH", "CPU",
        "VMAS", "TABLES", "RANGES", "CALL", "FOLIOS", "EXCLUSIVE",
        "SINGLE_THREADED", "ASKS", "WATCHED",
    ),
    "VMA": ("VM_FLAGS", "PAGE_PROT", "HAS", "MM"),
    "TABLE": ("BASE", "LOCK", "MAPS", "VMA", "ENTRIES"),
    "RANGE": ("TABLE", "FIRST", "NR"),
    "WATCHED": ("PTEP", "CHANGES", "LEFT"),
    "REP": ("ENDED", "RETURNED", "LINE", "PTEP", "VARIABLE", "EVENTS"),
}  # fmt: skip
ASKS = ("FIRST", "LOCK", "UNLOCK")  # bits of the request's ASKS: the first event, each lock, each unlock
# What C asks of a config by pr_config(), by the fields of Config.
CONFIG_BITS = {
    "DEBUG_VM": "debug_vm",
    "SHSTK": "shstk",
    "PAGE_TABLE_CHECK": "page_table_check",
    "SKIPS_SPECIAL": "page_table_check_skips_special",
    "BBML": "bbml2_noabort",
    "ERRATUM_2645198": "erratum_2645198",
    "NUMA_NORMAL": "numa_normal",
}
MOST_BARE_ENTRIES = 64  # of a page table, where no log is kept
CONSTANTS = {
    "MOST_ENTRIES": MOST_BARE_ENTRIES,
    "MOST_TABLES": MOST_TABLES,
    "MOST_RANGES": MOST_RANGES,
    "MOST_MMS": MOST_MMS,
}

REPLY_AT, REQUEST_AT, CHANGES_AT, EVENTS_AT = (
    AREAS[f"{name}_AT"] for name in ("REPLY", "REQUEST", "CHANGES", "EVENTS")
)
REPLY_WORDS, EVENT_WORDS = len(LAYOUT["REP"]), 8
CPU = LAYOUT["REQ"].index("CPU")  # where its child is to run
ENDED, RETURNED, LINE, PTEP, VARIABLE, EVENTS = range(REPLY_WORDS)
MOST_EVENTS = 1 << 20
BYTES = (EVENTS_AT + EVENT_WORDS * MOST_EVENTS) * WORD  # of which only what is used takes memory

# How a run ended: enum pr_ending of machine.h.
ENDINGS = ("returned", "table-overrun", "no-progress", "unassigned-read", "bug")
# What a local holds before it is assigned. POISONED: an entry also at the top of each pass that should assign it.
POISONED, ZERO, PATTERN, POISONED_ONCE = range(4)


def layout_header() -> str:
    """C constants for everything in this file: PR_REQUEST_AT, PR_REQ_SIZE, PR_REQ_WORDS, PR_MOST_TABLES, ..."""
    named = {**AREAS, **CONSTANTS}
    lines = [f"#define PR_{name} {value}\n" for name, value in named.items()]
    for group, names in LAYOUT.items():
        lines.append(f"enum {{ {', '.join(f'PR_{group}_{name}' for name in names)}, PR_{group}_WORDS }};\n")
    lines.append(f"enum {{ {', '.join(f'PR_ASK_{name} = {1 << bit}' for bit, name in enumerate(ASKS))} }};\n")
    times = (f"PR_{name.replace('-', '_').upper()}" for name in FLUSH_TIMES)
    lines.append(f"enum {{ {', '.join(times)} }};\n")
    lines += (f"#define PR_CONFIG_{name} (1UL << {bit})\n" for bit, name in enumerate(CONFIG_BITS))
    for name, bit in VM_FLAG_BITS.items():
        lines.append(f"#define VMA_{name}_BIT {bit}\n#define VM_{name} (1UL << {bit})\n")
    return "".join(lines)


@lru_cache(maxsize=1)
def event_names() -> tuple[str, ...]:
    """The names of events by number: PR_EVENTS of events.h."""
    text = (Path(__file__).parent / "include" / "events.h").read_text(encoding="utf-8")
    block = text[text.index("#define PR_EVENTS") : text.index("#define PR_NAMED")]
    return tuple(re.findall(r"\be\((\w+)\)", block))


@lru_cache(maxsize=1)
def wrong_names() -> tuple[str, ...]:
    """The names of what a bare run can do wrong, by bit: enum pr_wrong_how of machine.h."""
    text = (Path(__file__).parent / "include" / "machine.h").read_text(encoding="utf-8")
    block = text[text.index("enum pr_wrong_how") : text.index("};", text.index("enum pr_wrong_how"))]
    return tuple(re.findall(r"^\s*(PR_\w+),", block, re.MULTILINE))


def request(
    scenario: Scenario,
    binding: Binding,
    stack: int = POISONED,
    flushed: str = AT_UNLOCK,
    no_breach: Iterable[str] = (),
) -> bytes:
    """The request for one run of `scenario`.

    What a bare run, without a log, judges itself: `flushed` is of FLUSH_TIMES, `no_breach` are names of wrong_names().
    """
    config, call = scenario.config, binding.words(scenario)
    exclusive = [(f.pfn + first, f.pfn + end) for f in scenario.folios for first, end in f.exclusive]
    watched = watched_by(scenario)
    head = {
        "SIZE": config.ptrs_per_pte,
        "CONT_PTES": config.cont_ptes,
        "CONFIG": config_bits(config),
        "ZERO_PFN": config.zero_pfn,
        "HIGHEST_PFN": config.highest_memmap_pfn,
        "LIMIT": min(Machine.passes_for(scenario), MOST_EVENTS),
        "STACK": stack,
        "FLUSHED": FLUSH_TIMES.index(flushed),
        "NO_BREACH": sum(1 << wrong_names().index(name) for name in no_breach),
        "CPU": 0,
        "VMAS": len(scenario.vmas),
        "TABLES": len(scenario.tables),
        "RANGES": len(scenario.ranges),
        "CALL": len(call),
        "FOLIOS": len(scenario.folios),
        "EXCLUSIVE": len(exclusive),
        "SINGLE_THREADED": scenario.call.single_threaded,
        "ASKS": asks_of(scenario),
        "WATCHED": len(watched),
    }
    words = [head[name] for name in LAYOUT["REQ"]]
    for vma in map(scenario.call.seen, scenario.vmas):
        words += _vma_words(vma, scenario.words)
    for table in scenario.tables:
        words += (table.base, table.lock & (1 << 64) - 1, table.maps, table.vma, len(table.entries))
    for where in scenario.ranges:
        words += (where.table, where.first, where.nr)
    words += call
    for folio in scenario.folios:
        words += (folio.pfn, folio.order, folio.anon, _facts(folio))
    for pages in exclusive:
        words += pages
    for table in scenario.tables:
        for entry in table.entries:
            words += entry
    for access in watched:
        words += access
    return array("Q", words).tobytes()


@lru_cache(maxsize=1 << 12)  # few different VMAs are drawn
def _vma_words(vma: Vma, words: PteWords) -> tuple[int, int, int, int]:
    has = (vma.vm_file, vma.anon_vma, vma.uffd, vma.uffd_event_remap, vma.uffd_wp_unpopulated)
    return vma.vm_flags(rwp=words.config.uffd_rwp), words.vm_page_prot(vma), _bits(has), vma.vm_mm


def watched_by(scenario: Scenario) -> list[tuple[int, bool, int]]:
    """The accesses before which others act: ptep, whether it is among the changes, which of them it is, from 1."""
    anchors = {action.when for action in scenario.actions if action.when.phase in ANCHORS}
    places = scenario.places
    return sorted(
        (places.slot_at(when.range, when.slot), when.phase == CHANGE, min(when.nth, MOST_EVENTS + 1))
        for when in anchors
    )


def asks_of(scenario: Scenario) -> int:
    """At which other events others may act, by bit of ASKS. An actor that waits acts when a lock is dropped."""
    phases = {action.when.phase for action in scenario.actions}
    waits = any(action.actor in WAITING for action in scenario.actions)
    first, lock = "call" in phases, bool(phases & {"locking", "locked"})
    return _bits((first, lock, waits or bool(phases & {"unlocking", "unlocked"})))


def config_bits(config: Config) -> int:
    """The bits of CONFIG_BITS that `config` has."""
    return _bits(tuple(getattr(config, field) for field in CONFIG_BITS.values()))


def _facts(folio: Folio) -> int:
    """enum pr_folio_fact of folios.h, and the memory node above it."""
    facts = (bool(folio.shared), folio.ksm, folio.pinned, folio.dirty, folio.device)
    return _bits(facts) | folio.nid << 8


def _bits(flags: tuple[bool, ...]) -> int:
    return sum(1 << i for i, flag in enumerate(flags) if flag)


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

    def put(self, request_bytes: bytes) -> None:
        """Write a request."""
        self.map[: len(request_bytes)] = request_bytes

    def reply(self, size: int, tables: int) -> "array[int]":
        """The reply: REPLY_WORDS words, then `tables` tables of `size` entries."""
        return array("Q", self.words[REPLY_AT : REPLY_AT + REPLY_WORDS + tables * size].tobytes())

    def events(self, first: int, end: int) -> "array[int]":
        """The events from number `first` to before `end`, EVENT_WORDS words each."""
        return array("Q", self.words[EVENTS_AT + EVENT_WORDS * first : EVENTS_AT + EVENT_WORDS * end].tobytes())

    def close(self) -> None:
        """Give the memory back."""
        self.words.release()
        self.map.close()
        self._close()
