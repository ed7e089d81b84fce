# SPDX-License-Identifier: GPL-2.0-only
"""What CrossHair is given: a move of a few entries as a function of symbolic arguments, in three forms.

CrossHair's symbolic int is an unbounded integer: `&` with a mask of low ones stays symbolic, every other `&` and every
`|` and `^` picks one concrete value there and then. A PTE word is nothing but such masks, so "words" become random
tests after the first predicate. "arithmetic" has the same words with their bit operations written as division and
remainder, which the solver understands; "decoded" draws what an entry means, and each path is one concrete table.

Arguments are ints that are cut to size here, not bools and not asserted: diffbehavior compares the arguments after
each path, that splits it once more for every bool, and a path that an assertion ends early becomes thousands.

No Port.run(): it catches whatever a version raises, and with it what CrossHair stops a path by; and its watchdog
ends what takes long. The rest is the machine as it is, with page tables of ENTRIES.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pte_review.models.arch.word import PTE_MARKER_UFFD_WP, SWP_PTE_MARKER
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.machine.endings import EndOfRun
from pte_review.models.machine.fresh import KERNELS
from pte_review.models.machine.state import SYMBOLIC
from pte_review.models.move_ptes.call import move
from pte_review.models.outcome import RETURNED, UNASSIGNED_READ
from pte_review.models.port import Port
from pte_review.models.port_source import TICK
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import NEW, OLD, page, swap
from tests.programs.alternatives.word import Word

SYMBOLIC.add(Word)
ENTRIES = 4
PFN = 0x100
HIGH = {"x86_64": (57, 7), "arm64": (50, 9)}  # where the bits above a page frame begin, and how many there are

Four = tuple[int, int, int, int]
State = tuple[str, list[int | None], list[int | None]]  # how it ended, old table, new table


def scenario_of(arch: str, entries: Sequence[Any], uffd: bool) -> Scenario:
    """All of `entries` moved, in one folio of order 2; they may be symbolic."""
    return move(
        arch,
        old_addr=OLD,
        new_addr=NEW,
        extent=len(entries) << PAGE_SHIFT,
        old_table=tuple((i, pte) for i, pte in enumerate(entries) if pte),
        folios=(Folio(PFN, 2, exclusive=((0, 4),)),),
        vma=Vma(uffd=uffd),
        config=Config(mem_soft_dirty=arch == "x86_64", ptrs_per_pte=ENTRIES, cont_ptes=ENTRIES),
    )


def leaves(scenario: Scenario, version: Port) -> State:
    """What `version` leaves behind: a run without the net of Port.run()."""
    k = KERNELS[scenario.arch](scenario)
    version.namespace[TICK] = k.tick
    ended = RETURNED
    try:
        version.called(k, *scenario.call.arguments(k))
    except EndOfRun as error:
        ended = error.ending
    except UnboundLocalError:
        ended = UNASSIGNED_READ
    p = k.table_size
    return ended, k.memory[p : 2 * p], k.memory[3 * p : 4 * p]


def framed(arch: str, low: Sequence[int], high: Sequence[int]) -> list[int]:
    """Words with page frames given: page i of the folio in entry i, every other bit from `low` and `high`."""
    shift, width = HIGH[arch]
    return [
        a % 2**PAGE_SHIFT + (PFN + i) * 2**PAGE_SHIFT + b % 2**width * 2**shift
        for i, (a, b) in enumerate(zip(low, high, strict=True))
    ]


def decoded(arch: str, codes: Sequence[int]) -> list[int]:
    """Entries by what they mean. A code has two bits for the kind (see below), then write, dirty, accessed, uffd-wp."""
    return [_entry(arch, i, code) for i, code in enumerate(codes)]


def _entry(arch: str, i: int, code: int) -> int:
    kind, flags = code % 4, code // 4
    if kind == 0:
        w, d, a, u = (flags // 2**bit % 2 == 1 for bit in range(4))
        letters = [letter for letter, on in (("W", w and not u), ("D", d), ("A", a), ("U", u)) if on]
        return page(arch, PFN + i, "".join(letters))
    if kind == 1:
        return swap(arch, 0, 1 + i, "F" if flags % 2 == 1 else "")
    return 0 if kind == 2 else swap(arch, SWP_PTE_MARKER, PTE_MARKER_UFFD_WP)


@dataclass(frozen=True)
class Form:
    """How arguments become entries, and a function of CrossHair's to compare for a version."""

    entries: Callable[..., list[Any]]  # of the architecture and all arguments but uffd
    function: Callable[[Callable[..., State]], Callable[..., State]]


def _words(move: Callable[..., State]) -> Callable[..., State]:
    def words(low: Four, high: Four, uffd: bool) -> State:
        return move(low, high, uffd=uffd)

    return words


def _arithmetic(move: Callable[..., State]) -> Callable[..., State]:
    def arithmetic(low: tuple[int, int], high: tuple[int, int], uffd: bool) -> State:
        return move(low, high, uffd=uffd)

    return arithmetic


def _decoded(move: Callable[..., State]) -> Callable[..., State]:
    def decoded(codes: Four, uffd: bool) -> State:
        return move(codes, uffd=uffd)

    return decoded


FORMS = {
    "words": Form(framed, _words),
    "arithmetic": Form(lambda arch, low, high: [Word(pte) for pte in framed(arch, low, high)], _arithmetic),
    "decoded": Form(decoded, _decoded),
}
