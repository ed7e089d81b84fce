# SPDX-License-Identifier: GPL-2.0-only
"""No text of a file gets out of the comment that quotes it."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.live.reproduce.comment import identifier, quoted, table_lines
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.reproducible import case, contpte, counterexample, entries

ENDS = st.text() | st.lists(st.sampled_from(["*/", "/*", "*\\\n/", "??/", "\n", "*", "/", "\r", '"', "a"])).map("".join)


@given(ENDS)
def test_a_quoted_text_stays_in_the_comment(text: str):
    shown = quoted(text)
    assert shown.isascii()
    assert shown == "" or shown.isprintable()
    assert not any(sign in shown for sign in ("*/", "/*", "//", "\\", "??", "\n"))
    assert len(shown) <= 200


@given(ENDS, ENDS, ENDS, ENDS)
def test_strange_names_change_the_comment_alone(base: str, candidate: str, summary: str, cause: str):
    plain = case("write-gained", "x86_64")
    found = dataclasses.replace(plain.divergence, summary=summary, cause=cause, reach=cause, severity=cause, by=cause)
    strange = dataclasses.replace(plain, base=base, candidate=candidate, divergence=found)
    text = reproducer(MOVE_PTES, strange)
    comment, end, rest = text.partition(" */\n")
    assert end
    assert rest == reproducer(MOVE_PTES, plain).partition(" */\n")[2]
    assert comment.count("/*") == 1
    assert "*/" not in comment


def test_the_identifier_is_that_of_the_case():
    plain = case("write-gained", "x86_64")
    assert identifier(plain) == identifier(case("write-gained", "x86_64"))
    others = [case("write-gained", "arm64"), case("write-lost", "x86_64"), dataclasses.replace(plain, base="v4")]
    assert len({identifier(other) for other in [plain, *others]}) == 4


def test_entries_that_go_on_are_one_line():
    assert list(table_lines(contpte())) == [
        "  old[-14] .. old[1]   pfn=0x200 W CONT -SH and so on",
        "  old[2] .. old[17]    pfn=0x210 CONT -SH and so on",
    ]
    assert list(table_lines(entries("x86_64", "W", "-", "-", "swap", "swap", "guard"))) == [
        "  old[0]               pfn=0x400 W",
        "  old[1] .. old[2]     none",
        "  old[3] .. old[4]     swap 0:0x4 and so on",
        "  old[5]               marker GUARD",
    ]


def test_the_kind_is_in_the_comment():
    assert " * stale-tlb" not in reproducer(MOVE_PTES, counterexample("wrong-page", entries("x86_64", "-", "W")))
