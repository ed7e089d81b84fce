# SPDX-License-Identifier: GPL-2.0-only
"""Odd C that means the same does the same; what cannot be read is said, with its line."""

from dataclasses import replace

import pytest

from pte_review.models.kernel_tree.files import READ
from pte_review.models.outcome import RETURNED, UNMODELLED
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, pages, scenario, swap
from tests.kit.compilers import needs_gcc
from tests.kit.little_tree import MREMAP
from tests.kit.moves import run
from tests.kit.trees import edited, small, version

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
START = "\t\tnr = 1;\n\t\tmost"
TOP = "#include <asm/tlb.h>"
MARK = "\t\tpte = mark_moved(pte);\n"
HEAD = (
    "static int move_ptes(struct pagetable_move_control *pmc,\n"
    "\t\tunsigned long extent, pmd_t *old_pmd, pmd_t *new_pmd)\n"
)
MARKER = "\t\tif (drop_uffd_wp && pte_marker_uffd_wp(pte)) {\n"


def what(arch):
    block = ["WC" if arch == "arm64" else "W"] * 16
    table = {**pages(arch, 0, 0x200, block), 16: swap(arch, 3, 8), 18: page(arch, 0x300, "W")}
    return scenario(arch, table, at=(0, 0, 20), folios=(Folio(0x200, 4), Folio(0x300)), vma=Vma(uffd=True))


def ran(tree, arch):
    text = version(tree)
    outcome = run(what(arch), text)
    text.close()
    return outcome


SAME = {
    "latin-1": {START: '\t\t/* caf\udce9 \udcff */ const char *s = "\udce9"; nr = s[0] ? 1 : 2;\n\t\tmost'},
    "a function under a header's name": {
        TOP: "static pte_t pte_mkold(pte_t pte)\n{\n\treturn pte;\n}",
        MARK: "\t\tpte = pte_mkold(mark_moved(pte));\n",
    },
    "an #ifdef around else": {
        "\t\t} else {\n\t\t\tif (drop": "\t\t}\n#ifdef CONFIG_MMU\n\t\telse\n#endif\n\t\t{\n\t\t\tif (drop",
    },
    "a nested function, a statement expression": {
        SET: "\t\t\t__typeof__(pte) copy = ({ pte_t q = pte; q; }); auto void put(pte_t);\n"
        "\t\t\tvoid put(pte_t x) { set_ptes(mm, to, dst, x, nr); } put(copy);\n"
    },
    "a union": {
        SET: "\t\t\tunion { pte_t p; u64 v; } u = { .v = pte_val(pte) }; set_ptes(mm, to, dst, u.p, nr);\n",
    },
    "a range of cases, a computed goto": {
        SET: f"\t\t\tvoid *a = &&here; switch (nr) {{ case 1 ... 512: goto *a; default: BUG(); }}\nhere:{SET}"
    },
    "constants without a value": {SET: "\t\t\tconst pte_t empty; const int n; (void)empty; (void)n;\n" + SET},
    "comments in the signature": {"static int move_ptes(struct": "static /* a */ int // b\nmove_ptes /* { */ (struct"},
    "a string of C": {SET: '\t\t\tconst char *t = "} while (1) { /* \\" goto x; "; nr += !t[0];\n' + SET},
    "a name on two lines": {SET: "\t\t\tint a\\\nb = 0; nr += ab;\n" + SET},
    "IS_ENABLED": {SET: "\t\t\tif (IS_ENABLED(CONFIG_NO_SUCH)) no_such();\n".replace("no_such()", "nr++") + SET},
    "a macro inside": {SET: "#define PUT(x) set_ptes(mm, to, dst, x, nr)\n\t\t\tPUT(pte);\n#undef PUT\n"},
    "a macro for what follows": {
        "static int batch_length(": "#define ONE 1\nstatic int batch_length(",
        START: START.replace("1", "ONE"),
    },
    "messages": {SET: f'\t\t\tif (!nr) {{ pr_warn_once("%d", nr); printk("x"); dump_stack(); }}\n{SET}'},
    "an annotation behind the parameters": {HEAD: HEAD.rstrip() + " __must_hold(x)\n"},
    "a very long line": {SET: "\t\t\tnr += 0" + " + 0" * 5_000 + ";\n" + SET},
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("change", [pytest.param(c, marks=needs_gcc) if "nested function" in c else c for c in SAME])
def test_means_the_same(change, arch):
    assert ran(edited(small(), SAME[change]), arch) == ran(small(), arch)


def rewritten(how):
    tree = small()
    return replace(tree, overlay={path: how(text) for path in (*READ, MREMAP) if (text := tree.read(path))}, cache={})


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    "how",
    [lambda text: text.replace("\n", "\r\n"), str.expandtabs, str.rstrip, lambda text: "\ufeff" + text],
    ids=["CRLF", "blanks", "no last line break", "a byte order mark"],
)
def test_bytes_around_the_text(how, arch):
    assert ran(rewritten(how), arch) == ran(small(), arch)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_setter_of_its_own(arch):
    own = (
        "static void set_ptes(struct mm_struct *mm, unsigned long a, pte_t *p, pte_t v, unsigned int n)\n{\n"
        "\tfor (; n--; a += PAGE_SIZE, v = pte_next_pfn(v))\n\t\tset_pte_at(mm, a, p++, v);\n}"
    )
    outcome, plain = ran(edited(small(), {TOP: own}), arch), ran(small(), arch)
    assert outcome.ended == RETURNED
    assert outcome.tables[1] == plain.tables[1]
    assert [e[0] for e in outcome.events].count("set_pte_at") >= 18


def test_a_pointer_to_a_primitive_is_not_logged_as_its_call():
    calls = (
        "\t\t\tvoid (*put)(struct mm_struct *, unsigned long, pte_t *, pte_t, unsigned int) = set_ptes;\n"
        "\t\t\tput(mm, to, dst, pte, nr);\n"
    )
    outcome, plain = ran(edited(small(), {SET: calls}), "x86_64"), ran(small(), "x86_64")
    assert outcome.tables[1] == plain.tables[1]
    assert [e for e in plain.events if e[0] == "S"] == [e for e in outcome.events if e[0] == "S"]
    assert not [e for e in outcome.events if e[0] == "set_ptes"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {MARKER: f"#ifdef CONFIG_NEVER\n\t\tif (0) {{\n#else\n{MARKER}#endif\n"},
            f"batching: {MREMAP}:66: move_ptes() cannot be read: expected braces that close and no #if across them",
        ),
        (
            {HEAD: f"#ifdef CONFIG_NEVER\n{HEAD.replace('*new_pmd', '*pmd')}#else\n{HEAD}#endif\n"},
            "batching: does not compile:",
        ),
    ],
)
def test_what_cannot_be_read(changes, says):
    outcome = ran(edited(small(), changes), "x86_64")
    assert (outcome.ended, outcome.why) == (UNMODELLED, says)
