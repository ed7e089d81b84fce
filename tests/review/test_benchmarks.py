# SPDX-License-Identifier: GPL-2.0-only
"""One smoke run of the benchmarks, else left out of make test: saved JSON, compare and histogram as users run them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONE = ("tests/bench/test_versions.py", "-k", "x86_64-order-0-16", "--benchmark-only", "--benchmark-max-time=0.01")


def pytest_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *ONE, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_save_compare_and_histogram(tmp_path: Path) -> None:
    storage = f"--benchmark-storage={tmp_path}"
    first = pytest_run(storage, "--benchmark-save=first", f"--benchmark-json={tmp_path / 'out.json'}")
    assert first.returncode == 0, first.stdout
    benchmarks = json.loads((tmp_path / "out.json").read_text())["benchmarks"]
    assert {one["group"] for one in benchmarks} == {"order-0, 16 entries, x86_64"}
    lookups = {one["param"].split("-")[-1]: one["extra_info"]["folio-lookups"] for one in benchmarks}
    assert lookups == {"pre_patch": 0, "v4": 15, "v4_fixed": 0}
    again = pytest_run(storage, "--benchmark-compare", f"--benchmark-histogram={tmp_path / 'histogram'}")
    assert again.returncode == 0, again.stdout
    assert "(0001_first)" in again.stdout
    assert list(tmp_path.glob("histogram*.svg"))
