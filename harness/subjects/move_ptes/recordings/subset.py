# SPDX-License-Identifier: GPL-2.0-only
"""What an unprivileged process sees of its own page tables, and what of a version's entries can be held against it.

Seen are bits of /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst) and, where a page is present, the number
that it holds at its start, in the place of the page frame. Write permission, dirty and accessed are not seen, nor is
soft-dirty: pagemap reports it for every page of a new VMA. A swap entry and a marker look the same, but for uffd-wp:
the recorder swaps nothing out where a userfaultfd is, so one with that bit is a marker.
"""

from collections.abc import Iterator

from pte_review.models.arch.word import PTE_MARKER_GUARD, PTE_MARKER_UFFD_WP, SWP_PTE_MARKER, PteWords

SEEN = "of the entries only pagemap and contents: no write, dirty, soft-dirty"
PRESENT, SWAP, FILE, GUARD, UFFD_WP = 1 << 63, 1 << 62, 1 << 61, 1 << 58, 1 << 57
NAMES = {"present": PRESENT, "swap": SWAP, "file": FILE, "guard": GUARD, "uffd-wp": UFFD_WP}
CONTENT = (1 << 55) - 1
MASK = CONTENT | PRESENT | SWAP | FILE | GUARD | UFFD_WP
FIRST = 1 << 20  # entry i of a record is given this page frame or swap slot, plus i


def synthetic(w: PteWords, seen: list[int]) -> list[int]:
    """Entries of which `seen` would be seen; each has a page frame or a swap slot of its own."""
    return [_entry(w, i, value) for i, value in enumerate(seen)]


def _entry(w: PteWords, i: int, value: int) -> int:
    if value & PRESENT:
        pte = w.pfn_pte(FIRST + i, w.PROT_USER)
        return w.pte_mkuffd_wp(pte) if value & UFFD_WP else pte
    if value & GUARD:
        return w.swp_entry_to_pte(SWP_PTE_MARKER, PTE_MARKER_GUARD)
    if value & SWAP and value & UFFD_WP:
        return w.swp_entry_to_pte(SWP_PTE_MARKER, PTE_MARKER_UFFD_WP)
    return w.swp_entry_to_pte(0, FIRST + i) if value & SWAP else 0


def _seen_of(w: PteWords, before: list[int], pte: int) -> int:
    """What is seen of an entry that a version leaves, made from those that synthetic() made of `before`."""
    if w.pte_none(pte):
        return 0
    if w.pte_present(pte):
        value = _at(before, w.pte_pfn(pte) - FIRST)
        return value | UFFD_WP if w.pte_uffd_wp(pte) else value & ~UFFD_WP
    if w.swp_type(pte) == SWP_PTE_MARKER:
        return SWAP | (GUARD if w.swp_offset(pte) == PTE_MARKER_GUARD else UFFD_WP)
    return _at(before, w.swp_offset(pte) - FIRST)


def _at(before: list[int], i: int) -> int:
    """A version with a bug may make up a page."""
    return before[i] & MASK if 0 <= i < len(before) else 0


def kinds(w: PteWords, before: list[int], kernel: int, predicted: int) -> Iterator[tuple[str, str]]:
    """Each kind of difference, and what of the version's entry would have been seen."""
    got, want = kernel & MASK, _seen_of(w, before, predicted)
    got = got if got & (PRESENT | SWAP) else 0
    if got == want:
        return
    if not got:
        kind = "entry-lost"
    elif got & ~UFFD_WP != want & ~UFFD_WP:
        kind = "wrong-page" if want and got & ~(CONTENT | UFFD_WP) == want & ~(CONTENT | UFFD_WP) else "foreign-entry"
    else:
        kind = "uffd-wp-kept" if got & UFFD_WP else "uffd-wp-lost"
    yield kind, shown(want)


def shown(value: int) -> str:
    """What was seen of a page, for people."""
    value &= MASK
    words = [name for name, bit in NAMES.items() if value & bit]
    if value & PRESENT:
        words.append(f"content={(value & CONTENT) >> 12:#x}")
    return " ".join(words) or "none"
