# SPDX-License-Identifier: GPL-2.0-only
"""Two versions in C on every table of a block, at native speed, in this process. exhaust.c has the other half."""

import mmap
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from pte_review.models.config import Config
from pte_review.models.kernel_tree.tree import TreeError
from pte_review.models.native.arena import request
from pte_review.models.native.build import HOME, compiled
from pte_review.models.native.library import ffi_of
from pte_review.models.native.tree_version import TreeVersion, defines
from pte_review.models.scenario import Scenario

# In the order of struct side.
SIDE = ("pr_side", "pr_side_run", "pr_plain", "pr_kind", "pr_frame")
MOST_SORTS = 512
LAST_BITS, ORDER_ALONE = 3, 2  # of a sort, as exhaust_sorts.h has them
PATHS = ("batch", "fold", "unfold", "uffd-wp marker")  # as events.h numbers them
MOST_ENTRIES = 64  # of a page table
DECLARED = """
struct totals { uint64_t at, equal, allowed, shared, differing, changed, sorts, dirty, young, cont, paths[4]; };
struct sort { uint64_t sort, count, entries, first; };
void *pr_side(const uint64_t *);
int64_t pr_side_run(void);
uint64_t pr_plain(uint64_t);
uint64_t pr_kind(uint64_t);
uint64_t pr_frame(uint64_t);
void px_sides(void **);
int px_block(const uint64_t *, const uint64_t *);
void px_run(uint64_t, uint64_t, uint64_t, struct totals *, struct sort *);
uint64_t px_of_sort(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t *, uint64_t);
"""

Units = Sequence[tuple[Sequence[int], Sequence[Sequence[int]]]]  # entry indices; all combinations of their values


class Sort(NamedTuple):
    """A sort of difference that is not surely allowed: how many tables, and the smallest of them.

    `order_alone`: the two left the same and did nothing wrong, but took locks, mapped or flushed in two orders, the
    same two on every table of the sort. What the judge says of one table it says of all.
    """

    order_alone: bool
    tables: int
    entries: int  # of the smallest: those in its old table that are not none
    table: int


@dataclass(frozen=True)
class Counted:
    """What became of a range of tables. Counts are tables, but of `allowed_kinds` entries."""

    equal: int
    allowed: int
    shared: int  # both ended early, in one way
    changed: int  # in which the two did something else to memory, TLB or locks, or in another order
    allowed_kinds: dict[str, int]
    exercised: dict[str, int]
    sorts: dict[int, Sort]


class Tables:
    """Where a run keeps its counts, table by table: shared with forked processes, so that it outlives one that dies."""

    def __init__(self) -> None:
        ffi = _ffi()
        size = ffi.sizeof("struct totals")
        self._memory = ffi.from_buffer(mmap.mmap(-1, size + MOST_SORTS * ffi.sizeof("struct sort")))
        self.totals = ffi.cast("struct totals *", self._memory)
        self.sorts = ffi.cast("struct sort *", self._memory + size)

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
        """Whether there were more sorts of difference than it has room for: the counts are not whole."""
        return bool(self.totals.sorts > MOST_SORTS)

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
            {int(s.sort): _sort(s) for s in self.sorts[0 : kept.sorts]},
        )


def _sort(one: Any) -> Sort:
    """A struct sort."""
    return Sort(int(one.sort) & LAST_BITS == ORDER_ALONE, int(one.count), int(one.entries), int(one.first))


def _ffi() -> Any:
    return ffi_of(DECLARED)


@lru_cache(maxsize=64)
def bare_object(version: TreeVersion, side: int, arch: str, config: Config) -> str:
    """The path of `version` compiled for speed, without events, for `config`'s constants. Raises TreeError.

    Each side of a pair is an object of its own, with memory of its own, also where both are the same text.
    """
    constants = ("PR_BARE=1", f"PR_SIDE={side}", f"CONT_PTES={config.cont_ptes}")
    options = (*defines(arch, config), *constants)
    return str(compiled(version.unit(arch).text, options, version.label, level="-O2"))


@lru_cache(maxsize=64)
def _loaded(path: str) -> Any:
    return _ffi().dlopen(path)


@lru_cache(maxsize=1)
def _driver() -> Any:
    return _loaded(str(compiled((HOME / "exhaust.c").read_text(encoding="utf-8"), (), "exhaust.c", level="-O2")))


def prepare() -> None:
    """Compile and load what every pair needs. Raises TreeError where that cannot be."""
    _driver()


class Pair:
    """Two versions on the tables of one block: `template` with entries that `units` fill. Raises TreeError.

    One at a time in a process: the C keeps the block.
    """

    def __init__(self, base: TreeVersion, candidate: TreeVersion, template: Scenario, units: Units) -> None:
        if template.config.ptrs_per_pte > MOST_ENTRIES:
            raise TreeError(f"exhaustive checking in C takes page tables of at most {MOST_ENTRIES} entries")
        ffi, self._driver = _ffi(), _driver()
        functions = []
        for number, version in enumerate((base, candidate)):
            side = _loaded(bare_object(version, number, template.arch, template.config))
            functions += [ffi.cast("void *", ffi.addressof(side, name)) for name in SIDE]
        self._driver.px_sides(ffi.new("void *[]", functions))
        words = array("Q", [len(units)])
        for indices, choices in units:
            words.extend([len(indices), len(choices), *indices])
            words.extend(chain.from_iterable(choices))
        self._kept = ffi.from_buffer("uint64_t[]", request(template)), ffi.from_buffer("uint64_t[]", words)
        if self._driver.px_block(*self._kept):
            raise TreeError("exhaustive checking in C: no memory, or a block of too many entries")

    def run(self, first: int, end: int, tables: "Tables", *, exact: bool) -> None:
        """Run tables [first, end) and add what comes of them to `tables`, which a forked process shares."""
        self._driver.px_run(first, end, exact, tables.totals, tables.sorts)

    def of_sort(self, first: int, end: int, sort: int, most: int, *, exact: bool) -> list[int]:
        """The numbers of at most `most` tables of `sort`, from table `first` on, before `end`."""
        found = _ffi().new("uint64_t[]", most)
        count = self._driver.px_of_sort(first, end, exact, sort, found, most)
        return [int(number) for number in found[0:count]]
