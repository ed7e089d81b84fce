# SPDX-License-Identifier: GPL-2.0-only
"""The initrd of a run: init, the program with its arguments, the modules that the run needs, files of the caller."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from pte_review.harness.live import cpio
from pte_review.harness.live.build import static_program
from pte_review.harness.live.errors import LiveError

INIT = Path(__file__).parent / "c" / "init.c"
FOLDERS = ("dev", "proc", "sys", "tmp", "modules")
PROGRAM_NAME = "/program"  # its argv[0] too
TAKEN = {*FOLDERS, "init", "program", "arguments"}  # by init, or by what is mounted there


def needs_disk(modules: Sequence[tuple[str, bytes]]) -> bool:
    """Whether a guest with these modules is given a disk to swap to: images for clouds have the driver of NVMe."""
    return all(name != "zram" for name, _ in modules)


def initrd(
    arch: str,
    modules: Sequence[tuple[str, bytes]],
    program: bytes,
    arguments: Sequence[str],
    files: Mapping[str, bytes],
) -> bytes:
    """The archive. init loads the modules in the order of their names. Raises LiveError."""
    if taken := next((name for name in files if PurePosixPath("/", name).parts[1] in TAKEN), None):
        raise LiveError(f"file {taken}: that name is taken in the guest: expected one in a folder such as /files")
    words = (PROGRAM_NAME, *arguments)
    return cpio.archive(
        [
            *map(cpio.folder, FOLDERS),
            # devtmpfs comes after the kernel has opened the console of init.
            cpio.character_device("dev/console", 5, 1),
            cpio.file("init", static_program([INIT], arch).read_bytes(), executable=True),
            cpio.file(PROGRAM_NAME.lstrip("/"), program, executable=True),
            cpio.file("arguments", b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)),
            *(cpio.file(f"modules/{number:02}-{name}.ko", data) for number, (name, data) in enumerate(modules)),
            *(cpio.file(name.lstrip("/"), data) for name, data in files.items()),
        ]
    )
