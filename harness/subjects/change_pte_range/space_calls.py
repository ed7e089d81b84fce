# SPDX-License-Identifier: GPL-2.0-only
"""The calls that the space makes: who calls, on which VMA, of which folios."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pte_review.models.change_pte_range.call import MPROTECT, NUMA, UFFD_PROTECT, UFFD_RESOLVE
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma

NONE, R, RW, RX, RWX = (
    Vma(read=False, write=False),
    Vma(write=False),
    Vma(),
    Vma(write=False, exec=True),
    Vma(exec=True),
)
UFFD = Vma(uffd=True)
RWP = replace(UFFD, uffd_modes=("rwp",))
NAMES = {NONE: "none", R: "r", RW: "rw", RX: "rx", RWX: "rwx"}
MEMORIES = ("anon", "file")


@dataclass(frozen=True, slots=True)
class KindOfCall:
    """A caller, the VMA before the call, and what is special about the folios: fields of Folio."""

    name: str
    vma: Vma
    caller: str = MPROTECT
    protection: str = "rw"
    single_threaded: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    memories: tuple[str, ...] = MEMORIES

    def folio(self, folio: Folio) -> Folio:
        """`folio` on a node of its own, so that NUMA balancing has something to do, unless the facts say otherwise."""
        facts = {"nid": 1, **self.facts}
        if facts.pop("mapped_shared", False):
            facts["shared"] = ((0, 1 << folio.order),)
            folio = replace(folio, exclusive=())
        return replace(folio, **facts)


def mprotect(before: Vma, after: Vma, **options: Any) -> KindOfCall:
    """mprotect() from the one protection to the other."""
    access = NAMES[after] if after is not NONE else ""
    return KindOfCall(f"mprotect from {NAMES[before]} to {NAMES[after]}", before, protection=access, **options)


# To and from write permission, and without any.
BASIC = (
    mprotect(R, RW),
    mprotect(RW, R),
    mprotect(RW, NONE),
    mprotect(NONE, RW),
    KindOfCall("NUMA balancing", RW, NUMA),
)
# The bits of execute permission, and what else changes nothing for a store.
OTHERS = (
    mprotect(R, RX),
    mprotect(R, RWX),
    mprotect(RW, RX),
    mprotect(RW, RWX),
    mprotect(RX, RW),
    mprotect(RWX, RW),
    mprotect(R, NONE),
    mprotect(NONE, R),
)
USERFAULTFD = (
    KindOfCall("userfaultfd-wp on", UFFD, UFFD_PROTECT),
    KindOfCall("userfaultfd-wp off", UFFD, UFFD_RESOLVE),
    KindOfCall(
        "userfaultfd-wp on, WP_UNPOPULATED", replace(UFFD, uffd_wp_unpopulated=True), UFFD_PROTECT, memories=("anon",)
    ),
    KindOfCall("mprotect from rw to r under userfaultfd-wp", UFFD, protection="r"),
    KindOfCall("mprotect from r to rw under userfaultfd-wp", replace(UFFD, write=False)),
    KindOfCall("userfaultfd RWP on", RWP, UFFD_PROTECT),
    KindOfCall("userfaultfd RWP off", RWP, UFFD_RESOLVE),
    KindOfCall("mprotect from r to rw under userfaultfd RWP", replace(RWP, write=False)),
)
# What NUMA balancing leaves alone, and a shared mapping of which the file system wants to know each first store.
FOLIO_FACTS = (
    KindOfCall("NUMA balancing of pinned folios", RW, NUMA, facts={"pinned": True}),
    KindOfCall("NUMA balancing of KSM folios", RW, NUMA, facts={"ksm": True}, memories=("anon",)),
    KindOfCall("NUMA balancing of folios mapped by others", R, NUMA, facts={"mapped_shared": True}, memories=("anon",)),
    KindOfCall("NUMA balancing of dirty file folios", RW, NUMA, facts={"dirty": True}, memories=("file",)),
    KindOfCall("NUMA balancing of one thread on its own node", RW, NUMA, single_threaded=True, facts={"nid": 0}),
    KindOfCall("mprotect from r to rw with page_mkwrite()", Vma(write=False, writenotify=True), memories=("file",)),
    KindOfCall("mprotect from rw to r with page_mkwrite()", Vma(writenotify=True), protection="r", memories=("file",)),
)
