# SPDX-License-Identifier: GPL-2.0-only
"""move_ptes() as the kit sees it."""

from pte_review.harness.subject import Subject
from pte_review.harness.subjects.move_ptes.claims import claims
from pte_review.harness.subjects.move_ptes.clauses import CLAUSES
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.harness.subjects.move_ptes.live.mremap import MremapCaller
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.recordings.text import RECORDINGS
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.steps import STEPS
from pte_review.harness.subjects.move_ptes.thread import THREAD
from pte_review.harness.subjects.move_ptes.version1 import upgraded
from pte_review.harness.subjects.move_ptes.words import WORDS
from pte_review.harness.subjects.move_ptes.workloads import WORKLOADS
from pte_review.models.legal import RULES
from pte_review.models.move_ptes import legal
from pte_review.models.move_ptes.call import FUNCTION
from pte_review.strategies.move_ptes import RECIPE, scenarios

MOVE_PTES = Subject(
    function=FUNCTION,
    location="pte_review.harness.subjects.move_ptes.subject:MOVE_PTES",
    promise=MovePromise,
    scenarios=scenarios,
    recipe=RECIPE,
    rules={**legal.RULES, **RULES},
    words=WORDS,
    base="pre_patch",
    steps=STEPS,
    clauses=CLAUSES,
    space=space,
    thread=THREAD,
    bugs=BUGS,
    workloads=WORKLOADS,
    compared_costs=("pre_patch", "v4", "v4_batch_hint", "v4_respect_write", "v4_fixed"),
    growth=("order-0", "folio-64k"),
    claims=claims,
    recordings=RECORDINGS,
    binding=BINDING,
    caller=MremapCaller(),
    upgrade=upgraded,
)
