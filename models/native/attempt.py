# SPDX-License-Identifier: GPL-2.0-only
"""One run in a child and what it leaves: the child runs the C, the machine follows its log."""

from typing import NamedTuple

from pte_review.models.child_watch import Died
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.endings import NoProgress, TableOverrun
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.machine.kernel import Kernel
from pte_review.models.native.arena import (
    ENDED,
    ENDINGS,
    EVENTS,
    LINE,
    MOST_EVENTS,
    PTEP,
    REPLY_AT,
    REPLY_WORDS,
    RETURNED,
    VARIABLE,
    request,
)  # fmt: skip
from pte_review.models.native.binding import Binding
from pte_review.models.native.follow import Follower, signed
from pte_review.models.native.instrument import MOST_LOCALS, Local
from pte_review.models.native.process import Worker
from pte_review.models.native.translation_unit import TranslationUnit
from pte_review.models.outcome import CRASH, NO_PROGRESS, TABLE_OVERRUN, UNASSIGNED_READ, Outcome, outcome_of
from pte_review.models.outcome import RETURNED as IT_RETURNED
from pte_review.models.scenario import Scenario

MOST_SHOWN = 100  # characters of an exception


class Unassigned(NamedTuple):
    """A local that was read before it was assigned, by its number; `stale`: an earlier pass had assigned it."""

    local: int
    stale: bool = False


Ended = tuple[Outcome, Unassigned | None]  # and the local that was read unassigned, if that ended the run


def attempt(
    scenario: Scenario, binding: Binding, stack: int, worker: Worker, unit: TranslationUnit, *, again: bool = True
) -> Ended:
    """Run `scenario` in `worker`, which has the object of `unit`, locals holding `stack` at first.

    A child that somebody killed, or that ended with the thread that started it, is run `again`.
    """
    k = fresh_kernel(scenario)
    follower, asked, file = Follower(k, unit.warnings), request(scenario, binding, stack), binding.file
    try:
        if isinstance(k, Actors):
            fed, logged = _accompanied(worker, asked, k, follower)
        else:
            worker.run(asked)
            fed, logged = 0, list(k.memory)
        reply = worker.arena.reply(k.table_size, len(scenario.tables))
        for place, value in follower.feed(worker.arena.events(fed, min(reply[EVENTS], MOST_EVENTS))):
            logged[place] = value
        return _ended(k, follower, reply, logged, file, unit.locals)
    except Died as died:
        if again and died.why == "SIGKILL":
            return attempt(scenario, binding, stack, worker, unit, again=False)
        at = f"{file}:{worker.arena.words[REPLY_AT + LINE]}"
        ended, why = (NO_PROGRESS, f"more than {died.why}") if died.slow else (CRASH, died.why)
        return outcome_of(k, None, ended, f"{why}, at or after {at}", slow=died.slow), None
    except (TableOverrun, NoProgress) as error:  # the machine ends it first, as others act
        return outcome_of(k, None, error.ending, f"{error}, {file}:{follower.line}"), None
    except TreeError:  # no child could be started: nothing is known of the version
        raise
    except (IndexError, ValueError, TypeError, OverflowError) as error:  # the C wrote into what it shares with us
        what = " ".join(f"{type(error).__name__}: {error}".split())[:MOST_SHOWN]
        return outcome_of(fresh_kernel(scenario), None, CRASH, f"its log is no log of a run ({what}), {file}"), None


def _accompanied(worker: Worker, asked: bytes, k: Actors, follower: Follower) -> tuple[int, list[int | None]]:
    """A run in which others act between two accesses: the machine is asked before each that matters to them.

    Returns how many events it was told of, and what the C's tables held then.
    """
    events_seen = 0
    memory = list(k.memory)
    k.phase("call")

    def ask(first: int, end: int) -> tuple[int, list[tuple[int, int]]]:
        nonlocal events_seen, memory
        events_seen = end
        for at, value in follower.feed(worker.arena.events(first, end)):
            memory[at] = value
        if memory == k.memory:
            return follower.value_met, []
        changed = [i for i, (was, now) in enumerate(zip(memory, k.memory, strict=True)) if was != now]
        memory = list(k.memory)
        return follower.value_met, [(i, memory[i] or 0) for i in changed]

    worker.run(asked, ask)
    return events_seen, memory


def _ended(
    k: Kernel, follower: Follower, reply: list[int], logged: list[int | None], file: str, locals_: tuple[Local, ...]
) -> Ended:
    """`logged` is the memory of the C as its log has it."""
    at = f"{file}:{reply[LINE]}"
    match ENDINGS[reply[ENDED]]:
        case "table-overrun":
            return outcome_of(k, None, TABLE_OVERRUN, f"{k.where(signed(reply[PTEP]))}, {at}"), None
        case "no-progress":
            why = f"more than {k.passes_allowed} loop passes and events, {at}"
            return outcome_of(k, None, NO_PROGRESS, why), None
        case "bug":
            return outcome_of(k, None, CRASH, f"BUG(), {at}"), None
        case "unassigned-read":
            unassigned = Unassigned(reply[VARIABLE] % MOST_LOCALS, stale=reply[VARIABLE] >= MOST_LOCALS)
            leftover = ", which holds what an earlier pass left" if unassigned.stale else ""
            return outcome_of(k, None, UNASSIGNED_READ, f"{at}{leftover}", locals_[unassigned.local].name), unassigned
    size = k.table_size
    follower.settle([reply[first : first + size] for first in range(REPLY_WORDS, len(reply), size)], logged)
    k.scenario.call.finish(k)
    if isinstance(k, Actors):
        k.phase("returned")
    return outcome_of(k, signed(reply[RETURNED]), IT_RETURNED, ""), None
