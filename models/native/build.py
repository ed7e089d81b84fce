# SPDX-License-Identifier: GPL-2.0-only
"""C text to shared objects by the system's compiler, kept in the user's cache folder by content."""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.extras import needed
from pte_review.models.kernel_tree.tree import TreeError

HOME = Path(__file__).parent
# The dialect and the aliasing rules are the kernel's. Warnings stay unread: the tree is reviewed, not linted.
FLAGS = (
    "-std=gnu11", "-fno-strict-aliasing", "-fwrapv", "-fno-delete-null-pointer-checks",
    "-Werror=implicit-function-declaration", "-Werror=int-conversion", "-Werror=incompatible-pointer-types",
)  # fmt: skip
# Other locals than entries and integers are zero until assigned, as in kernels with CONFIG_INIT_STACK_ALL_ZERO, and not
# what the optimiser likes best. gcc before 12 cannot.
ZEROED = "-ftrivial-auto-var-init=zero"
SHARED = ("-shared", "-fPIC", "-Wl,-z,defs")
ERROR = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):\d+: (?:fatal )?error: (?P<what>.*)$", re.MULTILINE)
# As gcc and clang say it, in English without fancy quotes.
MISSING = re.compile(
    r"implicit declaration of function '(\w+)'|'(\w+)' undeclared|unknown type name '(\w+)'"
    r"|call to undeclared function '(\w+)'|use of undeclared identifier '(\w+)'|storage size of '(\w+)' isn't known"
    r"|incomplete (?:definition of )?type '(?:struct )?(\w+)|undefined type '(?:struct )?(\w+)'"
)
UNDEFINED = re.compile(r"undefined reference to [`'](\w+)'")
DIAGNOSTIC = re.compile(
    r"^\S.*: (?P<kind>fatal error|error|warning|note): |^\S+: In function |^In file included from|^cc1: "
)
MOST_LINES = 20
KEPT_DAYS = 60


class CompileError(TreeError):
    """C that does not compile. `details` are lines to show below the message; `missing`: they are names nobody has."""

    def __init__(self, message: str, details: Sequence[str], *, missing: bool = False) -> None:
        super().__init__(message)
        self.details = tuple(details)
        self.missing = missing


def cache_folder() -> Path:
    """Where compiled objects are kept; PTE_REVIEW_CACHE names another."""
    if own := os.environ.get("PTE_REVIEW_CACHE"):
        return Path(own)
    (platformdirs,) = needed("platformdirs")
    return Path(platformdirs.user_cache_path("pte-review"))


def compiler() -> list[str]:
    """The C compiler as a command: $CC, or cc, gcc, clang. Raises TreeError if there is none."""
    if named := os.environ.get("CC"):
        try:
            command = shlex.split(named)
        except ValueError:  # a quote without its other half
            command = []
        if command and shutil.which(command[0]):
            return command
        raise TreeError(f"CC={named}: no such compiler; kernel text is compiled by the system's C compiler")
    path = next((path for path in map(shutil.which, ("cc", "gcc", "clang")) if path), None)
    if path is None:
        raise TreeError("no C compiler: kernel text is compiled by cc, gcc or clang, or by what CC names; install one")
    return [path]


@lru_cache(maxsize=4)
def headers_digest(includes: Path | None) -> str:
    """Of the project's own C files here and in `includes`."""
    digest = hashlib.sha256()
    own = includes.glob("*.[ch]") if includes is not None else ()
    for path in sorted([*HOME.glob("*.[ch]"), *HOME.glob("include/*.h"), *own]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def compiled(
    text: str,
    defines: Sequence[str],
    label: str,
    *,
    level: str = "-O0",
    shared: bool = True,
    includes: Path | None = None,
) -> Path:
    """The object of C `text`, from the cache or made now. `label` names the tree in errors, `includes` is a folder of
    further headers. Raises TreeError.

    Most objects run a few thousand times: what counts is how soon they are there.
    """
    command = compiler()
    paths = [HOME / "include", HOME, *([includes] if includes is not None else [])]
    flags = [
        *FLAGS,
        level,
        *(f"-I{path}" for path in paths),
        *(SHARED if shared else ()),
        *(f"-D{name}" for name in defines),
    ]
    key = "\0".join([*command, *flags, ZEROED, headers_digest(includes), text])
    folder = cache_folder()
    target = folder / (hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".so")
    if not target.exists():
        _compile(text, [*command, *flags], target, label)
        _forget_old(folder)
    return target


def _forget_old(folder: Path) -> None:
    """Remove what nobody has compiled or loaded for KEPT_DAYS; leftovers of runs that were killed among it."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        with suppress(OSError):
            used = path.stat()
            if path.suffix in (".so", ".partial") and max(used.st_atime, used.st_mtime) < oldest:
                path.unlink()


def _compile(text: str, command: list[str], target: Path, label: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    except OSError as error:
        raise TreeError(f"{target.parent}: cannot keep compiled objects there: {error.strerror}") from None
    os.close(handle)
    try:
        errors = _compiler_errors([*command, ZEROED], text, partial)
        if errors is not None and ZEROED.partition("=")[0] in errors:
            errors = _compiler_errors(command, text, partial)
        if errors is not None:
            # gcc alone: errors inside our macros at the kernel's lines that use them.
            plain = _compiler_errors([*command, "-ftrack-macro-expansion=0"], text, partial)
            raise _failed(plain if plain and ERROR.search(plain) else errors, label)
        os.replace(partial, target)  # noqa: PTH105  # the atomic one, by its own name
    finally:
        Path(partial).unlink(missing_ok=True)


def _compiler_errors(command: list[str], text: str, target: str) -> str | None:
    """What the compiler said to `text` if it failed, None if it did not."""
    done = subprocess.run(  # noqa: S603  # the user's compiler
        [*command, "-x", "c", "-", "-o", target],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stderr.decode("utf-8", "replace") if done.returncode else None


def _failed(errors: str, label: str) -> CompileError:
    missing: dict[str, None] = {}
    for error in ERROR.finditer(errors):
        name = next(filter(None, (m for names in MISSING.findall(error["what"]) for m in names)), None)
        if name is None and not missing:
            break  # what is missing behind another error may be so because of it
        if name and not (name.startswith("pr_") and name.endswith("_")):  # ours: of a macro that was not read
            missing[f"{error['file']}:{error['line']}: {name}"] = None
    if missing:
        names = len({line.rpartition(" ")[2] for line in missing})
        what = f"{label}: {names} name{'s are' if names > 1 else ' is'} missing: neither the tree nor pte-review has"
        return CompileError(f"{what} {'them' if names > 1 else 'it'}", list(missing)[:MOST_LINES], missing=True)
    if undefined := list(dict.fromkeys(UNDEFINED.findall(errors))):
        return CompileError(f"{label}: neither the tree nor pte-review defines", undefined[:MOST_LINES], missing=True)
    return CompileError(f"{label}: does not compile:", _errors(errors)[:MOST_LINES])


def _errors(errors: str) -> list[str]:
    """The compiler's lines about errors, without those about warnings."""
    lines, kept = errors.strip().splitlines(), False
    result = []
    for line in lines:
        if match := DIAGNOSTIC.match(line):
            kept = match["kind"] in ("error", "fatal error")
        if kept:
            result.append(line)
    return result or lines
