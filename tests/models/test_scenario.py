# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: addresses and indices, folios, and the JSON codec, whose errors name the field and what it expects."""

import copy
import dataclasses
import json
from typing import Any

import pytest

from pte_review.models.codec import SchemaError
from pte_review.models.config import Config
from pte_review.models.scenario import Folio, Scenario, page_ranges
from pte_review.models.vma import Vma
from tests.kit.build import NEW, OLD, page, scenario
from tests.kit.moves import as_move, scenario_from_json

FULL = scenario(
    "arm64",
    {5: page("arm64", 0x205, "W"), 6: page("arm64", 0x206)},
    {9: page("arm64", 0x300)},
    at=(5, 9, 3),
    folios=(Folio(0x200, 4, exclusive=((0, 4), (6, 8)), shared=((5, 6),)), Folio(0x300, anon=False)),
    vma=Vma(vm_file=True, uffd=True),
    debug_vm=True,
    cont_ptes=32,
    need_rmap_locks=True,
    split_ptlocks=False,
    new_maps=False,
)
DATA = FULL.to_json()


def test_round_trip():
    assert scenario_from_json(json.loads(json.dumps(DATA))) == FULL


def test_defaults_are_left_out():
    plain = scenario("x86_64", {}).to_json()
    assert plain == {
        "arch": "x86_64",
        "tables": [{"base": OLD}, {"base": NEW, "lock": 2}],
        "ranges": [{"name": "old", "table": 0, "first": 0, "nr": 1}, {"name": "new", "table": 1, "first": 0, "nr": 1}],
        "call": {},
    }
    assert DATA["config"] == {"debug_vm": True, "cont_ptes": 32}
    assert DATA["folios"][1] == {"pfn": 0x300, "anon": False}


def test_geometry():
    assert (as_move(FULL).extent, FULL.table_bytes, as_move(FULL).old_base, as_move(FULL).new_base) == (
        3 * 4096, 0x20_0000, OLD, NEW,
    )  # fmt: skip
    assert (as_move(FULL).old_index, as_move(FULL).new_index, as_move(FULL).one_table) == (5, 9, False)
    assert as_move(scenario("x86_64", {}, new_addr=OLD + 0x1F_F000)).one_table
    assert not as_move(scenario("x86_64", {}, new_addr=OLD + 0x20_0000)).one_table
    assert as_move(scenario("arm64", {}, new_addr=OLD + 0x20_0000, ptrs_per_pte=8192)).one_table


def test_folio_of():
    big, small = FULL.folios
    found = [FULL.folio_of(pfn) for pfn in (0x1FF, 0x200, 0x20F, 0x210, 0x300, 0x301)]
    assert found == [None, big, big, None, small, None]
    assert [pfn for pfn in range(0x1FF, 0x211) if big.is_exclusive(pfn)] == [0x200, 0x201, 0x202, 0x203, 0x206, 0x207]
    assert [pfn for pfn in range(0x1FF, 0x211) if big.is_shared(pfn)] == [0x205]


def test_ranges():
    assert page_ranges({3, 7, 1, 2, 8, 10}) == ((1, 4), (7, 9), (10, 11))
    assert page_ranges(set()) == ()


GONE = object()
# A field of DATA and what to put there; the path of the error, if it is another one, and what it expects.
BAD = {
    "arch": ("arch", "riscv", "", "one of x86_64, arm64"),
    "not an object": ("", 3, "", "an object"),
    "missing field": ("tables", GONE, "", "a value, the field is missing"),
    "unknown field": ("colour", 1, "", "one of the fields arch, tables"),
    "int": ("tables.0.base", "4096", "tables[0].base", "an integer"),
    "int is not bool": ("ranges.0.nr", True, "ranges[0].nr", "an integer"),
    "int is not float": ("ranges.0.nr", 4096.0, "ranges[0].nr", "an integer"),
    "bool": ("call.need_rmap_locks", 1, "", "true or false"),
    "str": ("arch", 1, "", "a string"),
    "list": ("tables.0.entries", {}, "tables[0].entries", "a list"),
    "pair": ("tables.0.entries", [[1]], "tables[0].entries[0]", "a list of 2"),
    "nested int": ("tables.0.entries", [[1, 2], [2, None]], "tables[0].entries[1][1]", "an integer"),
    "nested object": ("vmas", [{"uffd": "yes"}], "vmas[0].uffd", "true or false"),
    "nested unknown": ("folios", [{"pfn": 1, "size": 2}], "folios[0].size", "one of the fields pfn, order"),
    "null": ("config", None, "", "an object"),
    "no table": ("tables", [], "", "1 to"),
    "no VMA": ("vmas", [], "", "at least one VMA"),
    "another mm": ("vmas.0.vm_mm", 0, "vmas[0].vm_mm", "the number of an mm"),
    "unaligned": ("tables.0.base", OLD + 4096, "tables[0].base", "a multiple of the table's 2097152 bytes"),
    "negative": ("tables.0.base", -0x20_0000, "tables[0].base", "a multiple of the table's 2097152 bytes"),
    "too high": ("tables.0.base", 1 << 57, "tables[0].base", "below 2**57"),
    "two tables at one address": ("tables.1.base", OLD, "tables[1].base", "an address that no other table"),
    "lock": ("tables.0.lock", 3, "tables[0].lock", "one of 1, 2, -2"),
    "VMA of a table": ("tables.0.vma", 1, "tables[0].vma", "the index of a VMA"),
    "empty": ("ranges.0.nr", 0, "ranges[0].nr", "1 to 507 entries"),
    "behind the end of table 0": (
        "ranges.0.nr",
        508,
        "ranges[0].nr",
        "1 to 507 entries, up to the end of the table",
    ),  # 6.1
    "behind the end of table 1": ("ranges.1.nr", 504, "ranges[1].nr", "1 to 503 entries, up to the end of the table"),
    "of two lengths": ("ranges.1.nr", 2, "ranges[1].nr", "the 3 entries of the old range"),
    "new range first": ("ranges.0.table", 1, "ranges[1].table", "the old range in table 0"),
    "table of a range": ("ranges.0.table", 2, "ranges[0].table", "the number of a table"),
    "start of a range": ("ranges.0.first", -1, "ranges[0].first", "an entry index"),
    "one name twice": ("ranges.1.name", "old", "ranges[1].name", "a word that names no other range"),
    "index": ("tables.0.entries", [[512, 1]], "tables[0].entries[0]", "below 512"),
    "order of entries": ("tables.0.entries", [[2, 1], [2, 1]], "tables[0].entries[1]", "above 2"),
    "zero entry": ("tables.1.entries", [[2, 0]], "tables[1].entries[0]", "a raw entry"),
    "wide entry": ("tables.1.entries", [[2, 1 << 64]], "tables[1].entries[0]", "a raw entry"),
    "order": ("folios", [{"pfn": 0, "order": 14}], "folios[0].order", "from 0 to 13"),
    "folio alignment": ("folios", [{"pfn": 2, "order": 2}], "folios[0].pfn", "multiple of its 4 pages"),
    "folios overlap": ("folios", [{"pfn": 4, "order": 2}, {"pfn": 7}], "folios[1].pfn", "ascending"),
    "folio too high": ("folios", [{"pfn": 1 << 28}], "folios[0].pfn", "below PFN"),
    "range": ("folios", [{"pfn": 4, "order": 2, "shared": [[0, 5]]}], "folios[0].shared", "inside 4 pages"),
    "empty range": ("folios", [{"pfn": 4, "exclusive": [[0, 0]]}], "folios[0].exclusive", "inside 1 pages"),
    "soft-dirty": ("config", {"mem_soft_dirty": True}, "config.mem_soft_dirty", "x86_64 only"),
    "shstk": ("config", {"shstk": True}, "config.shstk", "x86_64 only"),
    "markers": ("config", {"uffd_wp": False}, "config.pte_marker_uffd_wp", "without config.uffd_wp"),
    "cont_ptes": ("config", {"cont_ptes": 24}, "config.cont_ptes", "a power of two from 2 up"),
    "cont_ptes 1": ("config", {"cont_ptes": 1}, "config.cont_ptes", "a power of two from 2 up"),
    "ptrs_per_pte": ("config", {"ptrs_per_pte": 0}, "config.ptrs_per_pte", "a power of two from 2 up"),
    "table size": ("config", {"ptrs_per_pte": 16384}, "config.ptrs_per_pte", "at most 8192"),
    "divides": ("config", {"cont_ptes": 1024}, "config.cont_ptes", "a divisor of ptrs_per_pte 512"),  # 11
    "zero_pfn": ("config", {"zero_pfn": -1}, "config.zero_pfn", "a page frame number"),
    "memory": ("config", {"highest_memmap_pfn": 1 << 34}, "config.highest_memmap_pfn", "below 2**34"),
}


def changed(field: str, value: Any) -> Any:
    """DATA with `value` at `field`, `a.0.b`."""
    data = copy.deepcopy(DATA)
    if not field:
        return value
    at: Any = data
    *parents, last = [int(part) if part.isdecimal() else part for part in field.split(".")]
    for part in parents:
        at = at[part]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return data


@pytest.mark.parametrize(("field", "value", "path", "expected"), BAD.values(), ids=BAD)
def test_errors_name_the_field_and_what_it_expects(field, value, path, expected):
    with pytest.raises(SchemaError) as raised:
        scenario_from_json(changed(field, value))
    message = str(raised.value)
    where = f"scenario.{path or field}" if field else "scenario"
    assert message.startswith(f"{where}: expected ")
    assert expected in message
    assert "\n" not in message
    assert len(message) < 300


def test_errors_show_what_they_got_shortened():
    with pytest.raises(SchemaError, match=r"got 'x{20,40}\.\.\.$"):
        scenario_from_json(changed("arch", "x" * 1000))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("folios", [{"pfn": 4, "order": 2, "shared": [[0, 4]]}, {"pfn": 8}]),
        ("folios", [{"pfn": (1 << 28) - 1}]),
        ("tables.0.entries", [[0, 1], [511, (1 << 64) - 1]]),
        ("config", {"cont_ptes": 512}),
        ("config", {"zero_pfn": 0}),
        ("config", {"uffd_wp": False, "pte_marker_uffd_wp": False}),
    ],
)
def test_limits_that_are_allowed(field, value):
    assert isinstance(scenario_from_json(changed(field, value)), Scenario)


def test_a_range_may_reach_the_end_of_its_table():
    data = changed("ranges.0.nr", 503)
    data["ranges"][1]["nr"] = 503
    assert scenario_from_json(data).ranges[1].end == 512


def test_the_path_can_be_named():
    with pytest.raises(SchemaError) as raised:
        scenario_from_json({}, "file.json: scenario")
    assert raised.value.path == "file.json: scenario.arch"


def test_scenarios_are_values():
    assert hash(FULL) == hash(scenario_from_json(DATA))
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.extent = 0
    assert Vma().vm_mm == FULL.vma.vm_mm  # one mm
    assert Config() == Config()
