# SPDX-License-Identifier: GPL-2.0-only
"""Two versions in C on every case of a block, at native speed, in this process. c/exhaust.c has the other half."""

import mmap
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pte_review.harness.judging.promise import Promise
from pte_review.models.config import Config
from pte_review.models.kernel_tree.tree import TreeError
from pte_review.models.machine.state import FULL
from pte_review.models.native.arena import layout_header, request
from pte_review.models.native.build import compiled
from pte_review.models.native.library import ffi_of
from pte_review.models.native.tree_version import TreeVersion, defines

C = Path(__file__).parent / "c"
# In the order of struct side.
SIDE = ("pr_side", "pr_side_run", "pr_plain", "pr_kind", "pr_frame")
MOST_GROUPS = 512
LAST_BITS, ORDER_ALONE = 3, 2  # of a group, as c/groups.h has them
PATHS = ("batch", "fold", "unfold", "uffd-wp marker")  # as events.h numbers them
MOST_ENTRIES = 64  # of a page table
DECLARED = """
struct totals { uint64_t at, equal, allowed, shared, differing, changed, groups, dirty, young, cont, paths[4]; };
struct group { uint64_t group, count, entries, first; };
void *pr_side(const uint64_t *);
int64_t pr_side_run(void);
uint64_t pr_plain(uint64_t);
uint64_t pr_kind(uint64_t);
uint64_t pr_frame(uint64_t);
void px_sides(void **);
int px_block(const uint64_t *, const uint64_t *, const uint64_t *);
void px_run(uint64_t, uint64_t, uint64_t, struct totals *, struct group *);
uint64_t px_of_group(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t *, uint64_t);
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
    """Where a run keeps its counts, table by table: shared with forked processes, so that it outlives one that dies."""

    def __init__(self) -> None:
        ffi = _ffi()
        size = ffi.sizeof("struct totals")
        self._memory = ffi.from_buffer(mmap.mmap(-1, size + MOST_GROUPS * ffi.sizeof("struct group")))
        self.totals = ffi.cast("struct totals *", self._memory)
        self.groups = ffi.cast("struct group *", self._memory + size)

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
    def full(self) -> bool:
        """Whether there were more groups of difference than it has room for: the counts are not whole."""
        return bool(self.totals.groups > MOST_GROUPS)

    def counted(self) -> Counted:
        """What has been counted."""
        kept = self.totals
        allowed = {"cont": kept.cont, "dirty-gained": kept.dirty, "young-gained": kept.young}
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


@lru_cache(maxsize=64)
def bare_object(version: TreeVersion, side: int, arch: str, config: Config) -> str:
    """The path of `version` compiled for speed, without events, for `config`'s constants. Raises TreeError.

    Each side of a pair is an object of its own, with memory of its own, also where both are the same text.
    """
    constants = ("PR_BARE=1", f"PR_SIDE={side}", f"CONT_PTES={config.cont_ptes}")
    options = (*defines(arch, config), *constants)
    return str(compiled(version.unit(arch).text, options, version.label, level="-O3"))


@lru_cache(maxsize=64)
def _loaded(path: str) -> Any:
    return _ffi().dlopen(path)


@lru_cache(maxsize=1)
def _driver() -> Any:
    text = layout_header() + (C / "exhaust.c").read_text(encoding="utf-8")
    return _loaded(str(compiled(text, (), "exhaust.c", level="-O2", includes=C)))


def prepare() -> None:
    """Compile and load what every pair needs. Raises TreeError where that cannot be."""
    _driver()


class Pair:
    """Two versions on the cases of one block. Raises TreeError.

    `promise` is that of the block's template, whose table 0 has entries that `choices` fill: what it says of the ranges
    and of the machine's records holds for every case. One pair at a time in a process: the C keeps the block.
    """

    def __init__(self, base: TreeVersion, candidate: TreeVersion, promise: Promise, choices: Choices) -> None:
        template = promise.scenario
        if template.config.ptrs_per_pte > MOST_ENTRIES:
            raise TreeError(f"exhaustive checking in C takes page tables of at most {MOST_ENTRIES} entries")
        ffi, self._driver = _ffi(), _driver()
        functions = []
        for number, version in enumerate((base, candidate)):
            side = _loaded(bare_object(version, number, template.arch, template.config))
            functions += [ffi.cast("void *", ffi.addressof(side, name)) for name in SIDE]
        self._driver.px_sides(ffi.new("void *[]", functions))
        words = array("Q", [len(choices)])
        for indices, values in choices:
            words.extend([len(indices), len(values), *indices])
            words.extend(chain.from_iterable(values))
        size, wanted = template.config.ptrs_per_pte, array("Q")
        for table in range(len(template.tables)):
            origins = (promise.comes_from(table, entry) for entry in range(size))
            wanted.extend(0 if origin is None else 1 + origin[0] * MOST_ENTRIES + origin[1] for origin in origins)
        no_breach = [] if FULL in promise.forbidden_facts else ["PR_FULL"]
        asked = request(template, base.binding, flushed=promise.flushed, no_breach=no_breach)
        self._kept = tuple(ffi.from_buffer("uint64_t[]", part) for part in (asked, words, wanted))
        if self._driver.px_block(*self._kept):
            raise TreeError("exhaustive checking in C: no memory, or a block of too many entries")

    def run(self, first: int, end: int, counts: "CaseCounts", *, exact: bool) -> None:
        """Run tables [first, end) and add what comes of them to `tables`, which a forked process shares."""
        self._driver.px_run(first, end, exact, counts.totals, counts.groups)

    def of_group(self, first: int, end: int, group: int, most: int, *, exact: bool) -> list[int]:
        """The numbers of at most `most` tables of `group`, from table `first` on, before `end`."""
        numbers = _ffi().new("uint64_t[]", most)
        count = self._driver.px_of_group(first, end, exact, group, numbers, most)
        return [int(number) for number in numbers[0:count]]
