# SPDX-License-Identifier: GPL-2.0-only
"""The same verdict from a Dask cluster, also when it loses workers."""

import sys
from pathlib import Path

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.cluster import CONNECT_SECONDS
from pte_review.harness.exhaust.result import conclude
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.verdict import EQUIVALENT
from tests.kit.exhaust_jobs import KILL, at_one_table, job, run_all, serial


def test_a_worker_dies_and_the_result_is_that_of_one_process(tmp_path: Path):
    pytest.importorskip("distributed")
    flag = tmp_path / "flag"
    once = (f"if not Path({str(flag)!r}).exists():", f"    Path({str(flag)!r}).touch()", f"    {KILL}")
    port = at_one_table(tmp_path / "port.py", space("x86_64", 2)[5].scenario(7), *once)
    one, state = run_all(job("pre_patch", port, entries=2, size=300), dask="local")
    assert flag.exists()
    result = conclude(one, state)
    assert result.verdict.verdict == EQUIVALENT
    assert result.tally == serial(one)


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch):
    distributed = pytest.importorskip("distributed")

    def client(address: str, *, timeout: float, name: str) -> None:
        assert timeout == CONNECT_SECONDS
        raise OSError(f"Timed out trying to connect to {address} after {timeout} s")

    monkeypatch.setattr(distributed, "Client", client)
    with pytest.raises(UsageError, match=r"--dask tcp://127\.0\.0\.1:9: no scheduler answers there"):
        run_all(job(), dask="tcp://127.0.0.1:9")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'pte-review\[dask\]'"):
        run_all(job(), dask="local")
