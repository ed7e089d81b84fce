# SPDX-License-Identifier: GPL-2.0-only
"""`replay` takes a recording for one of the function that it names."""

from tests.subjects.change_pte_range.records import record, write


def test_a_file_that_names_a_function(process, tmp_path):
    done = process("replay", str(write(tmp_path, record())))
    assert (done.status, done.err) == (0, "")
    assert "before_batching predicts 1 of 1 records" in done.out


def test_a_file_that_names_one_that_is_not_reviewed(process, tmp_path):
    path = write(tmp_path, record(function="zap_pte_range"))
    done = process("replay", str(path))
    assert (done.status, done.out) == (2, "")
    assert f"{path}: recorded of 'zap_pte_range': expected one of move_ptes, change_pte_range" in done.err
