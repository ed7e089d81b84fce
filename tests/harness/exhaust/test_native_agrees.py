# SPDX-License-Identifier: GPL-2.0-only
"""The C counts as equal or allowed only what the judge in Python does: edits that a run without a log could miss."""

from dataclasses import replace

import pytest

from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.exhaust.python_backend import PythonBackend
from pte_review.harness.exhaust.tally import SpaceTally, merge
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.build import ARCHES
from tests.kit.compilers import needs_gcc
from tests.kit.trees import edited, small, version

BLOCKS, TABLES = 7, 40  # every so many blocks of two entries, and of each the first so many tables

CLEARED = "\t\tpte = get_and_clear_full_ptes(mm, from, src, nr, 0);\n"
LOCKED = "\tif (new_lock != old_lock)\n\t\tspin_lock_nested"
MOVED = "\tarch_leave_lazy_mmu_mode();\n\tif (flush)\n"
SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"

EDITS = {
    "lock-leak": {LOCKED: f"\tpte_offset_map_rw_nolock(mm, new_pmd, to, &unused, &new_lock);\n{LOCKED}"},
    "outside-range": {
        MOVED: "\tif (pte_present(*src)) {\n\t\tset_pte(src, pte_mkold(*src));\n\t\tflush_tlb_mm(mm);\n\t}\n" + MOVED
    },
    "young-gained": {SET: "\t\t\tif (pte_present(pte) && nr == 1)\n\t\t\t\tpte = pte_mkyoung(pte);\n" + SET},
    "warning-extra": {CLEARED: f"\t\tVM_WARN_ON_ONCE(nr > 1);\n\t\tVM_WARN_ON_ONCE(pte_write(seen));\n{CLEARED}"},
    # never assigned: the optimiser may take a flag for whatever suits it
    "stale-tlb": {
        "\tbool flush = false;\n": "\tbool flush;\n",
        "\t\t\tflush = true;\n": "\t\t\tflush |= pte_young(seen);\n",
    },
    "stale-tlb, one page flushed": {
        "\t\tflush_tlb_range(vma, end - bytes, end);\n": "\t\tflush_tlb_page(vma, end - bytes);\n"
    },
}


def tallies(base, candidate, arch, every=BLOCKS, tables=TABLES):
    """Of the same tables, by the C and by the judge."""
    texts = version(base), version(candidate)
    totals = []
    for backend in (NativeBackend, PythonBackend):
        total = SpaceTally()
        for block in space(arch, 2)[::every]:
            tally = backend(MOVE_PTES, *texts, CONTRACTS["folio-ad"]).run(block, 0, min(tables, block.cases))
            total = merge(total, tally.in_block(0))
        totals.append(replace(total, allowed_kinds={}))  # the C counts those of tables that do not diverge
    for text in texts:
        text.close()
    return totals


@pytest.mark.parametrize("arch", ARCHES)
# Before clang 16 a flag that nobody assigned holds anything.
@pytest.mark.parametrize("kind", [pytest.param(k, marks=needs_gcc) if k == "stale-tlb" else k for k in EDITS])
def test_what_the_judge_finds_diverging_is_not_counted_as_equal(kind, arch):
    native, judged = tallies(small(), edited(small(), EDITS[kind]), arch)
    assert kind.partition(",")[0] in {found for found, _ in judged.by_kind}
    assert native == judged


def test_cont_on_an_invalid_entry_is_not_counted_as_allowed():
    """The tree's contpte_set_ptes(), as at v6.16, sets CONT on whole blocks of entries that are not valid."""
    one_by_one = {"\t\t\tnr = batch_length(vma, from, src, seen, most);\n": ""}
    unhinted = {"\tif (pte_batch_hint(slot, value) == 1)\n\t\treturn 1;\n": ""}
    native, judged = tallies(edited(small(), one_by_one), edited(small(), unhinted), "arm64", 5, 60)
    assert "cont-on-invalid" in {found for found, _ in judged.by_kind}
    assert native == judged


@pytest.mark.parametrize("away", [100, 1 << 15], ids=["into the gap", "where a table of another run lies"])
@pytest.mark.parametrize("arch", ARCHES)
def test_runs_that_both_end_early_are_shared_not_equal(arch, away):
    early = {MOVED: f"\tif (flush)\n\t\tptep_get(dst + {away});\n{MOVED}"}
    native, judged = tallies(edited(small(), early), edited(small(), early), arch)
    assert judged.shared
    assert native == judged


def test_another_order_of_locks_and_flushes_is_judged_once(monkeypatch):
    """As long as it is the order alone, what is said of one table of the block holds for all."""
    pending, lazy = "\tflush_tlb_batched_pending(vma->vm_mm);\n", "\tarch_enter_lazy_mmu_mode();\n"
    texts = version(small()), version(edited(small(), {pending + lazy: lazy + pending}))
    judged = []
    run = PythonBackend.run
    monkeypatch.setattr(PythonBackend, "run", lambda self, *where: judged.append(where) or run(self, *where))
    block = space("x86_64", 2)[0]
    tally = NativeBackend(MOVE_PTES, *texts, CONTRACTS["folio-ad"]).run(block, 0, block.cases)
    assert tally.equal == tally.tables == block.cases
    assert len(judged) == 2  # with and without a flush at the end
    for text in texts:
        text.close()
