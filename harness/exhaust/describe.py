# SPDX-License-Identifier: GPL-2.0-only
"""What a space covers, in plain lines counted from its blocks."""

from collections.abc import Callable, Iterable, Sequence

from harness.exhaust.block import Block


def describe(space: Sequence[Block]) -> str:
    """A line that says how many tables of what, then one for each dimension and each group of blocks."""
    arches = list(dict.fromkeys(block.template.arch for block in space))
    return "\n".join(_describe([block for block in space if block.template.arch == arch]) for arch in arches)


def _describe(space: Sequence[Block]) -> str:
    first = space[0].template
    groups: dict[tuple[str, str], list[Block]] = {}
    for block in space:
        groups.setdefault((block.label.config, block.label.memory), []).append(block)
    lines = [
        f"{_tables(space):,} tables on {first.arch}: all combinations of the values of {_plural(first.nr, 'entry')}, "
        f"under {_counted(space, lambda b: b.label.config, 'config')}, in page tables of {_sizes(space)} entries"
    ]
    lines += [f"{config}, {memory}: {_group(blocks)}" for (config, memory), blocks in groups.items()]
    for title, of in (
        ("folio layouts (pages a folio)", lambda b: b.label.layout),
        ("userfaultfd", lambda b: b.label.mode),
        ("moves", lambda b: b.label.place),
    ):
        lines.append(f"{title}: {'; '.join(_distinct(map(of, space)))}")
    lines.append(f"values: {', '.join(_distinct(v for block in space for v in block.label.values))}")
    lines.append(f"the same in all: {_fixed(space)}")
    return "\n".join(lines)


def _group(blocks: Sequence[Block]) -> str:
    """The dimensions of one config and kind of memory; their product is stated only as the sum that it is."""
    values = sorted({len(block.label.values) for block in blocks})
    folded = sum(bool(block.label.folded) for block in blocks)
    dimensions = [
        f"{' or '.join(map(str, values))} values an entry",
        _counted(blocks, lambda b: b.label.layout, "folio layout"),
        _counted(blocks, lambda b: b.label.mode, "userfaultfd mode"),
        _counted(blocks, lambda b: b.label.place, "move"),
    ]
    also = f", contpte blocks folded or not in {folded} of {len(blocks)} of these" if folded else ""
    return f"{_tables(blocks):,} tables: {' x '.join(dimensions)}{also}"


def _fixed(space: Sequence[Block]) -> str:
    """What no block varies, as far as a reader may have expected it."""
    folios = [folio for block in space for folio in block.template.folios]
    facts = {
        "every anon page is exclusive": all(f.exclusive == ((0, 1 << f.order),) for f in folios if f.anon),
        "the destination is empty": not any(block.template.new_table for block in space),
        "no rmap locks": not any(block.template.need_rmap_locks for block in space),
        "split page-table locks": all(block.template.split_ptlocks for block in space),
        "no shadow stack": not any(block.template.vma.shadow_stack for block in space),
        "no CONFIG_DEBUG_VM": not any(block.template.config.debug_vm for block in space),
        "no CONFIG_PAGE_TABLE_CHECK": not any(block.template.config.page_table_check for block in space),
        "nobody else acts": not any(block.template.scheduled for block in space),
    }
    return ", ".join(fact for fact, holds in facts.items() if holds)


def _sizes(space: Sequence[Block]) -> str:
    return " or ".join(_distinct(str(block.template.config.ptrs_per_pte) for block in space))


def _tables(blocks: Iterable[Block]) -> int:
    return sum(block.tables for block in blocks)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _counted(blocks: Iterable[Block], of: Callable[[Block], str], what: str) -> str:
    return _plural(len(set(map(of, blocks))), what)


def _plural(count: int, what: str) -> str:
    return (
        f"{count} {what}" if count == 1 else f"{count} {what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"
    )
