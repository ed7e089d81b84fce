# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review reproduce`: the program, where it is written, what is refused, what kernels answer."""

from pathlib import Path

import pytest

from pte_review.harness.cli import reproduce
from pte_review.harness.files.counterexample import dumps
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, SKIP, Answer
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.cli.conftest import Run
from tests.kit.golden import assert_golden
from tests.kit.host import ARCH, compiler_of, is_root
from tests.kit.reproducible import case, counterexample, entries

KERNEL = KernelImage("6.17.8-test", "x86_64", Path("vmlinuz"), None)
TAPS = {
    PASS: "TAP version 13\n1..1\n# state reached, not shown\nok 1 write-gained\n",
    FAIL: "TAP version 13\n1..1\n# page 1: it is so\nnot ok 1 write-gained\n",
    SKIP: "TAP version 13\n1..1\nok 1 # SKIP state not reached: no swap\n",
}


@pytest.fixture
def saved(folder: Path) -> Path:
    (folder / "a.json").write_text(dumps(case("write-gained", "x86_64")))
    return folder / "a.json"


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels whose name is the exit status of what runs there."""

    def answer(kernel: KernelImage, text: str, listen: object) -> Answer:
        status = int(kernel.release) if kernel.release.isdigit() else None
        return Answer(
            f"{kernel.release} {kernel.arch}", status, TAPS.get(status, ""), 1.25, "" if status is not None else "panic"
        )

    monkeypatch.setattr(reproduce, "kernel_of", lambda name, arch, listen: KernelImage(name, arch, Path(name), None))
    monkeypatch.setattr(reproduce, "on_kernel", answer)


def test_the_program_goes_to_stdout(cli: Run, saved: Path):
    done = cli("reproduce", saved.name)
    assert (done.status, done.err) == (0, "")
    assert done.out == reproducer(MOVE_PTES, case("write-gained", "x86_64"))


def test_or_into_a_file(cli: Run, saved: Path, folder: Path):
    done = cli("reproduce", saved.name, "-o", "a.c")
    assert (done.status, done.out, done.err) == (0, "", "")
    assert (folder / "a.c").read_text() == reproducer(MOVE_PTES, case("write-gained", "x86_64"))
    assert sorted(path.name for path in folder.iterdir()) == ["a.c", "a.json"]


def test_never_over_its_input(cli: Run, saved: Path):
    before = saved.read_text()
    done = cli("reproduce", saved.name, "-o", "a.json")
    assert (done.status, done.out) == (2, "")
    assert done.err == "pte-review: -o a.json: the call reads a.json\n"
    assert saved.read_text() == before


@pytest.mark.parametrize(
    ("kind", "slots", "why"),
    [
        ("stale-tlb", ["W"], "userspace cannot see stale-tlb: "),
        ("dirty-lost", ["WD"], "reclaim writes an anonymous page to swap"),
        ("write-lost", ["", "N"], "old[1]: NUMA balancing"),
    ],
)
def test_what_cannot_be_reproduced_is_said_on_one_line(cli: Run, folder: Path, kind: str, slots: list[str], why: str):
    (folder / "b.json").write_text(dumps(counterexample(kind, entries("x86_64", *slots))))
    done = cli("reproduce", "b.json", "-o", "b.c", "--on", "6.17.8")
    assert (done.status, done.err) == (3, "")
    assert done.out.startswith(f"b.json: not reproduced: {why}")
    assert done.out.count("\n") == 1
    assert not (folder / "b.c").exists()


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(
    ("names", "status"),
    [(["0"], 0), (["0", "1"], 1), (["1", "4"], 1), (["4"], 3), (["0", "4"], 3), (["139"], 3), (["panics"], 3)],
)
def test_the_exit_status_is_that_of_all_kernels(cli: Run, saved: Path, names: list[str], status: int):
    done = cli("reproduce", saved.name, *(part for name in names for part in ("--on", name)))
    assert (done.status, done.err) == (status, "")


@pytest.mark.usefixtures("kernels")
def test_one_line_a_kernel(cli: Run, saved: Path):
    on = ("--on", "0", "--on", "1", "--on", "4", "--on", "139", "--on", "panics")
    assert_golden("reproduce", cli("reproduce", saved.name, *on).out)


def test_a_kernel_that_is_not_there(cli: Run, saved: Path, monkeypatch: pytest.MonkeyPatch):
    def none(name: str, arch: str, listen: object) -> KernelImage:
        raise LiveError(f"{name}: no such kernel")

    monkeypatch.setattr(reproduce, "kernel_of", none)
    done = cli("reproduce", saved.name, "--on", "0.1")
    assert (done.status, done.out, done.err) == (2, "", "pte-review: 0.1: no such kernel\n")


def test_another_architecture_does_not_run_here(cli: Run, folder: Path):
    other = "arm64" if ARCH == "x86_64" else "x86_64"
    (folder / "c.json").write_text(dumps(case("write-gained", other)))
    done = cli("reproduce", "c.json", "--on", "host")
    assert (done.status, done.out) == (2, "")
    assert f"the counterexample is of {other}" in done.err


@is_root
def test_on_this_machine(cli: Run, folder: Path):
    compiler_of(ARCH)
    (folder / "d.json").write_text(dumps(case("foreign-entry", ARCH)))
    done = cli("reproduce", "d.json", "--on", "host")
    assert (done.status, done.err) == (0, "")
    assert "not shown" in done.out
    assert "    # state reached, not shown\n    ok 1 foreign-entry\n" in done.out
