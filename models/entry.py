# SPDX-License-Identifier: GPL-2.0-only
"""One page-table entry for people and for judges: what it refers to, decoded, and printed the same everywhere."""

from typing import Any

from pte_review.models.arch.word import (
    MAX_SWAPFILES,
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_EXCLUSIVE,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_READ_EXCLUSIVE,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
    PteWords,
)

SWAP_KINDS = {
    SWP_HWPOISON: "hwpoison",
    SWP_MIGRATION_READ: "migration-read",
    SWP_MIGRATION_READ_EXCLUSIVE: "migration-read-exclusive",
    SWP_MIGRATION_WRITE: "migration-write",
    SWP_DEVICE_WRITE: "device-write",
    SWP_DEVICE_READ: "device-read",
    SWP_DEVICE_EXCLUSIVE: "device-exclusive",
    SWP_PTE_MARKER: "marker",
}
MARKERS = {PTE_MARKER_UFFD_WP: "UFFD_WP", PTE_MARKER_POISONED: "POISONED", PTE_MARKER_GUARD: "GUARD"}

Identity = tuple[str | int, ...]


def kind_of(words: PteWords, pte: int) -> str:
    """none, present, prot-none, zero-page, special, swap, marker or one of the other SWAP_KINDS."""
    if words.pte_none(pte):
        return "none"
    if not words.pte_present(pte):
        return SWAP_KINDS.get(words.swp_type(pte), "swap")
    if words.pte_special(pte):
        return "zero-page" if words.pte_pfn(pte) == words.config.zero_pfn else "special"
    return "prot-none" if not words.pte_valid(pte) else "present"


def identity(words: PteWords, pte: int) -> Identity:
    """What the entry stands for, whatever its bits: a page, a swap slot, a marker; () for none."""
    if words.pte_none(pte):
        return ()
    if words.pte_present(pte):
        return ("page", words.pte_pfn(pte))
    return ("swap", words.swp_type(pte), words.swp_offset(pte))


def decode(words: PteWords, pte: int) -> dict[str, Any]:
    """The entry as plain data: kind, pfn or swap payload, and what the predicates say."""
    kind = kind_of(words, pte)
    if kind == "none":
        return {"kind": kind}
    if not words.pte_present(pte):
        return {
            "kind": kind,
            "type": words.swp_type(pte),
            "offset": words.swp_offset(pte),
            "exclusive": words.pte_swp_exclusive(pte),
            "soft-dirty": words.pte_swp_soft_dirty(pte),
            "uffd-wp": words.pte_swp_uffd_wp(pte),
        }
    return {
        "kind": kind,
        "pfn": words.pte_pfn(pte),
        "write": words.pte_write(pte),
        "dirty": words.pte_dirty(pte),
        "young": words.pte_young(pte),
        "soft-dirty": words.pte_soft_dirty(pte),
        "uffd-wp": words.pte_uffd_wp(pte),
        "cont": words.pte_cont(pte),
        "other": _other_bits(words, pte),
    }


def show(words: PteWords, pte: int) -> str:
    """The entry on one line: `pfn=0x101 W D A sd`, `swap 3:0x12 E`, `marker UFFD_WP`, `none`."""
    if words.pte_none(pte):
        return f"none ({pte:#x})" if pte else "none"
    return _show_present(words, pte) if words.pte_present(pte) else _show_swap(words, pte)


def _show_present(words: PteWords, pte: int) -> str:
    kind = kind_of(words, pte)
    flags = [
        ("W", words.pte_write(pte)),
        ("D", words.pte_dirty(pte)),
        ("A", words.pte_young(pte)),
        ("sd", words.pte_soft_dirty(pte)),
        ("uffd-wp", words.pte_uffd_wp(pte)),
        ("special", kind == "special"),
        ("PROT_NONE", not words.pte_valid(pte)),
        ("CONT", words.pte_cont(pte)),
    ]
    head = "zero page" if kind == "zero-page" else f"pfn={words.pte_pfn(pte):#x}"
    return " ".join([head, *(name for name, on in flags if on), *_other_bits(words, pte)])


def _other_bits(words: PteWords, pte: int) -> list[str]:
    """Protection bits that differ from an ordinary user data page, by kernel name; -NAME where one is missing."""
    usual = words.PROT_USER if words.pte_valid(pte) else words.PROT_NONE
    differing = (pte ^ usual) & words.PROT_MASK
    named = []
    for name, bits in words.BIT_NAMES.items():
        if differing & bits:
            value = (pte & bits) // (bits & -bits)
            named.append(f"-{name}" if not value else name if value == 1 else f"{name}={value}")
    unknown = pte & ~words.known_bits
    return [*named, f"{unknown:#x}"] if unknown else named


def _show_swap(words: PteWords, pte: int) -> str:
    type_, offset = words.swp_type(pte), words.swp_offset(pte)
    flags = [
        ("E", words.pte_swp_exclusive(pte)),
        ("sd", words.pte_swp_soft_dirty(pte)),
        ("uffd-wp", words.pte_swp_uffd_wp(pte)),
    ]
    if type_ < MAX_SWAPFILES:
        head = f"swap {type_}:{offset:#x}"
    elif type_ == SWP_PTE_MARKER:
        names = [name for bit, name in MARKERS.items() if offset & bit]
        rest = offset & ~sum(MARKERS)
        head = "marker " + "|".join([*names, f"{rest:#x}"] if rest or not names else names)
    else:
        head = f"{SWAP_KINDS[type_]} {_pfn_payload(words, offset)}"
    leftover = pte ^ (words.swp_entry_to_pte(type_, offset) | (pte & ~words.pte_swp_clear_flags(pte)))
    return " ".join([head, *(name for name, on in flags if on), *([f"{leftover:#x}"] if leftover else [])])


def _pfn_payload(words: PteWords, offset: int) -> str:
    """A PFN swap entry's offset: the PFN, with a migration entry's accessed and dirty above it."""
    bits = words.SWP_PFN_BITS
    above = offset >> bits
    flags = [("A", above & 1), ("D", above & 2)]
    rest = above & ~3
    shown = [f"pfn={offset & ((1 << bits) - 1):#x}", *(name for name, on in flags if on)]
    return " ".join([*shown, f"{rest:#x}"] if rest else shown)
