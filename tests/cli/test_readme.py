# SPDX-License-Identifier: GPL-2.0-only
"""README.md shows real output: each block behind `<!-- output: NAME -->` is what the command prints."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.costs.command import claims_text
from harness.files import moves, recording
from harness.reports.report import matrix, pictures, recording_lines, row
from harness.review import check
from harness.thread import review_thread
from models.variants import load

README = Path(__file__).parents[2] / "README.md"
RECORDED = Path(__file__).parents[1] / "data" / "recorded" / "linux-6.17.8-arm64.jsonl.gz"
BLOCK = "<!-- output: {name} -->\n\n```\n{text}```\n"


def the_matrix() -> str:
    rows = review_thread(arch=None, contract="folio-ad", max_examples=1000, seed=0)
    return matrix(row([verdict], "as known" if known.agrees(verdict) else "UNEXPECTED") for known, verdict in rows)


def the_picture(candidate: str, kind: str) -> str:
    verdict = check("pre_patch", candidate)
    shown = pictures(verdict, load("pre_patch"), load(candidate))
    return next(text for text in shown if text.startswith(f"{kind} ("))


def the_recording(name: str) -> str:
    records = recording.read(RECORDED)
    variant = load(name)
    found = [m for number, record in enumerate(records, 1) for m in moves.mismatches(number, record, variant)]
    return recording_lines(RECORDED.name, variant.name, records, found)


OUTPUTS: dict[str, Callable[[], str]] = {
    "matrix": the_matrix,
    "write-gained": lambda: the_picture("v4", "write-gained"),
    "unassigned-read": lambda: the_picture("refactor", "unassigned-read"),
    "claims": lambda: claims_text().partition("\n\n")[2],
    "recording": lambda: the_recording("pre_patch"),
    "recording-shipped": lambda: the_recording("v4_batch_hint"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_block(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    block = BLOCK.format(name=name, text=OUTPUTS[name]())
    if os.environ.get("UPDATE_GOLDEN"):
        pattern = re.compile(rf"<!-- output: {name} -->\n(\n```\n.*?```\n)?", re.DOTALL)
        README.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")
        return
    assert block in text


def test_every_block_is_checked() -> None:
    named = re.findall(r"<!-- output: ([\w-]+) -->", README.read_text(encoding="utf-8"))
    assert named == list(OUTPUTS)
