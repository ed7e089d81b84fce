# SPDX-License-Identifier: GPL-2.0-only
"""Interrupted, killed, resumed: the tally is that of a run without any of it."""

from pathlib import Path

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.job import ready, run_piece
from pte_review.harness.exhaust.result import conclude
from pte_review.harness.exhaust.run import begin, go_on
from pte_review.harness.exhaust.shards import WHOLE, Shard
from pte_review.harness.exhaust.state import load_state, save_state
from pte_review.harness.progress import Progress, silent
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.verdict import EQUIVALENT, INCONCLUSIVE
from tests.kit.exhaust_jobs import KILL, at_one_table, job, run_all, serial, total

SMALL = job(entries=2, size=150)


def test_after_an_interruption_it_goes_on():
    expected = serial(SMALL)
    one, state, path = begin(SMALL, WHOLE, restart=False)

    stops = [3, 7]  # pieces

    def stop(_: Progress) -> None:
        if stops and len(state.done) >= stops[0]:
            stops.pop(0)
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            go_on(one, state, path, jobs=2, dask=None, listen=stop, work="tables")
        one, state, path = begin(SMALL, WHOLE, restart=False)
    assert 0 < len(state.done) < ready(one).plan.pieces
    go_on(one, state, path, jobs=2, dask=None, listen=silent, work="tables")
    assert total(state) == expected
    assert total(begin(SMALL, WHOLE, restart=False)[1]) == expected
    assert begin(SMALL, WHOLE, restart=True)[1].done == set()


def test_progress_is_that_of_a_pair_with_these_sources(tmp_path: Path):
    port = Path(at_one_table(tmp_path / "port.py", space("x86_64", 1)[0].scenario(0), "pass"))
    before = begin(job(candidate=str(port)), WHOLE, restart=False)[2]
    ready.cache_clear()
    assert begin(job(candidate=str(port)), WHOLE, restart=False)[2] == before
    port.write_text(port.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    ready.cache_clear()
    assert begin(job(candidate=str(port)), WHOLE, restart=False)[2] != before
    others = [job(contract="exact"), job(entries=2), job(arches=["arm64"]), job("v4", "pre_patch")]
    assert len({begin(other, WHOLE, restart=False)[2] for other in others} | {before}) == 5


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}', "[1]", '{"version": 2}'])
def test_progress_that_cannot_be_read_is_named(cache: Path, text: str):
    path = begin(SMALL, WHOLE, restart=False)[2]
    cache.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="--restart begins anew"):
        begin(SMALL, WHOLE, restart=False)
    assert begin(SMALL, WHOLE, restart=True)[1].done == set()


def test_progress_comes_back_as_it_was(cache: Path):
    _, state = run_all(SMALL, Shard(2, 3))
    state.crashed[4] = "died"
    save_state(cache / "s.json", state)
    again = load_state(cache / "s.json")
    assert again is not None
    assert again.saved() == state.saved()
    assert again.done == state.done


def test_a_killed_process_costs_nothing(tmp_path: Path):
    """The piece that killed its process once runs again, and is counted once."""
    flag = tmp_path / "flag"
    once = (f"if not Path({str(flag)!r}).exists():", f"    Path({str(flag)!r}).touch()", f"    {KILL}")
    port = at_one_table(tmp_path / "port.py", space("x86_64", 2)[5].scenario(7), *once)
    one, state = run_all(job("pre_patch", port, entries=2, size=300))
    assert flag.exists()
    assert state.crashed == {}
    result = conclude(one, state)
    assert result.verdict.verdict == EQUIVALENT
    assert result.tally.tables == 10632
    assert result.tally == serial(one)


def test_a_piece_that_kills_every_process_is_named(tmp_path: Path):
    port = at_one_table(tmp_path / "port.py", space("x86_64", 2)[5].scenario(7), KILL)
    one, state = run_all(job("pre_patch", port, entries=2, size=300))
    (number,) = state.crashed
    piece = ready(one).plan.piece(number)
    assert piece.block == 5
    assert piece.first <= 7 < piece.end
    result = conclude(one, state)
    assert result.verdict.verdict == INCONCLUSIVE
    assert f"piece {number} (block 5, tables 0 to {piece.end - 1}) has no result" in result.verdict.why
    assert result.tally.tables == 10632 - piece.end
    assert number in [n for n in range(ready(one).plan.pieces) if n not in state.done]  # the next run tries it again


def test_a_worker_with_other_sources_refuses():
    with pytest.raises(UsageError, match="another version"):
        run_piece(SMALL, "0123456789abcdef", 0)
