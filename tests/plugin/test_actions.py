# SPDX-License-Identifier: GPL-2.0-only
"""A candidate that only actions of others show: the same pictures in one process, in workers, in any order."""

import pytest

from tests.kit.ports import source

pytest_plugins = "pytester"
MODES = {
    "one process": (),
    "two workers": ("-n", "2"),
    "another hash seed, no random order": ("-p", "no:randomly"),
}


def pictures(pytester: pytest.Pytester, mode: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("PYTHONHASHSEED", "77" if mode.startswith("another") else "1")
    result = pytester.runpytest_subprocess(
        "--review-candidate=port.py",
        "--review-max-examples=300",
        "--review-seed=1",
        "-p",
        "no:cacheprovider",
        *MODES[mode],
    )
    assert result.ret == 1
    out = result.stdout.str()
    parts = [part.partition("\nagain:")[0] for part in out.split("dirty-lost (high)\n")[1:]]
    return {"\n".join(line.rstrip() for line in part.splitlines()[:14]) for part in parts}


def test_the_same_pictures_however_pytest_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("xdist")
    (pytester.path / "port.py").write_text(source("flush after both locks"), encoding="utf-8")
    shown = {mode: pictures(pytester, mode, monkeypatch) for mode in MODES}
    assert len(shown["one process"]) == 2  # one an architecture
    assert all("acts:  " in text for text in shown["one process"])
    for mode, texts in shown.items():
        assert texts == shown["one process"], mode
