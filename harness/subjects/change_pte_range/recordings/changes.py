# SPDX-License-Identifier: GPL-2.0-only
"""Recorded changes of protection run through a version: which records it predicts."""

from collections.abc import Iterator

from pte_review.harness.recordings.comparing import Difference, Mismatch, masked, stretches
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.change_pte_range.absent import absent_kinds
from pte_review.harness.subjects.change_pte_range.recordings.calls import calls, entries_of
from pte_review.harness.subjects.change_pte_range.recordings.recording import ChangeRecord
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.codec import SchemaError
from pte_review.models.entry import identity, show
from pte_review.models.version import Version


def mismatches(number: int, record: ChangeRecord, version: Version) -> list[Mismatch]:
    """Where the kernel left something else than `version` does. Outside the call entries stay as they are."""
    w = words(record.arch, config_of(record))
    predicted = predicted_entries(record, version)
    return stretches(number, _differences(w, record, predicted))


def predicted_entries(record: ChangeRecord, version: Version) -> list[int]:
    """What the mapping holds when `version` has been called for what the record's call was on."""
    before = entries_of(words(record.arch, config_of(record)), record.before)
    predicted = [*before]
    try:
        for call in calls(record, predicted):
            scenario = call.scenario
            (where,), (after,), (was,) = scenario.ranges, version.run(scenario).tables, scenario.whole_tables
            for index, pte in enumerate(after):
                if pte != was[index]:
                    predicted[call.first + index - where.first] = pte
    except SchemaError:
        if predicted == before:
            raise
        # An earlier call of `version` left an entry that no table holds; that entry differs from the kernel's.
    return predicted


def _differences(w: PteWords, record: ChangeRecord, predicted: list[int]) -> Iterator[Difference]:
    unread = {page for first, end, _ in record.whole for page in range(first, end)}
    for page, (kernel, version) in enumerate(zip(entries_of(w, record.after), predicted, strict=True)):
        if page not in unread and masked(w, kernel) != masked(w, version):
            for kind in kinds(w, kernel, version):
                yield page, kind, show(w, kernel), show(w, version)


def kinds(w: PteWords, kernel: int, version: int) -> Iterator[str]:
    """What is otherwise in the entry that the kernel left, accessed aside."""
    if not (w.pte_present(kernel) and w.pte_present(version)):
        yield from absent_kinds(w, kernel, version) or ["entry-lost" if w.pte_none(kernel) else "foreign-entry"]
        return
    if identity(w, kernel) != identity(w, version):
        yield "foreign-entry"
        return
    tests = {
        w.pte_write: ("write-gained", "write-lost"),
        w.pte_dirty: ("dirty-gained", "dirty-lost"),
        w.pte_uffd_wp: ("uffd-wp-kept", "uffd-wp-lost"),
        w.pte_soft_dirty: ("other-bits", "soft-dirty-missing"),
        w.pte_valid: ("other-bits", "other-bits"),
    }
    different = {
        names[0] if test(kernel) else names[1] for test, names in tests.items() if test(kernel) != test(version)
    }
    yield from sorted(different) or ["other-bits"]
