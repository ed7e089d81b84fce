# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples of version 1, which knew move_ptes() alone: two tables by name, events instead of actions."""

from typing import Any

from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config

SCENARIO = "counterexample.divergence.scenario"
ADDRESS_END = 1 << 57
MOST_ENTRIES = 8192  # of a page table


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """The object of version 2 for that of version 1. Raises SchemaError.

    What fits neither version is left to the reader of version 2.
    """
    divergence = data.get("divergence")
    if not isinstance(divergence, dict) or not isinstance(divergence.get("scenario"), dict):
        return {"subject": "move_ptes", **data}
    scenario = _scenario(divergence["scenario"])
    return {"subject": "move_ptes", **data, "divergence": {**divergence, "scenario": scenario}}


def _scenario(old: dict[str, Any]) -> dict[str, Any]:
    data = dict(old)
    if later := [name for name in ("tables", "ranges", "call", "vmas", "actions") if name in data]:
        raise SchemaError(f"{SCENARIO}.{later[0]}", "no such field in a file of version 1", data[later[0]])
    config = data.get("config")
    entries = config.get("ptrs_per_pte") if isinstance(config, dict) else None
    if not isinstance(entries, int) or not 1 <= entries <= MOST_ENTRIES:  # the reader of version 2 refuses others
        entries = Config().ptrs_per_pte
    size = entries << PAGE_SHIFT
    old_addr, new_addr, extent = (_bytes(data, name) for name in ("old_addr", "new_addr", "extent"))
    bases = [old_addr // size * size, new_addr // size * size]
    one_table = bases[0] == bases[1]
    if one_table and data.pop("new_table", []):
        raise SchemaError(f"{SCENARIO}.new_table", "no entries: both addresses lie under one PMD")
    maps = [data.pop("old_maps", True), data.pop("new_maps", True)]
    split = data.pop("split_ptlocks", True)
    tables = [
        {"base": bases[0], "entries": data.pop("old_table", []), "maps": all(maps) if one_table else maps[0]},
        {
            "base": bases[1],
            "entries": data.pop("new_table", []),
            "maps": maps[1],
            "lock": (2 if new_addr > old_addr else -2) if split else 1,
        },
    ]
    ranges = [
        {"name": name, "table": table, "first": (address - base) >> PAGE_SHIFT, "nr": extent >> PAGE_SHIFT}
        for name, table, address, base in (
            ("old", 0, old_addr, bases[0]),
            ("new", int(not one_table), new_addr, bases[1]),
        )
    ]
    data["tables"], data["ranges"] = tables[: 1 if one_table else 2], ranges
    data["call"] = {"need_rmap_locks": data.pop("need_rmap_locks", False)}
    if "vma" in data:
        data["vmas"] = [data.pop("vma")]
    if "scheduled" in data:
        events = data.pop("scheduled")
        data["actions"] = list(map(_action, events)) if isinstance(events, list) else events
    return data


def _bytes(data: dict[str, Any], name: str) -> int:
    """Takes an address or a length out of `data`. Raises SchemaError where it is none of whole pages."""
    value = data.pop(name, None)
    if type(value) is not int or not 0 <= value < ADDRESS_END or value % PAGE_SIZE:
        raise SchemaError(f"{SCENARIO}.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**57", value)
    return value


def _action(event: Any) -> Any:
    """`table` was the name of a range."""
    if not isinstance(event, dict):
        return event
    renamed = {("range" if name == "table" else name): value for name, value in event.items()}
    if isinstance(renamed.get("when"), dict):
        renamed["when"] = _action(renamed["when"])
    return renamed
