# SPDX-License-Identifier: GPL-2.0-only
"""Changes of protection that `pte-review record` made in guests, of 1,000 with seed 1 on each kernel.

Of each the first, and some that a version which another release has, or as_merged, does not predict.
"""

import gzip
import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pte_review.harness.recordings.comparing import Mismatch
from pte_review.harness.recordings.fields import entries
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.change_pte_range.recordings.calls import calls
from pte_review.harness.subjects.change_pte_range.recordings.changes import mismatches
from pte_review.harness.subjects.change_pte_range.recordings.recording import ChangeRecord, read
from pte_review.harness.subjects.change_pte_range.recordings.text import RECORDINGS
from pte_review.models.arch import words
from pte_review.models.config import Config
from tests.subjects.change_pte_range.calls import load

RECORDED = Path(__file__).parents[2] / "data" / "recorded" / "protect"
OLD, NEW = "linux-6.12.117-x86_64", "linux-6.17.8-x86_64"
VERSION_OF = {OLD: "v6_12", NEW: "batching"}


def path(name: str) -> Path:
    return RECORDED / f"{name}.jsonl.gz"


@cache
def records(name: str) -> tuple[ChangeRecord, ...]:
    return tuple(read(path(name)))


@cache
def wrong(name: str, version: str) -> tuple[tuple[ChangeRecord, Mismatch], ...]:
    """What is not predicted."""
    loaded = load(version)
    return tuple((record, m) for record in records(name) for m in mismatches(1, record, loaded))


@pytest.mark.parametrize("name", VERSION_OF)
def test_the_version_that_a_kernel_has_predicts_it(name):
    assert wrong(name, VERSION_OF[name]) == ()
    replayed = RECORDINGS.replay(path(name), load(VERSION_OF[name]))
    assert (replayed.records, replayed.otherwise) == (len(records(name)), 0), replayed.text


@pytest.mark.parametrize("name", VERSION_OF)
def test_there_is_something_to_predict(name):
    """Every caller that a system call makes, every protection, large folios that are AnonExclusive in part."""
    of_kernel = records(name)
    assert {record.caller for record in of_kernel} == {"mprotect", "uffd-protect", "uffd-resolve"}
    assert {r.protection for r in of_kernel if r.caller == "mprotect"} == {"", "r", "w", "rw", "rx", "wx", "rwx"}
    assert len({record.mapping for record in of_kernel}) >= 5
    partly = [f for r in of_kernel for c in calls(r) for f in c.scenario.folios if f.exclusive and _in_part(f)]
    assert len(partly) > 5


def _in_part(folio) -> bool:
    return folio.order > 0 and sum(end - first for first, end in folio.exclusive) < 1 << folio.order


@pytest.mark.parametrize("name", VERSION_OF)
def test_every_writable_anonymous_page_is_exclusive(name):
    """What the kernel holds itself to says that AnonExclusive is read right; half of the others are not exclusive."""
    seen = Counter[tuple[bool, bool]]()
    for record in records(name):
        w = words(record.arch, config_of(record))
        anon = {pfn for first, order, anon in record.folios if anon for pfn in range(first, first + (1 << order))}
        for pte in entries(record.before):
            if w.pte_present(pte) and not w.pte_special(pte) and w.pte_pfn(pte) in anon:
                exclusive = any(first <= w.pte_pfn(pte) < end for first, end in record.exclusive)
                seen[w.pte_write(pte), exclusive] += 1
    assert seen[True, False] == 0
    assert min(seen[True, True], seen[False, True], seen[False, False]) > 1000


# -- versions that this kernel does not have


def test_the_bug_of_the_series_is_not_in_the_kernel_that_has_its_fix():
    """as_merged would make pages writable that are not this process's alone."""
    kinds = Counter(m.kind for _, m in wrong(NEW, "as_merged"))
    assert kinds["write-lost"] >= 5  # the kernel left them read-only
    assert kinds["write-gained"] >= 5  # as_merged leaves pages read-only that are
    for record, mismatch in wrong(NEW, "as_merged"):
        if mismatch.kind == "write-lost":
            w = words(record.arch, config_of(record))
            pfns = [w.pte_pfn(pte) for pte in entries(record.before)[mismatch.first : mismatch.last + 1]]
            assert not any(first <= pfn < end for first, end in record.exclusive for pfn in pfns)


def test_a_batch_becomes_soft_dirty_as_a_whole():
    """On 6.17.8 a page that is dirty makes all of its batch dirty, so soft-dirty, so writable by hand."""
    found = wrong(NEW, "before_batching")
    assert {mismatch.kind for _, mismatch in found} == {"other-bits", "write-gained"}
    assert all(" sd" in m.kernel and " sd" not in m.version for _, m in found)
    assert all(record.tracked for record, _ in found)


def test_the_older_kernel_does_not_batch():
    assert {mismatch.kind for _, mismatch in wrong(OLD, "batching")} >= {"soft-dirty-missing", "write-lost"}


# -- the comparison is no formality


@pytest.mark.parametrize(
    ("bit", "kind"),
    [(1, "write-lost"), (6, "dirty-lost"), (63, "other-bits")],
)
def test_one_bit_that_a_kernel_were_to_lose_is_found(bit, kind):
    w = words("x86_64", Config())
    number, record = next(
        (n, r)
        for n, r in enumerate(records(NEW))
        if not r.whole and any(_plain(w, pte, 1 << bit) for pte in entries(r.after))
    )
    after = entries(record.after)
    at = next(i for i, pte in enumerate(after) if _plain(w, pte, 1 << bit))
    after[at] &= ~(1 << bit)
    changed = replace(record, after=tuple((pte, 1, 0) for pte in after))
    (found,) = mismatches(number, changed, load("batching"))
    assert (found.kind, found.first, found.last) == (kind, at, at)


def _plain(w, pte: int, bit: int) -> bool:
    return bool(w.pte_present(pte) and w.pte_write(pte) and pte & bit)


def test_an_entry_outside_the_call_that_were_to_change_is_found():
    record = next(r for r in records(NEW) if r.first > 0 and entries(r.before)[0] and not r.whole)
    changed = replace(record, after=((0, 1, 0), *((pte, 1, 0) for pte in entries(record.after)[1:])))
    (found,) = mismatches(1, changed, load("batching"))
    assert (found.kind, found.first) == ("entry-lost", 0)


def test_states_and_steps():
    """What the files say beside what is read."""
    with gzip.open(path(NEW), "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    assert {record["function"] for record in raw} == {"change_pte_range"}
    names = {step[0] for record in raw for step in record["steps"]}
    assert {
        "mprotect to none",
        "mprotect to rwx",
        "uffd-wp",
        "clear soft-dirty",
        "fork all but",
        "MADV_PAGEOUT",
    } <= names
