# SPDX-License-Identifier: GPL-2.0-only
"""What programs build, by the raw entries of the recorder: the scenario's entries, bit by bit where they are built."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from pte_review.harness.live.boot import boot
from pte_review.harness.live.build import cross_compiler, static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.reproduce.layout import area_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import PASS, SKIP
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.arch.word import PteWords
from pte_review.models.entry import kind_of, show
from pte_review.models.scenario import Scenario
from tests.kit.reproducible import all_cases, case, contpte, counterexample
from tests.kit.trees import ROOT

pytestmark = pytest.mark.slow
READER = ROOT / "harness" / "live" / "c"
FILES = [READER / name for name in ("tables.c", "pages.c", "bpf.c", "btf.c", "say.c")]
WATCH = ROOT / "tests" / "data" / "reproduce" / "raw.c"
RAW = re.compile(r"^# raw (0x[0-9a-f]+|0)$", re.MULTILINE)


def entries_before(text: str, arch: str, folder: Path) -> list[int]:
    """The raw entries of the range just before the call, on a kernel of now."""
    source = folder / "reproducer.c"
    source.write_text(text, encoding="ascii")
    options = ("-Dmremap=watched_mremap", f"-I{READER}")
    try:
        kernel = kernel_of("7.3", arch)
        cross_compiler(arch)
    except LiveError as error:
        pytest.skip(str(error))
    program = static_program([source, WATCH, *FILES], arch, options=options)
    try:
        booted = boot(kernel, program)
    except LiveError as error:
        pytest.skip(str(error))
    output = booted.output.decode("ascii")
    if booted.status == SKIP:
        pytest.skip(output)
    assert booted.status == PASS, output
    return [int(value, 16) for value in RAW.findall(output)]


def built(s: Scenario, raw: list[int]) -> list[str]:
    """What is not as the scenario has it, entry by entry."""
    words, area, where = s.words, area_of(s), s.ranges[0]
    wanted = s.whole_tables[where.table][where.first : where.end]
    assert len(raw) == len(wanted)
    blocks = any(words.pte_present(pte) and words.pte_cont(pte) for pte in wanted)
    wrong = []
    for slot, (want, got) in enumerate(zip(wanted, raw, strict=True)):
        same = _kind(words, want) == _kind(words, got)
        if same and words.pte_present(want):
            same = (words.pte_write(want), words.pte_uffd_wp(want)) == (words.pte_write(got), words.pte_uffd_wp(got))
            same &= not area.soft_dirty_built or words.pte_soft_dirty(want) == words.pte_soft_dirty(got)
            same &= not blocks or words.pte_cont(want) == words.pte_cont(got)
        elif same:
            same = words.pte_swp_uffd_wp(want) == words.pte_swp_uffd_wp(got)
            same &= not area.soft_dirty_built or words.pte_swp_soft_dirty(want) == words.pte_swp_soft_dirty(got)
        if not same:
            wrong.append(f"{slot}: {show(words, got)}, not {show(words, want)}")
    return wrong


def _kind(words: PteWords, pte: int) -> str:
    """As kind_of(), but for the zero page: its page frame is that of the machine, kpageflags knows it."""
    return kind_of(words, pte).replace("zero-page", "special")


def neighbours(s: Scenario, ptes: list[int]) -> list[tuple[int, int]]:
    """Slots that map the page behind that of the slot before, in one large folio."""
    words = s.words
    return [
        (slot, slot + 1)
        for slot, (pte, other) in enumerate(pairwise(ptes))
        if words.pte_present(pte) and words.pte_present(other) and words.pte_pfn(other) == words.pte_pfn(pte) + 1
    ]


@pytest.mark.parametrize(("name", "arch"), all_cases())
def test_the_state_is_that_of_the_scenario(name: str, arch: str, tmp_path: Path):
    s = case(name, arch).divergence.scenario
    raw = entries_before(reproducer(MOVE_PTES, case(name, arch)), arch, tmp_path)
    assert built(s, raw) == []


def test_contpte_blocks_are_there(tmp_path: Path):
    counter = counterexample("write-gained", contpte())
    s = counter.divergence.scenario
    raw = entries_before(reproducer(MOVE_PTES, counter), "arm64", tmp_path)
    assert built(s, raw) == []
    assert neighbours(s, raw) == [(0, 1), (1, 2)]
