# SPDX-License-Identifier: GPL-2.0-only
"""The steps by which a program builds the page table of an area."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.live.reproduce.area import (
    GUARD,
    PAGE,
    PMD_ORDER,
    POISON,
    SWAP,
    WP_MARKER,
    ZERO,
    Area,
    AreaPage,
    runs,
)
from pte_review.models.vma import Vma

READ_WRITE = "PROT_READ | PROT_WRITE"


@dataclass(frozen=True)
class CStep:
    """A function of the program without arguments: its name, the comment above it, its statements."""

    name: str
    lines: tuple[str, ...]
    comment: str = ""


def build_steps(area: Area, *, keeps_witness: bool, asynchronous: bool, reuses: bool) -> list[CStep]:
    """What builds the state, in order. `keeps_witness`: a child is asked later what it reads.

    `asynchronous`: write-protection by userfaultfd gives way to a write instead of blocking it. `reuses`: pages get
    write permission back from a write once the child is gone (v6.15 for large folios), instead of keeping it.
    """
    steps = [
        _map(area),
        *_folios(area),
        *_small_pages(area),
        *_holes(area),
        *_uffd(area, asynchronous=asynchronous),
        *_soft_dirty(area),
        *_write_protect(area),
        *_swap(area),
        *_markers(area),
        *_share(area, keeps_witness=keeps_witness, reuses=reuses),
        *_protect(area),
    ]
    return [step for step in steps if step.lines]


def calls(function: str, pages: "list[AreaPage] | list[int]", *more: str) -> tuple[str, ...]:
    """A call for each run of pages."""
    return tuple(f"{function}({', '.join([str(first), str(nr), *more])});" for first, nr in runs(pages))


def _advice(pages: list[AreaPage], name: str) -> tuple[str, ...]:
    return calls("advise", pages, name, f'"{name}"')


def _map(area: Area) -> CStep:
    vma = area.vma
    if not vma.vm_file:
        return CStep("map", ("map_area(MAP_PRIVATE | MAP_ANONYMOUS, -1);",))
    flags = "MAP_SHARED" if vma.shared else "MAP_PRIVATE"
    make = "make_file" if vma.writenotify else "make_shmem"
    fill = ("fill_file(fd);",) if make == "make_file" or not vma.shared else ()
    return CStep("map", (f"int fd = {make}();", "", *fill, f"map_area({flags}, fd);", "close(fd);"))


def _folios(area: Area) -> Iterator[CStep]:
    """Large folios first: they want all of their range empty."""
    lines = [f"make_folio({folio.first}, {folio.order});" for folio in area.folios]
    lines += [f"split_pmd({folio.first});" for folio in area.folios if folio.order == PMD_ORDER]
    if lines:
        yield CStep("make_folios", tuple(lines), "Each is whole for now.")
        yield CStep("leave_out_pages", _advice_of_numbers(_left_out(area), "MADV_DONTNEED"))


def _left_out(area: Area) -> list[int]:
    """The numbers of pages of large folios that nobody maps."""
    every = {number for folio in area.folios for number in range(folio.first, folio.first + folio.size)}
    return sorted(every - {number for folio in area.folios for number in folio.pages})


def _advice_of_numbers(numbers: list[int], name: str) -> tuple[str, ...]:
    return calls("advise", numbers, name, f'"{name}"')


def _small_pages(area: Area) -> Iterator[CStep]:
    large = area.in_folios
    small = [page for page in area.of(PAGE, SWAP) if page.number not in large]
    zero = area.of(ZERO)
    lines = [*calls("write_pages", [page for page in small if page.anon]), *calls("read_pages", zero)]
    mapped = [page for page in small if not page.anon]
    lines += calls("read_pages", mapped)
    if area.vma.shared:
        written = [page for page in mapped if page.write or page.uffd_wp or not area.vma.write]
        lines += calls("write_pages", written)
    if lines or area.folios:
        lines.insert(0, 'advise(0, PAGES, MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE");')
    yield CStep("touch_small_pages" if small or zero else "make_no_more_folios", tuple(lines))


def _holes(area: Area) -> Iterator[CStep]:
    """A read fault of a file maps what is around."""
    if area.vma.vm_file and not area.folios:
        empty = set(range(area.size)) - {page.number for page in area.of(PAGE, SWAP, ZERO)}
        yield CStep("empty_holes", _advice_of_numbers(sorted(empty), "MADV_DONTNEED"))


def _uffd(area: Area, *, asynchronous: bool) -> Iterator[CStep]:
    vma = area.vma
    if not vma.uffd and not area.of(POISON):
        return
    features = []
    if area.of(WP_MARKER) and not vma.vm_file:
        features.append("UFFD_FEATURE_WP_UNPOPULATED")
    if vma.vm_file and "wp" in vma.uffd_modes:
        features.append("UFFD_FEATURE_WP_HUGETLBFS_SHMEM")
    if area.of(POISON):
        features.append("UFFD_FEATURE_POISON")
    if vma.uffd and vma.uffd_event_remap:
        features.append("UFFD_FEATURE_EVENT_REMAP")
    if asynchronous and vma.uffd:
        features.append("UFFD_FEATURE_WP_ASYNC")
    modes = vma.uffd_modes if vma.uffd else ("wp",)
    lines = [f"open_uffd({' | '.join(features) or '0'});"]
    lines += ["start_reading_events();"] if "UFFD_FEATURE_EVENT_REMAP" in features else []
    lines.append(f"register_uffd({' | '.join(f'UFFDIO_REGISTER_MODE_{mode.upper()}' for mode in modes)});")
    yield CStep("watch", tuple(lines))


def _soft_dirty(area: Area) -> Iterator[CStep]:
    if area.soft_dirty_built:
        again = [page for page in area.of(PAGE, SWAP) if page.soft_dirty]
        yield CStep(
            "forget_soft_dirty",
            ("clear_soft_dirty();", *calls("write_pages", again)),
            "This write-protects every page; a page that is written is soft-dirty again.",
        )


def _write_protect(area: Area) -> Iterator[CStep]:
    pages = [page for page in area.of(PAGE, SWAP, ZERO) if page.uffd_wp] + area.of(WP_MARKER)
    yield CStep("write_protect_pages", calls("write_protect", pages))


def _swap(area: Area) -> Iterator[CStep]:
    yield CStep("swap_out_pages", calls("swap_out", area.of(SWAP)))


def _markers(area: Area) -> Iterator[CStep]:
    lines = [*_advice(area.of(GUARD), "MADV_GUARD_INSTALL"), *calls("poison", area.of(POISON))]
    if area.of(POISON) and not area.vma.uffd:
        lines.append("unregister_uffd();")
    yield CStep("install_markers", tuple(lines))


def _share(area: Area, *, keeps_witness: bool, reuses: bool) -> Iterator[CStep]:
    if not area.forked:
        return
    kept = area.kept
    if reuses:
        lines = ("fork_and_wait();", *calls("write_pages", kept))
        yield CStep("share_pages", lines, "fork() write-protects all; a page that nobody else has is written as it is.")
        return
    fork = "fork_witness();" if keeps_witness else "fork_and_wait();"
    what = "write-protects what both have; MADV_DOFORK merges the VMAs again." if kept else "write-protects all."
    lines = (*_advice(kept, "MADV_DONTFORK"), fork, *_advice(kept, "MADV_DOFORK"))
    yield CStep("share_pages", lines, f"fork() {what}")


def _protect(area: Area) -> Iterator[CStep]:
    prot = protection_of(area.vma)
    if area.prot_none:
        yield CStep("forbid_access", ("protect(AREA, PAGES, PROT_NONE);",))
    elif not area.vma.write:
        yield CStep("forbid_writes", (f"protect(AREA, PAGES, {prot});",))
    elif prot != READ_WRITE:
        yield CStep("set_protection", (f"protect(AREA, PAGES, {prot});",))


def protection_of(vma: Vma) -> str:
    """The argument of mprotect() that makes a VMA what it is."""
    names = zip(("PROT_READ", "PROT_WRITE", "PROT_EXEC"), (vma.read, vma.write, vma.exec), strict=True)
    return " | ".join(name for name, on in names if on) or "PROT_NONE"
