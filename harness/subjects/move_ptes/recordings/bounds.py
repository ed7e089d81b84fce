# SPDX-License-Identifier: GPL-2.0-only
"""What a record may hold: files of recordings come from anybody."""

from typing import TYPE_CHECKING

from pte_review.harness.recordings.fields import (
    check_address,
    check_folios,
    check_pages,
    check_parts,
    check_runs,
    is_word,
)
from pte_review.models.arch import ARCHES
from pte_review.models.codec import SchemaError

if TYPE_CHECKING:
    from pte_review.harness.subjects.move_ptes.recordings.recording import Record

# What moved where move_ptes() was not called: move_normal_pmd() and move_normal_pud(); move_huge_pmd(); or a huge page
# that mremap() split first, so that what move_ptes() found was never read.
WHOLE = {"table": "whole page tables", "huge": "huge pages", "split": "huge pages split by the call"}


def check_record(record: "Record") -> None:
    """Raise SchemaError where a field of `record` is out of bounds."""
    if record.arch not in ARCHES:
        raise SchemaError("record.arch", f"one of {', '.join(ARCHES)}", record.arch)
    if record.subset not in ("", "pagemap"):
        raise SchemaError("record.subset", "pagemap, or nothing", record.subset)
    for name, pages in (("pages", record.pages), ("new_pages", record.new_pages)):
        check_pages(name, pages)
    check_runs("before", record.pages, record.before)
    check_runs("after", record.new_pages, record.after)
    if record.behind:
        check_runs("behind", record.pages, record.behind)
    check_address("old_addr", record.old_addr)
    check_address("new_addr", record.new_addr)
    for i, (address, before, after) in enumerate(record.beside):
        check_address(f"beside[{i}][0]", address)
        if not (is_word(before) and is_word(after)):
            raise SchemaError(f"record.beside[{i}]", "an address and two raw values", [address, before, after])
    check_parts("vmas", [(first, end) for first, end, _ in record.vmas], record.pages)
    check_parts("whole", [(first, end) for first, end, _ in record.whole or ()], record.moved)
    for i, (*_, how) in enumerate(record.whole or ()):
        if how not in WHOLE:
            raise SchemaError(f"record.whole[{i}][2]", f"one of {', '.join(WHOLE)}", how)
    check_folios(record.folios or (), record.exclusive)
