# SPDX-License-Identifier: GPL-2.0-only
"""Every program compiles without a warning, says nothing of a right kernel, and sees a wrong one."""

import subprocess
from pathlib import Path

import pytest

from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, SKIP, on_host
from pte_review.harness.live.reproduce.visible import CHECKS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.golden import assert_golden
from tests.kit.host import ARCH, compiler_of, is_root, skip_without_state
from tests.kit.reproducible import CASES, ON_X86, all_cases, case, contpte, counterexample
from tests.kit.trees import ROOT

STRICT = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-")
HERE = [name for name, arch in all_cases() if arch == ARCH]


def text_of(name: str, arch: str) -> str:
    return reproducer(MOVE_PTES, case(name, arch))


def compiled(text: str, arch: str) -> str:
    """What the compiler says."""
    command = [*compiler_of(arch), *STRICT]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stderr


def test_every_kind_that_can_be_seen_has_a_case():
    assert {kind for kind, _ in CASES.values()} == set(CHECKS)


@pytest.mark.parametrize(("name", "arch"), all_cases())
def test_compiles_without_a_warning(name: str, arch: str):
    assert compiled(text_of(name, arch), arch) == ""


def test_contpte_blocks_are_for_arm64_alone():
    text = reproducer(MOVE_PTES, counterexample("write-gained", contpte()))
    assert compiled(text, "arm64") == ""
    assert "only arm64 has contpte blocks" in compiled(text, "x86_64")


@pytest.mark.parametrize(("name", "arch"), all_cases())
def test_looks_like_kernel_code(name: str, arch: str):
    """What checkpatch.pl would say of lines."""
    text = text_of(name, arch)
    assert text.startswith("// SPDX-License-Identifier: GPL-2.0\n/*\n")
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line.expandtabs(8)) <= 100, line
        assert line.isascii()
        assert not line.startswith("    ")
    assert "\n\n\n" not in text


@is_root
@pytest.mark.parametrize("name", HERE)
def test_shows_nothing_of_a_right_kernel(name: str):
    answer = on_host(ARCH, text_of(name, ARCH))
    skip_without_state(answer)
    assert answer.status == PASS, answer.output
    assert answer.output == f"TAP version 13\n1..1\n# state reached, not shown\nok 1 {CASES[name][0]}\n"


# What a kernel with the bug does: right system calls that leave what it would leave.
WRONG = {
    "write-gained": "write_in_child(moved, (char *)old + 4096)",
    "write-gained-file": "put_mark_of(moved, 0)",
    "write-gained-soft-dirty": "put_mark_of(moved, 0)",
    "write-lost": "share()",
    "write-lost-all-writable": "share()",
    "entry-lost": "lose(PAGE_AT(3))",
    "entry-lost-markers": "lose(PAGE_AT(LAST_PAGE))",
    "entry-lost-uffd-marker": "lose(moved)",
    "entry-lost-one-table": "lose(moved)",
    "entry-lost-shmem-folio": "lose_from_file(PAGE_AT(2))",
    "entry-left-behind": "put_mark_of(old, 0)",
    "entry-duplicated": "put_mark_of(old, 0)",
    "foreign-entry": "put_mark_of(moved, 1)",
    "wrong-page": "put_mark_of(PAGE_AT(2), 2)",
    "unassigned-read": "lose(moved)",
    "dirty-lost": "lose_from_file(moved)",
    "uffd-wp-kept": "write_protect_all(moved, pages)",
    "uffd-wp-kept-swap": "write_protect_all(moved, pages)",
    "uffd-wp-lost": "lose(PAGE_AT(1))",
    "uffd-wp-lost-shmem": "map_another(moved)",
    "soft-dirty-missing": "drop_soft_dirty()",
    "outside-range": "put_mark_of(PAGE_AT(3), 3)",
}  # fmt: skip
BROKEN = ROOT / "tests" / "data" / "reproduce" / "broken.h"


def broken(text: str, statement: str) -> str:
    """The program with an mremap() after which `statement` happens."""
    return text.replace("#define _GNU_SOURCE\n", f"#define BREAK\t{statement}\n{BROKEN.read_text()}", 1)


def test_every_kind_is_broken_once():
    assert {CASES[name][0] for name in WRONG} == set(CHECKS)


@is_root
@pytest.mark.parametrize("name", [name for name in WRONG if name in HERE])
def test_shows_what_a_wrong_kernel_does(name: str):
    answer = on_host(ARCH, broken(text_of(name, ARCH), WRONG[name]))
    skip_without_state(answer)
    assert answer.status == FAIL, answer.output
    assert answer.output.endswith(f"\nnot ok 1 {CASES[name][0]}\n")


# A step that does nothing leaves another state, which the program has to notice.
@is_root
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("write-gained", 'advise(0, 1, MADV_DONTFORK, "MADV_DONTFORK");'),
        ("write-gained", "fork_witness();"),
        ("write-gained", "make_folio(0, 2);"),
        ("write-lost", 'advise(1, 1, MADV_DOFORK, "MADV_DOFORK");'),
        ("entry-lost", "swap_out(2, 1);"),
        ("entry-lost-markers", 'advise(0, 1, MADV_GUARD_INSTALL, "MADV_GUARD_INSTALL");'),
        ("entry-lost-markers", "poison(2, 1);"),
        ("entry-lost-uffd-marker", "write_protect(0, 1);"),
        ("entry-left-behind", "write_protect(0, 1);"),
        ("entry-lost-zero-page", "read_pages(0, 1);"),
        ("uffd-wp-kept", "write_protect(0, 1);"),
        ("uffd-wp-lost", "write_protect(0, 3);"),
        ("foreign-entry", "write_pages(0, 2);"),
    ],
)
def test_a_step_that_does_nothing_is_noticed(name: str, call: str):
    if name not in HERE:
        pytest.skip("another architecture")
    text = text_of(name, ARCH)
    assert f"\t{call}\n" in text
    skip_without_state(on_host(ARCH, text))
    parts = text.rpartition(f"\t{call}\n")
    touched = ("make_folio" in call and "\twrite_pages(0, 2);\n") or ""
    answer = on_host(ARCH, f"{parts[0]}{touched}{parts[2]}")
    assert answer.status == SKIP, answer.output


@pytest.mark.parametrize(("name", "arch"), [("write-gained", "x86_64"), ("entry-lost", "x86_64")])
def test_golden(name: str, arch: str):
    assert_golden(f"reproducer-{name}", text_of(name, arch).expandtabs(8))


def test_arm64_has_no_soft_dirty():
    assert not {name for name, arch in all_cases() if arch == "arm64"} & set(ON_X86)


def test_pieces_name_no_path(tmp_path: Path):
    assert str(tmp_path.parent) not in text_of("write-gained", "x86_64")
