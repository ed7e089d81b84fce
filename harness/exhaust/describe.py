# SPDX-License-Identifier: GPL-2.0-only
"""What a space covers, in plain lines counted from its blocks."""

from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase

from pte_review.harness.exhaust.alphabet import NEIGHBOUR, READ_ONLY_NEIGHBOUR
from pte_review.harness.exhaust.block import Block
from pte_review.strategies.bits import protection

Values = tuple[tuple[str, ...], tuple[str, ...]]  # of an entry: without a userfaultfd, and what comes to it with one


def describe(space: Sequence[Block]) -> str:
    """For each architecture: how many tables of what, a line for each part, a line for each dimension."""
    arches = list(dict.fromkeys(block.template.arch for block in space))
    return "\n".join(_describe([block for block in space if block.template.arch == arch]) for arch in arches)


def _describe(space: Sequence[Block]) -> str:
    first = space[0].template
    parts: dict[tuple[str, str], list[Block]] = {}
    for block in space:
        parts.setdefault((block.label.config, block.label.memory), []).append(block)
    known = list(dict.fromkeys(map(_values, parts.values())))
    letters = dict(zip(known, ascii_uppercase, strict=False))
    configs = _plural(len({block.template.config for block in space}), "config")
    sizes = " or ".join(_distinct(str(block.template.config.ptrs_per_pte) for block in space))
    lines = [
        f"{_tables(space):,} tables on {first.arch}: all combinations of the values of {_plural(first.nr, 'entry')}, "
        f"under {configs}, in page tables of {sizes} entries"
    ]
    lines += [f"{config}, {memory}: {_part(blocks, letters)}" for (config, memory), blocks in parts.items()]
    for title, of in (
        ("folio layouts, pages a folio", lambda b: b.label.layout),
        ("VMAs", lambda b: b.label.mode),
        ("places", lambda b: b.label.place),
        ("AnonExclusive pages", lambda b: b.label.exclusive),
    ):
        if named := [name for name in _distinct(map(of, space)) if name]:
            lines.append(f"{title}: {'; '.join(named)}")
    for (without, more), letter in letters.items():
        if without:
            also = f"; with a userfaultfd also {', '.join(more)}" if more else ""
            lines.append(f"values {letter}: {', '.join(without)}{also}")
        else:
            lines.append(f"values {letter}, with a userfaultfd: {', '.join(more)}")
    lines.append(f"the same in all: {_fixed(space)}")
    return "\n".join(lines)


def _values(blocks: Sequence[Block]) -> Values:
    without = _distinct(v for block in blocks if not block.template.vma.uffd for v in block.label.values)
    more = _distinct(v for block in blocks if block.template.vma.uffd for v in block.label.values)
    return tuple(without), tuple(value for value in more if value not in without)


def _part(blocks: Sequence[Block], letters: dict[Values, str]) -> str:
    """The dimensions of one config and kind of memory, how many tables they make, and how many blocks are folded."""
    values = _values(blocks)
    folded = sum(block.label.folded for block in blocks)
    sizes = [str(len(values[0]))] if values[0] else []
    sizes += [f"{len(values[0]) + len(values[1])} with a userfaultfd"] if values[1] else []
    dimensions = [
        f"values {letters[values]} ({', '.join(sizes)})",
        _counted(blocks, lambda b: b.label.layout, "folio layout"),
        _counted(blocks, lambda b: b.label.mode, "VMA"),
        _counted(blocks, lambda b: b.label.place, "place"),
    ]
    exclusive = len({block.label.exclusive for block in blocks})
    dimensions += [f"up to {exclusive} sets of AnonExclusive pages"] if exclusive > 1 else []
    also = f"; {folded:,} of the choices are folded contpte blocks, alike but for accessed and dirty" if folded else ""
    return f"{_tables(blocks):,} tables: {' x '.join(dimensions)}{also}"


def _fixed(space: Sequence[Block]) -> str:
    """What no block varies, as far as a reader may have expected it to."""
    folios = [folio for block in space for folio in block.template.folios]
    facts = {
        "every anon page is exclusive": all(f.exclusive == ((0, 1 << f.order),) for f in folios if f.anon),
        "pages beside the range are dirty and accessed, and writable where VMA and AnonExclusive let them be, unless "
        "folded with it": all(map(_neighbours, space)),
        **{fact: all(fact in block.label.fixed for block in space) for fact in space[0].label.fixed},
        "no shadow stack": not any(block.template.vma.shadow_stack for block in space),
        "CONFIG_DEBUG_VM": all(block.template.config.debug_vm for block in space),
        "no CONFIG_PAGE_TABLE_CHECK": not any(block.template.config.page_table_check for block in space),
        "nobody else acts": not any(block.template.actions for block in space),
    }
    return ", ".join(fact for fact, holds in facts.items() if holds)


def _neighbours(block: Block) -> bool:
    words, vma = block.template.words, block.template.vma
    beside = [protection(words, vma, value.bits) for value in (NEIGHBOUR, READ_ONLY_NEIGHBOUR)]
    return all(words.pte_pgprot(pte) in beside for _, pte in block.template.tables[0].entries)


def _tables(blocks: Iterable[Block]) -> int:
    return sum(block.cases for block in blocks)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _counted(blocks: Iterable[Block], of: Callable[[Block], str], what: str) -> str:
    return _plural(len(set(map(of, blocks))), what)


def _plural(count: int, what: str) -> str:
    return (
        f"{count} {what}" if count == 1 else f"{count} {what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"
    )
