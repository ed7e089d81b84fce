# SPDX-License-Identifier: GPL-2.0-only
"""What a boot brings back: with a stand-in for QEMU that fills the files as a guest would, and with real kernels."""

import multiprocessing
import os
import shutil
import signal
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review.harness.live import boot as booting
from pte_review.harness.live import initrd as packing
from pte_review.harness.live import qemu, running
from pte_review.harness.live.boot import Booted, boot
from pte_review.harness.live.build import static_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage
from pte_review.models.arch import ARCHES
from tests.kit.binaries import EM_AARCH64, arm64, elf
from tests.kit.kernel_text import children, left_since
from tests.kit.live import live_kernel

Guest = Callable[..., Booted]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the boots of a test."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "temporary"


@pytest.fixture
def guest(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """Boots with a QEMU that runs the lines of `script`, in the folder of the files that a guest fills."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "image").write_bytes(arm64())
    (tmp_path / "program").write_bytes(elf(EM_AARCH64))
    kernel = KernelImage("6.17.8-arm64", "arm64", tmp_path / "image", None)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(packing, "static_program", lambda sources, arch: tmp_path / "program")

    def run(script: str, **options: object) -> Booted:
        path = tmp_path / "bin" / "qemu-system-aarch64"
        path.write_text(f'#!/bin/sh\ncd {folder}/* || exit 1\nargs="$*"\n{script}\n')
        path.chmod(0o755)
        before = children()
        try:
            return boot(kernel, tmp_path / "program", **options)
        finally:
            assert list(folder.iterdir()) == []
            assert left_since(before) == set()

    return run


STARTED = "echo 'started 1.00' >>status\n"


def test_a_program_that_ends(guest: Guest):
    pieces: list[bytes] = []
    script = (
        "echo hello >console; echo 'note no swap' >>status\n" + STARTED + "echo out >output; echo 'exit 3' >>status"
    )
    booted = guest(script, receive=pieces.append)
    assert (booted.status, booted.output, booted.console, booted.why) == (3, b"out\n", "hello\n", "")
    assert booted.notes == ("no swap",)
    assert b"".join(pieces) == b"out\n"


def test_a_signal_is_told_as_a_shell_does(guest: Guest):
    assert guest(STARTED + "echo 'signal 11' >>status").status == 139


def test_a_panic_keeps_what_was_written(guest: Guest):
    booted = guest(STARTED + "echo out >output; echo '[ 1.0] Kernel panic - not syncing: no' >console")
    assert (booted.status, booted.output, booted.why) == (None, b"out\n", "Kernel panic - not syncing: no")


def test_a_program_without_end_is_stopped(guest: Guest):
    began = time.monotonic()
    booted = guest(STARTED + "echo out >output; sleep 60", seconds=0.5)
    assert time.monotonic() - began < 10
    assert (booted.status, booted.output) == (None, b"out\n")
    assert booted.why == "stopped after 0.5 seconds, try more"


def test_output_has_a_bound(guest: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "MOST_OUTPUT", 1 << 20)
    monkeypatch.setattr(booting, "MOST_OUTPUT", 1 << 20)
    booted = guest(STARTED + "exec cat /dev/zero >output")
    assert (booted.status, len(booted.output)) == (None, 1 << 20)
    assert booted.why == "it filled a file of 1 MB"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_process_that_is_killed(guest: Guest, folder: Path, how: signal.Signals):
    process = multiprocessing.get_context("fork").Process(target=guest, args=(STARTED + "echo $$ >pid; sleep 60",))
    process.start()
    pid = wait_for(lambda: next((int(path.read_text() or 0) for path in folder.glob("*/pid")), 0))
    os.kill(process.pid or 0, how)
    process.join()
    wait_for(lambda: not Path(f"/proc/{pid}").exists() and not list(folder.iterdir()))


def wait_for(what: Callable[[], int]) -> int:
    """The first value of `what` that is not 0, within ten seconds."""
    began = time.monotonic()
    while not (value := what()):
        assert time.monotonic() - began < 10
        time.sleep(0.02)
    return value


def test_the_system_holds_the_bound(guest: Guest):
    """So that it holds where nobody looks: in blocks of 512 bytes, as POSIX has `ulimit -f`."""
    assert guest(STARTED + "ulimit -f >output").output == f"{running.MOST_OUTPUT // 512}\n".encode()


def test_what_does_not_boot_has_its_last_lines(guest: Guest):
    script = "seq 30 >console; echo '[ 1.0] Kernel panic - not syncing: VFS' >>console; echo '---[ end' >>console"
    with pytest.raises(LiveError, match=r"6\.17\.8-arm64 does not boot: Kernel panic - not syncing: VFS$") as caught:
        guest(script)
    assert caught.value.details == (*map(str, range(20, 31)), "[ 1.0] Kernel panic - not syncing: VFS")


def test_what_qemu_says_is_shown(guest: Guest):
    with pytest.raises(LiveError, match="does not boot: qemu: could not load kernel"):
        guest("echo 'qemu: could not load kernel' >&2; exit 1")


def test_what_init_says_is_shown(guest: Guest):
    """Where the kernel has no driver for the ports, on the console."""
    with pytest.raises(LiveError, match=r"does not boot: pte-review: no virtio port: the kernel needs X$"):
        guest(
            "echo 'pte-review: no virtio port: the kernel needs X' >console; echo '[ 2.0] reboot: Power down' >>console"
        )


def test_tcg_after_kvm(guest: Guest, monkeypatch: pytest.MonkeyPatch):
    """A guest that KVM cannot go on with is started again; the next begins with TCG."""
    monkeypatch.setattr(qemu, "host_arch", lambda: "arm64")
    monkeypatch.setattr(booting, "accelerator", lambda arch: qemu.TCG if qemu._fails() else qemu.KVM)
    script = textwrap.dedent("""
        case "$args" in *"-accel kvm"*) echo "KVM internal error. Suberror: 1" >&2; sleep 60; esac
        echo 'started 1.00' >>status; echo 'exit 0' >>status
    """)
    assert guest(script).accelerator == "tcg"
    assert qemu.accelerator("arm64") == "tcg"


def test_no_name_of_the_guest_is_taken(guest: Guest):
    for name in ("init", "/tmp/x", "dev/../dev/x"):
        with pytest.raises(LiveError, match=r"that name is taken in the guest"):
            guest("", files={name: b""})


def test_no_qemu(guest: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(LiveError, match=r"^no qemu-system-aarch64: .*; try apt-get install qemu-system-arm$"):
        guest("")


# -- kernels that run

PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char swaps[4096], orders[256], note[64];
	struct utsname names;

	uname(&names);
	read(open("/proc/swaps", O_RDONLY), swaps, sizeof(swaps) - 1);
	read(open("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", O_RDONLY), orders, sizeof(orders) - 1);
	read(open("/files/note", O_RDONLY), note, sizeof(note) - 1);
	dprintf(1, "%s %d %s %d %d %s", names.release, argc, argv[1], !!strstr(swaps, "/dev/"),
		!!strstr(orders, "[madvise]"), note);
	dprintf(2, "to the console\n");
	if (!strcmp(argv[1], "panic"))
		write(open("/proc/sysrq-trigger", O_WRONLY), "c", 1);
	return 3;
}
"""


@pytest.fixture(params=ARCHES)
def kernel(request: pytest.FixtureRequest) -> KernelImage:
    """The newest release, for each architecture."""
    return live_kernel("7.3", request.param)


@pytest.fixture
def program(kernel: KernelImage, tmp_path: Path) -> Path:
    (tmp_path / "program.c").write_text(PROGRAM)
    return static_program([tmp_path / "program.c"], kernel.arch)


@pytest.mark.slow
def test_a_kernel(kernel: KernelImage, program: Path):
    """It has swap and large folios, and gives back the output, the exit status and the console."""
    booted = boot(kernel, program, ["a b"], files={"files/note": b"here"}, seconds=300)
    assert booted.output.decode() == f"{kernel.release} 2 a b 1 1 here"
    assert (booted.status, booted.why, booted.notes) == (3, "", ())
    assert "to the console\n" in booted.console


@pytest.mark.slow
def test_a_kernel_that_panics(kernel: KernelImage, program: Path):
    booted = boot(kernel, program, ["panic"], seconds=300)
    assert booted.status is None
    assert booted.output.startswith(kernel.release.encode())
    assert booted.why == "Kernel panic - not syncing: sysrq triggered crash"


@pytest.mark.slow
def test_an_initrd_without_a_file_system(kernel: KernelImage, program: Path, monkeypatch: pytest.MonkeyPatch):
    """A kernel that does not come as far as init says why."""
    monkeypatch.setattr(booting, "initrd", lambda *arguments: b"")
    with pytest.raises(LiveError, match=r"does not boot: Kernel panic - not syncing: VFS: Unable to mount root fs"):
        boot(kernel, program, seconds=300)
