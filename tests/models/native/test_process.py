# SPDX-License-Identifier: GPL-2.0-only
"""The child that runs the C: afresh each time, again after its death, and gone when nobody wants it."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pte_review.models.move_ptes.call import moved
from pte_review.models.native.build import compiled
from pte_review.models.native.cache import cache_folder
from pte_review.models.native.process import Worker
from pte_review.models.outcome import CRASH, RETURNED
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, scenario
from tests.kit.moves import as_move, run
from tests.kit.trees import edited, small, version

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
FOLIO = (Folio(0x200, 4),)


def one(arch="x86_64"):
    return scenario(arch, {0: page(arch, 0x200, "W")}, folios=FOLIO)


def children():
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(path.read_text().split())


def descriptors():
    links = list(Path("/proc/self/fd").iterdir())
    return {(link.name, str(link.readlink())) for link in links if link.is_symlink()}


@pytest.mark.parametrize("way", ["close", "delete"])
def test_nothing_is_left(way, tmp_path, monkeypatch):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))  # others compile into theirs meanwhile
    gc.collect()
    before = children(), descriptors()
    text = version(small())
    assert run(one(), text).ended == RETURNED
    assert run(one("arm64"), text).ended == RETURNED
    assert len(children() - before[0]) == 2
    if way == "close":
        text.close()
        text.close()
    del text
    gc.collect()
    assert (children(), descriptors()) == before
    assert {file.suffix for file in cache_folder().iterdir()} == {".so"}


def test_nothing_is_left_of_a_crash():
    text = version(edited(small(), {SET: "\t\t\t*(volatile int *)NULL = 1;\n"}))
    assert text.arena.words
    before = children(), descriptors()
    assert run(one(), text).ended == CRASH
    assert (children(), descriptors()) == before
    text.close()


def test_a_child_ends_with_its_parent(tmp_path):
    """Of a process that is killed, and so closes nothing itself. run() waits for the last that has its stderr."""
    script = (
        "import sys; from tests.models.native.test_process import *; text = version(small()); run(one(), text);"
        "print(*children()); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(done.stdout.split()) == 1
    assert done.stderr == b""


def test_a_child_that_somebody_killed():
    """By somebody who is not of the review: the run is made again."""
    text = version(small())
    first = run(one(), text)
    (worker,) = text.runs_in[os.getpid()].workers.values()
    worker.child._process.kill()
    worker.child._process.wait()
    assert run(one(), text) == first
    text.close()


STATE = {
    "a static local": {SET: "\t\t\tstatic int calls; ret = calls++;\n" + SET},
    "one with a value": {SET: "\t\t\tstatic int calls = 7; ret = calls++ - 7;\n" + SET},
    "a static entry": {SET: "\t\t\tstatic pte_t last; ret = !pte_none(last); last = pte;\n" + SET},
    "a variable of the file": {
        "#include <asm/tlb.h>": "static unsigned long moves[3] = { 5 };",
        SET: SET + "\t\t\tret = moves[0]++ - 5 + moves[2]++;\n",
    },
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("state", STATE)
def test_no_state_goes_from_one_run_to_the_next(arch, state):
    text = version(edited(small(), STATE[state]))
    what = one(arch)
    assert [run(what, text).returned for _ in range(3)] == [0, 0, 0]
    two = moved(what, extent=2 * 4096, old_table=(*as_move(what).old_table, (1, page(arch, 0x201, "W"))))
    assert run(two, text).returned > 0
    assert run(what, text).returned == 0
    text.close()


def test_two_texts_side_by_side():
    plain, odd = version(small()), version(small("odd"))
    what = one("arm64")
    first = run(what, plain), run(what, odd)
    assert [(run(what, plain), run(what, odd)) for _ in range(3)] == [first] * 3
    plain.close()
    assert run(what, odd) == first[1]
    odd.close()


def test_an_object_that_cannot_be_loaded(tmp_path):
    text = version(small())
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"not an object")
    with pytest.raises(Exception, match="cannot be loaded"):
        Worker(broken, text.arena).run(b"")
    text.close()


def test_what_is_compiled_once_is_found_again():
    source = "int nothing;\n"
    first = compiled(source, (), "a")
    written = first.stat().st_mtime_ns
    assert compiled(source, (), "b") == first
    assert first.stat().st_mtime_ns == written
    assert compiled(source, ("X=1",), "a") != first
