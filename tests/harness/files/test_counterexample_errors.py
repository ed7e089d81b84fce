# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples that are wrong: which file, which field, what was expected; always on one line."""

import json

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.files.counterexample import EXPECTED, dumps, parse, read
from pte_review.harness.subjects import SUBJECTS
from tests.kit.saved import counterexample, data, with_field

S = "divergence.scenario"


def error(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text, "FILE", SUBJECTS)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("cut", [0, 1, 20, 300, -2])
def test_truncated(cut):
    assert error(dumps(counterexample())[:cut]).startswith("FILE: not a whole JSON file: ")


@pytest.mark.parametrize("text", ["", "null", "[]", "5", '"x"', "{}", '{"format": "other"}', '{"version": 1}'])
def test_something_else(text):
    assert "FILE: " in error(text)


@pytest.mark.parametrize("version", [0, 3, "1", -1])
def test_another_version(version):
    assert error(json.dumps({**data(), "version": version})) == f"FILE: expected version 2 or 1, got {version!r}"


def test_no_version():
    assert error(json.dumps(with_field("version", None))) == "FILE: expected version 2 or 1, got None"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("base", 5, "base: expected a string, got 5"),
        ("colour", 5, "colour: expected one of the fields subject, base, candidate, contract, divergence"),
        ("divergence", [], "divergence: expected an object, got []"),
        ("divergence.at.entry", "1", "divergence.at.entry: expected an integer, got '1'"),
        ("divergence.at.entry", True, "divergence.at.entry: expected an integer, got true"),
        ("divergence.at.row", 1, "divergence.at.row: expected one of the fields table, entry, addr"),
        (f"{S}.arch", "s390", f"{S}.arch: expected one of x86_64, arm64, got 's390'"),
        (f"{S}.ranges.0.nr", 0, f"{S}.ranges[0].nr: expected 1 to 512 entries, up to the end of the table, got 0"),
        (f"{S}.ranges.0.nr", 1.5, f"{S}.ranges[0].nr: expected an integer, got 1.5"),
        (f"{S}.ranges.1.nr", 1, f"{S}.ranges[1].nr: expected the 2 entries of the old range, got 1"),
        (f"{S}.tables.0.base", 1, f"{S}.tables[0].base: expected a multiple of the table's 2097152 bytes below 2**57"),
        (f"{S}.tables.0.base", 1 << 57, f"{S}.tables[0].base: expected a multiple of the table's 2097152 bytes"),
        (f"{S}.tables.0.entries", {}, f"{S}.tables[0].entries: expected a list, got {{}}"),
        (f"{S}.tables.0.entries.0", 5, f"{S}.tables[0].entries[0]: expected a list, got 5"),
        (f"{S}.tables.0.entries.1", [1], f"{S}.tables[0].entries[1]: expected a list of 2, got [1]"),
        (f"{S}.tables.0.entries.0.1", 0, f"{S}.tables[0].entries[0]: expected a raw entry from 1 to 2**64-1, got 0"),
        (f"{S}.tables.0.entries.0.1", 1 << 64, f"{S}.tables[0].entries[0]: expected a raw entry from 1 to 2**64-1"),
        (
            f"{S}.tables.0.entries.1.0",
            0,
            f"{S}.tables[0].entries[1]: expected an entry index above 0 and below 512, got 0",
        ),
        (f"{S}.vmas", [{"uffd": "yes"}], f"{S}.vmas[0].uffd: expected true or false, got 'yes'"),
        (f"{S}.vmas", [{"uffd": 1}], f"{S}.vmas[0].uffd: expected true or false, got 1"),
        (f"{S}.config.cont_ptes", 3, f"{S}.config.cont_ptes: expected a power of two from 2 up, got 3"),
        (f"{S}.config.cont_ptes", 1024, f"{S}.config.cont_ptes: expected a divisor of ptrs_per_pte 512, got 1024"),
        (f"{S}.config.ptrs_per_pte", 16384, f"{S}.config.ptrs_per_pte: expected at most 8192, got 16384"),
        (f"{S}.config.zero_pfn", -1, f"{S}.config.zero_pfn: expected a page frame number below 2**34, got -1"),
        (f"{S}.folios.0.order", 14, f"{S}.folios[0].order: expected an order from 0 to 13, got 14"),
        (f"{S}.folios.0.order", -1, f"{S}.folios[0].order: expected an order from 0 to 13, got -1"),
        (f"{S}.folios.0.pfn", 0x101, f"{S}.folios[0].pfn: expected a multiple of its 4 pages, ascending, got 257"),
        (f"{S}.folios.0.pfn", -4, f"{S}.folios[0].pfn: expected a multiple of its 4 pages, ascending, got -4"),
        (f"{S}.folios.0.pfn", 1 << 40, f"{S}.folios[0].pfn: expected a folio below PFN"),
        (f"{S}.folios.0.exclusive.0", [0, 5], f"{S}.folios[0].exclusive: expected ranges inside 4 pages, got [0, 5]"),
        (f"{S}.folios.0.exclusive.0", [1, 1], f"{S}.folios[0].exclusive: expected ranges inside 4 pages, got [1, 1]"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(path, value, says):
    assert error(json.dumps(with_field(path, value))).startswith(f"FILE: counterexample.{says}")


@pytest.mark.parametrize(("arch", "option"), [("arm64", "mem_soft_dirty"), ("arm64", "shstk")])
def test_a_config_that_the_architecture_does_not_have(arch, option):
    says = f"{S}.config.{option}: expected x86_64 only, got true on arm64"
    got = error(json.dumps(with_field(f"{S}.config.{option}", True, arch)))
    assert option in got
    assert "x86_64 only" in got, says


def test_overlapping_folios():
    folios = [{"pfn": 0x100, "order": 2}, {"pfn": 0x102, "order": 1}]
    assert "folios[1].pfn: expected a multiple of its 2 pages, ascending" in error(
        json.dumps(with_field(f"{S}.folios", folios))
    )


@pytest.mark.parametrize(
    "path",
    ["base", "candidate", "contract", "divergence", "divergence.kind", "divergence.at", "divergence.at.table",
     f"{S}", f"{S}.arch", f"{S}.tables", f"{S}.ranges", f"{S}.ranges.0.nr", f"{S}.tables.0.base", f"{S}.folios.0.pfn"],
)  # fmt: skip
def test_a_missing_field_is_named(path):
    shown = path.replace(".0", "[0]")
    assert error(json.dumps(with_field(path, None))) == (
        f"FILE: counterexample.{shown}: expected a value, the field is missing"
    )


def test_names_that_do_not_exist():
    assert error(json.dumps(with_field("contract", "folio"))) == "FILE: no contract 'folio': did you mean folio-ad?"
    kind = error(json.dumps(with_field("divergence.kind", "write-gain")))
    assert kind.startswith("FILE: no kind of divergence 'write-gain': did you mean write-gained")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"format": 1e999}', '{"format": NaN}'])
def test_hostile_json(text):
    assert error(text).startswith("FILE: ")


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "folder.json").mkdir()
    for name, says in (
        ("none.json", "cannot be read: No such file or directory"),
        ("folder.json", "cannot be read: Is a directory"),
        ("binary.json", f"not UTF-8 text, expected {EXPECTED}"),
    ):
        with pytest.raises(UsageError) as caught:
            read(tmp_path / name, SUBJECTS)
        assert str(caught.value) == f"{tmp_path / name}: {says}"
