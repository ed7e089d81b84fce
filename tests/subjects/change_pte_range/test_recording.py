# SPDX-License-Identifier: GPL-2.0-only
"""Records by hand: how one becomes change_pte_range() calls, whose file it is, what is refused."""

from pathlib import Path
from typing import Any

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.recordings.reading import config_of, function_of
from pte_review.harness.releases import recorded
from pte_review.harness.subjects.change_pte_range.recordings.calls import calls
from pte_review.harness.subjects.change_pte_range.recordings.changes import mismatches, predicted_entries
from pte_review.harness.subjects.change_pte_range.recordings.recording import ChangeRecord, read
from pte_review.harness.subjects.change_pte_range.recordings.text import RECORDINGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.arch import words
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.loading import load_here
from tests.kit.build import page
from tests.subjects.change_pte_range.calls import load
from tests.subjects.change_pte_range.records import ADDR, only, record, write


def empty(pages: int, **changes: Any) -> dict[str, Any]:
    nothing = [[0, pages, 0]]
    return {
        "pages": pages, "end": pages, "before": nothing, "after": nothing, "vmas": [[0, pages, "rw-p"]], "folios": [],
        "exclusive": [], **changes,
    }  # fmt: skip


def test_a_record_by_hand_is_predicted(tmp_path):
    assert mismatches(1, only(tmp_path), load("batching")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [  # first and end page of each call
        (empty(4), [(0, 4)]),
        (empty(4, addr=ADDR - 4096), [(0, 1), (1, 4)]),  # a page table each
        (empty(4, first=1, end=3), [(1, 3)]),
        (empty(4, vmas=[[0, 2, "rw-p"], [2, 4, "r--p"]]), [(0, 2)]),  # mprotect_fixup() returns early
        (empty(4, vmas=[[0, 2, "rw-p"], [2, 4, "---p"]]), [(0, 2), (2, 4)]),
        (empty(4, caller="uffd-protect", uffd=True, vmas=[[0, 2, "rw-p"], [2, 4, "r--p"]]), [(0, 2), (2, 4)]),
        (empty(600, whole=[[0, 512, "huge"]]), [(512, 600)]),
        (empty(600, whole=[[0, 512, "split"]], first=100), [(512, 600)]),
    ],
)
def test_the_calls_of_a_record(tmp_path, changes, expected):
    assert [(call.first, call.end) for call in calls(only(tmp_path, **changes))] == expected


def two_vmas(folder: Path) -> ChangeRecord:
    """Two pages that become read-only, each in a VMA of its own: two calls on one table."""
    before = [[page("x86_64", 0x400, "W"), 1, 0], [page("x86_64", 0x500, "W"), 1, 0]]
    after = [[page("x86_64", 0x400, ""), 1, 0], [page("x86_64", 0x500, ""), 1, 0]]
    return only(
        folder, pages=2, end=2, before=before, after=after, vmas=[[0, 1, "rw-p"], [1, 2, "rwxp"]],
        folios=[[0x400, 0, True], [0x500, 0, True]], exclusive=[[0x400, 0x401], [0x500, 0x501]],
    )  # fmt: skip


def test_two_calls_in_one_table_do_not_undo_each_other(tmp_path):
    two = two_vmas(tmp_path)
    assert [(call.first, call.end) for call in calls(two)] == [(0, 1), (1, 2)]
    assert [m.kind for m in mismatches(1, two, load("batching"))] == []


def test_two_calls_in_one_contpte_block_follow_each_other(tmp_path):
    """The first unfolds the block, which takes CONT from the entries of the second too."""
    runs = {flags: [[page("arm64", 0x400, flags), 16, 4096]] for flags in ("CW", "N")}
    two = only(
        tmp_path, arch="arm64", pages=16, end=16, protection="", before=runs["CW"], after=runs["N"],
        vmas=[[0, 8, "rw-p"], [8, 16, "rwxp"]], folios=[[0x400, 4, True]], exclusive=[[0x400, 0x410]],
    )  # fmt: skip
    assert [(call.first, call.end) for call in calls(two)] == [(0, 8), (8, 16)]
    assert [m for m in mismatches(1, two, load("batching")) if m.kind != "other-bits"] == []
    assert all(w.pte_protnone(pte) for w, pte in _predicted(two))


def _predicted(record):
    w = words(record.arch, config_of(record))
    return [(w, pte) for pte in predicted_entries(record, load("batching"))]


@pytest.mark.parametrize(
    ("permissions", "mapping", "shared", "file"),
    [("rw-p", "anon", False, False), ("rw-s", "memfd", True, True), ("r--p", "filepriv", False, True)],
)
def test_the_vma_of_a_call(tmp_path, permissions, mapping, shared, file):
    changes = {"vmas": [[0, 1, permissions]], "mapping": mapping, "protection": "rwx"}
    vma = next(calls(only(tmp_path, uffd=True, tracked=True, **changes))).scenario.vma
    assert (vma.shared, vma.vm_file, vma.write) == (shared, file, "w" in permissions)
    assert (vma.uffd, vma.uffd_wp_unpopulated, vma.softdirty) == (True, True, False)


def test_what_is_said_of_them(tmp_path):
    path = write(tmp_path, record(), record(protection="", after=[[0, 1, 0]]))
    found = [m for n, each in enumerate(read(path), 1) for m in mismatches(n, each, load("batching"))]
    text = RECORDINGS.text("a.jsonl", "batching", read(path), found)
    assert (
        "batching predicts 1 of 2 records\n  record 2 (anon, 1 pages, mprotect to none), page 0: entry-lost\n" in text
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"caller": "numa"}, "record.caller: expected one of 'mprotect', 'uffd-protect', 'uffd-resolve', got 'numa'"),
        ({"protection": "x"}, "record.protection: expected one of '', 'r', 'w', 'rw', 'rx', 'wx', 'rwx', got 'x'"),
        ({"end": 2}, "record.first: expected a first and an end inside the mapping, got [0, 2]"),
        ({"first": 1}, "record.first: expected a first and an end inside the mapping, got [1, 1]"),
        ({"pages": 0}, "record.pages: expected 1 to 2**20-1 pages, got 0"),
        ({"addr": 1}, "record.addr: expected a multiple of 4096 bytes below 2**56, got 1"),
        ({"whole": [[0, 1, "moved"]]}, "record.whole[0][2]: expected one of 'huge', 'split', got 'moved'"),
        ({"folios": [[1, 4, True]]}, "record.folios[0]: expected a PFN from 0 up, a multiple of 2**order"),
        ({"colour": 1}, "record.colour: expected one of the fields kernel, arch,"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, changes, says):
    path = write(tmp_path, record(), record(**changes))
    with pytest.raises(UsageError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}:2: {says}")


# -- whose file it is


def test_the_function_that_a_file_names(tmp_path):
    assert function_of(write(tmp_path, record())) == "change_pte_range"
    assert function_of(write(tmp_path, {"kernel": "6.18.0"})) == ""


def test_a_recording_of_another_function_is_no_recording_of_this_one(tmp_path):
    path = write(tmp_path, record())
    with pytest.raises(UsageError, match=r"expected a recording of move_ptes\(\)"):
        list(recorded(MOVE_PTES, [path], []))


@pytest.mark.parametrize("page_frame", [1 << 36, 1 << 46], ids=["another page", "no page"])
def test_a_port_that_leaves_what_no_folio_has(tmp_path, page_frame):
    """Two calls in one table: the second one starts from what the first one left."""
    two = two_vmas(tmp_path)
    source = Path(load("before_batching").filename).read_text(encoding="utf-8")
    modifies = "ptent = k.pte_modify(oldpte, newprot)"
    assert source.count(modifies) == 1
    port = tmp_path / "port.py"
    port.write_text(source.replace(modifies, f"{modifies} ^ {page_frame}"), encoding="utf-8")
    assert "foreign-entry" in {m.kind for m in mismatches(1, two, load_here(port, FUNCTION))}


def test_a_record_that_stands_for_no_scenario(tmp_path):
    path = write(tmp_path, record(), record(before=[[page("x86_64", 1 << 38, "W"), 1, 0]]))
    with pytest.raises(UsageError, match=r"a.jsonl: record 2: .*a folio below PFN"):
        RECORDINGS.replay(path, load("batching"))
