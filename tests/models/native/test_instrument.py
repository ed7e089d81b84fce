# SPDX-License-Identifier: GPL-2.0-only
"""What is put into kernel text: a count in every loop, poison in locals; on the lines that are there."""

import pytest

from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.native.instrument import MOST_LOCALS, instrumented


def put_in(body, poison=False, head="int f(int a)"):
    """The body of f() as it is compiled."""
    file = CFile("a.c", f"{head}\n{{\n{body}\n}}\n")
    found = instrumented(file, file.definitions["f"], [] if poison else None)
    assert found.count("\n") == body.count("\n") + 4
    return found.removeprefix(f"{head}\n{{\n").removesuffix("\n}\n")


def poisoned(body):
    """Which locals of f() are poisoned, and how often anew."""
    file, found = CFile("a.c", f"int f(int a)\n{{\n{body}\n}}\n"), []
    text = instrumented(file, file.definitions["f"], found)
    again = {one.name: text.count(f"PR_AGAIN({one.name}, ") for one in found}
    assert all(text.count(f"PR_INIT({one.name}, {n});") == 1 for n, one in enumerate(found))
    return again


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for (;;) { a++; }", "for (;;) { pr_tick();  a++; }"),
        ("for (;;) a++;", "for (;;) { pr_tick(); a++; }"),
        ("for (;;);", "for (;;){ pr_tick(); ; }"),
        ("while (a)\n\ta--;", "while (a)\n\t{ pr_tick(); a--; }"),
        ("do a--; while (a);", "do { pr_tick(); a--; } while (a);"),
        ("do { } while (0);", "do { pr_tick();  } while (0);"),
        ("for (;;) while (a) a--;", "for (;;) { pr_tick(); while (a) { pr_tick(); a--; } }"),
        ("for (;;) if (a) a--; else a++;", "for (;;) { pr_tick(); if (a) a--; else a++; }"),
        ("again: a++; goto again;", "again: pr_tick();  a++; goto again;"),
        ("one: two: a++;", "one: pr_tick();  two: pr_tick();  a++;"),
        ("if (a) here: a++;", "if (a) here: a++;"),
        ("switch (a) { case 1: here: a++; }", "switch (a) { case 1: here: pr_tick();  a++; }"),
        ("a = 1;", "a = 1;"),
    ],
)
def test_loops(body, expected):
    assert put_in(body) == expected


def test_a_loop_in_a_macro_is_left_alone():
    file = CFile("a.c", "#define loop() do { } while (1)\nint f(void) { loop(); }\n")
    text = instrumented(file, [*file.definitions["loop"], *file.definitions["f"]], None)
    assert text == "#define loop() do { } while (1)\nint f(void) { loop(); }\n"


@pytest.mark.parametrize("kind", ["pte_t", "int", "unsigned int", "unsigned", "long", "unsigned long", "u64", "size_t"])
def test_which_types(kind):
    assert put_in(f"\t{kind} x, *y, z[2], w = a;", poison=True) == f"\t{kind} x, *y, z[2], w = a; PR_INIT(x, 0);"


@pytest.mark.parametrize(
    "body",
    [
        "static pte_t x;",
        "extern int x;",
        "const pte_t x;",
        "pmd_t x;",
        "struct s x;",
        "bool x;",
        "pte_t *x;",
        "for (int x; ;) a++;",
        "int x(int);",
    ],
)
def test_which_are_left_alone(body):
    assert poisoned(body) == {}


@pytest.mark.parametrize("kind", ["volatile int", "register pte_t", "pte_t __maybe_unused"])
def test_qualifiers(kind):
    assert list(poisoned(f"{kind} x;")) == ["x"]


def test_two_on_a_line_and_in_inner_blocks():
    assert list(poisoned("pte_t one, two; int n; { pte_t three; }")) == ["one", "two", "n", "three"]


def test_as_many_as_there_are_numbers():
    assert len(poisoned("".join(f"int x{i};" for i in range(MOST_LOCALS + 5)))) == MOST_LOCALS


# Poison anew in each pass: an entry that every pass assigns for itself.


@pytest.mark.parametrize(
    ("body", "times"),
    [
        ("pte_t x; for (;;) { x = g(); h(x); }", 1),
        ("pte_t x; for (;;) { if (a) x = g(); else h(x); }", 1),
        ("pte_t x; while (a) { if (a) { x = g(); h(x); } else if (h(x)) { } }", 1),
        ("pte_t x; do x = g(); while (a);", 1),
        ("pte_t x; for (;;) for (;;) { x = g(); }", 2),
        ("pte_t x; for (;;) { h(x); x = g(); }", 0),  # of the pass before, on purpose
        ("pte_t x; for (;;) { x = g(x); }", 0),
        ("pte_t x; for (;;) { x.pte |= 1; }", 0),
        ("pte_t x; for (;;) { g(&x); h(x); }", 0),
        ("pte_t x; for (;;) { x = g(); } h(x);", 0),  # looked at behind the loop
        ("pte_t x; for (; h(x); ) { x = g(); }", 0),  # in its head
        ("pte_t x; do { x = g(); } while (h(x));", 0),
        ("for (;;) { pte_t x; x = g(); }", 0),  # new in every pass as it is
        ("int x; for (;;) { x = g(); }", 0),  # entries only
        ("pte_t x; x = g(); for (;;) { h(1); }", 0),
    ],
)
def test_poison_in_each_pass(body, times):
    assert poisoned(body) == {"x": times}


def test_a_function_that_is_an_event():
    head = "void contpte_convert(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)"
    file = CFile("a.c", f"{head}\n{{\n}}\n")
    text = instrumented(file, file.definitions["contpte_convert"], None)
    assert text == f"{head}\n{{ PR_NOTE_contpte_convert(ptep, pte); \n}}\n"
    other = CFile("a.c", "void contpte_convert(pte_t *first)\n{\n}\n")
    assert "PR_NOTE" not in instrumented(other, other.definitions["contpte_convert"], None)
