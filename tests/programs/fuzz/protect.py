# SPDX-License-Identifier: GPL-2.0-only
"""Hostile input of change_pte_range(): its counterexamples, ports of both functions, the C of mm/mprotect.c."""

import json
import tempfile
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from pte_review.harness import check
from pte_review.harness.files.counterexample import save
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from tests.kit.trees import ROOT, TREES
from tests.programs.fuzz import mutate

PORTS = {name: (ROOT / "models" / f"{name}.py").read_bytes() for name in ("change_pte_range/batching", "move_ptes/v4")}
FEW = ["--max-examples", "2", "--arch", "x86_64"]
MPROTECT = "mm/mprotect.c"
SMALL = ROOT / "tests" / "data" / "kernels" / "batching"  # has no mm/mprotect.c
TREE = TREES / "linux-7.2"
MEANT = "commit_anon_folio_batch(vma, folio, page, addr, ptep,"
CALLS = (
    {"caller": "munmap"}, {"caller": "uffd-protect"}, {"caller": "numa"}, {"caller": ""}, {"protection": "wr"},
    {"protection": "rwxrwx"}, {"protection": None}, {"single_threaded": 3}, {"newprot": 7}, {"cp_flags": 3}, {},
    {"need_rmap_locks": True}, {"caller": ["mprotect"]},
)  # fmt: skip
RANGES = (
    [], [{"name": "pte", "table": 0, "first": 0, "nr": 0}], [{"name": "pte", "table": 0, "first": 511, "nr": 2}],
    [{"name": "pte", "table": 1, "first": 0, "nr": 1}], [{"name": "old", "table": 0, "first": 0, "nr": 1}],
    [{"name": "pte", "table": 0, "first": 0, "nr": 1}] * 2, [{"name": "pte", "table": 0, "first": -1, "nr": 513}],
)  # fmt: skip
SIGNATURES = (
    b"()", b"(k)", b"(*args)", b"(**names)", b"(k, pmc, extent, old_pmd, new_pmd)", b"(k, tlb, vma, pmd, addr, end)",
    b"(k, tlb, vma, pmd, addr, end, newprot, *, cp_flags)", b"(k, tlb, vma, pmd, addr, end, newprot, cp_flags, more)",
    b"(k, tlb, vma, pmd, addr, end, newprot, cp_flags=0)", b"(tlb, k, vma, pmd, addr, end, newprot, cp_flags)",
)  # fmt: skip
BODIES = (
    b"return 0", b"return None", b"return -1", b"return 1 << 70", b"yield 1", b"while True: pass",
    b"raise SystemExit(3)",
    b"return change_pte_range(*locals().values())", b"k.memory.clear(); return 0", b"tlb.start = None; return 0",
    b"k.set_pte_at(vma, addr, pmd, newprot); return 0", b"k.tlb_flush_pte_range(tlb, addr, -1); return 0",
    b"import os; os._exit(0)", b"k.scenario = None; return 0",
    b"return k.modify_prot_start_ptes(vma, addr, 0, 1 << 40)",
)  # fmt: skip


@lru_cache(maxsize=1)
def _counterexamples() -> tuple[Any, ...]:
    """Some that a check has saved."""
    found: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        for candidate in ("as_merged", "before_swapin_error"):
            verdict = check("mprotect/before_batching", f"mprotect/{candidate}", max_examples=200)
            found += [json.loads(path.read_text()) for path in save(CHANGE_PTE_RANGE, verdict, Path(folder))]
    return tuple(found)


def protect_counterexample(random: Random) -> list[str]:
    """A saved counterexample: a call that nobody makes, a range that there is not, or anything else wrong."""
    data = mutate.json_value(random.choice(_counterexamples()), random) if random.random() < 0.6 else None
    if data is None:
        data = json.loads(json.dumps(random.choice(_counterexamples())))
        scenario = data["divergence"]["scenario"]
        if random.random() < 0.6:
            scenario["call"] = {**scenario.get("call", {}), **random.choice(CALLS)}
        else:
            scenario["ranges"] = random.choice(RANGES)
        if random.random() < 0.2:
            data["subject"] = random.choice(("move_ptes", "mprotect", "", None))
    Path("case.json").write_bytes(mutate.as_text(data))
    others = ([], [], ["--candidate", "mprotect/batching"], ["--candidate", "v4"], ["--subject", "move_ptes"])
    return ["replay", "case.json", *random.choice(others)]


def protect_candidate(random: Random) -> list[str]:
    """A port that was right; one with another signature or no sense in it; a file with both functions."""
    own, other = PORTS.values()
    match random.randrange(3):
        case 0:
            text = mutate.raw(own, random)
        case 1:
            text = b"def change_pte_range" + random.choice(SIGNATURES) + b":\n    " + random.choice(BODIES) + b"\n"
        case _:
            both = [own, other, b"move_ptes = change_pte_range = 3\n", b"class change_pte_range: pass\n"]
            text = b"\n".join(random.sample(both, 2))
            text = mutate.raw(text, random) if random.random() < 0.3 else text
    Path("port.py").write_bytes(text)
    base = random.choice((["mprotect/before_batching"], ["mprotect/before_batching"], ["pre_patch"], ["port.py"]))
    subject = random.choice(([], [], ["--subject", "change_pte_range"], ["--subject", "move_ptes"]))
    return ["check", *base, "port.py", *subject, *FEW]


def protect_patch(random: Random) -> list[str]:
    """A patch to mm/mprotect.c: of a tree that has it, if there is one here, or of one that has not."""
    tree = TREE if (TREE / MPROTECT).is_file() and random.random() < 0.8 else SMALL
    lines = _around(tree)
    head = f"--- a/{MPROTECT}\n+++ b/{MPROTECT}\n@@ -{lines[0]},{len(lines[1])} +{lines[0]},{len(lines[1])} @@\n"
    body = [f" {line}" for line in lines[1]]
    at = len(body) // 2
    statement = random.choice(mutate.STATEMENTS).decode()
    body[at : at + 1] = [f"-{lines[1][at]}", f"+{lines[1][at]}{statement}"]
    text = f"{head}{chr(10).join(body)}\n".encode()
    Path("case.patch").write_bytes(mutate.raw(text, random) if random.random() < 0.4 else text)
    pair = random.choice(
        (["tree", "tree+patch"], ["tree", "tree+patch"], ["mprotect/batching", "tree+patch"], ["v4", "tree"])
    )
    return ["check", *pair, "--tree", str(tree), "--patch", "case.patch", *FEW]


@lru_cache(maxsize=2)
def _around(tree: Path) -> tuple[int, list[str]]:
    """Some lines of mm/mprotect.c, and the number of the first; made up without the file."""
    if not (tree / MPROTECT).is_file():
        return 1, ["static long change_pte_range(void)", "{", "\treturn 0;", "}", ""]
    lines = (tree / MPROTECT).read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if MEANT in line)
    return first - 2, lines[first - 3 : first + 5]
