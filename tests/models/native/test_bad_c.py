# SPDX-License-Identifier: GPL-2.0-only
"""C that does what no kernel should: each ends as an outcome that says so, and names the line."""

import pytest

from pte_review.models.outcome import CRASH, NO_PROGRESS, RETURNED, TABLE_OVERRUN
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, pages, scenario, swap
from tests.kit.trees import small

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
LOOP = "\t\tnr = 1;\n\t\tmost ="
END = "\tarch_leave_lazy_mmu_mode();\n"
FOLIO = (Folio(0x200, 4),)


def line_of(text):
    """mm/mremap.c:LINE of the batching tree where `text` begins."""
    source = small().read("mm/mremap.c")
    return f"mm/mremap.c:{source[: source.index(text)].count(chr(10)) + 1}"


def one(arch="x86_64", **options):
    return scenario(arch, {0: page(arch, 0x200, "W")}, folios=FOLIO, **options)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("where", "entry", "table"), [("dst + 600", 600, "new"), ("src + 512", 512, "old")])
@pytest.mark.parametrize("way", ["set_pte({}, pte);", "*({}) = pte;", "(*({})).pte = 1;"])
def test_a_write_past_a_table(ran, arch, where, entry, table, way):
    outcome = ran(one(arch), {SET: SET + "\t\t\t" + way.format(where) + "\n"})
    assert outcome.ended == TABLE_OVERRUN
    assert outcome.why.startswith(f"entry {entry} of the {table} table, which has 512, mm/mremap.c:")
    assert outcome.returned is None


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("size", [2, 8, 1024])
@pytest.mark.parametrize("entry", [-1, "size"])
@pytest.mark.parametrize("table", ["old", "new"])
def test_a_plain_store_beside_a_small_table(ran, arch, size, entry, table):
    entry = size if entry == "size" else entry
    what = one(arch, ptrs_per_pte=size, cont_ptes=2)
    pointer = {"old": "src", "new": "dst"}[table]
    outcome = ran(what, {SET: f"{SET}\t\t\t{pointer}[{entry}].pte = 1;\n"})
    assert outcome.ended == TABLE_OVERRUN
    assert outcome.why.startswith(f"entry {entry} of the {table} table, which has {size}, mm/mremap.c:")


def test_a_read_past_a_table(ran):
    outcome = ran(one(), {"seen = ptep_get(src);": "seen = ptep_get(src + 600);"})
    assert (outcome.ended, outcome.why.split(",")[0]) == (TABLE_OVERRUN, "entry 600 of the old table")
    assert outcome.why.endswith(line_of("\t\tseen = ptep_get(src);"))


@pytest.mark.parametrize(
    "loop",
    [
        "while (true);",
        "while (true) ptep_get(src);",
        "do { if (!pte_none(ptep_get(src - 1))) break; } while (1);",
        "for (;;) for (nr = 0; nr < 3; nr++);",
        "for (;;) { continue; }",
        "here: ptep_get(src); goto here;",
        "here: if (nr) goto here;",
        "if (nr) there: nr++, ptep_get(src); if (nr) goto there;",
    ],
)
def test_a_loop_without_end(ran, loop):
    outcome = ran(one(), {END: f"\tnr = 1; {loop}\n{END}"})
    assert outcome.ended == NO_PROGRESS
    assert outcome.why.startswith("more than ")
    assert " loop passes and events, the last event at mm/mremap.c:" in outcome.why
    assert not outcome.slow


def test_a_loop_that_nobody_counts_is_stopped_after_cpu_time(ran, monkeypatch):
    monkeypatch.setattr("pte_review.models.child_watch.CPU_SECONDS", 1)
    outcome = ran(one(), {"#include <asm/tlb.h>": "#define spin() while (1)", END: f"\tspin();\n{END}"})
    assert (outcome.ended, outcome.slow) == (NO_PROGRESS, True)
    assert outcome.why.startswith("more than 1 seconds of CPU time, at or after mm/mremap.c:")
    assert ran(one()).ended == RETURNED


CRASHES = {
    "recursion": ("SIGSEGV", "nr += endless(src, nr);"),
    "NULL": ("SIGSEGV", "src = NULL; *src = pte;"),
    "a wild pointer": ("SIGSEGV", "*(volatile int *)0x1234567890 = 1;"),
    "a struct page": ("SIGSEGV", "if (pte_page(seen)->words[0]) nr++;"),
    "division": ("SIGFPE", "volatile int none = 0; nr /= none;"),
    "abort": ("SIGABRT", "__builtin_abort_();"),
    "trap": ("SIGILL", "__builtin_trap();"),
}
HELPERS = {
    "#include <asm/tlb.h>": 'extern void __builtin_abort_(void) __asm__("abort");',
    "/* Nothing of this is needed by move_ptes(). */": (
        "static noinline int endless(pte_t *p, int n) { volatile int a[64]; a[n & 63] = n;"
        " return p ? endless(p + 1, n + a[n & 63]) + a[(n + 1) & 63] + 1 : 0; }"
    ),
}


@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_names_the_signal(ran, crash):
    signal, statement = CRASHES[crash]
    outcome = ran(one(), {**HELPERS, SET: f"{SET}\t\t\t{statement}\n"})
    assert outcome.ended == CRASH
    assert outcome.why.startswith(f"{signal}, at or after mm/mremap.c:")
    assert ran(one()).ended == RETURNED


@pytest.mark.parametrize("statement", ["BUG();", "BUG_ON(nr);", "if (nr) BUG(); else nr++;"])
def test_bug_on(ran, statement):
    outcome = ran(one(), {SET: f"\t\t\t{statement}\n"})
    assert (outcome.ended, outcome.why) == (CRASH, f"BUG(), {line_of(SET)}")


def test_the_same_worker_runs_on_after_a_crash(ran):
    change = {SET: "\t\t\tif (nr == 2) { nr = *(volatile int *)NULL; }\n" + SET}
    two = scenario("arm64", pages("arm64", 0, 0x200, ["W", "W"]), at=(0, 0, 2), folios=FOLIO)
    hint = {"if (pte_batch_hint(slot, value) == 1)": "if (0)"}
    before = ran(one("arm64"), {**change, **hint})
    for _ in range(3):
        assert ran(two, {**change, **hint}).why.startswith("SIGSEGV")
        assert ran(one("arm64"), {**change, **hint}) == before
    assert before.ended == RETURNED


# What ends well and was not right.


def test_a_lock_left_held(ran):
    outcome = ran(one(), {"\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n": ""})
    assert (outcome.ended, outcome.held) == (RETURNED, (2,))


def test_a_lock_dropped_twice(ran):
    outcome = ran(one(), {"\t\tspin_unlock(new_lock);\n": "\t\tspin_unlock(new_lock);\n\tspin_unlock(new_lock);\n"})
    assert outcome.imbalances[0] == "the new page table lock is dropped but was not held"


def test_lazy_mode_left_on_and_a_table_left_mapped(ran):
    assert ran(one(), {END: ""}).lazy_mmu == 1
    assert ran(one(), {"\tpte_unmap(dst - 1);\n": ""}).mapped == 1


@pytest.mark.parametrize(("returned", "value"), [("-EINVAL", -22), ("7", 7), ("(int)0x80000000", -(1 << 31))])
def test_what_it_returns(ran, returned, value):
    assert ran(one(), {"\treturn ret;\n": f"\treturn {returned};\n"}).returned == value


PLACE = "a primitive gets an mm or an address that is not its entry's"


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    "call",
    ["set_ptes(&other, to, dst, pte, nr)", "set_ptes(mm, from, dst, pte, nr)", "set_pte_at(mm, to, dst + 1, pte)"],
)
def test_a_call_for_another_place(ran, arch, call):
    outcome = ran(one(arch), {SET: f"\t\t\tstatic struct mm_struct other; {call};\n"})
    assert (outcome.ended, outcome.violations) == (RETURNED, (PLACE,))


@pytest.mark.parametrize("arch", ARCHES)
def test_plain_stores_are_seen_in_the_tables(ran, arch):
    what = scenario(arch, {0: page(arch, 0x200, "W"), 9: swap(arch, 3, 8)}, folios=FOLIO)
    outcome = ran(what, {SET: "\t\t\t*dst = pte; dst[5] = seen; src[9] = __pte(0); src[10].pte = 4;\n"})
    assert outcome.ended == RETURNED
    assert outcome.tables[1][:6] == (outcome.tables[1][0], 0, 0, 0, 0, page(arch, 0x200, "W"))
    assert outcome.tables[1][0] != 0
    assert outcome.tables[0][:12] == (0,) * 10 + (4, 0)


def test_a_plain_store_is_seen_by_the_next_access(ran):
    outcome = ran(one(), {SET: f"\t\t\tdst->pte = 1; {SET.strip()} dst->pte = 3; nr = pte_none(ptep_get(dst)) + 1;\n"})
    assert outcome.tables[1][0] == 3
    assert outcome.events.index(("ptep_get", 1536)) + 1 == outcome.events.index(("R", 1536, 3))
