# SPDX-License-Identifier: GPL-2.0-only
"""Warnings of C text carry their condition: two different ones are two, in a review and in an exhaustive run."""

import pytest

from pte_review.harness import check
from pte_review.harness.judging.contracts import same_warning
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.models.scenario import Folio
from tests.kit.build import page, scenario
from tests.kit.native_backends import both
from tests.kit.native_backends import kinds as kinds_in
from tests.kit.trees import edited, small, version

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
ALWAYS = "VM_WARN_ON_ONCE(!pte_none(*dst) || from);"
OLD = "VM_WARN_ON_ONCE(!pte_none(*dst));"
FOLIO = (Folio(0x200, 4),)


def warned(ran, statement, **options):
    what = scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=FOLIO, **options)
    return ran(what, {SET: f"\t\t\t{statement}\n{SET}"}).warnings


@pytest.mark.parametrize(
    ("statement", "warning"),
    [
        ("WARN_ON_ONCE(pte_present(pte));", "WARN_ON_ONCE: pte_present(pte)"),
        ("WARN_ON(nr\n == 1);", "WARN_ON_ONCE: nr == 1"),
        ('if (WARN(from > to || 1, "odd %lx", from)) nr = 1;', "WARN_ON_ONCE: from > to || 1"),
        ("VM_WARN_ON_ONCE(pte_none(*dst));", "VM_WARN_ON_ONCE: pte_none(*dst)"),
    ],
)
def test_the_condition(ran, statement, warning):
    assert warned(ran, statement, debug_vm=True) == (warning,)


def test_what_only_debug_vm_has(ran):
    assert warned(ran, "VM_WARN_ON_ONCE(pte_none(*dst));") == ()


def test_two_warnings_are_two(ran):
    assert len(warned(ran, "WARN_ON(nr); WARN_ON(nr);\n WARN_ON(from);")) == 2


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("VM_WARN_ON_ONCE", "VM_WARN_ON_ONCE", True),
        ("VM_WARN_ON_ONCE", "VM_WARN_ON_ONCE: !pte_none(*new_ptep)", True),
        ("VM_WARN_ON_ONCE: a", "VM_WARN_ON_ONCE: b", False),
        ("WARN_ON_ONCE", "VM_WARN_ON_ONCE: a", False),
    ],
)
def test_a_port_has_no_conditions(a, b, same):
    assert same_warning(a, b) is same_warning(b, a) is same


def pair(first, second):
    return version(edited(small(), {OLD: first})), version(edited(small(), {OLD: second}))


@pytest.mark.parametrize("how", ["check", "exhaust"])
@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (ALWAYS, set()),
        ("VM_WARN_ON_ONCE(!pte_none(*dst)  ||  from);", set()),  # other blanks
        ("VM_WARN_ON_ONCE(!pte_none(*dst) || to);", {"warning-missing", "warning-extra"}),
    ],
)
def test_another_condition_in_the_same_place(how, second, kinds):
    versions = pair(ALWAYS, second)
    if how == "check":
        found = set(check(*versions, arch="x86_64", max_examples=100).kinds)
    else:
        found = kinds_in(both(*versions, space("x86_64", 1))[0])
    for one in versions:
        one.close()
    assert found == kinds
