# SPDX-License-Identifier: GPL-2.0-only
"""A program holds the functions and constants that it names, and no other."""

from pathlib import Path

import pytest

from pte_review.harness.live.reproduce.pieces import HERE, names_in, needed, paragraphs, pieces_of

TEXT = """// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

/* Bits. */
#define ONE	1
#define TWO	2
#define BOTH	(ONE | TWO)

#ifndef NEWER
#define NEWER	3
#endif

struct pair {
	int a, b;
};

static int count[ONE], other = TWO;

/* Says a word. */
__attribute__((noreturn, format(printf, 1, 2)))
static void say(const char *format, ...)
{
	count[0]++;

	for (;;)
		;
}

static long twice(struct pair *pair)
{
	return NEWER * pair->a; /* say() is not called here */
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pieces.c"
    path.write_text(TEXT, encoding="ascii")
    return path


def test_what_each_piece_gives(file: Path):
    assert [sorted(piece.gives) for piece in pieces_of(file)] == [
        ["ONE"], ["TWO"], ["BOTH"], ["NEWER"], ["pair"], ["count", "other"], ["say"], ["twice"]
    ]  # fmt: skip
    assert {piece.includes for piece in pieces_of(file)} == {("<stdio.h>",)}


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("int x = ONE;", ["ONE"]),
        ("say();", ["ONE", "TWO", "count", "other", "say"]),
        ("twice(0);", ["NEWER", "pair", "twice"]),
        ('"say() twice" /* BOTH */', []),
        ("BOTH", ["ONE", "TWO", "BOTH"]),
    ],
)
def test_what_a_text_needs(file: Path, text: str, gives: list[str]):
    assert [name for piece in needed(text, [file]) for name in sorted(piece.gives)] == gives


def test_paragraphs_keep_their_comments(file: Path):
    assert paragraphs(needed("TWO", [file])) == ["/* Bits. */\n#define TWO\t2"]
    assert paragraphs(needed("say", [file]))[-1].startswith("/* Says a word. */\n__attribute__")


def test_every_piece_has_a_name():
    files = sorted(HERE.glob("*.c"))
    assert files
    given = [name for path in files for piece in pieces_of(path) for name in piece.gives]
    assert len(given) == len(set(given))
    assert all(piece.gives for path in files for piece in pieces_of(path))


def test_names_in_strings_and_comments_are_none():
    assert names_in('a("b \\" c"); /* d */') == {"a"}
