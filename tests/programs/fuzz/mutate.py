# SPDX-License-Identifier: GPL-2.0-only
"""Input that was right, made wrong: values of JSON, bytes of files, words of a command line. The same for a seed."""

import json
from copy import deepcopy
from random import Random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 64, 512, 513, 2**31, 2**63, 2**64 - 1, 2**64, -(2**70), 10**400, 0.5, 1e308, -0.0,
    float("nan"), float("inf"), "", "x", "\x00", "\x1b[2J", "\ud800", "é" * 300, "../../etc/passwd", "pre_patch", "v4",
    "tree", "arm64", "legal", "write-gained", "move_ptes", [], [[]], [None], [0, 0], [[0, 1]], [[0, 2**64]], {},
    {"x": 1},
)  # fmt: skip
TOKENS: tuple[bytes, ...] = (
    b"\x00", b"\xff\xfe", b"\x1b[31m", b"\r\n", b"\n", b'"', b"{", b"}", b"[" * 2000, b"9" * 5000, b"1e999", b"NaN",
    b"@@ -1,99999999 +1 @@\n", b"--- a/../../x\n", b"+++ /dev/null\n", b"diff --git a/x b/x\n", b"From \n", b"\\u0000",
    b"Content-Transfer-Encoding: base64\n", b"Subject: [PATCH 1/999999]\n", b"-" * 3000, b" " * 3000,
    b"\t#include <x>\n",
)  # fmt: skip
STATEMENTS = (
    b" ;", b" return;", b" while (1);", b" old_ptep++;", b" unknown();", b" *(int *)0 = 1;", b' asm("int3");', b" }",
    b" #", b" goto out;", b' asm(".incbin \\"/etc/passwd\\"");', b" /*", b" int x = 1 / 0;", b" __builtin_trap();",
)  # fmt: skip
OPTIONS = (
    "--seed", "--max-examples", "--seconds", "--arch", "--hostile", "--contract", "--json", "--save", "--tree", "--rev",
    "--patch", "--subject", "--trust", "--entries", "--jobs", "--shard", "--merge", "--restart", "--dask", "--size",
    "--share", "--baseline", "--fail-on-regression", "--workload", "--count", "--seeds", "--base", "--candidate",
    "--snippet", "--mail", "--html", "--ktap", "--quiet", "--range", "--lines",
    "--help", "--version", "--unknown", "-h", "--", "-",
)  # fmt: skip
WORDS = (
    "", "0", "1", "3", "-1", "nan", "inf", "1e9", "x86_64", "arm64", "riscv", "pre_patch", "v4", "tree", "tree+patch",
    "exact",
    "folio-ad", "overlap", "nowhere/x", ".", "..", "/", "/dev/null", "1/2", "2/1", "local", "a\nb", "\x1b[1m", "\udc80",
    "x" * 300, "check", "replay", "exhaust", "cost", "list", "history", "releases", "new-version", "thing.json",
    "port.py",
    "move_ptes", "change_pte_range", "mprotect/batching", "mprotect/v4", "boot",
    "b4-check", "a..b", "9" * 40, "=", "{}", "a.jsonl", "a.jsonl.gz",
)  # fmt: skip


def json_value(data: Any, random: Random) -> Any:
    """A copy of `data` with one to three values changed, dropped, doubled or moved."""
    data = deepcopy(data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = _changed(data, random)
    return data


def _changed(data: Any, random: Random) -> Any:
    places = list(_places(data))
    if not places or random.random() < 0.02:
        return deepcopy(random.choice(VALUES))
    container, key = random.choice(places)
    other, place = random.choice(places)
    match random.randrange(6):
        case 0 | 1:
            container[key] = deepcopy(random.choice(VALUES))
        case 2:
            del container[key]
        case 3 if isinstance(container, list):
            container.insert(key, container[key])
        case 4 if type(container[key]) is int:
            container[key] += random.choice((-1, 1, 1 << 12, 1 << 52))
        case 5:
            container[key] = deepcopy(other[place])
        case _:
            container[key] = [container[key]]
    return data


def _places(data: Any) -> Any:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(items):
        yield data, key
        yield from _places(value)


def as_text(data: Any) -> bytes:
    """JSON, also of what is none."""
    return json.dumps(data).encode("utf-8", "surrogatepass")


def raw(data: bytes, random: Random) -> bytes:
    """`data` with bytes changed, cut out, doubled or put in."""
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at, end = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
        end = min(end, at + 200)
        match random.randrange(5):
            case 0:
                data = data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                data = data[:end] + data[at:]
            case 3:
                data = data[:at] + random.choice(TOKENS) + data[at:]
            case _:
                data = data[:at]
    return data


def added_line(patch: bytes, random: Random) -> bytes:
    """`patch` with another statement in one of the lines that it adds."""
    lines = patch.split(b"\n")
    added = [i for i, line in enumerate(lines) if line.startswith(b"+") and line.endswith(b";")]
    if added:
        lines[random.choice(added)] += random.choice(STATEMENTS)
    return b"\n".join(lines)


def arguments(random: Random) -> list[str]:
    """A command line of options and words that there are, in any order."""
    command = random.choice(
        ("check", "check", "replay", "exhaust", "cost", "list", "new-version", "releases", "history", "")
    )
    words = [random.choice(OPTIONS if random.random() < 0.5 else WORDS) for _ in range(random.randrange(6))]
    words = [command, *words] if command else words
    return [word.replace("\0", "") for word in words]
