# SPDX-License-Identifier: GPL-2.0-only
"""The probe in Python and in C, compiled once a session, whatever process a test runs in."""

import os
from collections.abc import Iterator

import pytest

from tests.kit.trees import linux
from tests.models.native.primitives.probe import Pair, in_c, in_python


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled objects are in a folder of the session, which xdist's processes share."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTE_REVIEW_CACHE", str(base / "objects"))
        yield


@pytest.fixture(scope="session")
def pair(cache: None) -> Iterator[Pair]:
    """The probe on the Python primitives and on those of the tree."""
    both = Pair(in_python(), in_c(linux()))
    yield both
    both.c.close()
