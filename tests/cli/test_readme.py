# SPDX-License-Identifier: GPL-2.0-only
"""README.md shows real output: each block behind `<!-- output: NAME -->` is what the command prints."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.costs.command import claims_text
from harness.files import moves, recording
from harness.history import DEFAULT_SEEDS, hunted, measure
from harness.reports.history import history_text
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


def the_history() -> str:
    rows = [measure(bug, arches, DEFAULT_SEEDS, 1000) for bug, arches in hunted(None)]
    return history_text(rows, DEFAULT_SEEDS, 1000)


def without_seconds(text: str) -> str:
    """A block without what differs from run to run: a last column of seconds, and those of the last line."""
    lines = text.splitlines()
    if not any(line.endswith(" sec") for line in lines):
        return text
    return "\n".join(re.sub(r"( *\| *(sec|[\d.]*)|\+=+|; \d+ s)$", "", line) for line in lines)


OUTPUTS: dict[str, Callable[[], str]] = {
    "matrix": the_matrix,
    "write-gained": lambda: the_picture("v4", "write-gained"),
    "unassigned-read": lambda: the_picture("refactor", "unassigned-read"),
    "history": the_history,
    "dirty-lost": lambda: the_picture("before_dirty_recheck", "dirty-lost"),
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
    shown = re.search(rf"<!-- output: {name} -->\n\n```\n.*?```\n", text, re.DOTALL)
    assert shown
    assert without_seconds(shown[0]) == without_seconds(block)


def test_without_seconds():
    table = "bug    |  sec\n=======+=====\nv4: x1 | 0.02\n\n1 bugs, 1 found with every seed, 0-19; 16 s\n"
    assert without_seconds(table) == "bug\n=======\nv4: x1\n\n1 bugs, 1 found with every seed, 0-19"
    assert without_seconds(table.replace("0.02", "9.99").replace("16 s", "7 s")) == without_seconds(table)
    assert without_seconds(table.replace("x1", "x2")) != without_seconds(table)
    assert without_seconds("claims | 16\n") == "claims | 16\n"


def test_every_block_is_checked() -> None:
    named = re.findall(r"<!-- output: ([\w-]+) -->", README.read_text(encoding="utf-8"))
    assert named == list(OUTPUTS)
