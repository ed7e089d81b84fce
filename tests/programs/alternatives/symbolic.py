# SPDX-License-Identifier: GPL-2.0-only
"""What CrossHair is given: a call on a few entries as a function of symbolic arguments, in three forms.

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
from pte_review.models.outcome import RETURNED, UNASSIGNED_READ
from pte_review.models.port import Port
from pte_review.models.port_source import TICK
from pte_review.models.scenario import Scenario
from tests.kit.build import page, swap
from tests.kit.study import PFN, Plain
from tests.programs.alternatives.word import Word

SYMBOLIC.add(Word)
ENTRIES = 4
HIGH = {"x86_64": (57, 7), "arm64": (50, 9)}  # where the bits above a page frame begin, and how many there are

Four = tuple[int, int, int, int]
State = tuple[str, list[list[int]]]  # how it ended, the tables


def scenario_of(plain: Plain, arch: str, entries: Sequence[Any], beside: Any) -> Scenario:
    """`entries` in tables of ENTRIES; they and `beside` may be symbolic."""
    config = Config(mem_soft_dirty=arch == "x86_64", ptrs_per_pte=ENTRIES, cont_ptes=ENTRIES)
    return plain.scenario(arch, entries, beside % plain.beside(len(entries)), config)


def leaves(scenario: Scenario, version: Port) -> State:
    """What `version` leaves behind: a run without the net of Port.run()."""
    k = KERNELS[scenario.arch](scenario)
    version.namespace[TICK] = k.tick
    ended = RETURNED
    try:
        version.called(k, *scenario.call.arguments(k))
        scenario.call.finish(k)
    except EndOfRun as error:
        ended = error.ending
    except UnboundLocalError:
        ended = UNASSIGNED_READ
    return ended, [list(k.whole_table(pmd)) for pmd in k.pmds]


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

    entries: Callable[..., list[Any]]  # of the architecture and all arguments but the last
    function: Callable[[Callable[..., State]], Callable[..., State]]


def _words(call: Callable[..., State]) -> Callable[..., State]:
    def words(low: Four, high: Four, beside: int) -> State:
        return call(low, high, beside=beside)

    return words


def _arithmetic(call: Callable[..., State]) -> Callable[..., State]:
    def arithmetic(low: tuple[int, int], high: tuple[int, int], beside: int) -> State:
        return call(low, high, beside=beside)

    return arithmetic


def _decoded(call: Callable[..., State]) -> Callable[..., State]:
    def decoded(codes: Four, beside: int) -> State:
        return call(codes, beside=beside)

    return decoded


FORMS = {
    "words": Form(framed, _words),
    "arithmetic": Form(lambda arch, low, high: [Word(pte) for pte in framed(arch, low, high)], _arithmetic),
    "decoded": Form(decoded, _decoded),
}
