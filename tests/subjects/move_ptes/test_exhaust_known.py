# SPDX-License-Identifier: GPL-2.0-only
"""What is known of the thread's versions, on every table of two entries; and bugs that one table shows."""

import random
from pathlib import Path

import pytest

from pte_review.harness.exhaust.job import ready
from pte_review.harness.exhaust.result import conclude
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.judge import AGREEMENT
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.verdict import DIVERGES, EQUIVALENT, INCONCLUSIVE
from tests.kit.build import ARCHES
from tests.kit.exhaust_jobs import at_one_table, job, run_all, serial
from tests.kit.moves import as_move, compared, load

pytestmark = pytest.mark.slow

SAMPLES = 3  # tables of a block


@pytest.mark.parametrize(
    ("base", "candidate", "contract", "kinds"),
    [
        ("pre_patch", "v4", "folio-ad", {"write-gained", "write-lost"}),
        ("pre_patch", "v4_fixed", "folio-ad", set()),
        ("pre_patch", "v4_fixed", "exact", set()),  # x86_64: never a batch longer than one since 0b5be138ce00
        ("v4", "refactor_intended", "folio-ad", set()),
        ("v4", "refactor_intended", "exact", set()),
        ("pre_patch", "v4_respect_write", "folio-ad", set()),
        ("pre_patch", "v4_respect_write", "exact", {"dirty-gained", "young-gained"}),
        ("pre_patch", "refactor", "folio-ad", {"unassigned-read", "foreign-entry", "entry-lost"}),
    ],
)
def test_two_entries_on_x86_64(base: str, candidate: str, contract: str, kinds: set[str]):
    result = conclude(*run_all(job(base, candidate, entries=2, contract=contract)))
    assert result.tally.tables == result.total == 10632
    assert kinds <= set(result.verdict.kinds)
    assert result.verdict.verdict == (DIVERGES if kinds else EQUIVALENT)
    assert bool(result.verdict.kinds) == bool(kinds)


@pytest.mark.parametrize("candidate", ["v4", "v4_fixed"])
def test_one_entry_has_no_batch(candidate: str):
    result = conclude(*run_all(job("pre_patch", candidate, ARCHES)))
    assert result.verdict.verdict == EQUIVALENT
    assert result.tally.equal + result.tally.allowed == result.total


def test_on_arm64_the_fixed_version_batches_and_leaves_the_same():
    result = conclude(*run_all(job("pre_patch", "v4_fixed", ["arm64"], entries=2)))
    assert result.verdict.verdict == EQUIVALENT
    assert result.tally.changed > 0
    assert result.verdict.exercised["batch"] > 0


def test_what_only_a_warning_shows():
    """v1 of the series visits the entries of a batch again: the same tables, but CONFIG_DEBUG_VM warns."""
    result = conclude(*run_all(job("pre_patch", "v1_stride", ["arm64"], entries=2)))
    assert "warning-extra" in result.verdict.kinds


def test_what_only_page_table_check_shows(tmp_path: Path):
    """A plain store where a page's entry has to be cleared by a primitive that counts."""
    source = Path(load("pre_patch").filename).read_text(encoding="utf-8")
    clear = "pte = k.ptep_get_and_clear(mm, old_addr, old_ptep)"
    assert source.count(clear) == 1
    plain = f"{clear[:3]} = k.ptep_get(old_ptep); k.pte_clear(mm, old_addr, old_ptep)"
    (tmp_path / "port.py").write_text(source.replace(clear, plain), encoding="utf-8")
    for arch in ARCHES:
        result = conclude(*run_all(job("pre_patch", str(tmp_path / "port.py"), [arch])))
        assert result.verdict.kinds == ("page-table-check",)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("pair", [("pre_patch", "v4"), ("v4", "refactor"), ("v4", "refactor_clear_new")])
def test_the_same_findings_as_a_review_has(arch: str, pair: tuple[str, str]):
    """Tables one by one through the judge that `check` uses, whether the outcomes are the same or not."""
    base, candidate = map(load, pair)
    here = job(*pair, [arch], 2)
    chooser, found = random.Random(1), 0
    for block in space(arch, 2):
        for table in (chooser.randrange(block.cases) for _ in range(SAMPLES)):
            judgement = compared(block.scenario(table), base, candidate, CONTRACTS["folio-ad"]).judgement
            tally = ready(here).backend.run(block, table, table + 1)
            assert set(tally.by_kind) == {(d.finding.kind, d.by) for d in judgement.differences}
            assert tally.allowed_kinds == dict(judgement.allowed)
            assert tally.equal <= (judgement == AGREEMENT or bool(judgement.shared))
            found += tally.diverging
    assert found or pair[0] == "v4"


@pytest.mark.parametrize("arch", ARCHES)
def test_a_bug_that_one_table_shows_is_found(tmp_path: Path, arch: str):
    block = space(arch, 2)[-1]
    scenario = block.scenario(block.cases - 3)
    port = at_one_table(tmp_path / "port.py", scenario, "return 1")
    result = conclude(*run_all(job("pre_patch", port, [arch], 2)))
    assert result.tally.diverging == 1
    (divergence,) = result.verdict.divergences
    assert divergence.kind == "return-value"
    assert as_move(divergence.scenario).old_table == as_move(scenario).old_table


def test_a_primitive_that_is_not_modelled_leaves_it_undecided(tmp_path: Path):
    port = at_one_table(tmp_path / "port.py", space("x86_64", 1)[3].scenario(5), "k.no_such_thing()")
    result = conclude(*run_all(job("pre_patch", port)))
    assert result.verdict.verdict == INCONCLUSIVE
    assert "1 tables not decided: k.no_such_thing is not modelled" in result.verdict.why


def test_a_version_against_itself_that_cannot_run(tmp_path: Path):
    port = at_one_table(tmp_path / "port.py", space("x86_64", 1)[3].scenario(5), "k.no_such_thing()")
    assert serial(job(port, port)).undecided == 1


def test_a_run_that_takes_seconds_ends_the_search(tmp_path: Path):
    time_is_up = "signal.raise_signal(signal.SIGPROF)"  # as the watchdog's timer does
    port = at_one_table(tmp_path / "port.py", space("x86_64", 1)[0].scenario(5), time_is_up)
    result = conclude(*run_all(job("pre_patch", port, size=50), jobs=1))
    assert result.verdict.kinds == ("no-progress",)
    assert result.tally.tables < result.total
