# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel in QEMU to run one program and returns its output and exit status; leaves no file behind."""

import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.live.build import check_program
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.images import image_of, read_image
from pte_review.harness.live.initrd import initrd, needs_disk
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.modules import modules_in_order
from pte_review.harness.live.qemu import DISK, KVM, TCG, Guest, accelerator, command, kvm_failed
from pte_review.harness.live.running import ERRORS, MOST_OUTPUT, Emulation, Receive, running
from pte_review.harness.progress import Listen, Progress, silent

LAST_LINES = 12
DISK_BYTES = 64 << 20  # as much as SWAP_BYTES of init.c
LOOK_EVERY = 0.02  # seconds
KVM_FAILED = "KVM internal error"  # QEMU says so on its stderr, and pauses the guest
PANIC = "Kernel panic"
INIT_SAYS = "pte-review: "  # on the console, where it has no port
# Lines of init.c.
ENDED = re.compile(r"^(?P<how>exit|signal) (?P<number>\d{1,3})$", re.MULTILINE)
NOTE = "note "
OF_SIGNAL = 128  # what a shell adds to the number of a signal


@dataclass(frozen=True)
class Booted:
    """What a boot brought back."""

    status: int | None  # the exit status of the program, 128 + N for signal N; None if it never ended
    output: bytes  # its stdout
    console: str  # kernel messages, and the program's stderr; the last of them
    seconds: float  # from the start of QEMU to its end
    why: str = ""  # it never ended: a panic, the time, too much output
    userspace: float = 0.0  # seconds from the start of QEMU to the start of the program
    accelerator: str = TCG
    notes: tuple[str, ...] = ()  # what the run did without, such as swap


def ignore(_: bytes) -> None:
    """Nobody wants the output as it comes."""


def boot(
    kernel: KernelImage,
    program: Path,
    arguments: Sequence[str] = (),
    *,
    seconds: float = 120,
    cpus: int = 1,
    files: Mapping[str, bytes] | None = None,
    megabytes: int = 1024,
    parameters: Sequence[str] = (),
    listen: Listen = silent,
    receive: Receive = ignore,
) -> Booted:
    """Run the static `program` as root on `kernel`, in a guest with nothing but it, `files` and a swap device.

    The bound of the clock is `seconds`, for boot and program together. `files` are put under their names, and
    `parameters` behind the kernel's command line. `listen` hears how far the time is, `receive` the output as it
    comes. Raises LiveError for a kernel that does not get as far as the program.
    """
    modules = modules_in_order(kernel.modules)
    archive = initrd(kernel.arch, modules, _program_bytes(program, kernel.arch), arguments, files or {})
    inner = image_of(read_image(kernel.image), str(kernel.image)).inner
    with tempfile.TemporaryDirectory(prefix="pte-review-boot-") as name:
        folder = Path(name)
        (folder / "initrd").write_bytes(archive)
        with (folder / DISK).open("wb") as disk:
            disk.truncate(DISK_BYTES)  # takes no room until the guest writes
        if inner is not None:
            (folder / "image").write_bytes(inner)
        image = kernel.image.absolute() if inner is None else folder / "image"
        guest = Guest(image, folder, cpus, megabytes, tuple(parameters), has_disk=needs_disk(modules))
        for accel in dict.fromkeys((accelerator(kernel.arch), TCG)):
            with running(command(kernel.arch, accel, guest), folder, seconds, receive) as run:
                why = _watch(run, kernel, accel, seconds, listen)
            if why != KVM_FAILED:
                return _concluded(run, kernel, accel, why)
            kvm_failed()
    raise AssertionError("TCG fails as KVM does")


def _program_bytes(program: Path, arch: str) -> bytes:
    try:
        data = program.read_bytes()
    except OSError as error:
        raise LiveError(f"{program}: {error.strerror}: expected a static program for {arch}, or a C file") from None
    check_program(data, arch, str(program))
    return data


def _watch(run: Emulation, kernel: KernelImage, accel: str, limit: float, listen: Listen) -> str:
    """Wait until QEMU ends; why it is to be ended, if it is."""
    while not run.ended:
        if accel == KVM and KVM_FAILED in run.text(ERRORS):
            return KVM_FAILED
        if run.seconds > limit:
            return f"stopped after {limit:g} seconds, try more"
        if run.too_much:
            break
        run.look()
        what = "runs" if run.userspace else "boots"
        listen(Progress(f"{kernel.release} {what}", min(int(run.seconds), int(limit)), int(limit)))
        time.sleep(LOOK_EVERY)
    return f"it filled a file of {MOST_OUTPUT >> 20} MB" if run.too_much else ""


def last_lines(console: str) -> list[str]:
    """The last lines of a console: up to a panic, behind which there is the way to it alone."""
    lines = [line for line in console.splitlines() if line.strip()]
    end = next((number for number, line in enumerate(lines, 1) if PANIC in line), len(lines))
    return lines[:end][-LAST_LINES:]


def _concluded(run: Emulation, kernel: KernelImage, accel: str, why: str) -> Booted:
    """What the files say. Raises LiveError where the program was never started."""
    run.look()
    lines_of_init, console = run.text("status"), run.text("console")
    panic = next((line[line.index(PANIC) :] for line in console.splitlines() if PANIC in line), "")
    if not run.userspace:
        lines = [line for line in console.splitlines() if line.startswith(INIT_SAYS)]
        errors = run.text(ERRORS).strip().splitlines()
        reason = panic or why or (lines or errors or ["QEMU ended before the program was started"])[-1]
        raise LiveError(f"{kernel.image}: {kernel.release} does not boot: {reason}", last_lines(console))
    ended = ENDED.search(lines_of_init)
    status = int(ended["number"]) + (OF_SIGNAL if ended["how"] == "signal" else 0) if ended else None
    why = "" if ended else panic or why or "the guest went off"
    notes = tuple(line.removeprefix(NOTE) for line in lines_of_init.splitlines() if line.startswith(NOTE))
    with (run.folder / "output").open("rb") as file:
        output = file.read(MOST_OUTPUT)
    return Booted(status, output, console, run.seconds, why, run.userspace, accel, notes)
