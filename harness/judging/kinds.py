# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of divergence by their stable names: how severe each is, and what it says."""

CRITICAL, HIGH, MEDIUM, LOW = "critical", "high", "medium", "low"

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
    "soft-dirty-gained": LOW,
    "write-upgraded": LOW,
    "write-not-upgraded": LOW,
    "numa-hint": LOW,
}

ENDINGS = ("table-overrun", "unassigned-read", "no-progress", "crash")

# What a version does to an entry: {slot} is where, {entry} what stands there afterwards, {before} what belonged there,
# {owner} the slot that {entry} belongs to. A subject puts what it can say better in the place of these.
SENTENCES = {
    "write-gained": "leaves {slot} writable, which should be read-only",
    "entry-lost": "loses {before}: it is in no table afterwards",
    "entry-left-behind": "leaves {before} in {slot}, where it should not stay",
    "entry-duplicated": "leaves {before} in {slot}, and has it elsewhere as well",
    "foreign-entry": "installs {entry} in {slot}; it belongs to {owner}",
    "wrong-page": "installs {entry} in {slot}; no slot of the range held it",
    "dirty-lost": "loses the dirty bit of {slot}",
    "uffd-wp-kept": "keeps uffd-wp in {slot}, which should have been cleared",
    "uffd-wp-lost": "loses uffd-wp of {slot}",
    "soft-dirty-missing": "does not set soft-dirty in {slot}",
    "other-bits": "changes bits of {slot} that should stay as they are",
    "stale-tlb": "leaves a translation that {slot} had before cached in a TLB",
    "outside-range": "changes {slot}, which lies outside the range",
    "destination-overwritten": "replaces the entry that {slot} held before",
    "destination-kept": "keeps {entry}, which {slot} held before",
    "cont-broken": "leaves valid CONT entries in the block of {slot}, which is not a whole, aligned, uniform one",
    "cont-on-invalid": "sets CONT in {slot}, which is present but not valid",
    "write-lost": "takes write permission away from {slot}",
    "dirty-gained": "sets dirty in {slot}",
    "young-gained": "sets accessed in {slot}",
    "young-lost": "loses the accessed bit of {slot}",
    "soft-dirty-gained": "sets soft-dirty in {slot}",
    "write-upgraded": "makes {slot} writable, which {other} leaves to the first store",
    "write-not-upgraded": "leaves it to the first store to make {slot} writable",
    "numa-hint": "does not give {slot} the NUMA hint that {other} does, or the other way round",
}

# The same for what concerns the whole run: {what} is the text of the finding.
RUN_SENTENCES = {
    "stale-tlb": "leaves a translation cached in a TLB, {what}",
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
