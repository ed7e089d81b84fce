# SPDX-License-Identifier: GPL-2.0-only
"""A Python primitive that is wrong in one way, and the probes that say so: where, and in what."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.folios import Folios
from pte_review.models.machine.kernel import Kernel, KernelX86_64
from tests.kit.moves import run
from tests.models.native.primitives.blocks import foldable
from tests.models.native.primitives.probe import Pair, Probe, first_difference
from tests.models.native.primitives.tables import anywhere, call, generated, wild

Broken = Callable[..., Any]


def said(pair: Pair, arch: str, which: Probe) -> set[str]:
    """The fields in which probe `which` finds a difference, on a few hundred tables."""
    random = Random(7)
    tables = [*generated(arch, 100, 4), *(wild(arch, random) for _ in range(200))]
    placed = [anywhere(scenario, which, random) for scenario in tables]
    found = (first_difference(run(s, pair.python), run(s, pair.c)) for s in placed)
    return {difference.partition(":")[0].partition("[")[0] for difference in found if difference}


def norm_that_keeps_write(k: Any, pte: int, flags: int) -> int:
    return k.pte_mkold(k.pte_clear_soft_dirty(k.pte_mkclean(pte)))


def gather_without_young(k: Any, pte: int, others: list[int]) -> int:
    return k.pte_mkdirty(pte) if any(map(k.pte_dirty, others)) else pte


def unfold_the_first_only(k: Any, addr: int, ptep: int, nr: int) -> None:
    if ptep != k._contpte_align_down(ptep) or nr < k.CONT_PTES:
        k._contpte_try_unfold(addr, ptep, k.read(ptep))


def set_that_does_not_advance(k: Any, ptep: int, pte: int, nr: int) -> None:
    for i in range(nr):
        k.store(ptep + i, pte)


def clear_without_unfolding(k: Any, mm: int, addr: int, ptep: int) -> None:
    k.called_on_entry("pte_clear", mm, addr, ptep)
    k.store(ptep, 0)


CASES = {
    "folio_pte_batch respects write": (Folios, "_batch_norm", norm_that_keeps_write, Probe.BATCH),
    "get_and_clear_full_ptes forgets young": (Kernel, "_gather_ad", gather_without_young, Probe.CLEAR_BATCH),
    "set_ptes does not advance": (Kernel, "_set_ptes", set_that_does_not_advance, Probe.SET_BATCH),
}
ON_ARM64 = {
    "the last block is not unfolded": (
        KernelArm64, "_contpte_try_unfold_partial", unfold_the_first_only, Probe.CLEAR_BATCH,
    ),
    "ptep_get forgets young": (KernelArm64, "_gather_ad", gather_without_young, Probe.GET),
    "pte_clear does not unfold": (KernelArm64, "pte_clear", clear_without_unfolding, Probe.CLEAR),
}  # fmt: skip


@pytest.mark.parametrize(
    ("arch", "where", "name", "broken", "which"),
    [
        *(
            pytest.param(arch, *case, id=f"{arch}: {what}")
            for arch in ("x86_64", "arm64")
            for what, case in CASES.items()
        ),
        *(pytest.param("arm64", *case, id=what) for what, case in ON_ARM64.items()),
    ],
)
def test_a_wrong_primitive_is_reported(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, arch: str, where: type, name: str, broken: Broken, which: Probe
) -> None:
    assert not said(pair, arch, which)
    monkeypatch.setattr(where, name, broken)
    assert said(pair, arch, which)


def test_one_read_less_is_reported(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    block = foldable(4)
    scenario = call(block.scenario(page_table_check=False), Probe.SET_EACH, 0, 0, 1, 7, into_old=False)
    read_block = KernelArm64.read_block

    def one_less(k: Any, ptep: int, nr: int) -> list[int]:
        return read_block(k, ptep, nr - 1)

    pair.agreed(scenario)
    monkeypatch.setattr(KernelArm64, "read_block", one_less)
    difference = first_difference(run(scenario, pair.python), run(scenario, pair.c))
    assert difference is not None
    assert difference.startswith("events[")


def test_one_bit_of_an_out_pointer_is_reported(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def merges_nothing(k: Any, pte: int, *_: Any) -> int:
        return pte

    monkeypatch.setattr(KernelX86_64, "pte_mkyoung", merges_nothing)
    assert "returned" in said(pair, "x86_64", Probe.BATCH)
