# SPDX-License-Identifier: GPL-2.0-only
"""Recordings that are wrong: which line, which field, what was expected."""

import gzip
import json

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from tests.kit.records import record, write


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"arch": "s390"}, "record.arch: expected one of x86_64, arm64, got 's390'"),
        ({"soft_dirty": 1}, "record.soft_dirty: expected true or false, got 1"),
        ({"pages": "1"}, "record.pages: expected an integer, got '1'"),
        ({"pages": 0}, "record.pages: expected 1 to 2**20-1 pages, got 0"),
        ({"pages": -1}, "record.pages: expected 1 to 2**20-1 pages, got -1"),
        ({"pages": 1 << 20}, "record.pages: expected 1 to 2**20-1 pages, got 1048576"),
        ({"new_pages": 0}, "record.new_pages: expected 1 to 2**20-1 pages, got 0"),
        ({"pages": 2}, "record.before: expected 2 entries in all, got 1"),
        ({"new_pages": 2}, "record.after: expected 2 entries in all, got 1"),
        ({"before": [[0, 1]]}, "record.before[0]: expected a list of 3, got [0, 1]"),
        ({"before": [[1 << 64, 1, 0]]}, "record.before[0]: expected [raw value, count, step of 0 or one page]"),
        ({"before": [[-1, 1, 0]]}, "record.before[0]: expected [raw value, count, step of 0 or one page]"),
        ({"before": [[0, 1, 7]]}, "record.before[0]: expected [raw value, count, step of 0 or one page]"),
        ({"after": [[0, 0, 0]]}, "record.after[0]: expected [raw value, count, step of 0 or one page]"),
        ({"before": [[0, 1 << 62, 0]]}, "record.before[0]: expected [raw value, count, step of 0 or one page]"),
        ({"old_addr": 4097}, "record.old_addr: expected a multiple of 4096 bytes below 2**56, got 4097"),
        ({"new_addr": -4096}, "record.new_addr: expected a multiple of 4096 bytes below 2**56, got -4096"),
        ({"new_addr": 1 << 56}, "record.new_addr: expected a multiple of 4096 bytes below 2**56"),
        ({"colour": 1}, "record.colour: expected one of the fields kernel, arch,"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(tmp_path, changes, says):
    path = write(tmp_path / "a.jsonl", record(), record(**changes))
    with pytest.raises(UsageError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}:2: {says}")


@pytest.mark.parametrize("field", [name for name in record() if name != "steps"])
def test_a_missing_field_is_named(tmp_path, field):
    data = {name: value for name, value in record().items() if name != field}
    with pytest.raises(UsageError, match=rf"a.jsonl:1: record\.{field}: expected a value, the field is missing"):
        read(write(tmp_path / "a.jsonl", data))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no records"),
        (b"{", ":1: not a whole JSON object"),
        (b"[]\n", ":1: record: expected an object"),
        (json.dumps(record()).encode()[:-20], ":1: not a whole JSON object"),
        (json.dumps(record()).encode() + b"\n\xff\xfe\n", "cannot be read whole"),
        (b"[" * 100_000, ":1: not a whole JSON object"),
    ],
)
def test_a_file_that_is_not_whole(tmp_path, content, says):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        read(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"no gzip", lambda data: data[:12] + b"\0" * 20]
)
def test_a_damaged_gzip_file(tmp_path, damage):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(damage(gzip.compress(json.dumps(record()).encode())))
    with pytest.raises(UsageError, match="cannot be read whole"):
        read(path)


def test_a_missing_file_and_a_folder(tmp_path):
    (tmp_path / "d.jsonl").mkdir()
    for name in ("none.jsonl", "none.jsonl.gz", "d.jsonl"):
        with pytest.raises(UsageError, match=rf"{name}: cannot be read whole: (No such file|Is a directory)"):
            read(tmp_path / name)
