# SPDX-License-Identifier: GPL-2.0-only
"""Compiled kernel text is kept for the session, in a folder that its processes share, and nowhere else."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled_in_the_session(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTE_REVIEW_CACHE", str(shared / "compiled"))
        yield
