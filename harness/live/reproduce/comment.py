# SPDX-License-Identifier: GPL-2.0-only
"""The comment at the top of a program: what the program shows, the table, its origin. No text of a file can end it."""

import hashlib
import json
import re
import textwrap
from collections.abc import Iterable, Iterator

from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.reports.surroundings import surroundings
from pte_review.harness.subject import Words
from pte_review.models.entry import decode, show
from pte_review.models.scenario import Scenario

WIDTH = 72
MOST = 200  # characters of a text out of a file


def quoted(text: str) -> str:
    """A stranger's text inside a comment: on one line, plain ASCII, without what ends or begins a comment."""
    plain = re.sub(r"[^ -~]|\\", ".", " ".join(text.split()))[:MOST]
    return re.sub(r"(?<=[*/])/|/(?=\*)|(?<=\?)\?", ".", plain)


def comment(lines: Iterable[str]) -> str:
    """The lines as a block comment in kernel style."""
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in lines), " */"])


def identifier(counterexample: Counterexample) -> str:
    """The same for the same scenario, pair, kind and contract."""
    divergence = counterexample.divergence
    what = [counterexample.base, counterexample.candidate, divergence.kind, counterexample.contract]
    text = json.dumps([*what, divergence.scenario.to_json()], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


HOW = "gcc -O2 -static -o reproducer FILE.c && ./reproducer, as root."


def head(counterexample: Counterexample, words: Words) -> list[str]:
    """What the program shows, from what, and how it is run."""
    divergence, scenario = counterexample.divergence, counterexample.divergence.scenario
    first = f"{scenario.ranges[0].name}[0]"
    pair = f"{quoted(counterexample.base)} -> {quoted(counterexample.candidate)}"
    return [
        *_wrapped(f"{divergence.kind}: {quoted(divergence.summary)}"),
        "",
        *_wrapped(f"Counterexample {identifier(counterexample)} of pte-review, {pair}, {scenario.arch}:"),
        "",
        *surroundings(scenario, words),
        *table_lines(scenario),
        "",
        *_wrapped(
            f"The program makes a table like it by system calls; page FIRST of the area is {first}. "
            "Page frames, swap slots, accessed, dirty and CONT bits are what the kernel makes them."
        ),
        "",
        *_wrapped(f"{HOW} Exit status: 0 not shown, 1 shown, 4 state not reached."),
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def table_lines(scenario: Scenario) -> Iterator[str]:
    """The entries of all tables before the call, those that go on as the one before on one line."""
    for number, table in enumerate(scenario.tables):
        entries = dict(table.entries)
        for where in scenario.ranges:
            if where.table == number == scenario.ranges[0].table:
                entries = dict.fromkeys(where.entries, 0) | entries
        block: list[tuple[int, int]] = []
        for index, pte in sorted(entries.items()):
            if block and not _goes_on(scenario, block[-1], (index, pte)):
                yield _line(scenario, number, block)
                block = []
            block.append((index, pte))
        if block:
            yield _line(scenario, number, block)


def _goes_on(scenario: Scenario, before: tuple[int, int], entry: tuple[int, int]) -> bool:
    """Whether an entry is the next page or swap slot, with the same bits, in the same range."""
    words, places = scenario.words, scenario.places
    (index, pte), (next_index, next_pte) = before, entry
    if next_index != index + 1 or places.range_at(0, index) != places.range_at(0, next_index):
        return False
    expected, actual = decode(words, pte), decode(words, next_pte)
    for field, step in (("pfn", 1), ("offset", 1 if expected["kind"] == "swap" else 0)):
        if field in expected:
            expected[field] += step
    return bool(expected == actual)


def _line(scenario: Scenario, number: int, block: list[tuple[int, int]]) -> str:
    places = scenario.places
    labels = [places.label(places.ptep(number, index)) for index, _ in (block[0], block[-1])]
    label = labels[0] if len(block) == 1 else f"{labels[0]} .. {labels[1]}"
    text = show(scenario.words, block[0][1])
    return f"  {label:<20} {text}" + (" and so on" if len(block) > 1 and block[0][1] else "")
