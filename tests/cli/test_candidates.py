# SPDX-License-Identifier: GPL-2.0-only
"""Candidates that misbehave: each is a divergence of its kind that names the line; none is a traceback or a hang."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review.models.move_ptes import v4
from tests.cli.conftest import SIGNATURE, Done, Run

Port = Callable[[str], str]
FEW = ("--max-examples", "8", "--arch", "x86_64")


def reviewed(cli: Run, name: str) -> Done:
    done = cli("check", "pre_patch", name, *FEW)
    assert "Traceback" not in done.out + done.err
    return Done(done.status, " ".join(done.out.split()), done.err)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("while True:\n    k.read(old_pmd.ptep)", 2),
        ("while True:\n    pass", 2),
        ("for i in iter(int, 1):\n    pass", 2),
        ("while True:\n    for i in range(3):\n        while True:\n            pass", 4),
        ("def inner():\n    while True:\n        pass\ninner()", 3),
        ("[k.read(old_pmd.ptep) for _ in iter(int, 1)]", 2),
        ("while True:\n    try:\n        k.read(old_pmd.ptep)\n    except Exception:\n        pass", 2),
    ],
)
def test_a_loop_that_never_ends_makes_no_progress(cli: Run, port: Port, body: str, line: int):
    done = reviewed(cli, port(body))
    assert done.status == 1
    assert "no-progress (high)" in done.out
    assert any(f"port.py:{at}." in done.out for at in (line, line + 1))


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("raise ValueError('too bad')", "crash (high)", "port.py raises ValueError: too bad, port.py:2."),
        ("1 / 0", "crash (high)", "port.py raises ZeroDivisionError: division by zero, port.py:2."),
        ("raise ValueError('two\\nlines')", "crash (high)", "port.py raises ValueError: two lines, port.py:2."),
        ("import sys\nsys.exit(0)", "crash (high)", "port.py raises SystemExit: 0, port.py:3."),
        ("k.ptep_get()", "crash (high)", "port.py:2."),
        ("return None", "crash (high)", "port.py raises TypeError: move_ptes() returned None, expected an int"),
        ("pass", "crash (high)", "port.py raises TypeError: move_ptes() returned None, expected an int"),
        ("return 0.0", "crash (high)", "port.py raises TypeError: move_ptes() returned 0.0, expected an int"),
        ("return no_such_name", "crash (high)", "raises NameError: name 'no_such_name' is not defined, port.py:2."),
        ("return pte\npte = 0", "unassigned-read (high)", "port.py reads `pte` before it is assigned (port.py:2)"),
        ("k.read(old_pmd.ptep - 1)", "table-overrun (critical)", "runs off the page table: entry -1 of the old table"),
        ("k.read(new_pmd.ptep + 512)", "table-overrun (critical)", "runs off the page table: entry 512 of the new"),
        ("k.read(10 ** 9)", "table-overrun (critical)", "port.py:2."),
        ("k.read(-5)", "table-overrun (critical)", "port.py:2."),
        ("k.pte_clear(1, 0, 0)", "table-overrun (critical)", "port.py:2."),
        ("k.set_ptes(1, 0, new_pmd.ptep, 5, 10 ** 9)", "table-overrun (critical)", "entry 512 of the new table"),
        ("return 0", "entry-left-behind (critical)", "and out of the new range"),
        ("return 7", "return-value (high)", "7 instead of 0"),
        ("k.spin_lock(1)\nreturn 0", "lock-leak (high)", "returns with the old page table lock held"),
        ("k.spin_unlock(1)\nreturn 0", "lock-leak (high)", "the old page table lock is dropped but was not held"),
        ("k.arch_enter_lazy_mmu_mode()\nreturn 0", "lock-leak (high)", "returns in lazy MMU mode"),
        ("k.store(old_pmd.ptep, 0)\nreturn 0", "primitive-contract (high)", "changed without its page-table lock"),
    ],
)  # fmt: skip
def test_what_it_does_is_named_with_its_line(cli: Run, port: Port, body: str, kind: str, says: str):
    done = reviewed(cli, port(body))
    assert (done.status, done.err) == (1, "")
    assert kind in done.out
    assert says in done.out


def test_recursion_without_an_end(cli: Run, port: Port):
    done = reviewed(cli, port(SIGNATURE + "    return move_ptes(k, pmc, extent, old_pmd, new_pmd)\n"))
    assert done.status == 1
    assert "no-progress (high)" in done.out or "RecursionError" in done.out


def test_one_that_prints(process: Run, port: Port):
    done = process("check", "pre_patch", port("print('hello')\nreturn 0"), *FEW)
    assert done.status == 1
    assert "entry-left-behind (critical)" in done.out


def test_a_helper_file_beside_it(process: Run, port: Port, folder: Path):
    """The candidate's own folder is where it imports from, wherever the command is run."""
    (folder / "elsewhere").mkdir()
    text = Path(v4.__file__).read_text().replace("def move_ptes", "def go")
    (folder / "elsewhere" / "my_helper.py").write_text(text)
    call = "from my_helper import go\n\n\n" + SIGNATURE + "    return go(k, pmc, extent, old_pmd, new_pmd)\n"
    (folder / "elsewhere" / "port.py").write_text(call)
    done = process("check", "v4", "elsewhere/port.py", *FEW)
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    "text",
    [
        "move_ptes = lambda k, pmc, extent, old_pmd, new_pmd: original(k, pmc, extent, old_pmd, new_pmd)",
        "def move_ptes(*arguments): return original(*arguments)",
        "def move_ptes(k, pmc, extent, old_pmd, new_pmd, more=None): return original(k, pmc, extent, old_pmd, new_pmd)",
        "class Port:\n    def __call__(self, *five): return original(*five)\nmove_ptes = Port()",
        "import functools\n@functools.wraps(original)\ndef move_ptes(*five): return original(*five)",
        "if True:\n    def move_ptes(*five): return original(*five)",
    ],
)
def test_ways_to_define_it(cli: Run, port: Port, text: str):
    done = cli("check", "v4", port(f"from pte_review.models.move_ptes.v4 import move_ptes as original\n{text}\n"), *FEW)
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("name", ["my port.py", "\u00fcn\u00ef\u2603.py", "d/random.py", "d/json.py", "v4.py", "port"])
def test_names_of_files(process: Run, folder: Path, name: str):
    """Also those that are a module's or a version's name, and one without .py."""
    (folder / "d").mkdir()
    (folder / name).write_text(Path(v4.__file__).read_text())
    done = process("check", "v4", name, "--max-examples", "2", "--arch", "arm64")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"v4 -> {name}: no difference found")


# -- known to be wrong


BREAK_THE_HARNESS = [
    (  # __tick is mangled inside a class
        "class Loop:\n    def go(self):\n        for i in range(3):\n            pass\n        return 0\n"
        + SIGNATURE + "    return Loop().go()\n",
        "entry-left-behind",
    ),
    # Initialising the variable does not help, so the run that is to show what comes of it ends in the same way.
    (SIGNATURE + "    pte = 1\n    del pte\n    return pte\n", "unassigned-read"),
    (
        SIGNATURE + "    def inner():\n        return pte\n        pte = 1\n    pte = inner()\n    return pte\n",
        "unassigned-read",
    ),
    (SIGNATURE + "    k.store(old_pmd.ptep, 1 << 70)\n    return 0\n", "crash"),
    (SIGNATURE + "    k.store(old_pmd.ptep, 'x')\n    return 0\n", "crash"),
    (SIGNATURE + "    raise BaseException('x')\n", "crash"),
    (SIGNATURE + "    k.set_pte_at(1, k.places.va(new_pmd.ptep), new_pmd.ptep, 10**30)\n    return 0\n", "crash"),
    (SIGNATURE + "    k.folio_pte_batch(None, 0, 0, 10**30, 1, 0)\n    return 0\n", "crash"),
    (SIGNATURE + "    return 10**5000\n", "crash"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), BREAK_THE_HARNESS)
def test_candidates_that_break_the_harness(process: Run, port: Port, text: str, kind: str):
    done = process("check", "pre_patch", port(text), *FEW)
    assert done.status == 1
    assert "Traceback" not in done.err
    assert f"\n{kind} (" in done.out
    assert "_tick" not in done.out


def test_a_primitive_that_is_not_modelled_is_inconclusive(cli: Run, port: Port):
    done = cli("check", "pre_patch", port(SIGNATURE + "    k.no_such_primitive()\n    return 0\n"), *FEW)
    assert done.status == 3
    assert "INCONCLUSIVE (k.no_such_primitive is not modelled, port.py:2)" in " ".join(done.out.split())


@pytest.mark.parametrize("then", ["return 0", "raise ValueError('x') from None"])
def test_one_that_catches_everything_is_stopped_all_the_same(cli: Run, port: Port, then: str):
    body = f"    try:\n        while True:\n            pass\n    except BaseException:\n        {then}\n"
    done = cli("check", "pre_patch", port(SIGNATURE + body), *FEW)
    assert done.status == 1
    assert "no-progress (high)" in done.out


@pytest.mark.parametrize(
    "call", ["k.folio_pte_batch(folio, ptep, pte, max_nr)", "k.folio_pte_batch(folio, addr, ptep, pte, max_nr, 3)"]
)
def test_both_signatures_of_folio_pte_batch(cli: Run, port: Port, call: str):
    """Five arguments and out-pointers until v6.16, three beside the folio since."""
    text = Path(v4.__file__).read_text().replace("k.folio_pte_batch(folio, addr, ptep, pte, max_nr, flags)", call)
    text = text.replace(
        "k.get_and_clear_full_ptes(mm, old_addr, old_ptep, nr_ptes, 0)",
        "k.get_and_clear_ptes(mm, old_addr, old_ptep, nr_ptes)",
    )
    done = cli("check", "v4", port(text), *FEW)
    assert (done.status, done.err) == (0, "")
