# SPDX-License-Identifier: GPL-2.0-only
"""Static programs for a guest: C compiled for its architecture, kept in the cache folder by content."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import host_arch
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.build import COMPILER_SECONDS, MOST_LINES, compiler
from pte_review.models.native.cache import PARTIAL, PROGRAM, cache_folder, forget_old, is_whole, keep

# That of the cross compiler, and the package that has it in Debian.
TRIPLETS = {
    "x86_64": ("x86_64-linux-gnu", "gcc-x86-64-linux-gnu libc6-dev-amd64-cross"),
    "arm64": ("aarch64-linux-gnu", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"),
}
FLAGS = ("-std=gnu11", "-O1", "-g0", "-static", "-pthread", "-D_GNU_SOURCE", "-Wall")
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

    Headers beside the sources belong to the content by which the program is kept.
    """
    command = [*cross_compiler(arch), *FLAGS, *options]
    digest = hashlib.sha256("\0".join([version_of(command[0]), *command]).encode("utf-8", "surrogateescape"))
    try:
        for path in (*sources, *sorted({header for source in sources for header in source.parent.glob("*.h")})):
            digest.update(b"\0" + path.name.encode("utf-8", "surrogateescape") + b"\0" + path.read_bytes())
    except OSError as error:
        raise LiveError(f"{error.filename}: {error.strerror}: expected a C file") from None
    folder = cache_folder()
    target = folder / (digest.hexdigest()[:32] + PROGRAM)
    if not is_whole(target):
        _compile([*command, *map(str, map(Path.absolute, sources))], target, sources[0], arch)
        forget_old(folder)
    return target


@lru_cache(maxsize=4)
def version_of(program: str) -> str:
    """What the compiler says of itself."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.partition("\n")[0]


def _compile(command: Sequence[str], target: Path, source: Path, arch: str) -> None:
    private = None
    try:
        private = Path(tempfile.mkdtemp(dir=target.parent, suffix=PARTIAL))
        errors = _compiler_errors([*command, "-o", str(private / "program")], private)
        if errors:
            shown = [line for line in errors if "error" in line or "undefined" in line or "cannot find" in line]
            raise LiveError(f"{source}: does not compile for {arch}:", (shown or errors)[:MOST_LINES])
        keep(private / "program", target)
    except OSError as error:
        raise LiveError(f"{target.parent}: the compiler left no program there: {error}") from None
    finally:
        if private:
            shutil.rmtree(private, ignore_errors=True)


def _compiler_errors(command: Sequence[str], folder: Path) -> list[str]:
    """The lines that the compiler wrote if it failed."""
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
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
