# SPDX-License-Identifier: GPL-2.0-only
"""The initrd of a run: init, the program with its arguments, the modules that the run needs, files of the caller."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pte_review.harness.live import cpio
from pte_review.harness.live.build import static_program
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.modules import modules_in_order

INIT = Path(__file__).parent / "c" / "init.c"
FOLDERS = ("dev", "proc", "sys", "tmp", "modules")
PROGRAM_NAME = "/program"  # its argv[0] too


def initrd(kernel: KernelImage, program: bytes, arguments: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """The archive. init loads the modules in the order of their names. Raises LiveError."""
    words = (PROGRAM_NAME, *arguments)
    return cpio.archive(
        [
            *map(cpio.folder, FOLDERS),
            # devtmpfs comes after the kernel has opened the console of init.
            cpio.character_device("dev/console", 5, 1),
            cpio.file("init", static_program([INIT], kernel.arch).read_bytes(), executable=True),
            cpio.file(PROGRAM_NAME.lstrip("/"), program, executable=True),
            cpio.file("arguments", b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)),
            *(
                cpio.file(f"modules/{number:02}-{name}.ko", data)
                for number, (name, data) in enumerate(modules_in_order(kernel.modules))
            ),
            *(cpio.file(name.lstrip("/"), data) for name, data in files.items()),
        ]
    )
