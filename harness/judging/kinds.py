# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of divergence by their stable names: how severe each is, and what it says."""

CRITICAL, HIGH, MEDIUM = "critical", "high", "medium"

SEVERITY = {
    "write-gained": CRITICAL,
    "entry-lost": CRITICAL,
    "entry-left-behind": CRITICAL,
    "entry-duplicated": CRITICAL,
    "foreign-entry": CRITICAL,
    "wrong-page": CRITICAL,
    "table-overrun": CRITICAL,
    "unassigned-read": HIGH,
    "dirty-lost": HIGH,
    "uffd-wp-kept": HIGH,
    "uffd-wp-lost": HIGH,
    "soft-dirty-missing": HIGH,
    "other-bits": HIGH,
    "stale-tlb": HIGH,
    "page-table-check": HIGH,
    "lock-leak": HIGH,
    "primitive-contract": HIGH,
    "no-progress": HIGH,
    "outside-range": HIGH,
    "return-value": HIGH,
    "crash": HIGH,
    "destination-overwritten": HIGH,
    "cont-broken": HIGH,
    "write-lost": MEDIUM,
    "destination-kept": MEDIUM,
    "cont-on-invalid": MEDIUM,
    "dirty-gained": MEDIUM,
    "young-gained": MEDIUM,
    "young-lost": MEDIUM,
    "warning-missing": MEDIUM,
    "warning-extra": MEDIUM,
}

ENDINGS = ("table-overrun", "unassigned-read", "no-progress", "crash")

# What a version does to an entry: {slot} is where, {entry} what stands there afterwards, {before} what stood in the
# same slot of the old range, {owner} the slot that {entry} belongs to.
SAYS = {
    "write-gained": "makes {slot} writable; the page was mapped read-only before the move",
    "entry-lost": "loses {before}: it is in neither table afterwards",
    "entry-left-behind": "leaves {before} in {slot}, and out of the new range",
    "entry-duplicated": "leaves {before} in {slot}, and has it in the new range as well",
    "foreign-entry": "installs {entry} in {slot}; it belongs to {owner}",
    "wrong-page": "installs {entry} in {slot}; no slot of the range held it",
    "dirty-lost": "loses the dirty bit of {slot}",
    "uffd-wp-kept": "keeps uffd-wp in {slot}, which the move should have cleared",
    "uffd-wp-lost": "loses uffd-wp of {slot}",
    "soft-dirty-missing": "does not set soft-dirty in {slot}",
    "other-bits": "changes bits of {slot} that a move leaves alone",
    "stale-tlb": "drops a page-table lock while a translation that {slot} had before may still be cached",
    "outside-range": "changes {slot}, which lies outside both ranges",
    "destination-overwritten": "replaces the entry that {slot} held before",
    "destination-kept": "keeps {entry}, which {slot} held before the move",
    "cont-broken": "leaves valid CONT entries in the block of {slot}, which is not a whole, aligned, uniform one",
    "cont-on-invalid": "sets CONT in {slot}, which is present but not valid",
    "write-lost": "takes write permission away from {slot}",
    "dirty-gained": "sets dirty in {slot}",
    "young-gained": "sets accessed in {slot}",
    "young-lost": "loses the accessed bit of {slot}",
}

# The same for what concerns the whole run: {what} is the text of the finding.
RUN_SAYS = {
    "stale-tlb": "drops a page-table lock while a translation may still be cached, {what}",
    "page-table-check": "trips page_table_check: {what}",
    "lock-leak": "does not balance its locks: {what}",
    "primitive-contract": "breaks a primitive's contract: {what}",
    "return-value": "returns {what}",
    "warning-missing": "does not report what {other} reports: {what}",
    "warning-extra": "reports what {other} does not: {what}",
}


def rank(kind: str) -> int:
    """Sort key: the most severe first, in the order of the table above."""
    return list(SEVERITY).index(kind)
