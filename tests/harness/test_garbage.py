# SPDX-License-Identifier: GPL-2.0-only
"""A port may call a primitive with anything: that is an outcome, and reports, files and replays of it work."""

import inspect
import json

import pytest

from pte_review.harness.costs.ledger import ledger
from pte_review.harness.files.counterexample import Counterexample, divergences_on, dumps, parse, snippet
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.reports.picture import picture
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.machine.kernel import Kernel
from pte_review.models.outcome import CRASH, RETURNED
from pte_review.models.port import Port
from pte_review.models.scenario import Folio, Scenario
from tests.kit.build import ARCHES, page, scenario
from tests.kit.moves import as_move, load, run

BASE = load("pre_patch")
NO_ENTRY = [10**30, 1 << 64, -1, -(10**30), 10**5000, "x", 1.5, None, True, [], object()]
GARBAGE = [10**30, -1, 10**5000, "\udcff\n\x1b[0m", 1.5, None]
# Not for ports: how the machine itself logs, records and ends. Their names are not the kernel's.
OF_THE_MACHINE = {name for name in vars(Kernel) if name.startswith("called_")} | {
    "called_batch", "batch_returned", "warn", "violate", "imbalance", "end", "tick", "for_loop", "passes_for",
}  # fmt: skip


def moved(arch: str) -> Scenario:
    entries = {i: page(arch, 0x400 + i, "W") for i in range(4)}
    return scenario(arch, entries, at=(0, 0, 4), folios=(Folio(0x400, 2, True, ((0, 4),)),))


def primitives(arch: str) -> list[str]:
    k = fresh_kernel(moved(arch))
    public = [name for name in dir(k) if not name.startswith("_") and name not in OF_THE_MACHINE]
    return [name for name in public if inspect.ismethod(getattr(k, name))]


def calling(name: str, *arguments: object) -> Port:
    """pre_patch, which calls one primitive behind its move."""

    def move_ptes(k, pmc, extent, old_pmd, new_pmd):
        returned = BASE.called(k, pmc, extent, old_pmd, new_pmd)
        getattr(k, name)(*[value(k) if callable(value) else value for value in arguments])
        return returned

    version = load(move_ptes)
    assert isinstance(version, Port)
    return version


def reported(what: Scenario, version: Port) -> None:
    """Everything that is done with an outcome, with the version on either side."""
    outcome = run(what, version)
    if outcome.ended == RETURNED:
        ledger(outcome.events)
    for contract in CONTRACTS.values():
        for base, candidate in ((BASE, version), (version, BASE)):
            divergences = divergences_on(MOVE_PTES, what, base, candidate, contract)
            for divergence in divergences:
                picture(divergence, base.name, candidate.name, MOVE_PTES.words)
                content = Counterexample("move_ptes", "pre_patch", "pre_patch", contract.name, divergence)
                assert parse(dumps(content), "here", SUBJECTS) == content
                snippet(MOVE_PTES, content)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("value", NO_ENTRY, ids=lambda value: f"{value!s:.10}" if value != 10**5000 else "huge")
@pytest.mark.parametrize("name", ["set_pte_at", "set_ptes", "store"])
def test_a_value_that_no_entry_can_hold_is_a_crash(name: str, value: object, arch: str):
    place = [1, lambda k: k.places.va(k.pmds[-1].ptep)] if name != "store" else []
    version = calling(name, *place, lambda k: k.pmds[-1].ptep, lambda _: value, *([1] if name == "set_ptes" else []))
    outcome = run(moved(arch), version)
    assert outcome.ended == CRASH
    says = "is no 64-bit entry" if type(value) is int else "an entry is a 64-bit integer, got "
    assert says in outcome.why
    line = version.called.__code__.co_firstlineno + 2
    assert outcome.why.endswith(f", move_ptes:{line}")
    json.dumps(outcome.to_json())
    reported(moved(arch), version)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHES)
def test_every_primitive_with_garbage_in_every_place(arch: str):
    """One argument is garbage at a time, the others are what a right call has."""
    what = moved(arch)
    names = primitives(arch)
    assert {"set_ptes", "pte_write", "folio_pte_batch_flags", "flush_tlb_range", "spin_unlock", "read"} <= set(names)
    right = {
        "mm": 1, "addr": lambda k: k.places.va(k.pmds[-1].ptep), "ptep": lambda k: k.pmds[-1].ptep, "nr": 1, "full": 0,
        "pte": as_move(what).old_table[0][1],
        "vma": lambda k: k.vma, "pmd": lambda k: k.pmds[-1], "folio": lambda _: what.folios[0],
    }  # fmt: skip
    for name in names:
        of = inspect.signature(getattr(fresh_kernel(what), name)).parameters.values()
        wanted = [p.name for p in of for _ in range(3 if p.kind is p.VAR_POSITIONAL else 1)]
        for place in range(len(wanted)):
            for value in GARBAGE:
                arguments = [right.get(want, 1) for want in wanted]
                arguments[place] = lambda _, value=value: value
                reported(what, calling(name, *arguments))


@pytest.mark.parametrize("record", ["warnings", "violations", "imbalances", "bugs", "held"])
def test_a_port_that_writes_into_the_records(record: str):
    def move_ptes(k, pmc, extent, old_pmd, new_pmd):
        getattr(k, record).append(None)
        return BASE.called(k, pmc, extent, old_pmd, new_pmd)

    version = load(move_ptes)
    outcome = run(moved("x86_64"), version)
    assert (outcome.ended, outcome.returned) == (CRASH, None)
    assert outcome.why == "TypeError: the version put what is no record into the machine's records, move_ptes"
    assert isinstance(version, Port)
    reported(moved("x86_64"), version)


def test_an_exception_whose_text_fails():
    class Evil(Exception):
        def __str__(self) -> str:
            raise ValueError

    def move_ptes(k, pmc, extent, old_pmd, new_pmd):
        raise Evil

    assert run(moved("x86_64"), load(move_ptes)).why.startswith("Evil: its message cannot be read, ")
