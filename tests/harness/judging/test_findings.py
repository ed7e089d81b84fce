# SPDX-License-Identifier: GPL-2.0-only
"""What a run as a whole can get wrong, without a partner: how it ended, what it returned, locks, TLB, contracts."""

import pytest

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.judging.kinds import ENDINGS, SEVERITY
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES
from tests.kit.moves import run
from tests.kit.outcomes import FOLIO, found, left, moving, page, swap
from tests.kit.ports import port

pytestmark = pytest.mark.parametrize("arch", ARCHES)


@pytest.mark.parametrize(
    ("field", "value", "finding"),
    [
        ("held", (1,), Finding("lock-leak", what="returns with the old page table lock held")),
        ("held", (2,), Finding("lock-leak", what="returns with the new page table lock held")),
        ("held", (3,), Finding("lock-leak", what="returns with the i_mmap lock held")),
        ("held", (4,), Finding("lock-leak", what="returns with the anon_vma lock held")),
        ("lazy_mmu", 1, Finding("lock-leak", what="returns in lazy MMU mode")),
        ("mapped", 1, Finding("lock-leak", what="returns with a page table mapped")),
        ("imbalances", ("entered twice",), Finding("lock-leak", what="entered twice")),
        ("violations", ("set_ptes() of none",), Finding("primitive-contract", what="set_ptes() of none")),
        ("bugs", ("map count below 0 for pfn 0x1",), Finding("page-table-check", what="map count below 0 for pfn 0x1")),
        ("stale", (512 + 1,), Finding("stale-tlb", "old", 1)),
        ("stale", (3 * 512 + 511,), Finding("stale-tlb", "new", 511)),
        ("returned", 1, Finding("return-value", what="1 instead of 0")),
        ("returned", -11, Finding("return-value", what="-11 instead of 0")),
    ],
)  # fmt: skip
def test_a_rule_of_the_run(arch, field, value, finding):
    s = moving(arch, ["WDA", ""])
    assert finding in findings_of(MovePromise(s), left(s, **{field: value}))


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"held": (1, 2)}, ["lock-leak", "lock-leak"]),
        ({"held": (2,), "lazy_mmu": 1, "imbalances": ("x", "y")}, ["lock-leak"] * 4),
        ({"violations": ("a", "b"), "bugs": ("c",)}, ["primitive-contract", "primitive-contract", "page-table-check"]),
        ({"stale": (512, 3 * 512)}, ["stale-tlb", "stale-tlb"]),
        ({"returned": 7}, ["return-value"]),
    ],
)
def test_each_rule_on_its_own(arch, fields, kinds):
    s = moving(arch, ["WDA", ""])
    outcome = left(s, **fields)
    assert [
        f.kind for f in findings_of(MovePromise(s), outcome) if f.what != "-EAGAIN after entries were changed"
    ] == kinds


def test_nothing_wrong(arch):
    s = moving(arch, ["WDA", ""])
    assert findings_of(MovePromise(s), left(s)) == []


@pytest.mark.parametrize("maps", [{"old_maps": False}, {"new_maps": False}])
def test_on_eagain_nothing_changes(arch, maps):
    s = moving(arch, ["W"], **maps)
    assert found(s, left(s)) == []
    assert found(s, left(s, returned=0)) == [("return-value", "", -1)]
    assert found(s, left(s, {0: page(arch, FOLIO, "W")})) == [("return-value", "", -1)]
    assert found(s, left(s, old={0: 0})) == [("return-value", "", -1)]


def test_eagain_for_no_reason(arch):
    """The tables are not judged entry by entry then: what was to be moved is not known any more."""
    s = moving(arch, ["W"])
    untouched = left(s, {0: 0}, {0: page(arch, FOLIO, "W")}, returned=-11)
    assert found(s, untouched) == [("return-value", "", -1)]
    assert [f.what for f in findings_of(MovePromise(s), left(s, returned=-11))] == [
        "-11 instead of 0",
        "-EAGAIN after entries were changed",
    ]


@pytest.mark.parametrize("vma", [Vma(), Vma(vm_file=True), Vma(vm_file=True, anon_vma=False)])
@pytest.mark.parametrize("which", ["no rmap locks", "rmap locks dropped at once"])
def test_rmap_locks_that_the_call_asks_for(arch, vma, which):
    """Without them an rmap walk may visit the new address too early, the old one too late, and miss the page."""
    folios = (Folio(FOLIO, 2, anon=vma.anon_vma, exclusive=((0, 4),) if vma.anon_vma else ()),)
    for wanted in (False, True):
        s = moving(arch, ["WDA", "W"], vma=vma, folios=folios, need_rmap_locks=wanted)
        assert set(found(s, run(s, port(which)))) == ({("lock-leak", "", -1)} if wanted else set())
        assert found(s, left(s)) == []


@pytest.mark.parametrize("ended", ENDINGS)
def test_an_early_end_is_judged_only_for_how_it_ended(arch, ended):
    s = moving(arch, ["W", ""])
    outcome = left(s, {0: swap(arch, 3, 4)}, {7: swap(arch, 3, 5)}, ended=ended, returned=None, held=(1,), lazy_mmu=1)
    assert found(s, outcome) == [(ended, "", -1)]


def test_an_unassigned_read_names_the_variable(arch):
    s = moving(arch, ["W"])
    assert findings_of(MovePromise(s), left(s, ended="unassigned-read", variable="pte", why="a.py:3")) == [
        Finding("unassigned-read", what="pte")
    ]


@pytest.mark.parametrize(
    ("severity", "kinds"),
    [
        (
            "critical",
            "write-gained entry-lost entry-left-behind entry-duplicated foreign-entry wrong-page table-overrun",
        ),
        (
            "high",
            "unassigned-read dirty-lost uffd-wp-kept uffd-wp-lost soft-dirty-missing other-bits stale-tlb "
            "page-table-check lock-leak primitive-contract no-progress outside-range return-value crash "
            "destination-overwritten cont-broken",
        ),
        (
            "medium",
            "write-lost destination-kept cont-on-invalid dirty-gained young-gained young-lost warning-missing "
            "warning-extra",
        ),
    ],
)
def test_severities(arch, severity, kinds):
    assert {kind for kind, level in SEVERITY.items() if level == severity} == set(kinds.split())
