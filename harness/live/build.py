# SPDX-License-Identifier: GPL-2.0-only
"""Static programs for a guest: C compiled for the guest's architecture, cached by content."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import host_arch
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.build import COMPILER_SECONDS, MOST_LINES, compiler
from pte_review.models.native.cache import PARTIAL, PROGRAM, cache_folder, forget_old, is_whole, keep
from pte_review.models.native.fence import Fence

# That of the cross compiler, and the package that has it in Debian.
TRIPLETS = {
    "x86_64": ("x86_64-linux-gnu", "gcc-x86-64-linux-gnu libc6-dev-amd64-cross"),
    "arm64": ("aarch64-linux-gnu", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"),
}
MOST_READABLE = 40  # files; gate.c takes some sixty names
FLAGS = ("-std=gnu11", "-O1", "-g0", "-static", "-pthread", "-D_GNU_SOURCE", "-Wall")
WORTH_SHOWING = re.compile(r": (?:fatal )?error: |undefined reference|cannot find")
# <elf.h>: e_machine, and the program header of a program that asks for a dynamic linker.
MACHINES_OF_ELF = {62: "x86_64", 183: "arm64"}
PT_INTERP = 3


def cross_compiler(arch: str) -> list[str]:
    """The command that compiles for `arch`: TRIPLET-gcc, or the system's own compiler. Raises LiveError."""
    triplet, packages = TRIPLETS[arch]
    if host_arch() == arch:
        try:
            return compiler()
        except TreeError as error:
            raise LiveError(str(error)) from None
    if program := shutil.which(f"{triplet}-gcc"):
        return [program]
    raise LiveError(f"no C compiler for {arch}: expected {triplet}-gcc; try apt-get install {packages}")


def static_program(sources: Sequence[Path], arch: str, *, options: Sequence[str] = ()) -> Path:
    """The static program of the C files `sources` for `arch`, from the cache or compiled now. Raises LiveError.

    The compiler reads headers beside the sources and in folders that `options` name (-IFOLDER), and nothing else of
    the user. They belong to the content by which the program is kept.
    """
    compiler = cross_compiler(arch)
    folders = [Path(option[2:]) for option in options if option.startswith("-I")]
    headers = {header for folder in (*(path.parent for path in sources), *folders) for header in folder.glob("*.h")}
    read = [*sources, *sorted(headers)]
    command = [*compiler, *FLAGS, *options]
    digest = hashlib.sha256("\0".join([version_of(compiler[0]), *command]).encode("utf-8", "surrogateescape"))
    try:
        for path in read:
            digest.update(b"\0" + path.name.encode("utf-8", "surrogateescape") + b"\0" + path.read_bytes())
    except OSError as error:
        raise LiveError(f"{error.filename}: {error.strerror}: expected a C file") from None
    folder = cache_folder()
    target = folder / (digest.hexdigest()[:32] + PROGRAM)
    if not is_whole(target):
        fence = Fence.around(compiler, None)
        fence = fence and replace(fence, readable=(*fence.readable, *_readable([path.absolute() for path in read])))
        _compile([*command, *(str(path.absolute()) for path in sources)], target, fence, f"{sources[0]}: {arch}")
        forget_old(folder)
    return target


def _readable(files: Sequence[Path]) -> Sequence[Path]:
    """What the fence lets the compiler read: the files, or their folders where they are many."""
    return files if len(files) <= MOST_READABLE else sorted({path.parent for path in files})


@lru_cache(maxsize=4)
def version_of(program: str) -> str:
    """What the compiler says of itself."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.partition("\n")[0]


def _compile(command: Sequence[str], target: Path, fence: Fence | None, label: str) -> None:
    private = None
    try:
        private = Path(tempfile.mkdtemp(dir=target.parent, suffix=PARTIAL))
        fenced = fence.command(private) if fence else []
        errors = _compiler_errors([*fenced, *command, "-o", str(private / "program")], private)
        if errors:
            shown = [line for line in errors if WORTH_SHOWING.search(line)]
            raise LiveError(f"{label}: does not compile:", (shown or errors)[:MOST_LINES])
        keep(private / "program", target)
    except OSError as error:
        raise LiveError(f"{target.parent}: the compiler left no program there: {error}") from None
    finally:
        if private:
            shutil.rmtree(private, ignore_errors=True)


def _compiler_errors(command: Sequence[str], folder: Path) -> list[str]:
    """The lines that the compiler wrote if it failed."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": str(folder)}
    with (folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(  # noqa: S603  # the user's compiler
            command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment, start_new_session=True
        )
        try:
            status = process.wait(COMPILER_SECONDS)
        except subprocess.TimeoutExpired:
            return [f"the compiler, {command[0]}, does not end within {COMPILER_SECONDS} seconds"]
        finally:
            with suppress(OSError):  # its own children too
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        errors.seek(0)
        return errors.read().decode("utf-8", "replace").splitlines() or [f"exit status {status}"] if status else []


def check_program(data: bytes, arch: str, name: str) -> None:
    """Raise LiveError unless `data` is a static program for `arch`. `name` stands for it in errors."""
    expected = f"expected a static program for {arch}, or a C file"
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
        raise LiveError(f"{name}: no program: {expected}")
    machine = MACHINES_OF_ELF.get(int.from_bytes(data[18:20], "little"), "another machine")
    if machine != arch:
        raise LiveError(f"{name}: a program for {machine}: {expected}")
    start, size, count = (int.from_bytes(data[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
    if PT_INTERP in (
        int.from_bytes(data[at : at + 4], "little") for at in range(start, start + size * count, size or 1)
    ):
        raise LiveError(f"{name}: linked dynamically: {expected}; try -static")
