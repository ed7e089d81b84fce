# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with the tables of an outcome: entry by entry, by kind, against the reference relation."""

from collections.abc import Iterator

from pte_review.harness.judging.expected import Expected, gathered, gathered_range, without_ad
from pte_review.harness.judging.finding import Finding
from pte_review.models.arch.word import PteWords
from pte_review.models.entry import Identity, identity
from pte_review.models.legal import whole_cont_block
from pte_review.models.outcome import Outcome


def table_findings(x: Expected, outcome: Outcome) -> list[Finding]:
    """Every breach of the relation in the tables that `outcome` left. Fast where there is none."""
    old, new = outcome.old_table, outcome.new_table or outcome.old_table
    found: list[Finding] = []
    got = gathered_range(x.words, new, x.new_index, x.nr)
    if got != x.want or any(old[x.old_index : x.old_index + x.nr]):
        found += _ranges(x, old, got)
    outside = not _outside_untouched(x, outcome)
    if outside:
        found += _outside(x, outcome)
    if x.words.CONT:
        found += _cont(x, outcome, outside=outside)
    return found


# -- the ranges


def _ranges(x: Expected, old: tuple[int, ...], moved: list[int]) -> Iterator[Finding]:
    left = old[x.old_index : x.old_index + x.nr]
    anywhere: set[Identity] | None = None
    overlap = x.scenario.one_table and abs(x.old_index - x.new_index) < x.nr
    for i, (got, want, stays) in enumerate(zip(moved, x.want, left, strict=True)):
        if got != want:
            if anywhere is None:
                anywhere = {identity(x.words, pte) for pte in (*moved, *left)}
            for kind in _new_kinds(x, i, got, want, _is_lost(x, x.source[i], stays, anywhere)):
                yield Finding(kind, "new", x.new_index + i, "" if kind == "entry-lost" else _value(x, got))
        if stays and not (overlap and x.new_index <= x.old_index + i < x.new_index + x.nr):
            for kind in _old_kinds(x, i, stays, got):
                yield Finding(kind, "old", x.old_index + i, _value(x, stays))


def _value(x: Expected, pte: int) -> str:
    """What two versions must have in common to do the same wrong thing: the entry without accessed and dirty."""
    return f"{without_ad(x.words, pte & ~x.words.CONT) if x.words.pte_present(pte) else pte:#x}"


def _is_lost(x: Expected, before: int, stays: int, anywhere: set[Identity]) -> bool:
    """Whether an entry is in neither table. Of several alike, one is not found in the place of another."""
    own = identity(x.words, before)
    return own != identity(x.words, stays) if own in x.repeated else own not in anywhere


def _new_kinds(x: Expected, i: int, got: int, want: int, lost: bool) -> Iterator[str]:
    """Kinds for entry i of the new range, which should be `want` and is `got`; what stays behind is for _old_kinds."""
    words, before = x.words, x.source[i]
    if words.pte_none(got) and words.pte_none(want):
        return
    what, own = identity(words, got), identity(words, before)
    held = x.new_before[x.new_index + i]
    if words.pte_none(got):
        if words.pte_none(before):
            yield "destination-overwritten"
        elif lost:
            yield "entry-lost"
    elif words.pte_none(want) and what == own:
        yield "uffd-wp-kept"
    elif what == own:
        yield from bit_kinds(x, got, want)
    else:
        if not words.pte_none(held) and got == gathered(words, x.new_before, x.new_index + i):
            yield "destination-kept"
        else:
            yield "foreign-entry" if what in x.identities else "wrong-page"
        if own and not words.pte_none(want) and lost:
            yield "entry-lost"


def _old_kinds(x: Expected, i: int, left: int, got: int) -> Iterator[str]:
    """Kinds for entry i of the old range, which should be none and is `left`."""
    words, before = x.words, x.source[i]
    if words.pte_none(left):
        return
    what = identity(words, left)
    if what == identity(words, before):
        yield "entry-duplicated" if what == identity(words, got) else "entry-left-behind"
    else:
        yield "foreign-entry" if what in x.identities else "wrong-page"


def bit_kinds(x: Expected, got: int, want: int) -> Iterator[str]:
    """Kinds for an entry that is the right one with the wrong bits."""
    words = x.words
    if not words.pte_present(got) or not words.pte_present(want):
        yield from _flag_kinds(
            got, want, words.SWP_UFFD_WP, words.SWP_SOFT_DIRTY, ~(words.SWP_UFFD_WP | words.SWP_SOFT_DIRTY)
        )
        return
    if words.pte_write(got) != words.pte_write(want):
        yield "write-gained" if words.pte_write(got) else "write-lost"
    rest = ~(words.UFFD_WP | words.SOFT_DIRTY)
    if words.pte_write(got) != words.pte_write(want):
        rest &= ~_write_bits(words)
    yield from _flag_kinds(without_ad(words, got), without_ad(words, want), words.UFFD_WP, words.SOFT_DIRTY, rest)
    yield from ad_kinds(x, got, want)


def _write_bits(words: PteWords) -> int:
    """The bits that write permission is made of; arm64's RDONLY goes with WRITE."""
    return words.pte_mkwrite_novma(0) | words.pte_wrprotect(0)


def _flag_kinds(got: int, want: int, uffd_wp: int, soft_dirty: int, rest: int) -> Iterator[str]:
    differs = got ^ want
    if differs & uffd_wp:
        yield "uffd-wp-kept" if got & uffd_wp else "uffd-wp-lost"
    if differs & soft_dirty & want:
        yield "soft-dirty-missing"
    if differs & rest or differs & soft_dirty & got:
        yield "other-bits"


def ad_kinds(x: Expected, got: int, want: int) -> Iterator[str]:
    """Accessed and dirty: never lost, gained only if an entry of the same large folio had it."""
    words = x.words
    for name, is_set, had in zip(
        ("young", "dirty"), (words.pte_young, words.pte_dirty), x.folio_had(want), strict=True
    ):
        if is_set(want) and not is_set(got):
            yield f"{name}-lost"
        elif is_set(got) and not is_set(want) and not had:
            yield f"{name}-gained"


# -- outside the ranges


def _holes(x: Expected) -> tuple[set[range], set[range]]:
    old_range = range(x.old_index, x.old_index + x.nr)
    new_range = range(x.new_index, x.new_index + x.nr)
    return ({old_range, new_range}, set()) if x.scenario.one_table else ({old_range}, {new_range})


def _outside_untouched(x: Expected, outcome: Outcome) -> bool:
    for before, after, holes in zip(
        (x.old_before, x.new_before), (outcome.old_table, outcome.new_table), _holes(x), strict=True
    ):
        at = 0
        if not after:
            continue
        for hole in sorted(holes, key=lambda r: r.start):
            if before[at : hole.start] != after[at : hole.start]:
                return False
            at = max(at, hole.stop)
        if before[at:] != after[at:]:
            return False
    return True


def _outside(x: Expected, outcome: Outcome) -> Iterator[Finding]:
    """Entries outside both ranges: E unchanged, but contpte may spread A/D in a new-table block the move touched.

    An unfold of an old-table block spreads what the MMU set in it during the call.
    """
    words, block = x.words, x.words.config.cont_ptes
    first, last = x.new_index & -block, (x.new_index + x.nr - 1) & -block
    tables = (("old", x.old_before, outcome.old_table), ("new", x.new_before, outcome.new_table))
    for (table, before, after), holes in zip(tables, _holes(x), strict=True):
        is_new = table == "new" or x.scenario.one_table
        for index, (was, now) in enumerate(zip(before, after, strict=False)):
            if was == now or any(index in hole for hole in holes):
                continue
            want, got = x.around.get((table, index), gathered(words, before, index)), gathered(words, after, index)
            if words.pte_none(want) and words.pte_none(got):
                continue
            same = words.pte_present(want) and without_ad(words, want) == without_ad(words, got)
            if same and words.pte_write(want) == words.pte_write(got):
                touched = bool(words.CONT) and (
                    bool(x.set_by_mmu or x.around) or (is_new and first <= index & -block <= last)
                )
                unchanged = words.pte_young(want) == words.pte_young(got) and words.pte_dirty(want) == words.pte_dirty(
                    got
                )
                if unchanged or (touched and not list(ad_kinds(x, got, want))):
                    continue
            yield Finding("outside-range", table, index, _value(x, got))


# -- contpte


def _cont(x: Expected, outcome: Outcome, *, outside: bool) -> Iterator[Finding]:
    """Valid CONT entries of broken blocks, and CONT that this version set on a present-invalid entry.

    Looks at the blocks of the ranges, and at all blocks where something `outside` them changed.
    """
    words, block = x.words, x.words.config.cont_ptes
    tables = [("old", x.old_before, outcome.old_table, [x.old_index])]
    if x.scenario.one_table:
        tables[0][3].append(x.new_index)
    else:
        tables.append(("new", x.new_before, outcome.new_table, [x.new_index]))
    for table, before, after, firsts in tables:
        ranges = [range(0, len(after), block)] if outside else [range(f & -block, f + x.nr, block) for f in firsts]
        for at in sorted({at for one in ranges for at in one}):
            entries = after[at : at + block]
            if entries == before[at : at + block]:
                continue
            marked = [i for i, pte in enumerate(entries) if pte & words.CONT and words.pte_present(pte)]
            for i in marked:
                if not words.pte_valid(entries[i]) and entries[i] != before[at + i]:
                    yield Finding("cont-on-invalid", table, at + i)
            if any(words.pte_valid(entries[i]) for i in marked) and not whole_cont_block(x.scenario, list(entries)):
                yield Finding("cont-broken", table, at)
