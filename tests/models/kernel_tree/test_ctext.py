# SPDX-License-Identifier: GPL-2.0-only
"""A C file's definitions, the names they use, and the text with everything else masked."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.files import READ
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native.build import compiler
from tests.kit.little_tree import MREMAP
from tests.kit.trees import linux, small


def kinds(text):
    return {name: [d.node.type for d in found] for name, found in CFile("a.c", text).definitions.items()}


def used(text, name):
    file = CFile("a.c", text)
    return file.uses(file.definitions[name][0].node)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("typedef int __bitwise fpb_t;\n", "fpb_t"),
        ("typedef struct { int x; } one_t, *other_t;\n", "one_t other_t"),
        ("typedef int (*fn_t)(pte_t *);\n", "fn_t"),
        ("struct a { int x; } b;\n", "b a"),
        ("enum kind { A, B = 3 };\n", "kind A B"),
        ("enum { A = 1 << 3, B };\n", "A B"),
        ("union u { int x; };\n", "u"),
        ("int x = 3, *y, z[4];\n", "x y z"),
        ("void (*fp)(int);\n", "fp"),
        ("#define X(a) \\\n a + b\n#define Y\n", "X Y"),
        ("static __always_inline unsigned int f(int a)\n{\n}\n", "f"),
        ("static noinline __maybe_unused int f(int a)\n{\n}\n", "f"),
        ("static __must_check struct folio *f(void)\n{\n}\n", "f"),
        ("int __weak f(int __user *y)\n{\n}\n", "f"),
        ("static int __init f(void)\n{\n}\n", "f"),
        ("static\nint\nf\n(int a)\n{\n}\n", "f"),
        ("int f(a, b)\nint a;\nint b;\n{\n return 1;\n}\n", "f"),
        ("unsigned long f(void) __acquires(x)\n{\n return 0;\n}\n", "f"),
        ("static inline __attribute__((always_inline)) int f(void) { return 1; }\n", "f"),
        ("EXPORT_SYMBOL(x);\nint f(void)\n{\n}\n", "f"),
        ('extern "C" {\nint f(void);\n}\n', "f"),
        ("int f(void);;\nint g(void){}\n", "f g"),
        ("struct s;\nint g(struct s *p){}\n", "g"),
    ],
)
def test_names(text, names):
    assert list(kinds(text)) == names.split()


def test_a_declaration_is_no_function():
    file = CFile("a.c", "static int f(int);\nstatic int f(int a)\n{\n}\n")
    assert [d.line for d in file.definitions["f"]] == [1, 2]
    assert file.function("f").line == 2
    assert CFile("a.c", "int f(int);\n").function("f") is None


def test_uses():
    text = "int f(struct s *a, t_t b)\n{\n\tlabel:\n\tif (g(a->member, LIMIT))\n\t\tgoto label;\n\treturn x.other;\n}\n"
    assert used(text, "f") == {"f", "s", "a", "t_t", "b", "g", "LIMIT", "x"}


def test_what_a_macro_uses_is_not_its_parameters():
    assert used("#define X(a, b) (a + other(b) + \\\n\tlast)\n", "X") == {"other", "last"}
    assert used("#define X other\n", "X") == {"other"}
    assert used("#define X\n", "X") == set()


def test_what_an_if_inside_a_function_asks_for():
    assert {"CONFIG_A", "inner"} <= used("int f(void)\n{\n#if CONFIG_A > 3\n\treturn inner;\n#endif\n}\n", "f")


GROUPS = """\
#if defined(A) && \\
\tdefined(B)
int one(void);
# ifdef INNER
int two(void);
# endif
#elif C
int three(void);
#else
int four(void) { return 4; }
#endif
struct five { int x; };
"""


def test_guards():
    file = CFile("a.c", GROUPS)
    assert {"A", "B"} <= file.guards(file.definitions["one"][0])
    assert {"A", "B", "INNER"} <= file.guards(file.definitions["two"][0])
    assert "C" in file.guards(file.definitions["three"][0])
    assert file.guards(file.definitions["five"][0]) == set()


def test_masked_keeps_lines_and_groups():
    file = CFile("a.c", GROUPS)
    masked = file.masked(file.definitions["two"]).split("\n")
    expected = [line if n in (0, 1, 3, 4, 5, 6, 8, 10) else "" for n, line in enumerate(GROUPS.split("\n"))]
    assert [line.strip() for line in masked] == [line.strip() for line in expected]
    assert len(file.masked([])) == len(GROUPS)
    assert file.masked([]).strip() == ""


def test_masked_keeps_the_semicolon_of_a_struct():
    file = CFile("a.c", GROUPS)
    assert file.masked(file.definitions["five"]).strip() == "struct five { int x; };"


@pytest.mark.parametrize(
    "text",
    [
        "int f(void)\r\n{\r\n\treturn 1;\r\n}\r\nint g(void)\r\n{\r\n\treturn 2;\r\n}\r\n",
        "/* caf\udce9 \udcff */\nint f(void)\n{\n\treturn 1; /* \udce9 */\n}\nint g(void) { }\n",
        "int f(void)\n{\n\treturn 1;\n}\n" + "int g(void) { return " + "1 + " * 20_000 + "1; }",
        "/* é ä 漢 */ int f(void)\n{\n\treturn 1;\n}\nint g(void) { }",
    ],
)
def test_odd_bytes(text):
    file = CFile("a.c", text)
    (f,), (g,) = file.definitions["f"], file.definitions["g"]
    for kept in ([f], [g], [f, g]):
        masked = file.masked(kept)
        assert len(masked.encode("utf-8", "surrogateescape")) == len(text.encode("utf-8", "surrogateescape"))
        assert masked.count("\n") == text.count("\n")
    assert file.masked([f]).encode("utf-8", "surrogateescape").strip().endswith(b"}")
    assert "g" not in file.masked([f]).replace("\r", "")


# Property: whatever is kept of a file, its #if groups stay in balance, and lines stay where they are.


def preprocesses(text):
    """What the preprocessor says to `text` ("": nothing). Includes are no definitions, so that there are none."""
    command = [compiler()[0], "-E", "-P", "-x", "c", "-", "-o", "/dev/null"]
    done = subprocess.run(command, input=text.encode("utf-8", "surrogateescape"), capture_output=True)
    return done.stderr.decode() if done.returncode else ""


def check_subsets(tree, path, examples):
    file = CFile(path, tree.read(path))
    everything = [d for found in file.definitions.values() for d in found]
    before = tree.read(path).split("\n")

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.lists(st.sampled_from(everything), max_size=12))
    def check(kept):
        masked = file.masked(kept)
        assert preprocesses(masked) == ""
        lines = masked.split("\n")
        assert len(lines) == len(before)
        assert all(not now.strip() or now.strip() in was for now, was in zip(lines, before, strict=True))
        for one in kept:
            assert lines[one.line - 1].strip()

    check()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("#if A\n" * 1500 + "int x;\n" + "#endif\n" * 1500, 101),
        ("#if A\n#else\n" * 1500 + "int x;\n" + "#endif\n" * 1500, 101),
        ("#if A\n" + "#elif B\nint x;\n" * 1500 + "#endif\n", 200),
    ],
    ids=["if", "else", "elif"],
)
def test_conditionals_nested_beyond_reason_are_said(text, line):
    with pytest.raises(TreeError, match=rf"^a\.c:{line}: more than 100 levels of #if, #elif and #else: expected C as "):
        kinds(text)


def test_any_number_of_extern_c_is_read():
    text = 'extern "C" {\n' * 1500 + "int x;\n" + "}\n" * 1500
    assert kinds(text) == {"x": ["declaration"]}


@pytest.mark.parametrize("path", [path for path in READ if small().read(path) is not None])
def test_any_subset_of_a_small_tree_preprocesses(path):
    check_subsets(small(), path, 20)


@pytest.mark.parametrize("path", ["mm/mremap.c", "mm/internal.h"])
def test_any_subset_of_the_odd_tree_preprocesses(path):
    check_subsets(small("odd"), path, 20)


@pytest.mark.parametrize("path", READ)
def test_any_subset_of_linux_preprocesses(path):
    check_subsets(open_tree(linux("7.3"), MREMAP), path, 20)
