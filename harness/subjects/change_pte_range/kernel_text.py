# SPDX-License-Identifier: GPL-2.0-only
"""How the C of change_pte_range() is called. Its signature has been the same since v6.12."""

from pte_review.models.change_pte_range.call import ProtectCall
from pte_review.models.native.binding import Binding
from pte_review.models.scenario import Scenario

ADDR = "pr_range_start(0)"
ARGUMENTS = {
    "tlb": "pr_gather(pr_range_mm(0))",
    "vma": "pr_range_vma(0)",
    "pmd": "pr_range_pmd(0)",
    "addr": ADDR,
    "end": f"{ADDR} + pr_range_bytes(0)",
    "newprot": "__pgprot(pr->call[0])",
    "cp_flags": "pr->call[1]",
}


def _words(scenario: Scenario) -> tuple[int, ...]:
    call = scenario.call
    assert isinstance(call, ProtectCall)
    return call.newprot(scenario), call.flags(scenario)


BINDING = Binding(
    function="change_pte_range",
    file="mm/mprotect.c",
    arguments=ARGUMENTS,
    words=_words,
    behind="\tpr_finish_gather();\n",
)
