# SPDX-License-Identifier: GPL-2.0-only
"""The toy beside the functions that come with the package."""

import pytest

from pte_review.harness.subjects import SUBJECTS
from tests.cli.conftest import cli
from tests.toy.subject import WRPROTECT

__all__ = ["cli"]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setitem(SUBJECTS, WRPROTECT.name, WRPROTECT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
