# SPDX-License-Identifier: GPL-2.0-only
"""Runs of edited text in child processes, of which none is left."""

import pytest

from models.run import run
from tests.trees import edited, small, variant


@pytest.fixture
def ran():
    """ran(scenario, {old: new}, path=...): the outcome of batching/mm/mremap.c with these changes."""
    variants = {}

    def run_edited(what, changes=None, **options):
        key = (tuple((changes or {}).items()), *options.items())
        if key not in variants:
            tree = small()
            variants[key] = variant(edited(tree, changes, **options) if changes else tree)
        return run(what, variants[key])

    yield run_edited
    for one in variants.values():
        one.close()
