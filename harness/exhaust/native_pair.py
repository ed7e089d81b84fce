# SPDX-License-Identifier: GPL-2.0-only
"""Two versions in C on every case of a block, at native speed, in a confined child. c/exhaust.c is the child's side."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pte_review.harness.exhaust.answers import MOST_RIGHT
from pte_review.harness.judging.promise import Promise
from pte_review.models.config import Config
from pte_review.models.kernel_tree.tree import TreeError
from pte_review.models.machine.state import FULL
from pte_review.models.native.arena import (
    CHANGES_AT,
    EVENTS_AT,
    MOST_BARE_ENTRIES,
    REPLY_AT,
    WORD,
    Arena,
    config_bits,
    layout_header,
    request,
)
from pte_review.models.native.binding import Binding
from pte_review.models.native.build import compiled
from pte_review.models.native.child import Child, Look
from pte_review.models.native.library import ffi_of
from pte_review.models.native.process import DONE
from pte_review.models.native.tree_version import TreeVersion, defines
from pte_review.models.outcome import FLUSH_TIMES

C = Path(__file__).parent / "c"
MOST_GROUPS = 512
MOST_FREE = 8  # kinds in which right versions may differ
LAST_BITS, ORDER_ALONE = 3, 2  # of a group
CONSTANTS = {
    "MOST_GROUPS": MOST_GROUPS,
    "MOST_RIGHT": MOST_RIGHT,
    "MOST_FREE": MOST_FREE,
    "LAST_BITS": LAST_BITS,
    "ORDER_ALONE": ORDER_ALONE,
}
# Where the arena has what, in words: the block's choices and what is wanted stand at PAIR_AT.
TOTALS_AT, GROUPS_AT, NUMBERS_AT, PARAMETERS_AT = REPLY_AT, REPLY_AT + 64, CHANGES_AT, EVENTS_AT
PARAMETERS = ("WANTED", "ANSWERS", "FIRST", "END", "EXACT", "GROUP", "MOST", "COUNT")
PAIR_AT = PARAMETERS_AT + len(PARAMETERS)
AREAS = {
    "TOTALS_AT": TOTALS_AT,
    "GROUPS_AT": GROUPS_AT,
    "NUMBERS_AT": NUMBERS_AT,
    "PARAMETERS_AT": PARAMETERS_AT,
    "PAIR_AT": PAIR_AT,
}
# Of kernel text: nobody replaces its functions on load, so gcc may inline them, and those that fold and unfold contpte
# blocks are larger than what it inlines by itself. clang does both without being told.
FAST = ("-O3", "-fno-semantic-interposition", "--param=max-inline-insns-auto=200")
PATHS = ("batch", "fold", "unfold", "uffd-wp marker")  # as events.h numbers them
DECLARED = f"""
struct totals {{
    uint64_t at, equal, allowed, shared, differing, changed, groups, dirty, young, cont, paths[{len(PATHS)}],
             free[{MOST_FREE}], asks;
}};
struct group {{ uint64_t group, count, entries, first; }};
"""

Choices = Sequence[tuple[Sequence[int], Sequence[Sequence[int]]]]  # entry indices; all combinations of their values


class DifferenceGroup(NamedTuple):
    """Cases that differ in the same way, which is not surely allowed: how many, and the smallest of them.

    `order_alone`: the two left the same and did nothing wrong, but took locks, mapped or flushed in two orders, the
    same two in every case of the group. What the judge says of one case it says of all.
    """

    order_alone: bool
    cases: int
    entries: int  # of the smallest: those in its table 0 that are not none
    smallest: int


@dataclass(frozen=True)
class Counted:
    """What became of a stretch of cases. Counts are cases, but of `allowed_kinds` entries."""

    equal: int
    allowed: int
    shared: int  # both ended early, in one way
    changed: int  # in which the two did something else to memory, TLB or locks, or in another order
    allowed_kinds: dict[str, int]
    exercised: dict[str, int]
    groups: dict[int, DifferenceGroup]


class CaseCounts:
    """The counts of a run in `arena`, table by table: they outlive a child that dies."""

    def __init__(self, arena: Arena) -> None:
        ffi = _ffi()
        self._memory = ffi.from_buffer(arena.map)
        self.totals = ffi.cast("struct totals *", self._memory + TOTALS_AT * WORD)
        self.groups = ffi.cast("struct group *", self._memory + GROUPS_AT * WORD)

    def forget(self, at: int) -> None:
        """Count from nothing again; the first table is `at`."""
        size = _ffi().sizeof("struct totals")
        _ffi().memmove(self.totals, bytes(size), size)
        self.totals.at = at

    @property
    def at(self) -> int:
        """The table under way, or the last one."""
        return int(self.totals.at)

    @property
    def asks(self) -> bool:
        """Whether the run stopped before case `at` to be told what is right."""
        return bool(self.totals.asks)

    @property
    def full(self) -> bool:
        """Whether there were more groups of difference than it has room for: the counts are not whole."""
        return bool(self.totals.groups > MOST_GROUPS)

    def counted(self, free: Sequence[str]) -> Counted:
        """What has been counted. `free` are the kinds in which right versions may differ, by number."""
        kept = self.totals
        allowed = {"cont": kept.cont, "dirty-gained": kept.dirty, "young-gained": kept.young}
        allowed |= dict(zip(free, kept.free, strict=False))
        return Counted(
            int(kept.equal),
            int(kept.allowed),
            int(kept.shared),
            int(kept.changed),
            {kind: int(count) for kind, count in allowed.items() if count},
            {path: int(count) for path, count in zip(PATHS, kept.paths, strict=True) if count},
            {int(g.group): _group(g) for g in self.groups[0 : kept.groups]},
        )


def _group(group: Any) -> DifferenceGroup:
    """A struct group."""
    order_alone = int(group.group) & LAST_BITS == ORDER_ALONE
    return DifferenceGroup(order_alone, int(group.count), int(group.entries), int(group.first))


def _ffi() -> Any:
    return ffi_of(DECLARED)


def prepare() -> None:
    """Compile and load what every pair needs. Raises TreeError where that cannot be."""
    _ffi()
    driver_object()


@lru_cache(maxsize=64)
def bare_object(version: TreeVersion, side: int, arch: str, config: Config, flushed: str) -> Path:
    """`version` compiled for speed, without events, for what does not vary: sizes, options, when to flush.

    `flushed` is of FLUSH_TIMES. Raises TreeError.
    Each side of a pair is an object of its own, with memory of its own, also where both are the same text.
    """
    sizes = (f"PR_SIZE={config.ptrs_per_pte}UL", f"CONT_PTES={config.cont_ptes}")
    constants = (
        "PR_BARE=1",
        f"PR_SIDE={side}",
        f"PR_FLUSHED={FLUSH_TIMES.index(flushed)}",
        *sizes,
        f"PR_CONFIG={config_bits(config)}UL",
    )
    options = (*defines(arch, config), *constants)
    return compiled(version.unit(arch).text, options, version.label, optimised=FAST)


@lru_cache(maxsize=1)
def driver_object() -> Path:
    """What drives both sides of a pair, compiled. Raises TreeError."""
    names = [f"PR_PAR_{name}" for name in PARAMETERS] + [f"{name} = {value}" for name, value in CONSTANTS.items()]
    layout = "".join(f"#define PR_{name} {at}\n" for name, at in AREAS.items()) + f"enum {{ {', '.join(names)} }};\n"
    text = layout_header() + layout + (C / "exhaust.c").read_text(encoding="utf-8")
    return compiled(text, (), "exhaust.c", optimised=["-O3"], includes=C)


class Pair:
    """Two versions in a confined child, which runs them on the cases of one block after another."""

    def __init__(self, binding: Binding, objects: Sequence[Path], arena: Arena) -> None:
        self.binding, self.objects, self.arena = binding, tuple(objects), arena
        self.child = Child(objects, arena)
        self._behind = 0  # where the arena has room behind the block, in words

    def load(self, promise: Promise, choices: Choices) -> None:
        """Take the block of the template that `promise` is of. Raises Died, and TreeError.

        The template's table 0 has entries that `choices` fill: what the promise says of the ranges and of the machine's
        records holds for every case.
        """
        template = promise.scenario
        size, words = template.config.ptrs_per_pte, array("Q", [len(choices)])
        for indices, values in choices:
            words.extend([len(indices), len(values), *indices])
            words.extend(chain.from_iterable(values))
        wanted_at = len(words)
        for table in range(len(template.tables)):
            origins = (promise.comes_from(table, entry) for entry in range(size))
            words.extend(0 if origin is None else 1 + origin[0] * MOST_BARE_ENTRIES + origin[1] for origin in origins)
        no_breach = [] if FULL in promise.forbidden_facts else ["PR_FULL"]
        no_breach += [] if promise.cont_on_invalid_forbidden else ["PR_CONT_INVALID"]
        if not self.child.runs:
            self.child.start()
        self.arena.put(request(template, self.binding, flushed=promise.flushed, no_breach=no_breach))
        self.arena.words[PAIR_AT : PAIR_AT + len(words)] = memoryview(words)
        self._behind = PAIR_AT + len(words)
        self._do(b"b", WANTED=wanted_at)

    def answer(self, words: "array[int]") -> None:
        """Say what is right in the block, as answers.py has it. Raises Died."""
        self.arena.words[self._behind : self._behind + len(words)] = memoryview(words)
        self._do(b"a", ANSWERS=self._behind - PAIR_AT)

    def run(self, first: int, end: int, *, exact: bool, look: Look | None = None) -> None:
        """Run cases [first, end) of the block and add what comes of them to the counts in the arena. Raises Died."""
        self._do(b"x", look, FIRST=first, END=end, EXACT=exact)

    def of_group(self, first: int, end: int, group: int, most: int, *, exact: bool) -> list[int]:
        """The numbers of at most `most` cases of `group`, from case `first` on, before `end`. Raises Died."""
        self._do(b"g", FIRST=first, END=end, EXACT=exact, GROUP=group, MOST=most)
        count = min(self.arena.words[PARAMETERS_AT + PARAMETERS.index("COUNT")], most)
        return self.arena.words[NUMBERS_AT : NUMBERS_AT + count].tolist()

    def _do(self, command: bytes, look: Look | None = None, **arguments: int) -> None:
        for name, value in arguments.items():
            self.arena.words[PARAMETERS_AT + PARAMETERS.index(name)] = value
        try:
            self.child.say(command)
            answer = self.child.hear(look)
        except BaseException:
            self.child.stop()
            raise
        if answer != DONE:
            self.child.stop()
            raise TreeError("exhaustive checking in C: no memory, or a block of too many entries")
