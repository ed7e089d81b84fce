# SPDX-License-Identifier: GPL-2.0-only
"""Runs of edited text in child processes, of which none is left."""

import pytest

from tests.kit.moves import run
from tests.kit.trees import edited, small, version


@pytest.fixture
def ran():
    """ran(scenario, {old: new}, path=...): the outcome of batching/mm/mremap.c with these changes."""
    versions = {}

    def run_edited(what, changes=None, **options):
        key = (tuple((changes or {}).items()), *options.items())
        if key not in versions:
            tree = small()
            versions[key] = version(edited(tree, changes, **options) if changes else tree)
        return run(what, versions[key])

    yield run_edited
    for one in versions.values():
        one.close()
