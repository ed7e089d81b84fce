# SPDX-License-Identifier: GPL-2.0-only
"""What a call of the function under review has beside tables and ranges: the base of models/<function>/call.py."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pte_review.models.machine.kernel import Kernel
    from pte_review.models.scenario import Scenario
    from pte_review.models.vma import Vma


class Breach(NamedTuple):
    """A rule of legal scenarios broken at one entry: entry index `entry` of table number `table`, -1 for the whole."""

    rule: str
    table: int
    entry: int
    what: str


class Call:
    """A frozen dataclass: its fields are the caller's own, its JSON object is the scenario's `call`."""

    @property
    def rmap_locked(self) -> bool:
        """Whether the caller needs the rmap locks of its VMA held while a page-table lock is."""
        return False

    @property
    def mmap_write_locked(self) -> bool:
        """Whether the caller holds mmap_lock for writing, so that no CPU takes a page fault in the mm."""
        return True

    @property
    def single_threaded(self) -> bool:
        """Whether the process has one thread."""
        return False

    def seen(self, vma: "Vma") -> "Vma":
        """The VMA as the function finds it. A scenario has the one that its entries come from."""
        return vma

    def check(self, scenario: "Scenario", path: str) -> None:
        """Raise SchemaError, naming the field under `path`, where no caller of the function makes such a call."""
        raise NotImplementedError

    def breaches(self, scenario: "Scenario") -> Iterator[Breach]:
        """What of `scenario` breaks the function's own rules of legal scenarios."""
        raise NotImplementedError

    def arguments(self, k: "Kernel") -> tuple[Any, ...]:
        """The arguments of a port for a run on machine `k`."""
        raise NotImplementedError

    def finish(self, k: "Kernel") -> None:
        """What the caller does on machine `k` when a port has returned: flushes that it put off."""
