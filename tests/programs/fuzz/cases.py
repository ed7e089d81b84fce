# SPDX-License-Identifier: GPL-2.0-only
"""One call of the command line with hostile input of each kind, made in the current folder from a number."""

import gzip
import io
import json
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from pte_review.harness.cli.main import main
from tests.kit.changes import SMEAR
from tests.kit.kernel_text import make_patch
from tests.kit.trees import ROOT
from tests.programs.fuzz import mutate
from tests.programs.fuzz.booted import boot
from tests.programs.fuzz.protect import protect_candidate, protect_counterexample, protect_patch

DATA = ROOT / "tests" / "data"
COMMANDS = ("check", "replay", "exhaust", "cost", "list", "history", "releases", "new-version")  # else: a whole review
FEW = ["--max-examples", "2", "--arch", "x86_64"]
TREE = str(DATA / "kernels" / "batching")
HEAD = b"""From: =?utf-8?q?J=C3=B6rg?= A <a@example.org>
To: "B, C" <b@example.org>, d@example.org
Cc: list:e@example.org;
Subject: [PATCH v2 1/1] mm: =?utf-8?b?YmF0Y2g=?=
 more
Date: Tue, 10 Jun 2025 09:20:43 +0530
Message-ID: <3@example.org>
References: <1@example.org>
\t<2@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit

Why.
---
"""


@lru_cache(maxsize=1)
def _counterexamples() -> tuple[Any, ...]:
    return tuple(json.loads(path.read_text()) for path in sorted((DATA / "counterexamples-v1").glob("*.json")))


@lru_cache(maxsize=1)
def _records() -> tuple[bytes, ...]:
    """The first of each recording: not all have the same fields."""
    paths = sorted((DATA / "recorded").rglob("*.jsonl.gz"))
    return tuple(line for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()[:20])


def counterexample(random: Random) -> list[str]:
    """A saved counterexample, with values that are wrong or as a file that is."""
    data = mutate.json_value(random.choice(_counterexamples()), random)
    text = mutate.as_text(data)
    Path("case.json").write_bytes(mutate.raw(text, random) if random.random() < 0.2 else text)
    return ["replay", "case.json", *(["--snippet"] if random.random() < 0.1 else [])]


def recording(random: Random) -> list[str]:
    """A recording of two moves."""
    records = [json.loads(random.choice(_records())) for _ in range(2)]
    changed = [mutate.json_value(each, random) if random.random() < 0.7 else each for each in records]
    text = b"\n".join(map(mutate.as_text, changed)) + b"\n"
    text = mutate.raw(text, random) if random.random() < 0.3 else text
    if random.random() < 0.3:
        packed = gzip.compress(text)
        Path("case.jsonl.gz").write_bytes(mutate.raw(packed, random) if random.random() < 0.5 else packed)
        return ["replay", "case.jsonl.gz"]
    Path("case.jsonl").write_bytes(text)
    return ["replay", "case.jsonl"]


def patch(random: Random) -> list[str]:
    """A patch to the smallest tree."""
    make_patch("case.patch", SMEAR)
    original = Path("case.patch").read_bytes()
    changed = mutate.added_line(original, random) if random.random() < 0.4 else mutate.raw(original, random)
    Path("case.patch").write_bytes(changed)
    return ["check", "tree", "tree+patch", "--tree", TREE, "--patch", "case.patch", *FEW]


def mail(random: Random) -> list[str]:
    """A mail with a patch, to be answered and shown on a page."""
    make_patch("case.mbx", SMEAR)
    text = Path("case.mbx").read_bytes()
    changed = mutate.added_line(text, random) if random.random() < 0.2 else text
    Path("case.mbx").write_bytes(mutate.raw(HEAD, random) + changed)
    shapes = random.choice((["--mail", "r.eml"], ["--mail", "r.eml", "--html", "r.html"], ["--ktap"], ["--quiet"]))
    return ["check", "tree", "tree+patch", "--tree", TREE, "--patch", "case.mbx", *shapes, *FEW]


@lru_cache(maxsize=1)
def _shards() -> tuple[Any, ...]:
    """Both parts of the smallest exhaustive run, as --json has them."""
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for part in ("1/2", "2/2"):
            path = Path(folder) / "part.json"
            call = ("exhaust", "pre_patch", "v4", "--entries", "1", "--jobs", "1", "--arch", "x86_64", "--restart")
            with redirect_stdout(io.StringIO()), suppress(SystemExit):
                main([*call, "--shard", part, "--json", str(path)])
            parts.append(json.loads(path.read_text()))
    return tuple(parts)


def shard(random: Random) -> list[str]:
    """The parts of an exhaustive run."""
    files = []
    for number, data in enumerate(_shards()):
        files.append(f"part{number}.json")
        changed = mutate.json_value(data, random) if random.random() < 0.7 else data
        Path(files[-1]).write_bytes(mutate.as_text(changed))
    return ["exhaust", "--merge", *files]


def candidate(random: Random) -> list[str]:
    """A port that was right."""
    original = (ROOT / "models" / "move_ptes" / f"{random.choice(('v4', 'pre_patch', 'refactor'))}.py").read_bytes()
    Path("port.py").write_bytes(mutate.raw(original, random))
    return ["check", "pre_patch", "port.py", *FEW]


def options(random: Random) -> list[str]:
    """Options and words that there are, where they do not belong."""
    words = mutate.arguments(random)
    cheap = {
        "history": ["--seeds", "1", "--max-examples", "1"],
        "check": FEW,
        "exhaust": ["--entries", "1", "--jobs", "1"],
    }
    return [*words, *cheap.get(words[0], [])] if words and words[0] in COMMANDS else ["list", *words]


KINDS: dict[str, Callable[[Random], list[str]]] = {
    each.__name__: each
    for each in (
        *(counterexample, recording, patch, mail, shard, candidate, options),
        *(protect_counterexample, protect_candidate, protect_patch, boot),
    )
}
