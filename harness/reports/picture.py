# SPDX-License-Identifier: GPL-2.0-only
"""A divergence as plain text that can go into a mail: both tables before and after, per version, at most 75 columns."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.judge import Sitting
from pte_review.harness.reports.schedule import schedule
from pte_review.harness.verdict import Divergence
from pte_review.models.config import PAGE_SIZE
from pte_review.models.entry import show
from pte_review.models.outcome import RETURNED, Outcome
from pte_review.models.scenario import Folio, Scenario

WIDTH = 75
SHOWN_BITS = 6
SHOWN_ROWS = 24  # of a table; the rest is counted


def picture(divergence: Divergence, base: str, candidate: str, sitting: Sitting) -> str:
    """The whole picture of one divergence."""
    where = f"{divergence.arch}, scenario {divergence.examples_to_find}"
    return headed(divergence, base, candidate, where, body(divergence, base, candidate, sitting))


def headed(divergence: Divergence, base: str, candidate: str, where: str, text: str) -> str:
    """`text` under the headline of a divergence found at `where`."""
    whose = ", only BASE does it" if divergence.by == "base" else ""
    head = [f"{divergence.kind} ({divergence.severity}){whose}", *_wrapped(f"{base} -> {candidate}, {where}")]
    return "\n".join(head) + "\n\n" + text


def body(divergence: Divergence, base: str, candidate: str, sitting: Sitting) -> str:
    """Sentence, surroundings, tables, cause and reach: the same text where two architectures show the same."""
    scenario = divergence.scenario
    parts = [
        *_wrapped(divergence.summary),
        "",
        *_surroundings(scenario),
        "",
        *_tables(scenario, base, candidate, sitting),
        "",
        *_differences(divergence),
        *([*_labelled("by", divergence.cause)] if divergence.cause else []),
        *_labelled("reach", divergence.reach),
    ]
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _differences(divergence: Divergence) -> list[str]:
    """Bits of an entry that is the same one in both; where it is another entry the table above says more."""
    other = {path.partition(".")[0] for path, _, _ in divergence.difference if path.endswith(".kind")}
    shown = [
        f"{path} {base} -> {candidate}"
        for path, base, candidate in divergence.difference
        if "-" not in (base, candidate) and path.partition(".")[0] not in other and "[" in path
    ]
    rest = [f"and {len(shown) - SHOWN_BITS} more"] if len(shown) > SHOWN_BITS else []
    return _labelled("bits", ", ".join(shown[:SHOWN_BITS] + rest)) if shown else []


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _labelled(label: str, text: str) -> list[str]:
    return _wrapped(f"{label + ':':<7}{text}", " " * 7)


# -- what surrounds the tables


def _surroundings(scenario: Scenario) -> list[str]:
    pages = "1 page" if scenario.nr == 1 else f"{scenario.nr} pages"
    where = "  (one table)" if scenario.one_table else ""
    lines = [f"move   {pages} from {scenario.old_addr:#x} to {scenario.new_addr:#x}{where}"]
    for folio in scenario.folios:
        lines += _labelled("folio", _folio(folio))
    options = _options(scenario)
    lines += _labelled("with", ", ".join(options)) if options else []
    for event in schedule(scenario):
        lines += _labelled("event", event)
    return lines


def _folio(folio: Folio) -> str:
    end = folio.end - 1
    kind = "anon" if folio.anon else "file"
    size = f"{(1 << folio.order) * PAGE_SIZE >> 10}K"
    text = f"pfn {folio.pfn:#x}" + (f"-{end:#x}" if folio.order else "") + f" order {folio.order} ({size}) {kind}"
    if folio.exclusive:
        text += ", AnonExclusive " + _pages(folio, folio.exclusive)
    if folio.shared:
        text += ", mapped by another process " + _pages(folio, folio.shared)
    return text


def _pages(folio: Folio, ranges: Sequence[tuple[int, int]]) -> str:
    if list(ranges) == [(0, 1 << folio.order)]:
        return "all"
    return " ".join(f"{first}" if end == first + 1 else f"{first}-{end - 1}" for first, end in ranges)


def _options(scenario: Scenario) -> list[str]:
    """What of VMA, config and call is not the default."""
    plain = Scenario(arch=scenario.arch, old_addr=0, new_addr=0, extent=PAGE_SIZE, old_table=())
    options = []
    for name in ("vma", "config"):
        value, default = getattr(scenario, name), getattr(plain, name)
        options += _changed(value, default, type(value).__dataclass_fields__)
    return options + _changed(scenario, plain, ("need_rmap_locks", "split_ptlocks", "old_maps", "new_maps"))


def _changed(value: object, default: object, names: Sequence[str] | dict[str, object]) -> list[str]:
    result = []
    for name in names:
        now = getattr(value, name)
        if now != getattr(default, name):
            result.append(name if now is True else f"no {name}" if now is False else f"{name} {now}")
    return result


# -- the tables


def _tables(scenario: Scenario, base: str, candidate: str, sitting: Sitting) -> list[str]:
    x = Expected(scenario)
    outcomes = (sitting.base, sitting.candidate)
    lines = [*_row("", "", ["before", Path(base).name, Path(candidate).name])]
    rows: list[tuple[str, str, list[str]]] = []
    marked: set[int] = set()  # entries of the range that differ, in either table
    for name, first, before, after in (
        ("old", x.old_index, x.old_before, [o.old_table for o in outcomes]),
        ("new", x.new_index, x.new_before, [o.new_table or o.old_table for o in outcomes]),
    ):
        for index in _indexes(scenario, name, first, before, after):
            cells = [show(x.words, before[index]), *(show(x.words, table[index]) for table in after)]
            mark = ">" if after[0][index] != after[1][index] else ""
            marked |= {index - first} if mark else set()
            rows.append((mark, f"{name}[{index - first}]", cells))
    shown = rows if len(rows) <= SHOWN_ROWS else _telling(rows, marked)
    for mark, label, cells in shown:
        lines += _row(mark, label, cells)
    if len(shown) < len(rows):
        lines.append(f"  ({len(rows) - len(shown)} more entries)")
    ended = [f"{name} ended: {o.ended}" for name, o in zip((base, candidate), outcomes, strict=True) if _early(o)]
    return lines + [f"  ({line})" for line in ended]


def _telling(rows: list[tuple[str, str, list[str]]], marked: set[int]) -> list[tuple[str, str, list[str]]]:
    """The rows of a long move that say what happened: the first entries that differ, and each one before."""
    wanted = {i for at in sorted(marked)[: SHOWN_ROWS // 4] for i in (at - 1, at)}
    return [row for row in rows if int(row[1].partition("[")[2].rstrip("]")) in wanted]


def _early(outcome: Outcome) -> bool:
    return outcome.ended != RETURNED


def _indexes(
    scenario: Scenario, name: str, first: int, before: Sequence[int], after: Sequence[Sequence[int]]
) -> list[int]:
    """The range, and whatever else is there or changed around it."""
    block = range(first, first + scenario.nr)
    other = scenario.new_index if name == "old" else scenario.old_index
    skip = range(other, other + scenario.nr) if scenario.one_table else range(0)
    around = [
        i for i in range(len(before)) if i not in block and i not in skip and (before[i] or any(t[i] for t in after))
    ]
    if scenario.one_table and name == "new":
        around = []
    return sorted({*block, *around})


def _row(mark: str, label: str, cells: list[str]) -> list[str]:
    """One row of three columns; a cell that is too wide goes on below."""
    widths = (20, 21, 21)
    columns = [
        textwrap.wrap(cell, width, break_long_words=True) or [""] for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for i in range(max(map(len, columns))):
        texts = [column[i] if i < len(column) else "" for column in columns]
        left = f"{mark:<2}{label:<9}" if i == 0 else " " * 11
        lines.append(left + " ".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)))
    return lines
