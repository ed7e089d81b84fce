# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review boot`: what is refused, what the exit status says, what a person reads. The guest is a stand-in."""

from pathlib import Path

import pytest

from pte_review.harness.cli import boot as command
from pte_review.harness.live.boot import Booted
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.packages import KernelPackage
from tests.cli.conftest import Run
from tests.kit.binaries import EM_X86_64, PT_INTERP, arm64, bzimage, elf
from tests.kit.golden import assert_golden

ENDED = Booted(0, b"ok 1\n", "[ 0.1] Linux version\nto stderr\n", 4.25, userspace=4.0)


class Stand_in:
    """Of boot(): keeps how it was called, and brings back what a test says."""

    def __init__(self) -> None:
        self.booted = ENDED
        self.options: dict[str, object] = {}

    def __call__(self, kernel: KernelImage, program: Path, arguments: tuple[str, ...], **options: object) -> Booted:
        self.options = {"kernel": kernel, "program": program, "arguments": tuple(arguments), **options}
        options["receive"](self.booted.output)  # type: ignore[operator]
        return self.booted


@pytest.fixture
def guest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stand_in:
    (folder / "Image").write_bytes(arm64())
    (folder / "program").write_bytes(elf(EM_X86_64))
    guest = Stand_in()
    monkeypatch.setattr(command, "boot", guest)
    return guest


def test_the_output_and_how_it_ended(cli: Run, guest: Stand_in):
    done = cli("boot", "./Image", "--run", "program")
    assert (done.status, done.out) == (0, "ok 1\n")
    assert done.err == ("pte-review: 6.17.8-arm64 (arm64, tcg): exit status 0; 4.0 s to the program, 4.2 s in all\n")


@pytest.mark.parametrize(
    ("status", "exit_status", "words"),
    [
        (0, 0, "exit status 0"),
        (4, 3, "exit status 4"),  # KSFT_SKIP
        (1, 1, "exit status 1"),
        (2, 1, "exit status 2"),
        (127, 1, "exit status 127"),
        (139, 1, "signal 11"),
    ],
)
def test_the_exit_status(cli: Run, guest: Stand_in, status: int, exit_status: int, words: str):
    guest.booted = Booted(status, b"", "", 1.0)
    done = cli("boot", "./Image", "--run", "program")
    assert done.status == exit_status
    assert words in done.err


def test_a_panic_has_its_last_lines(cli: Run, guest: Stand_in):
    console = "one\n[ 1.0] Kernel panic - not syncing: no\n[ 1.1] Call trace:\n"
    guest.booted = Booted(None, b"until then\n", console, 1.0, "Kernel panic - not syncing: no")
    done = cli("boot", "./Image", "--run", "program")
    assert (done.status, done.out) == (2, "until then\n")
    assert done.err == (
        "pte-review: 6.17.8-arm64: the program did not end: Kernel panic - not syncing: no\n"
        "one\n[ 1.0] Kernel panic - not syncing: no\n"
    )


def test_what_the_guest_does_without_is_said(cli: Run, guest: Stand_in):
    guest.booted = Booted(0, b"", "", 1.0, notes=("no swap: /dev/zram0: No such device",))
    assert "pte-review: the guest says: no swap: /dev/zram0" in cli("boot", "./Image", "--run", "program").err


def test_all_behind_run_is_the_programs(cli: Run, guest: Stand_in, folder: Path):
    (folder / "note").write_bytes(b"text")
    options = ["--seconds", "5", "--cpus", "2", "--append", "a=1 b", "--file", "note"]
    assert cli("boot", "./Image", *options, "--run", "program", "--list", "--run", "", "--seconds=x").status == 0
    assert guest.options["arguments"] == ("--list", "--run", "", "--seconds=x")
    assert (guest.options["seconds"], guest.options["cpus"]) == (5, 2)
    assert guest.options["parameters"] == ["a=1", "b"]
    assert guest.options["files"] == {"files/note": b"text"}


def test_the_console(cli: Run, guest: Stand_in, folder: Path):
    assert cli("boot", "./Image", "--console", "console.txt", "--run", "program").status == 0
    assert (folder / "console.txt").read_text() == ENDED.console


def test_output_that_is_no_text(cli: Run, guest: Stand_in):
    guest.booted = Booted(0, b"\xff\x1b[2J\xc3\xa9\n", "", 1.0)
    assert cli("boot", "./Image", "--run", "program").out == "\ufffd\\x1b[2J\xe9\n"


ERRORS = """boot
boot Image
boot Image --run
boot --run program
boot none/Image --run program
boot text --run program
boot Image --arch x86_64 --run program
boot Image --arch arm --run program
boot Image --run program
boot bzImage --run none
boot bzImage --run text
boot bzImage --run dynamic
boot bzImage --run none.c
boot bzImage --seconds 0 --run program
boot bzImage --cpus 65 --run program
boot bzImage --append= --run program
boot bzImage --file none --run program
boot bzImage --console nowhere/x --run program
boot bzImage --console program --run program"""


def test_errors(folder: Path, refused: Run):
    (folder / "Image").write_bytes(arm64())
    (folder / "bzImage").write_bytes(bzimage())
    (folder / "program").write_bytes(elf(EM_X86_64))
    (folder / "dynamic").write_bytes(elf(EM_X86_64, PT_INTERP))
    (folder / "text").write_text("text\n")
    assert_golden(
        "errors-boot", "".join(f"$ pte-review {line}\n{refused(*line.split()).err}" for line in ERRORS.splitlines())
    )


def test_list(cli: Run, monkeypatch: pytest.MonkeyPatch):
    """Of the archive and of the cache folder, by release."""

    def package(version: str, arch: str) -> KernelPackage:
        return KernelPackage(f"{version}-{arch}", version, arch, ())

    there = [package("6.12.9", "arm64"), package("6.12.10", "arm64"), package("6.12.10", "x86_64")]
    here = [package("6.12.10", "x86_64"), package("7.3-rc7", "arm64"), package("7.3", "arm64")]
    monkeypatch.setattr(command, "listed", lambda: there)
    monkeypatch.setattr(command, "cached", lambda: here)
    done = cli("boot", "--list")
    assert done.status == 0
    assert_golden("boot-list", done.out)


def test_list_without_an_archive(cli: Run, monkeypatch: pytest.MonkeyPatch):
    def listed() -> list[KernelPackage]:
        raise LiveError("kernels by release: no")

    monkeypatch.setattr(command, "listed", listed)
    monkeypatch.setattr(command, "cached", lambda: [KernelPackage("7.3-arm64", "7.3", "arm64", ())])
    done = cli("boot", "--list")
    assert (done.status, done.err) == (0, "pte-review: kernels by release: no\n")
    assert done.out.splitlines()[1].split() == ["7.3", "-", "cached"]
    monkeypatch.setattr(command, "cached", list)
    assert cli("boot", "--list").status == 2
