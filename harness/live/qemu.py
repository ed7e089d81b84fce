# SPDX-License-Identifier: GPL-2.0-only
"""The command line of QEMU for a guest of each architecture."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import host_arch
from pte_review.models.native.cache import cache_folder

BOOT = Path("/proc/sys/kernel/random/boot_id")
KVM, TCG = "kvm", "tcg"
KVM_CREATE_VM = 0xAE01  # <linux/kvm.h>


@dataclass(frozen=True)
class Emulator:
    """How QEMU emulates an architecture. `cpu` is that under TCG; under KVM it is the host's."""

    program: str
    package: str
    options: tuple[str, ...]
    cpu: str
    console: str


# cortex-a76: contpte needs nothing of the CPU, hardware access and dirty flags need ARMv8.1. `max` is slow under TCG:
# pointer authentication is emulated.
QEMU = {
    "x86_64": Emulator("qemu-system-x86_64", "qemu-system-x86", (), "max", "ttyS0"),
    "arm64": Emulator("qemu-system-aarch64", "qemu-system-arm", ("-M", "virt"), "cortex-a76", "ttyAMA0"),
}
DISK = "disk"
PORTS = ("status", "output")
# -1: reset at once on a panic, which ends QEMU by -no-reboot.
PARAMETERS = ("panic=-1", "nokaslr", "mitigations=off", "quiet")


@dataclass(frozen=True)
class Guest:
    """What QEMU is given. `folder` has the initrd and the disk, and gets what the guest writes to console and ports."""

    image: Path
    folder: Path
    cpus: int
    megabytes: int
    parameters: tuple[str, ...]
    has_disk: bool  # for swap


def program(arch: str) -> str:
    """The path of QEMU for `arch`. Raises LiveError."""
    machine = QEMU[arch]
    if path := shutil.which(machine.program):
        return path
    raise LiveError(f"no {machine.program}: it boots kernels of {arch}; try apt-get install {machine.package}")


def accelerator(arch: str) -> str:
    """KVM where this machine has it for guests of `arch` and it has not failed since the last boot; else TCG."""
    if host_arch() != arch or _fails():
        return TCG
    with suppress(OSError):
        device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.close(fcntl.ioctl(device, KVM_CREATE_VM, 0))
        finally:
            os.close(device)
        return KVM
    return TCG


def kvm_failed() -> None:
    """Remember, until the machine is booted again, that a guest under KVM could not go on.

    A hypervisor without hardware support emulates instructions, and does not know those of AVX and BMI.
    """
    with suppress(OSError):
        _mark().write_text(BOOT.read_text())


def _fails() -> bool:
    try:
        return _mark().read_text() == BOOT.read_text()
    except OSError:
        return False


def _mark() -> Path:
    return cache_folder() / "kvm-failed"


def command(arch: str, accel: str, guest: Guest) -> list[str]:
    """QEMU with no device but a console and two virtio ports, confined to what it needs."""
    machine = QEMU[arch]
    return [
        program(arch), *machine.options,
        "-accel", accel,
        "-cpu", machine.cpu if accel == TCG or machine.cpu == "max" else "host",
        "-smp", str(guest.cpus),
        "-m", str(guest.megabytes),
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny",
        "-kernel", str(guest.image),
        "-initrd", str(guest.folder / "initrd"),
        "-append", " ".join((f"console={machine.console}", *PARAMETERS, *guest.parameters)),
        "-serial", f"file:{_escaped(guest.folder / 'console')}",
        "-device", "virtio-serial-pci",
        *(_disk(guest.folder / DISK) if guest.has_disk else ()),
        *(word for name in PORTS for word in _port(name, guest.folder / name)),
    ]  # fmt: skip


def _port(name: str, path: Path) -> Sequence[str]:
    return (
        "-chardev", f"file,id={name},path={_escaped(path)}",
        "-device", f"virtserialport,chardev={name},name={name}",
    )  # fmt: skip


def _disk(path: Path) -> Sequence[str]:
    return "-drive", f"file={_escaped(path)},if=none,id=swap,format=raw", "-device", "nvme,drive=swap,serial=swap"


def _escaped(path: Path) -> str:
    """As QEMU reads an option: a comma in it is two."""
    return str(path).replace(",", ",,")
