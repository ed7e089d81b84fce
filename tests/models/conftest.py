# SPDX-License-Identifier: GPL-2.0-only
"""A candidate by the text of its body."""

import textwrap

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import page, scenario
from tests.kit.moves import load, run

FOLIO = (Folio(0x200, 4),)


@pytest.fixture
def candidate(tmp_path):
    """Run a move_ptes() with this body on one entry; returns (outcome, file name)."""

    def run_body(body, arch="x86_64", **options):
        path = tmp_path / "candidate.py"
        path.write_text("def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n" + textwrap.indent(body, "    "))
        what = scenario(arch, {0: page(arch, 0x200, "W")}, folios=FOLIO, **options)
        return run(what, load(path)), str(path)

    return run_body
