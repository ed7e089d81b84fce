# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range() as the kit sees it."""

from pte_review.harness.subject import Subject
from pte_review.harness.subjects.change_pte_range.claims import claims
from pte_review.harness.subjects.change_pte_range.clauses import CLAUSES
from pte_review.harness.subjects.change_pte_range.history import BUGS, KNOWN
from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.harness.subjects.change_pte_range.live.protect import ProtectCaller
from pte_review.harness.subjects.change_pte_range.promise import ProtectPromise
from pte_review.harness.subjects.change_pte_range.recordings.text import RECORDINGS
from pte_review.harness.subjects.change_pte_range.space import space
from pte_review.harness.subjects.change_pte_range.steps import STEPS
from pte_review.harness.subjects.change_pte_range.thread import THREAD
from pte_review.harness.subjects.change_pte_range.words import WORDS
from pte_review.harness.subjects.change_pte_range.workloads import WORKLOADS
from pte_review.models.change_pte_range import legal
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.legal import RULES
from pte_review.strategies.change_pte_range import RECIPE, scenarios

CHANGE_PTE_RANGE = Subject(
    function=FUNCTION,
    location="pte_review.harness.subjects.change_pte_range.subject:CHANGE_PTE_RANGE",
    promise=ProtectPromise,
    scenarios=scenarios,
    recipe=RECIPE,
    rules={**legal.RULES, **RULES},
    words=WORDS,
    base="before_batching",
    steps=STEPS,
    clauses=CLAUSES,
    space=space,
    thread=THREAD,
    bugs=BUGS,
    known=KNOWN,
    workloads=WORKLOADS,
    compared_costs=("before_batching", "batching", "small_folios"),
    growth=("order-0", "folio-64k"),
    claims=claims,
    recordings=RECORDINGS,
    binding=BINDING,
    caller=ProtectCaller(),
)
