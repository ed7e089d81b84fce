# SPDX-License-Identifier: GPL-2.0-only
"""The README and docs show real output: each block behind `<!-- output: NAME -->` is what the command prints."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pte_review.harness import check
from pte_review.harness.cli.reproduce import shown
from pte_review.harness.costs.text import claims_text
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.known import DEFAULT_SEEDS, hunt_all, review_thread
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import on_kernel
from pte_review.harness.releases import ledger
from pte_review.harness.reports.history import history_text
from pte_review.harness.reports.ktap import ktap
from pte_review.harness.reports.releases import releases_table
from pte_review.harness.reports.report import matrix, pictures, row
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.move_ptes.recordings import moves, recording
from pte_review.harness.subjects.move_ptes.recordings.text import RECORDINGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.native.cache import cache_folder
from tests.kit.moves import load
from tests.kit.trees import RELEASES, ROOT, linux

DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PATCH = ROOT / "tests" / "data" / "patches" / "batch.patch"
RECORDED = ROOT / "tests" / "data" / "recorded" / "linux-6.17.8-arm64.jsonl.gz"
BLOCK = "<!-- output: {name} -->\n\n```\n{text}```\n"


def the_matrix() -> str:
    rows = review_thread(MOVE_PTES, arch=None, max_examples=1000, seed=0)
    return matrix(row([verdict], "as known" if known.agrees(verdict) else "UNEXPECTED") for known, verdict in rows)


def the_picture(candidate: str, kind: str) -> str:
    texts = pictures(check("pre_patch", candidate), MOVE_PTES.words)
    return next(text for text in texts if text.startswith(f"{kind} ("))


def the_mprotect_picture(candidate: str, kind: str) -> str:
    shown = pictures(check("mprotect/before_batching", f"mprotect/{candidate}"), CHANGE_PTE_RANGE.words)
    return next(text for text in shown if text.startswith(f"{kind} ("))


def the_recording(name: str) -> str:
    records = recording.read(RECORDED)
    version = load(name)
    found = [m for number, record in enumerate(records, 1) for m in moves.mismatches(number, record, version)]
    return RECORDINGS.text(RECORDED.name, version.name, records, found)


def the_history() -> str:
    return history_text(hunt_all(MOVE_PTES, None, DEFAULT_SEEDS, 1000), DEFAULT_SEEDS, 1000)


def in_a_folder(*command: str, prefix: str = "--", file: str = "") -> list[str]:
    """What `command` prints, or writes to `file`, in a folder with the files of the README's examples, line by line."""
    with TemporaryDirectory() as folder:
        Path(folder, "linux-6.12").symlink_to(linux().resolve())
        Path(folder, "batch.patch").write_bytes(PATCH.read_bytes())
        # As on a terminal: pytest cuts its last lines short there, and not under CI.
        plain = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
        environment = {**plain, "COLUMNS": "80", "XDG_CACHE_HOME": folder, "PTE_REVIEW_CACHE": str(cache_folder())}
        done = subprocess.run(
            [sys.executable, "-m", *command, f"{prefix}tree", "linux-6.12", f"{prefix}patch", "batch.patch"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        text = Path(folder, file).read_text(encoding="utf-8") if file else done.stdout
    return [line.rstrip() for line in text.splitlines(keepends=False)]


FEW = ("--arch", "x86_64", "--max-examples", "12")


def the_mail() -> str:
    command = ("pte_review", "check", "tree", "tree+patch", *FEW, "--mail", "reply.eml")
    lines = in_a_folder(*command, file="reply.eml")
    program = next(i for i, line in enumerate(lines) if line.startswith("/*") or "filename=" in line)
    end = lines.index("", program)
    return "\n".join([*lines[:end], "", "[the program]", lines[-1]]) + "\n"


def the_ktap() -> str:
    return ktap(
        Reviewed(MOVE_PTES, check("pre_patch", "v4", arch="x86_64", max_examples=12), KernelText(MOVE_PTES), ())
    )


def the_b4_check() -> str:
    """As jq shows it."""
    done = subprocess.run(
        [sys.executable, "-m", "pte_review", "b4-check", "--tree", str(linux()), *FEW],
        input=PATCH.read_text(encoding="utf-8"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return "".join(f"{one[name]}\n" for one in json.loads(done.stdout) for name in ("tool", "status", "summary"))


def the_pytest_run() -> str:
    options = ("-q", "--review-arch", "x86_64", "--review-max-examples", "60", "--no-header", "-p", "no:cacheprovider")
    return "\n".join(in_a_folder("pytest", *options, prefix="--review-")).strip("\n") + "\n"


def the_exhausted_space() -> str:
    lines = in_a_folder("pte_review", "exhaust", "tree", "tree+patch", "--entries", "4")
    first = next(i for i, line in enumerate(lines) if line.startswith("tree -> tree+patch: DIVERGES"))
    return "\n".join(lines[first : lines.index("", first)]) + "\n"


def the_releases() -> str:
    folders = [linux(release) for release in RELEASES]
    options = {"arch": None, "max_examples": 1000, "seed": 0}
    return releases_table("pre_patch", list(ledger(MOVE_PTES, "pre_patch", folders, **options)))


DURATION = re.compile(r"\b[\d,.]+ ?s\b|\([\d,]+ a second\)")


def the_mprotect_releases() -> str:
    folders = [linux(release) for release in RELEASES]
    options = {"arch": None, "max_examples": 1000, "seed": 0}
    return releases_table("before_batching", list(ledger(CHANGE_PTE_RANGE, "before_batching", folders, **options)))


def without_seconds(text: str) -> str:
    """A block without what differs from run to run: a last column of seconds, those of the last line; or durations.

    With a duration, lines may break elsewhere.
    """
    lines = text.splitlines()
    if not any(line.endswith(" sec") for line in lines):
        return " ".join(DURATION.sub("some time", text).split()) if DURATION.search(text) else text
    lines = [re.sub(r"^(\d+\.\d+)\.\d+ +\|", r"\1 |", line) for line in lines]  # the archive goes on in a series
    return "\n".join(re.sub(r"( *\| *(sec|[\d.]*)|\+=+|; \d+ s)$", "", line) for line in lines)


def the_reproducer() -> str:
    """What the kernels of docs/reproducing.md answer; the test is skipped without QEMU, compiler or image."""
    verdict = check("pre_patch", "v4_batch_hint", arch="arm64")
    found = next(divergence for divergence in verdict.divergences if divergence.kind == "write-gained")
    text = reproducer(
        MOVE_PTES, Counterexample(MOVE_PTES.name, verdict.base, verdict.candidate, verdict.contract, found)
    )
    try:
        answers = [on_kernel(kernel_of(release, "arm64"), text) for release in ("6.17.8", "6.17.13")]
    except LiveError as error:
        pytest.skip(str(error))
    return "\n".join(map(shown, answers)) + "\n"


OUTPUTS: dict[str, Callable[[], str]] = {
    "matrix": the_matrix,
    "write-gained": lambda: the_picture("v4", "write-gained"),
    "unassigned-read": lambda: the_picture("refactor", "unassigned-read"),
    "history": the_history,
    "dirty-lost": lambda: the_picture("before_dirty_recheck", "dirty-lost"),
    "claims": lambda: claims_text(MOVE_PTES.claims()).partition("\n\n")[2],
    "pytest-tree": the_pytest_run,
    "exhaust": the_exhausted_space,
    "releases": the_releases,
    "mail": the_mail,
    "ktap": the_ktap,
    "b4-check": the_b4_check,
    "recording": lambda: the_recording("pre_patch"),
    "reproduce": the_reproducer,
    "recording-shipped": lambda: the_recording("v4_batch_hint"),
    "mprotect-releases": the_mprotect_releases,
    "mprotect-claims": lambda: claims_text(CHANGE_PTE_RANGE.claims()).partition("\n\n")[2],
    "mprotect-history": lambda: history_text(
        hunt_all(CHANGE_PTE_RANGE, None, DEFAULT_SEEDS, 1000), DEFAULT_SEEDS, 1000
    ),
    "mprotect-bug": lambda: the_mprotect_picture("as_merged", "write-gained"),
}


def home_of(name: str) -> Path:
    """The file that has the block."""
    (home,) = [path for path in DOCS if f"<!-- output: {name} -->" in path.read_text(encoding="utf-8")]
    return home


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_block(name: str) -> None:
    home = home_of(name)
    text = home.read_text(encoding="utf-8")
    block = BLOCK.format(name=name, text=OUTPUTS[name]())
    if os.environ.get("UPDATE_GOLDEN"):
        pattern = re.compile(rf"<!-- output: {name} -->\n(\n```\n.*?```\n)?", re.DOTALL)
        home.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")
        return
    printed = re.search(rf"<!-- output: {name} -->\n\n```\n.*?```\n", text, re.DOTALL)
    assert printed
    assert without_seconds(printed[0]) == without_seconds(block)


def test_without_seconds():
    table = "bug    |  sec\n=======+=====\nv4: x1 | 0.02\n\n1 bugs, 1 found with every seed, 0-19; 16 s\n"
    assert without_seconds(table) == "bug\n=======\nv4: x1\n\n1 bugs, 1 found with every seed, 0-19"
    assert without_seconds(table.replace("0.02", "9.99").replace("16 s", "7 s")) == without_seconds(table)
    assert without_seconds(table.replace("x1", "x2")) != without_seconds(table)
    assert without_seconds("claims | 16\n") == "claims | 16\n"
    timed = "60 scenarios in 9.8 s, seed\n  0 (1,000 a second)\n1 failed in 8.61s\n"
    assert without_seconds(timed) == "60 scenarios in some time, seed 0 some time 1 failed in some time"
    assert without_seconds(timed.replace("9.8", "19.8")) == without_seconds(timed)
    assert without_seconds(timed.replace("60", "61")) != without_seconds(timed)


def test_every_block_is_checked() -> None:
    named = [name for path in DOCS for name in re.findall(r"<!-- output: ([\w-]+) -->", path.read_text("utf-8"))]
    assert sorted(named) == sorted(OUTPUTS)
