# SPDX-License-Identifier: GPL-2.0-only
"""Hostile input of `boot`: files that are no kernel or say that they are one, programs, options. Nothing is fetched."""

import gzip
from pathlib import Path
from random import Random

from tests.kit.binaries import EM_AARCH64, EM_X86_64, PT_INTERP, PT_LOAD, arm64, bzimage, elf
from tests.programs.fuzz import mutate


def of_today() -> bytes:
    """A bzImage that QEMU boots, of a boot protocol that knows an initrd, and nothing comes of it."""
    data = bytearray(bzimage())
    data[0x206:0x208], data[0x22C:0x230] = (0x20F).to_bytes(2, "little"), (0x7FFF_FFFF).to_bytes(4, "little")
    return bytes(data)


IMAGES = (
    of_today(), bzimage(), arm64(), bzimage(b""), arm64(b"Linux"), gzip.compress(arm64()), gzip.compress(bzimage()),
    b"MZ\0\0zimg" + bytes(56) + b"\xff" * 64, elf(EM_X86_64, PT_LOAD), b"",
)  # fmt: skip
PROGRAMS = (b"int main(void) { return 0; }\n", b"#!/bin/sh\n", elf(EM_X86_64, PT_LOAD), elf(EM_AARCH64, PT_INTERP), b"")
NAMES = ("prog.c", "prog", "nowhere", "nowhere.c", "", ".", "/dev/null", "--list")
OPTIONS = (
    ["--cpus", "0"], ["--cpus", "65"], ["--cpus", "x"], ["--arch", "riscv"], ["--arch", "arm64"], ["--arch", "x86_64"],
    ["--append", "\x1b[2J panic=1 init=/nowhere"], ["--append", "x" * 5000], ["--file", "nowhere"], ["--file", "."],
    ["--file", "case.img"], ["--console", "case.img"], ["--console", "no/where"], ["--console", "."],
    ["--seconds", "0"], ["--seconds", "-1"], ["--seconds", "9" * 30], ["--unknown"], ["--help"],
)  # fmt: skip


def boot(random: Random) -> list[str]:
    """A kernel that is none, a program that is none or C with anything in it, and options."""
    image = random.choice(IMAGES)
    Path("case.img").write_bytes(mutate.raw(image, random) if random.random() < 0.4 else image)
    program = random.choice(PROGRAMS)
    if program.startswith(b"int") and random.random() < 0.7:
        program = program.replace(b" return", random.choice(mutate.STATEMENTS) + b" return")
    name = random.choice(NAMES)
    if name.startswith("prog"):
        Path(name).write_bytes(program)
    options = [word for _ in range(random.randrange(3)) for word in random.choice(OPTIONS)]
    what = random.choice(("case.img", "case.img", "case.img", "./nowhere.img", "nowhere", ".", "/dev/null"))
    run = ["--run", name] if random.random() < 0.9 else []
    return ["boot", what, "--seconds", "2", *options, *run]
