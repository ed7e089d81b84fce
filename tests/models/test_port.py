# SPDX-License-Identifier: GPL-2.0-only
"""run(): however a version behaves, an Outcome comes back, with what happened until then."""

import itertools

import pytest

from pte_review.models.outcome import CRASH, NO_PROGRESS, RETURNED, TABLE_OVERRUN
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, move, page, scenario

FOLIO = (Folio(0x200, 4),)


def test_returned(candidate):
    outcome, _ = candidate("return 0\n")
    assert (outcome.ended, outcome.returned, outcome.why, outcome.events) == (RETURNED, 0, "", ())
    assert outcome.tables[0] == (page("x86_64", 0x200, "W"), *(0,) * 511)
    assert outcome.tables[1] == (0,) * 512


def test_one_table_is_the_old_one(candidate):
    outcome, _ = candidate("return 0\n", new_addr=0x4010_0000)
    assert [len(table) for table in outcome.tables] == [512]


def test_what_a_version_is_given(candidate):
    body = "assert (pmc.old_addr, pmc.new_addr, pmc.old_end, extent) == (0x4000_0000, 0x8000_0000, 0x4000_1000, 4096)\n"
    body += "assert (pmc.need_rmap_locks, pmc.old.uffd) == (True, True)\n"
    body += "assert (old_pmd.ptep, new_pmd.ptep) == (512, 1536)\nreturn -11\n"
    outcome, _ = candidate(body, need_rmap_locks=True, vma=Vma(uffd=True))
    assert (outcome.why, outcome.returned) == ("", -11)


CRASHES = {
    "exception": ("pmc.no_such_field\nreturn 0\n", "AttributeError", 2),
    "own raise": ("x = 1\nraise ValueError('no')\n", "ValueError: no", 3),
    "inside a primitive": ("x = 1\ny = 2\nk.read('ptep')\n", "TypeError", 4),
    "name": ("return undefined_name\n", "undefined_name", 2),
    "exit": ("import sys\nsys.exit(3)\n", "SystemExit: 3", 3),
    "recursion": ("return move_ptes(k, pmc, extent, old_pmd, new_pmd)\n", "RecursionError", 2),
}


@pytest.mark.parametrize(("body", "why", "line"), CRASHES.values(), ids=CRASHES)
def test_crash(candidate, body, why, line):
    outcome, path = candidate(body)
    assert (outcome.ended, outcome.returned) == (CRASH, None)
    assert why in outcome.why
    assert outcome.why.endswith(f"{path}:{line}")
    assert "\n" not in outcome.why


@pytest.mark.parametrize("value", ["None", "True", "'0'", "0.0"])
def test_a_return_value_that_is_no_int(candidate, value):
    outcome, _ = candidate(f"return {value}\n")
    assert (outcome.ended, outcome.returned) == (CRASH, None)
    assert value in outcome.why


def test_a_crash_keeps_what_happened_before(candidate):
    outcome, _ = candidate("k.store(old_pmd.ptep, 0)\nk.take_rmap_locks(pmc.old)\n1 / 0\n")
    assert (outcome.ended, outcome.tables[0][0], outcome.held) == (CRASH, 0, (4,))
    assert outcome.events[0] == ("S", 512, 0)


OVERRUNS = {
    "behind the old table": ("k.ptep_get(old_pmd.ptep + 512)\n", "old", 512),
    "before the old table": ("k.ptep_get(old_pmd.ptep - 1)\n", "old", -1),
    "behind the new table": ("k.ptep_get(new_pmd.ptep + 512)\n", "new", 512),
    "before the new table": ("k.ptep_get(new_pmd.ptep - 1)\n", "new", -1),
    "null": ("k.ptep_get(0)\n", "old", -512),
    "no entries": ("k.get_and_clear_full_ptes(1, pmc.old_addr, old_pmd.ptep, 0, 0)\n", "old", 512),  # 3.1
}


@pytest.mark.parametrize(("body", "table", "entry"), OVERRUNS.values(), ids=OVERRUNS)
@pytest.mark.parametrize("arch", ARCHES)
def test_table_overrun(candidate, arch, body, table, entry):
    outcome, path = candidate(body, arch=arch)
    assert (outcome.ended, outcome.returned) == (TABLE_OVERRUN, None)
    assert outcome.why == f"entry {entry} of the {table} table, which has 512, {path}:2"


WHILE = "left = 99_999\nwhile left:\n    left -= 1\n"  # more than any limit, and still an end where there is none
FOR = "for _ in range(99_999):\n"
LOOPS = {
    "nothing in it": WHILE,
    "for": FOR + "    pass\n",
    "a primitive": WHILE + "    k.ptep_get(old_pmd.ptep)\n",
    "a primitive without raw accesses": FOR + "    k.pte_unmap(old_pmd.ptep)\n",
    "kernel loop": "n = iter(range(99_999))\nfor _ in k.for_loop(lambda: next(n, -1) >= 0, lambda: None):\n    1\n",
    "swallows": FOR + "    try:\n        k.ptep_get(old_pmd.ptep)\n    except Exception:\n        pass\n",
    "nested": "def step():\n    left = 99_999\n    while left:\n        left -= 1\n        continue\nstep()\n",
    "stores": FOR + "    k.store(old_pmd.ptep, 0)\n",
}


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_no_progress(candidate, body):
    outcome, path = candidate(body, ptrs_per_pte=16)
    assert (outcome.ended, outcome.returned) == (NO_PROGRESS, None)
    assert f"{path}:" in outcome.why


@pytest.mark.parametrize(
    "call",
    ["k.ptep_get(p)", "k.store(p, 0)", "k.set_ptes(1, 0, p, 0x200007, 2)", "k.get_and_clear_full_ptes(1, 0, p, 2, 0)"],
)
def test_no_progress_without_a_loop_of_the_versions_own(candidate, call):
    body = f"import itertools\nlist(map(lambda p: {call}, itertools.repeat(new_pmd.ptep, 99_999)))\n"
    assert candidate(body, arch="arm64", ptrs_per_pte=16)[0].ended == NO_PROGRESS


def test_a_long_move_is_progress():
    for version, arch in itertools.product(("pre_patch", "v4"), ARCHES):
        entries = {i: page(arch, 0x10000 + i, "C") for i in range(2048)}
        what = scenario(
            arch,
            entries,
            at=(0, 0, 2048),
            folios=(Folio(0x10000, 11),),
            ptrs_per_pte=2048,
            page_table_check=True,
            debug_vm=True,
        )
        assert move(version, what).ended == RETURNED


def test_runs_are_independent():
    what = scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=FOLIO)
    assert move("v4", what) == move("v4", what)
