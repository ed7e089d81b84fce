# SPDX-License-Identifier: GPL-2.0-only
"""One run in a child and what it leaves: the child runs the C, the machine follows its log."""

from array import array
from functools import lru_cache
from typing import NamedTuple

from pte_review.models.child_watch import Died
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.endings import NoProgress, TableOverrun
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.native.arena import (
    ENDED,
    ENDINGS,
    EVENT_WORDS,
    EVENTS,
    LINE,
    MOST_EVENTS,
    PTEP,
    REPLY_AT,
    REPLY_WORDS,
    RETURNED,
    VARIABLE,
    event_names,
    request,
)  # fmt: skip
from pte_review.models.native.binding import Binding
from pte_review.models.native.companion import Changes, Companion, Dialogue, warns, without_lines
from pte_review.models.native.follow import Follower, LineFollower, signed
from pte_review.models.native.instrument import MOST_LOCALS, Local
from pte_review.models.native.process import Worker
from pte_review.models.native.translation_unit import TranslationUnit
from pte_review.models.outcome import CRASH, NO_PROGRESS, TABLE_OVERRUN, UNASSIGNED_READ, Outcome, outcome_of
from pte_review.models.outcome import RETURNED as IT_RETURNED
from pte_review.models.run import Did, Path
from pte_review.models.scenario import Scenario

MOST_SHOWN = 100  # characters of an exception


class Unassigned(NamedTuple):
    """A local that was read before it was assigned, by its number; `stale`: an earlier pass had assigned it."""

    local: int
    stale: bool = False


Ended = tuple[Outcome, Unassigned | None]  # and the local that was read unassigned, if that ended the run


class Log(NamedTuple):
    """What a child left of a run: its reply and its events, as the arena has them."""

    reply: "array[int]"
    events: "array[int]"

    def did(self) -> Did | None:
        """What tells the run from others; None of one that did not return or warned, as its lines tell more then."""
        if ENDINGS[self.reply[ENDED]] != IT_RETURNED or warns(self.events):
            return None
        ending = self.reply[RETURNED : RETURNED + 1] + self.reply[REPLY_WORDS:]
        return without_lines(self.events), ending.tobytes()

    def path(self) -> Path | None:
        """Where the text went; None where that is a special path."""
        names = self.events[::EVENT_WORDS]
        if not _special().isdisjoint(names):
            return None
        return frozenset(zip(names, self.events[EVENT_WORDS - 1 :: EVENT_WORDS], strict=True))


@lru_cache(maxsize=1)
def _special() -> frozenset[int]:
    """The events of special paths, which a review counts."""
    return frozenset(map(event_names().index, ("result", "contpte_convert", "marker")))


def log_of(scenario: Scenario, binding: Binding, stack: int, worker: Worker) -> Log:
    """Run `scenario`, in which nobody else acts, in `worker`, locals holding `stack` at first. Raises Died."""
    worker.run(_asked(scenario, binding, stack))
    return _log(scenario, worker, 0)


def _asked(scenario: Scenario, binding: Binding, stack: int) -> bytes:
    """The request, made once for all texts that run on the scenario."""
    key = "request", binding, stack
    if key not in scenario.memo:
        scenario.memo[key] = request(scenario, binding, stack)
    made: bytes = scenario.memo[key]
    return made


def _log(scenario: Scenario, worker: Worker, fed: int) -> Log:
    """The log of the run that is over, without the `fed` events that are known already."""
    reply = worker.arena.reply(scenario.config.ptrs_per_pte, len(scenario.tables))
    return Log(reply, worker.arena.events(fed, min(reply[EVENTS], MOST_EVENTS)))


def attempt(
    scenario: Scenario,
    binding: Binding,
    stack: int,
    worker: Worker,
    unit: TranslationUnit,
    *,
    log: Log | None = None,
    again: bool = True,
    lines: list[int] | None = None,
) -> Ended:
    """What comes of `scenario` in `worker`, which has the object of `unit`, locals holding `stack` at first.

    It has been run where there is a `log`. The line of each event of the machine's log is added to `lines`, if given,
    which takes longer. A child that somebody killed, or that ended with the thread that started it, is run `again`.
    """
    file, known = binding.file, scenario.memo.get(("dialogue", stack)) if lines is None else None
    companion = Companion(lambda: _follower(scenario, unit, lines), known)
    try:
        log = log or _log_beside(companion, scenario, binding, stack, worker)
        did = log.did()
        if (outcome := companion.outcome(did)) is not None:
            return outcome, None
        follower = companion.follower
        for place, value in follower.feed(log.events):
            companion.memory[place] = value
        ended = _ended(follower, log.reply, companion.memory, file, unit.locals)
    except Died as died:
        if again and died.why == "SIGKILL":
            if lines is not None:
                lines.clear()
            return attempt(scenario, binding, stack, worker, unit, again=False, lines=lines)
        at = f"{file}:{worker.arena.words[REPLY_AT + LINE]}"
        how, why = (NO_PROGRESS, f"more than {died.why}") if died.slow else (CRASH, died.why)
        return outcome_of(companion.follower.k, None, how, f"{why}, at or after {at}", slow=died.slow), None
    except (TableOverrun, NoProgress) as error:  # the machine ends it first, as others act
        return outcome_of(companion.follower.k, None, error.ending, f"{error}, {file}:{companion.follower.line}"), None
    except TreeError:  # no child could be started: nothing is known of the version
        raise
    except (IndexError, ValueError, TypeError, OverflowError) as error:  # the C wrote into what it shares with us
        what = " ".join(f"{type(error).__name__}: {error}".split())[:MOST_SHOWN]
        return outcome_of(fresh_kernel(scenario), None, CRASH, f"its log is no log of a run ({what}), {file}"), None
    if scenario.actions and lines is None and did is not None and not companion.warned:
        scenario.memo.setdefault(("dialogue", stack), Dialogue(tuple(companion.exchanges), did, ended[0]))
    return ended


def _follower(scenario: Scenario, unit: TranslationUnit, lines: list[int] | None) -> Follower:
    k = fresh_kernel(scenario)
    return Follower(k, unit.warnings) if lines is None else LineFollower(k, unit.warnings, lines)


def _log_beside(companion: Companion, scenario: Scenario, binding: Binding, stack: int, worker: Worker) -> Log:
    """Run `scenario` in `worker`; where others act, as `companion` lets them, whom the log does not tell again."""
    if not scenario.actions:
        return log_of(scenario, binding, stack, worker)
    fed = 0

    def ask(first: int, end: int) -> tuple[int, Changes]:
        nonlocal fed
        fed = end
        return companion.ask(worker.arena.events(first, end))

    worker.run(_asked(scenario, binding, stack), ask)
    return _log(scenario, worker, fed)


def _ended(
    follower: Follower, reply: "array[int]", logged: list[int | None], file: str, locals_: tuple[Local, ...]
) -> Ended:
    """`logged` is the memory of the C as its log has it."""
    k = follower.k
    at = f"{file}:{reply[LINE]}"
    match ENDINGS[reply[ENDED]]:
        case "table-overrun":
            return outcome_of(k, None, TABLE_OVERRUN, f"{k.where(signed(reply[PTEP]))}, {at}"), None
        case "no-progress":
            why = f"more than {k.passes_allowed} loop passes and events, the last event at {at}"
            return outcome_of(k, None, NO_PROGRESS, why), None
        case "bug":
            return outcome_of(k, None, CRASH, f"BUG(), {at}"), None
        case "unassigned-read":
            unassigned = Unassigned(reply[VARIABLE] % MOST_LOCALS, stale=reply[VARIABLE] >= MOST_LOCALS)
            leftover = ", which holds what an earlier pass left" if unassigned.stale else ""
            return outcome_of(k, None, UNASSIGNED_READ, f"{at}{leftover}", locals_[unassigned.local].name), unassigned
    size = k.table_size
    follower.settle([reply[first : first + size].tolist() for first in range(REPLY_WORDS, len(reply), size)], logged)
    k.scenario.call.finish(k)
    if isinstance(k, Actors):
        k.phase("returned")
    return outcome_of(k, signed(reply[RETURNED]), IT_RETURNED, ""), None
