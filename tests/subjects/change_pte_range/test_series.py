# SPDX-License-Identifier: GPL-2.0-only
"""The series and its bug: what is found between which versions, how soon, and the smallest case; no false alarm."""

from itertools import islice
from statistics import median_low

import pytest

from pte_review.harness import check
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.known import hunt
from pte_review.harness.known_finding import KnownOfPair
from pte_review.harness.search.aim import fresh
from pte_review.harness.subjects.change_pte_range.history import BUGS, KNOWN
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.verdict import DIVERGES, FIXES, NO_DIFFERENCE
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages
from tests.subjects.change_pte_range.calls import READ_ONLY, RIGHT, anon, call, compared, kinds, load, run

EXAMPLES = 400


# -- the bug: cac1db8c3aad, fixed by cf1b80dc31a1


def test_the_bug_is_found_soon():
    hunted = hunt(CHANGE_PTE_RANGE, BUGS[0], ARCHES, seeds=20, max_examples=400)
    assert hunted.found_by_all
    assert median_low(hunted.counts) <= 20


@pytest.mark.parametrize("arch", ARCHES)
def test_the_smallest_case(arch):
    """One page of an order-2 folio that is not its first, and not exclusive as the first is: no batch is needed."""
    verdict = check("mprotect/before_batching", "mprotect/as_merged", arch=arch, max_examples=EXAMPLES)
    assert verdict.verdict == DIVERGES
    gained = next(d for d in verdict.divergences if d.kind == "write-gained" and not d.scenario.vma.shadow_stack)
    assert gained.severity == "critical"
    (where,), (folio,) = gained.scenario.ranges, gained.scenario.folios
    assert (where.nr, where.first, len(gained.scenario.tables[0].entries)) == (1, 0, 1)
    ((_, pte),) = gained.scenario.tables[0].entries
    assert gained.scenario.words.pte_pfn(pte) > folio.pfn
    assert folio.is_exclusive(folio.pfn)
    assert not folio.is_exclusive(gained.scenario.words.pte_pfn(pte))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("exclusive", "base", "merged"),
    [
        ([(0, 2)], "W ", "WW"),  # pages 0 and 1 are, 1 and 2 are mapped: a write that nobody copies
        ([(1, 2)], "W ", " W"),
        ([(2, 3)], " W", "  "),  # the mirror: a fault more
    ],
)
def test_a_batch_from_the_second_page_on(arch, exclusive, base, merged):
    scenario = call(arch, pages(arch, 0, 0x201, ["", ""]), [anon(0x200, 2, exclusive=exclusive)], vma=READ_ONLY)
    for version, flags in (("before_batching", base), ("batching", base), ("as_merged", merged)):
        after = run(scenario, version).tables[0][:2]
        assert list(after) == [page(arch, 0x201 + i, flag.strip()) for i, flag in enumerate(flags)]


@pytest.mark.parametrize("arch", ARCHES)
def test_page_table_check_sees_it_as_syzbot_did(arch):
    folio = Folio(0x200, 2, exclusive=((0, 1),), shared=((1, 2),))
    scenario = call(arch, {0: page(arch, 0x201)}, [folio], vma=READ_ONLY, page_table_check=True)
    outcome = run(scenario, "as_merged")
    assert outcome.bugs == ("anon page mapped writable while mapped elsewhere for pfn 0x201",)
    assert set(kinds(scenario, outcome)) == {"write-gained", "page-table-check"}
    assert kinds(scenario, run(scenario, "batching")) == []


def test_the_fix_fixes():
    for arch in ARCHES:
        verdict = check("mprotect/as_merged", "mprotect/batching", arch=arch, max_examples=EXAMPLES)
        assert (verdict.verdict, verdict.added) == (FIXES, ())
        assert "page-table-check" in verdict.fixed
        assert "write-gained" in {divergence.kind for divergence in verdict.divergences}
    assert "write-gained" in verdict.fixed  # on arm64: shadow stacks of x86_64 still show it


@pytest.mark.parametrize(
    ("base", "candidate"), [("batching", "small_folios"), ("batching", "v6_19"), ("small_folios", "v7_3")]
)
def test_later_versions_change_nothing(base, candidate):
    """v7_3 on a kernel that does not know RWP; on others it is the one version that does."""
    verdict = check(f"mprotect/{base}", f"mprotect/{candidate}", max_examples=EXAMPLES)
    assert (verdict.verdict, verdict.divergences) == (NO_DIFFERENCE, ())


# -- shadow stacks: __pte_batch_clear_ignored() makes entries clean before it looks at write, so that a shadow-stack
# entry (Write=0, Dirty=1) and a read-only one are one batch although FPB_RESPECT_WRITE is set. v6.17 to v7.3.


@pytest.mark.parametrize("version", ["batching", "v6_19", "small_folios", "v7_3"])
@pytest.mark.parametrize("options", [{"protection": "rwx"}, {"caller": "numa"}])
def test_a_shadow_stack_entry_lends_its_write_permission(version, options):
    """Page 1 is shared with a child; its entry becomes Write=0, Dirty=1, so that pushes reach the child's memory."""
    facts = {"nid": 1} if "caller" in options else {}
    folio = anon(0x200, 2, exclusive=[(0, 1)], **facts)
    shadow, read_only = page("x86_64", 0x200) | 1 << 6, page("x86_64", 0x201)
    entries = {0: shadow, 1: read_only}
    scenario = call("x86_64", entries, [folio], vma=Vma(shadow_stack=True), shstk=True, **options)
    assert kinds(scenario, run(scenario, "before_batching")) == []
    assert kinds(scenario, run(scenario, version)) == ["write-gained"]
    judged = compared(scenario, "before_batching", version).judgement
    assert [(d.finding.kind, d.by) for d in judged.differences] == [("write-gained", "candidate")]


@pytest.mark.parametrize("version", ["batching", "v6_19", "small_folios", "v7_3"])
def test_page_table_check_calls_it_a_bug_where_the_page_is_shared(version):
    """__page_table_check_pte_set() passes pte_write(), which x86_64 says of shadow-stack entries too."""
    folio = anon(0x200, 2, exclusive=[(0, 1)], shared=((1, 2),), nid=1)
    entries = {0: page("x86_64", 0x200) | 1 << 6, 1: page("x86_64", 0x201)}
    options = {"shstk": True, "page_table_check": True, "protection": "rwx"}
    scenario = call("x86_64", entries, [folio], vma=Vma(shadow_stack=True), **options)
    assert run(scenario, "before_batching").bugs == ()
    outcome = run(scenario, version)
    assert outcome.bugs == ("anon page mapped writable while mapped elsewhere for pfn 0x201",)
    assert set(kinds(scenario, outcome)) == {"write-gained", "page-table-check"}


# -- no false alarm


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))])
def test_right_versions_keep_the_promise(arch, seed):
    """But for what is known of released kernels: docs/mprotect.md."""
    versions = [load(name) for name in RIGHT]
    acted = 0
    for scenario in islice(fresh(CHANGE_PTE_RANGE.recipe, arch, seed), 1000 if seed else 300):
        promise = CHANGE_PTE_RANGE.promise(scenario)
        acted += bool(scenario.actions)
        for version in versions:
            known = KnownOfPair(KNOWN, candidate=version.name)
            broken = {finding.kind for finding in findings_of(promise, version.run(scenario))}
            assert {kind for kind in broken if not known.title(scenario, kind, "candidate")} == set(), scenario
    assert acted > 0


@pytest.mark.parametrize("arch", ARCHES)
def test_the_batches_against_the_loop_before_them(arch):
    verdict = check("mprotect/before_batching", "mprotect/batching", arch=arch, max_examples=EXAMPLES)
    known = KnownOfPair(KNOWN, "before_batching", "batching")
    assert all(known.title(d.scenario, d.kind, d.by) for d in verdict.divergences)


@pytest.mark.parametrize("contract", ["folio-ad", "exact"])
def test_no_version_differs_from_itself(contract):
    for name in CHANGE_PTE_RANGE.function.ports():
        verdict = check(f"mprotect/{name}", load(name).filename, contract=contract, max_examples=100)
        assert verdict.divergences == ()
