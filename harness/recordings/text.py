# SPDX-License-Identifier: GPL-2.0-only
"""What a recording shows, as text with lines of at most 75 columns."""

from collections.abc import Iterator, Mapping, Sequence

from pte_review.harness.recordings.comparing import Mismatch

RECORDED = "folios as /proc/kpageflags had them before the call"


def mismatch_lines(version: str, records: Mapping[int, str], differing: Sequence[Mismatch]) -> Iterator[str]:
    """Where the kernel did something else than `version`. `records` describes each, from 1."""
    for mismatch in differing:
        first, last = mismatch.first, mismatch.last
        pages = f"page {first}" if first == last else f"pages {first}-{last}"
        yield f"  record {mismatch.record} ({records[mismatch.record]}), {pages}: {mismatch.kind}"
        yield f"    the kernel left  {mismatch.kernel}"
        yield f"    {version} leaves  {mismatch.version}"
