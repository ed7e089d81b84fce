# SPDX-License-Identifier: GPL-2.0-only
"""Events in words, and what is said to have caused what others saw."""

import pytest

from pte_review.harness.explain.actions import action_lines
from pte_review.harness.explain.cause import cause
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.actions import ACTORS, PHASES
from tests.kit.actions import action
from tests.kit.build import ARCHES, scenario
from tests.kit.moves import run
from tests.kit.outcomes import moving
from tests.kit.ports import port

SENTENCES = {
    ("walk", "old 0", "call"): "cpu 1 loads through old[0] before the call",
    ("write", "new -1", "new 2 1"): "cpu 1 stores through new[-1] before the 1st access to new[2]",
    ("write", "old 3", "old 3 12"): "cpu 1 stores through old[3] before the 12th access to old[3]",
    ("gup", "new 1", "unlocking"): "GUP-fast on cpu 1 reads new[1] when the first of two page-table locks is dropped",
    ("mkclean", "new 1", "returned"): "folio_mkclean() on cpu 1 looks at new[1] after the call",
    ("reclaim", "old 1", "call"): "reclaim has unmapped old[1], which cpu 1 still has cached, and its flush is pending",
    ("reclaim", "old 1", "locking"): "reclaim has unmapped old[1], which cpu 1 still has cached, and its flush is "
    "pending before the first page-table lock is taken",
}


@pytest.mark.parametrize(("what", "sentence"), SENTENCES.items())
def test_a_sentence_an_event(what, sentence):
    assert action_lines(scenario("x86_64", {}, at=(4, 4, 4), actions=(action(*what),))) == [sentence]


def test_every_actor_and_phase_can_be_said():
    for actor in ACTORS:
        for phase in PHASES:
            when = "call" if actor == "reclaim" else phase
            (said,) = action_lines(scenario("x86_64", {}, actions=(action(actor, "old 0", when, 3),)))
            assert "old[0]" in said
            assert "cpu 3" in said


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("which", "kind", "call"),
    [
        ("writable for a while", "write-gained", "pfn=0x100 W A"),
        ("next page for a while", "foreign-entry", "pfn=0x101 A"),
    ],
)
def test_the_cause_of_what_was_there_for_a_while_is_the_call_before_the_repair(arch, which, kind, call):
    last = {"x86_64": 2, "arm64": 3}[arch]
    s = moving(arch, ["A"], actions=(action("gup", "new 0", f"new 0 {last}"),))
    outcome = run(s, port(which))
    (finding,) = [f for f in findings_of(MovePromise(s), outcome) if f.kind == kind]
    said = cause(s, outcome, finding)
    assert said.startswith(f"set_pte_at(new[0], {call}")


@pytest.mark.parametrize("arch", ARCHES)
def test_no_actor_is_the_cause(arch):
    s = moving(arch, ["WA"], actions=(action("write", "old 0", "old 0 3"),))
    outcome = run(s, port("read, then clear"))
    (finding,) = findings_of(MovePromise(s), outcome)
    assert cause(s, outcome, finding).startswith("set_pte_at(new[0], ")
