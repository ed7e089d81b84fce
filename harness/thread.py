# SPDX-License-Identifier: GPL-2.0-only
"""The review of the thread itself: which pairs, and which verdict each is known to have.

Every kind named here follows from the rules of the machine; README.md says why. `must` is found in every review of
the default length, `may` needs a config or a table that short reviews do not always draw.
"""

from dataclasses import dataclass

from pte_review.harness.review import Reporter, review
from pte_review.harness.verdict import DIVERGES, NO_DIFFERENCE, Verdict

OCCUPIED = "destination-occupied"

SMEAR = frozenset({"write-gained", "write-lost"})
SMEAR_RARE = frozenset({"page-table-check", "cont-on-invalid"})
UNASSIGNED = frozenset({"unassigned-read", "foreign-entry", "entry-lost"})


@dataclass(frozen=True, slots=True)
class Known:
    """One pair of the thread and what is known of it. No kinds: no difference."""

    base: str
    candidate: str
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    hostile: str | None = None

    def agrees(self, verdict: Verdict) -> bool:
        """Whether `verdict` is the known one."""
        kinds = set(verdict.kinds)
        expected = DIVERGES if self.must else NO_DIFFERENCE
        return verdict.verdict == expected and self.must <= kinds <= self.must | self.may


KNOWN = (
    Known("pre_patch", "v4", SMEAR, SMEAR_RARE),
    Known("pre_patch", "refactor", SMEAR | UNASSIGNED, SMEAR_RARE),
    Known("pre_patch", "refactor_intended", SMEAR, SMEAR_RARE),
    Known("pre_patch", "refactor_clear_new", SMEAR | {"entry-left-behind"}, SMEAR_RARE),
    Known("pre_patch", "refactor_keep_old", SMEAR | {"entry-duplicated"}, SMEAR_RARE),
    Known("v4", "refactor", UNASSIGNED, frozenset({"page-table-check"})),
    Known("v4", "refactor_intended"),
    Known("v4", "refactor_clear_new", frozenset({"entry-left-behind"})),
    Known("v4", "refactor_keep_old", frozenset({"entry-duplicated"})),
    # The dispute, where the destination holds something: what pte_clear(new) was for. pte_clear() does not flush
    # the TLB, so v4 itself leaves a stale translation of what it cleared there.
    Known("v4", "refactor_intended", frozenset({"destination-kept"}), frozenset({"stale-tlb"}), OCCUPIED),
    Known("v4", "refactor_clear_new", frozenset({"entry-left-behind"}), frozenset(), OCCUPIED),
    Known(
        "v4", "refactor_keep_old",
        frozenset({"entry-duplicated", "destination-kept"}), frozenset({"stale-tlb"}), OCCUPIED,
    ),
)  # fmt: skip


def review_thread(
    *, arch: str | None, contract: str, max_examples: int, seed: int, reporter: Reporter | None = None
) -> list[tuple[Known, Verdict]]:
    """Every pair of KNOWN with its verdict, in order. The versions run once on each scenario, whatever the pairs."""
    verdicts: dict[Known, Verdict] = {}
    for hostile in (None, OCCUPIED):
        rows = [known for known in KNOWN if known.hostile == hostile]
        found = review(
            [(known.base, known.candidate) for known in rows],
            arch=arch, contract=contract, hostile=hostile, max_examples=max_examples, seed=seed, reporter=reporter,
        )  # fmt: skip
        verdicts |= dict(zip(rows, found, strict=True))
    return [(known, verdicts[known]) for known in KNOWN]
