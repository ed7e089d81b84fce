# SPDX-License-Identifier: GPL-2.0-only
"""Words, scenarios and machines for the tests, and the raw accesses of a run in short form.

Words are built from the bit tables of the kernel headers, not with models.arch. Numbers in comments beside expected
values (3.1, 5.3) are sections of the kernel's rules as modelled.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

from pte_review.models.config import Config
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.machine.kernel import Kernel
from pte_review.models.move_ptes.call import move as moving_scenario
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario
from pte_review.models.scenario_check import check
from tests.kit.moves import load

OLD = 0x4000_0000  # where the old table's entry 0 is mapped; 32 MiB aligned
NEW = 0x8000_0000
ARCHES = ("x86_64", "arm64")

BITS = {
    "x86_64": {  # 2.1
        "P": 0, "RW": 1, "US": 2, "PWT": 3, "PCD": 4, "A": 5, "D": 6, "PAT": 7, "PROTNONE": 8, "SPECIAL": 9,
        "UFFD_WP": 10, "SD": 11, "DEVMAP": 57, "SAVED_DIRTY": 58, "PKEY": 59, "NX": 63,
    },
    "arm64": {  # 2.2
        "VALID": 0, "TYPE": 1, "ATTR": 2, "USER": 6, "RDONLY": 7, "SH": 8, "AF": 10, "nG": 11, "GP": 50, "WRITE": 51,
        "CONT": 52, "PXN": 53, "UXN": 54, "DIRTY": 55, "SPECIAL": 56, "DEVMAP": 57, "UFFD_WP": 58, "PO": 60,
    },
}  # fmt: skip
SWP_FLAGS = {"x86_64": {"SD": 1, "F": 2, "E": 3}, "arm64": {"F": 3, "E": 2}}  # 1.4


def bits(arch: str, names: str) -> int:
    """The named bits of a present entry: bits("x86_64", "P RW")."""
    return sum(1 << BITS[arch][name] for name in names.split())


def x86(names: str, pfn: int = 0) -> int:
    """An x86_64 entry; the PFN is stored inverted where P is clear (1.1)."""
    word = bits("x86_64", names)
    frame = pfn if word & 1 or not word else ~pfn
    return word | (frame & (1 << 40) - 1) << 12


def arm(names: str, pfn: int = 0) -> int:
    return bits("arm64", names) | pfn << 12


def page(arch: str, pfn: int, flags: str = "") -> int:
    """An ordinary user data page. Flags: W A D, S soft-dirty, U uffd-wp, C CONT, N PROT_NONE, X special."""
    w, d = "W" in flags, "D" in flags
    if arch == "x86_64":
        names = "PROTNONE" if "N" in flags else "P US NX"
        letters = {"W": "RW", "D": "D" if w else "SAVED_DIRTY", "A": "A", "S": "SD", "U": "UFFD_WP", "X": "SPECIAL"}
        return x86(" ".join([names, *(letters[flag] for flag in flags if flag in letters)]), pfn)
    names = "TYPE nG PXN UXN" if "N" in flags else "VALID TYPE USER nG PXN UXN"
    letters = {"W": "WRITE", "D": "DIRTY", "A": "AF", "U": "UFFD_WP", "X": "SPECIAL", "C": "CONT"}
    rdonly = () if w and d else ("RDONLY",)
    return arm(" ".join([names, *rdonly, *(letters[flag] for flag in flags if flag in letters)]), pfn)


def pages(arch: str, first: int, pfn: int, flags: Iterable[str]) -> dict[int, int]:
    """Entries from index `first` on for consecutive pages, one string of flags each."""
    return {first + i: page(arch, pfn + i, flag) for i, flag in enumerate(flags)}


def swap(arch: str, type_: int, offset: int, flags: str = "") -> int:
    """A swap entry (1.4): flags E, F (uffd-wp), SD."""
    low = sum(1 << SWP_FLAGS[arch][flag] for flag in flags.split())
    if arch == "x86_64":
        return type_ << 59 | (~offset & (1 << 50) - 1) << 9 | low
    return type_ << 6 | offset << 12 | low


CONFIG_FIELDS = {field.name for field in dataclasses.fields(Config)}


def scenario(
    arch: str,
    old: dict[int, int],
    new: dict[int, int] | None = None,
    at: tuple[int, int, int] = (0, 0, 1),
    **options: Any,
) -> Scenario:
    """Move `at` = (old index, new index, entries). Options are fields of Config or arguments of move()."""
    config = Config(**{name: options.pop(name) for name in list(options) if name in CONFIG_FIELDS})
    old_index, new_index, nr = at
    options = {"old_addr": OLD + old_index * 4096, "new_addr": NEW + new_index * 4096, **options}
    tables = {"old_table": tuple(sorted(old.items())), "new_table": tuple(sorted((new or {}).items()))}
    built = moving_scenario(arch, extent=nr * 4096, config=config, **tables, **options)
    check(built)
    return built


def kernel(arch: str, old: dict[int, int] | None = None, new: dict[int, int] | None = None, **options: Any) -> Kernel:
    """A machine with both page-table locks held and an empty log, to call primitives on."""
    k = fresh_kernel(scenario(arch, old or {}, new, **options))
    k.spin_lock(1)
    k.spin_lock(2)
    k.events.clear()
    return k


def o(k: Kernel, index: int) -> int:
    """ptep of an entry of the old table."""
    return k.pmds[0].ptep + index


def n(k: Kernel, index: int) -> int:
    """ptep of an entry of the new table."""
    return k.pmds[-1].ptep + index


def value(k: Kernel, ptep: int) -> int:
    pte = k.memory[ptep]
    assert pte is not None
    return pte


def move(version: str, what: Scenario) -> Outcome:
    return load(version).run(what)


def trace(k: "Kernel | Outcome", p: int = 512) -> str:
    """Raw accesses in order: `R o0, X o0-15, T o0-15`; o and n are the tables, Rd and Rp reads of debug configs."""
    runs: list[tuple[str, str, int, int]] = []
    for name, *args in k.events:
        if name == "T":
            start, end = int(args[0]), int(args[1])
            base, table = (OLD, "o") if start < NEW else (NEW, "n")
            runs.append(("T", table, (start - base) // 4096, (end - base) // 4096 - 1))
        elif name in ("R", "X", "S", "R.debug_vm", "R.page_table_check"):
            kind = {"R.debug_vm": "Rd", "R.page_table_check": "Rp"}.get(str(name), str(name))
            table, index = ("o", int(args[0]) - p) if int(args[0]) < 2 * p else ("n", int(args[0]) - 3 * p)
            if runs and runs[-1][:2] == (kind, table) and runs[-1][3] + 1 == index:
                runs[-1] = (*runs[-1][:3], index)
            else:
                runs.append((kind, table, index, index))
    return ", ".join(f"{kind} {table}{a}" + (f"-{b}" if b != a else "") for kind, table, a, b in runs)


def calls(k: "Kernel | Outcome", name: str) -> int:
    """How many events of that name."""
    return sum(event[0] == name for event in k.events)
