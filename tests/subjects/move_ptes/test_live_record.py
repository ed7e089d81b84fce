# SPDX-License-Identifier: GPL-2.0-only
"""Moves that are recorded while the test runs, on the kernel that it runs on."""

import json
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from pte_review.harness.live.build import static_program
from pte_review.harness.live.kernels import host_arch
from pte_review.harness.live.record import KIT, OF_KIT
from pte_review.harness.recordings.fields import entries
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from pte_review.harness.subjects.move_ptes.recordings.text import RECORDINGS
from pte_review.models.arch import words
from tests.kit.moves import load
from tests.kit.recorder import MOVES, is_root, raw_here, recorded_here, saved

NOBODY = 65534
WITH_TABLES = 2  # a seed whose first moves take whole tables along


@pytest.mark.parametrize("version", ["pre_patch", "v4_fixed"])
@pytest.mark.parametrize("seed", [1, 2])
def test_right_versions_predict_every_move_of_this_kernel(tmp_path, version, seed):
    path = saved(recorded_here(seed), tmp_path)
    replayed = RECORDINGS.replay(path, load(version))
    assert (replayed.records, replayed.otherwise) == (MOVES, 0), replayed.text


def test_there_is_something_to_predict(tmp_path):
    """Present, swap or marker entries in most records, large folios, and more than one way to move."""
    records = read(saved(raw_here(), tmp_path))
    assert sum(any(entries(record.before)) for record in records) > MOVES * 0.8
    assert sum(len(list(calls(record))) for record in records) > MOVES
    assert len({record.mapping for record in records}) >= 4
    assert len({record.mremap_flags for record in records}) >= 2
    assert {record.seed for record in records} == {1}
    assert all(record.folios is not None for record in records)


def test_every_page_that_is_mapped_has_a_recorded_folio(tmp_path):
    """Also those under PROT_NONE. The zero page is special and belongs to no folio that counts."""
    for seed in (1, 2):
        for record in read(saved(raw_here(seed), tmp_path)):
            w = words(record.arch, config_of(record))
            present = [pte for pte in entries(record.before) if w.pte_present(pte) and not w.pte_special(pte)]
            ranges = [range(pfn, pfn + (1 << order)) for pfn, order, _ in record.folios or ()]
            pfns = {w.pte_pfn(pte) for pte in present}
            assert {pfn for pfn in pfns if not any(pfn in each for each in ranges)} == set()


def test_whole_tables_are_seen_where_get_extent_makes_them(tmp_path):
    """move_normal_pmd() takes an extent of a whole table; that it did is read off the page that the table lies in."""
    seen = set()
    for record in read(saved(raw_here(WITH_TABLES), tmp_path)):
        without = {call.page for call in calls(replace(record, whole=None))}
        recorded = {call.page for call in calls(record)}
        assert recorded <= without or record.clears_uffd_wp
        seen |= {how for *_, how in record.whole or ()}
    assert "table" in seen


def test_a_kernel_that_were_to_lose_a_write_bit_would_be_found(tmp_path):
    """The comparison is no formality: one bit of one entry of the first record that has it."""
    records = [json.loads(line) for line in raw_here().text.splitlines()]
    write = 1 << (1 if host_arch() == "x86_64" else 51)
    number = next(i for i, record in enumerate(records) if _compared(record, write))
    first = records[number]["after"][0]
    records[number]["after"][0:1] = [
        [first[0] & ~write, 1, 0],
        *([[first[0] + first[2], first[1] - 1, first[2]]] * (first[1] > 1)),
    ]
    path = tmp_path / "changed.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    replayed = RECORDINGS.replay(path, load("pre_patch"))
    assert replayed.otherwise == 1
    assert f"record {number + 1} " in replayed.text
    assert "write-lost" in replayed.text


def _compared(record, write: int) -> bool:
    value, *_ = record["after"][0]
    return value & 1 and value & write and not record["whole"]


def choices(text: str) -> dict[int, tuple[object, ...]]:
    """What of a record the seed decides, and not the kernel, by the number of the move."""
    names = ("mapping", "old_addr", "pages", "new_pages", "mremap_flags")
    records = map(json.loads, text.splitlines())
    return {record["number"]: tuple(record[name] for name in names) for record in records}


def test_the_same_seed_makes_the_same_choices(tmp_path):
    program, arguments = _program(), [str(MOVES), "1"]
    again = subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout
    first, second, other = (choices(text) for text in (again, recorded_here(1).text, recorded_here(2).text))
    both = first.keys() & second.keys()  # each lacks moves during which the program lost its CPU
    assert len(both) > MOVES / 2
    assert all(first[number] == second[number] for number in both)
    assert any(first[number] != other[number] for number in first.keys() & other.keys())


def test_a_move_that_is_not_recorded_leaves_no_line():
    numbers = [json.loads(line)["number"] for line in recorded_here().text.splitlines()]
    assert numbers == sorted(set(numbers))


def _program() -> str:
    recorded_here()  # or skip
    files = [*(KIT / f"{name}.c" for name in OF_KIT), *RECORDINGS.sources]
    options = ("-Wextra", f"-I{KIT}", f"-I{RECORDINGS.sources[0].parent}")
    return str(static_program(files, host_arch(), options=options))


def test_without_root_a_subset_is_recorded_and_predicted(tmp_path):
    if not is_root():
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is root's alone
        Path(folder).chmod(0o755)
        program = shutil.copy(_program(), folder)
        Path(program).chmod(0o755)
        done = subprocess.run([program, str(MOVES), "1"], capture_output=True, text=True, check=True, user=NOBODY)
    path = tmp_path / "subset.jsonl"
    path.write_text(done.stdout)
    assert {record.subset for record in read(path)} == {"pagemap"}
    assert read(path)[0].missing[0] == "raw entries: not root"
    replayed = RECORDINGS.replay(path, load("pre_patch"))
    assert replayed.otherwise == 0, replayed.text
    assert "of the entries only pagemap and contents" in replayed.text


def test_root_without_bpf_is_told_what_is_missing(tmp_path):
    """As under lockdown. The capability to read kernel memory is taken from the program alone."""
    if not is_root() or shutil.which("setpriv") is None:
        pytest.skip("expected root, and setpriv of util-linux")
    lacking = "-bpf,-perfmon,-sys_admin"
    command = ["setpriv", f"--bounding-set={lacking}", f"--inh-caps={lacking}", _program(), "10", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    path = tmp_path / "subset.jsonl"
    path.write_text(done.stdout)
    assert read(path)[0].missing[0] == "raw entries: bpf(BPF_MAP_CREATE): Operation not permitted"
    assert RECORDINGS.replay(path, load("pre_patch")).otherwise == 0


@pytest.mark.parametrize("arguments", [[], ["10"], ["0", "1"], ["x", "1"]])
def test_how_the_program_is_called(arguments):
    done = subprocess.run([_program(), *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: record RECORDS SEED [booted]\n"
