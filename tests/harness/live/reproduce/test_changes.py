# SPDX-License-Identifier: GPL-2.0-only
"""Programs for changes of protection: what they build, what they call, what they say of this machine's kernel."""

from dataclasses import replace

import pytest

from pte_review.harness.live.reproduce.area import NotBuilt
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, on_host
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.change_pte_range.call import NUMA, protected
from pte_review.models.vma import Vma
from tests.harness.live.reproduce.test_programs import compiled
from tests.kit.build import ARCHES, page
from tests.kit.golden import assert_golden
from tests.kit.host import ARCH, is_root, skip_without_state
from tests.kit.reproducible_changes import CASES, case, counterexample
from tests.subjects.change_pte_range.calls import READ_ONLY, anon, call


def text_of(name: str, arch: str = "x86_64") -> str:
    return reproducer(CHANGE_PTE_RANGE, case(name, arch))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", CASES)
def test_compiles_without_a_warning(name, arch):
    assert compiled(text_of(name, arch), arch) == ""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("head-page", "protect(page(FIRST), MOVED, PROT_READ | PROT_WRITE);"),
        ("to-executable", "protect(page(FIRST), MOVED, PROT_READ | PROT_WRITE | PROT_EXEC);"),
        ("one-page", "protect(page(FIRST), MOVED, PROT_READ);"),
        ("uffd-protect", "write_protect(FIRST, MOVED);"),
        ("uffd-resolve", "resolve(FIRST, MOVED);"),
    ],
)
def test_the_call(name, line):
    assert f"expect_state();\n\t{line}\n\treturn verdict" in text_of(name)


@pytest.mark.parametrize(
    ("name", "is_made"),
    [("prot-none", False), ("uffd-prot-none", True), ("one-page", False)],
)
def test_pages_that_nobody_can_read_are_made_readable_before_they_are_read(name, is_made):
    """By the program where the call does not: mprotect() gives access, userfaultfd leaves PROT_NONE as it is."""
    made = "static int wrong(void)\n{\n\tprotect(after(FIRST), MOVED, PROT_READ | PROT_WRITE);"
    assert (made in text_of(name)) == is_made


def test_who_shares_is_what_is_not_exclusive():
    """The VMA is read-only, so no entry says it. The exclusive page is kept from the child."""
    text = text_of("part-shared")
    assert 'advise(0, 1, MADV_DONTFORK, "MADV_DONTFORK");\n\tfork_witness();' in text
    assert "return writes_seen_by_witness(1, 1);" in text
    assert "share_pages();\n\tforbid_writes();" in text


def test_all_exclusive_is_shared_with_nobody():
    whole = call("x86_64", {0: page("x86_64", 0x100, "")}, [anon(0x100, 2)], vma=READ_ONLY)
    assert "fork" not in reproducer(CHANGE_PTE_RANGE, counterexample("entry-lost", whole))


def test_golden():
    assert_golden("reproducer-mprotect-write-gained", text_of("head-page").expandtabs(8))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: protected(s, caller=NUMA, vma=Vma()), "NUMA balancing scans by itself, and nobody can ask it to"),
        (lambda s: protected(s, maps=False), "the page table goes away meanwhile"),
        (lambda s: protected(s, folios=[anon(0x100)]), "no page of the range could show it by a write"),
        (
            lambda s: protected(s, folios=[anon(0x100)], vma=Vma(), protection="rwx"),
            "pte[0]: no step makes an AnonExclusive page read-only in a writable VMA",
        ),
        (lambda s: protected(s, vma=Vma(), protection="r"), "the VMA allows no writes"),
        (
            lambda s: protected(
                s, vma=Vma(shadow_stack=True, read=False), protection="rw", config=replace(s.config, shstk=True)
            ),
            "the VMA is a shadow stack, which is not built here",
        ),
    ],
)
def test_what_is_not_built_is_said(change, says):
    s = change(call("x86_64", {0: page("x86_64", 0x100, "")}, [anon(0x100, exclusive=[])], vma=READ_ONLY))
    with pytest.raises(NotBuilt) as why:
        reproducer(CHANGE_PTE_RANGE, counterexample("write-gained", s))
    assert says in str(why.value)


# -- on this machine


@is_root
@pytest.mark.parametrize("name", CASES)
def test_shows_nothing_of_a_right_kernel(name):
    answer = on_host(ARCH, text_of(name, ARCH))
    skip_without_state(answer)
    assert answer.status == PASS, answer.output


@is_root
def test_shows_what_a_wrong_kernel_does():
    """A store of the child's own stands for the parent's: it does not hold any more what both had."""
    text = text_of("head-page", ARCH)
    marked = text.replace("unsigned long value = get(page(number));", "unsigned long value = ~get(page(number));")
    assert marked != text
    answer = on_host(ARCH, marked)
    skip_without_state(answer)
    assert answer.status == FAIL, answer.output
    assert "# page 1: the write of the parent is in the page of the child" in answer.output
