# SPDX-License-Identifier: GPL-2.0-only
"""Rules about actions of others: the smallest scenario in which each wrong port is seen, and what others make of it."""

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.actions import action
from tests.kit.build import ARCHES
from tests.kit.moves import compared, load, run
from tests.kit.outcomes import FOLIO, moving, page, scenario, swap
from tests.kit.ports import port

WHILE = "for a while, but cpu 1 saw it"
BOTH = "CPUs reach the page at both addresses"
STORED = "cpu 1 stored to its page through old[0]"
FILE = {"vma": Vma(vm_file=True, anon_vma=False), "folios": (Folio(FOLIO, 2, anon=False),)}
CLEANED = ("write, old 0, call", "mkclean, new 0, unlocked, 2", "write, old 0, returned")
# Port, flags of two pages, actions (LAST: before the second store of a new entry), (kind, table, entry, seen).
SEEN = {
    "a store after mkclean is lost": (
        "flush after both locks", ["WA", "WA"],
        ("write, old 0, call", "mkclean, new 0, unlocking", "write, old 0, unlocked"),
        ("dirty-lost", "new", 0, STORED),
    ),
    "also for good": ("no flush", ["WDA", "A"], CLEANED, ("dirty-lost", "new", 0, STORED)),
    "a local flush is none for CPU 1": ("local flush", ["WDA", "A"], CLEANED, ("dirty-lost", "new", 0, STORED)),
    "a flush elsewhere is none": ("flush of the new range", ["WDA", "A"], CLEANED, ("dirty-lost", "new", 0, STORED)),
    "dirty set between a look and a plain store": (
        "read, then clear", ["A", "WA"], ("write, old 1, old 1 3",), ("dirty-lost", "new", 1, ""),
    ),
    "accessed set between a look and a plain store": (
        "read, then clear", ["A", ""], ("walk, old 1, old 1 3",), ("young-lost", "new", 1, ""),
    ),
    "dirty set in what was copied already": (
        "install, then clear", ["WA", "A"], ("write, old 0, new 0 1",), ("dirty-lost", "new", 0, ""),
    ),
    "dirty set in what is stored once more": (
        "stored twice", ["WA", "A"], ("write, new 0, new 0 LAST",), ("dirty-lost", "new", 0, ""),
    ),
    "write permission for a while": (
        "writable for a while", ["A", "A"], ("gup, new 1, new 1 LAST",), ("write-gained", "new", 1, WHILE),
    ),
    "another page for a while": (
        "next page for a while", ["A", "A"], ("walk, new 0, new 0 LAST",), ("foreign-entry", "new", 0, WHILE),
    ),
    "both addresses live": (
        "flush after both locks", ["WDA", "A"], ("walk, old 0, call", "walk, new 0, unlocked, 2"),
        ("stale-tlb", "old", 0, BOTH),
    ),
    "both addresses live on one CPU": (
        "local flush", ["WDA", "A"], ("walk, old 1, call", "walk, new 1, returned"), ("stale-tlb", "old", 1, BOTH),
    ),
    "cleaned between a look and the lock": (
        "no lock for the first look", ["WDA", "A"], ("mkclean, old 0, locking",), ("write-gained", "new", 0, ""),
    ),
}  # fmt: skip
LAST = {"x86_64": "2", "arm64": "3"}  # arm64's set_pte_at() reads its target before each store


def acted(arch: str, flags: list[str], actions: tuple[str, ...]) -> Scenario:
    made = [text.replace("LAST", LAST[arch]).split(", ") for text in actions]
    s = moving(arch, flags, actions=tuple(action(*args[:3], *map(int, args[3:])) for args in made), **FILE)
    assert broken_rules(s) == ()
    return s


def seen(s: Scenario, which: str) -> list[tuple[str, str, int, str]]:
    outcome = run(s, load(which) if which in ("pre_patch", "v4", "v4_fixed") else port(which))
    return [(f.kind, f.range, f.entry, f.seen) for f in findings_of(MovePromise(s), outcome)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("which", "flags", "actions", "finding"), SEEN.values(), ids=SEEN)
def test_what_the_wrong_port_does_is_seen(arch, which, flags, actions, finding):
    s = acted(arch, flags, actions)
    assert finding in seen(s, which)
    for without in range(len(actions)):  # every action is needed
        fewer = acted(arch, flags, actions[:without] + actions[without + 1 :])
        assert finding not in seen(fewer, which)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("which", "flags", "actions", "finding"), SEEN.values(), ids=SEEN)
def test_versions_that_are_right_have_no_finding(arch, which, flags, actions, finding):
    s = acted(arch, flags, actions)
    assert seen(s, "pre_patch") == []
    assert seen(s, "v4_fixed") == []
    own = {kind for kind, *_ in seen(s, "v4")}
    assert own <= ({"write-gained", "write-lost"} if len({"W" in f for f in flags}) > 1 else set())


@pytest.mark.parametrize("arch", ARCHES)
def test_a_pair_diverges_by_what_others_saw(arch):
    _, flags, actions, finding = SEEN["write permission for a while"]
    s = acted(arch, flags, actions)
    judgement = compared(s, load("pre_patch"), port("writable for a while"), CONTRACTS["folio-ad"]).judgement
    assert finding in [
        (d.finding.kind, d.finding.range, d.finding.entry, d.finding.seen) for d in judgement.differences
    ]
    same = compared(s, port("writable for a while"), port("writable for a while"), CONTRACTS["folio-ad"]).judgement
    assert same.differences == ()
    assert same.shared


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("phase", ["call", "locking"])
@pytest.mark.parametrize("pte", [0, "swap"])
@pytest.mark.parametrize(
    ("which", "stale"),
    [
        ("no pending flush", {"call", "locking"}),
        ("pending flush before the locks", {"locking"}),  # reclaim may still have them
        ("pre_patch", set()),
        ("v4", set()),
        ("v4_fixed", set()),
    ],
)
def test_reclaims_pending_flush(arch, which, stale, phase, pte):
    old = {0: page(arch, FOLIO, "A"), **({1: swap(arch, 1, 2)} if pte else {})}
    s = scenario(arch, old, at=(0, 0, 1 + bool(pte)), **FILE, actions=(action("reclaim", "old 1", phase),))
    assert broken_rules(s) == ()
    found = seen(s, which)
    # The final flush has only the range: of a move of one page, the entry behind it is not in it.
    expected = [("stale-tlb", "old", 1, "")] if phase in stale and not pte else []
    assert found == expected


@pytest.mark.parametrize("arch", ARCHES)
def test_one_page_and_nothing_present_leave_reclaim_to_the_pending_flush(arch):
    s = scenario(arch, {0: swap(arch, 1, 2)}, actions=(action("reclaim", "old 0", "call"),))
    assert seen(s, "no pending flush") == [("stale-tlb", "old", 0, "")]
    assert seen(s, "pre_patch") == []
