# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: addresses and indices, folios, and the JSON codec, whose errors name the field and what it expects."""

import dataclasses
import json

import pytest

from pte_review.models.codec import SchemaError
from pte_review.models.config import Config
from pte_review.models.scenario import Folio, Scenario, Vma, ranges, scenario_from_json
from tests.models.build import NEW, OLD, page, scenario

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
    assert plain == {"arch": "x86_64", "old_addr": OLD, "new_addr": NEW, "extent": 4096, "old_table": []}
    assert DATA["config"] == {"debug_vm": True, "cont_ptes": 32}
    assert DATA["folios"][1] == {"pfn": 0x300, "anon": False}


def test_geometry():
    assert (FULL.nr, FULL.pmd_size, FULL.old_base, FULL.new_base) == (3, 0x20_0000, OLD, NEW)
    assert (FULL.old_index, FULL.new_index, FULL.one_table) == (5, 9, False)
    assert scenario("x86_64", {}, new_addr=OLD + 0x1F_F000).one_table
    assert not scenario("x86_64", {}, new_addr=OLD + 0x20_0000).one_table
    assert scenario("arm64", {}, new_addr=OLD + 0x20_0000, ptrs_per_pte=8192).one_table


def test_folio_of():
    big, small = FULL.folios
    found = [FULL.folio_of(pfn) for pfn in (0x1FF, 0x200, 0x20F, 0x210, 0x300, 0x301)]
    assert found == [None, big, big, None, small, None]
    assert [pfn for pfn in range(0x1FF, 0x211) if big.is_exclusive(pfn)] == [0x200, 0x201, 0x202, 0x203, 0x206, 0x207]
    assert [pfn for pfn in range(0x1FF, 0x211) if big.is_shared(pfn)] == [0x205]


def test_ranges():
    assert ranges({3, 7, 1, 2, 8, 10}) == ((1, 4), (7, 9), (10, 11))
    assert ranges(set()) == ()


BAD = {  # what to put in: (path of the error, what it expects)
    "arch": ({"arch": "riscv"}, "scenario.arch", "one of x86_64, arm64"),
    "not an object": (3, "scenario", "an object"),
    "missing field": ({"extent": ...}, "scenario.extent", "a value, the field is missing"),
    "unknown field": ({"colour": 1}, "scenario.colour", "one of the fields arch, old_addr"),
    "int": ({"extent": "4096"}, "scenario.extent", "an integer"),
    "int is not bool": ({"extent": True}, "scenario.extent", "an integer"),
    "int is not float": ({"extent": 4096.0}, "scenario.extent", "an integer"),
    "bool": ({"need_rmap_locks": 1}, "scenario.need_rmap_locks", "true or false"),
    "str": ({"arch": 1}, "scenario.arch", "a string"),
    "list": ({"old_table": {}}, "scenario.old_table", "a list"),
    "pair": ({"old_table": [[1]]}, "scenario.old_table[0]", "a list of 2"),
    "nested int": ({"old_table": [[1, 2], [2, None]]}, "scenario.old_table[1][1]", "an integer"),
    "nested object": ({"vma": {"uffd": "yes"}}, "scenario.vma.uffd", "true or false"),
    "nested unknown": ({"folios": [{"pfn": 1, "size": 2}]}, "scenario.folios[0].size", "one of the fields pfn, order"),
    "null": ({"vma": None}, "scenario.vma", "an object"),
    "unaligned": ({"old_addr": OLD + 1}, "scenario.old_addr", "a multiple of 4096"),
    "negative": ({"new_addr": -4096}, "scenario.new_addr", "a multiple of 4096"),
    "too high": ({"new_addr": 1 << 57}, "scenario.new_addr", "below 2**57"),
    "empty": ({"extent": 0}, "scenario.extent", "at least one page"),
    "over the old PMD": ({"extent": 508 * 4096}, "scenario.extent", "at most 2076672 bytes"),  # 6.1
    "over the new PMD": ({"extent": 504 * 4096}, "scenario.extent", "at most 2060288 bytes"),
    "two tables of one": ({"new_addr": OLD}, "scenario.new_table", "no entries"),
    "index": ({"old_table": [[512, 1]]}, "scenario.old_table[0]", "below 512"),
    "order of entries": ({"old_table": [[2, 1], [2, 1]]}, "scenario.old_table[1]", "above 2"),
    "zero entry": ({"new_table": [[2, 0]]}, "scenario.new_table[0]", "a raw entry"),
    "wide entry": ({"new_table": [[2, 1 << 64]]}, "scenario.new_table[0]", "a raw entry"),
    "order": ({"folios": [{"pfn": 0, "order": 14}]}, "scenario.folios[0].order", "from 0 to 13"),
    "folio alignment": ({"folios": [{"pfn": 2, "order": 2}]}, "scenario.folios[0].pfn", "multiple of its 4 pages"),
    "folios overlap": ({"folios": [{"pfn": 4, "order": 2}, {"pfn": 7}]}, "scenario.folios[1].pfn", "ascending"),
    "folio too high": ({"folios": [{"pfn": 1 << 28}]}, "scenario.folios[0].pfn", "below PFN"),
    "range": ({"folios": [{"pfn": 4, "order": 2, "shared": [[0, 5]]}]}, "scenario.folios[0].shared", "inside 4 pages"),
    "empty range": ({"folios": [{"pfn": 4, "exclusive": [[0, 0]]}]}, "scenario.folios[0].exclusive", "inside 1 pages"),
    "soft-dirty": ({"config": {"mem_soft_dirty": True}}, "scenario.config.mem_soft_dirty", "x86_64 only"),
    "shstk": ({"config": {"shstk": True}}, "scenario.config.shstk", "x86_64 only"),
    "markers": ({"config": {"uffd_wp": False}}, "scenario.config.pte_marker_uffd_wp", "without config.uffd_wp"),
    "cont_ptes": ({"config": {"cont_ptes": 24}}, "scenario.config.cont_ptes", "a power of two from 2 up"),
    "cont_ptes 1": ({"config": {"cont_ptes": 1}}, "scenario.config.cont_ptes", "a power of two from 2 up"),
    "ptrs_per_pte": ({"config": {"ptrs_per_pte": 0}}, "scenario.config.ptrs_per_pte", "a power of two from 2 up"),
    "table size": ({"config": {"ptrs_per_pte": 16384}}, "scenario.config.ptrs_per_pte", "at most 8192"),
    "divides": ({"config": {"cont_ptes": 1024}}, "scenario.config.cont_ptes", "a divisor of ptrs_per_pte 512"),  # 11
    "zero_pfn": ({"config": {"zero_pfn": -1}}, "scenario.config.zero_pfn", "a page frame number"),
    "memory": ({"config": {"highest_memmap_pfn": 1 << 34}}, "scenario.config.highest_memmap_pfn", "below 2**34"),
}


@pytest.mark.parametrize(("change", "path", "expected"), BAD.values(), ids=BAD)
def test_errors_name_the_field_and_what_it_expects(change, path, expected):
    data = change if isinstance(change, int) else {k: v for k, v in {**DATA, **change}.items() if v is not ...}
    with pytest.raises(SchemaError) as raised:
        scenario_from_json(data)
    message = str(raised.value)
    assert message.startswith(f"{path}: expected ")
    assert expected in message
    assert "\n" not in message
    assert len(message) < 300


def test_errors_show_what_they_got_shortened():
    with pytest.raises(SchemaError, match=r"got 'x{20,40}\.\.\.$"):
        scenario_from_json({**DATA, "extent": "x" * 1000})


@pytest.mark.parametrize(
    "change",
    [
        {"extent": 503 * 4096},  # up to the end of the new PMD
        {"folios": [{"pfn": 4, "order": 2, "shared": [[0, 4]]}, {"pfn": 8}]},
        {"folios": [{"pfn": (1 << 28) - 1}]},
        {"old_table": [[0, 1], [511, (1 << 64) - 1]]},
        {"config": {"cont_ptes": 512}},
        {"config": {"zero_pfn": 0}},
        {"config": {"cont_ptes": 2, "ptrs_per_pte": 8192}},
        {"config": {"uffd_wp": False, "pte_marker_uffd_wp": False}},
    ],
)
def test_limits_that_are_allowed(change):
    assert isinstance(scenario_from_json({**DATA, **change}), Scenario)


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
