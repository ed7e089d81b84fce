# SPDX-License-Identifier: GPL-2.0-only
"""C text to shared objects by the system's compiler, kept in the user's cache folder by content."""

import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.cache import PARTIAL, cache_folder, forget_old, is_whole, keep
from pte_review.models.native.fence import Fence
from pte_review.models.native.on_load import NoObject, runs_on_load

HOME = Path(__file__).parent
# The dialect and the aliasing rules are the kernel's. Warnings stay unread: the tree is reviewed, not linted.
FLAGS = (
    "-std=gnu11", "-fno-strict-aliasing", "-fwrapv", "-fno-delete-null-pointer-checks",
    "-Werror=implicit-function-declaration", "-Werror=int-conversion", "-Werror=incompatible-pointer-types",
)  # fmt: skip
# Other locals than entries and integers are zero until assigned, as in kernels with CONFIG_INIT_STACK_ALL_ZERO, and not
# what the optimiser likes best. gcc before 12 cannot.
ZEROED = "-ftrivial-auto-var-init=zero"
# Without the compiler's own code for the start of an object: then what runs on load is the text's.
SHARED = ("-shared", "-fPIC", "-nostartfiles", "-Wl,-z,defs")
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
FULL = "No space left on device"
MOST_LINES = 20
COMPILER_SECONDS = 120  # of the clock


class CompileError(TreeError):
    """C that does not compile. `details` are lines to show below the message; `missing`: they are names nobody has."""

    def __init__(self, message: str, details: Sequence[str], *, missing: bool = False) -> None:
        super().__init__(message)
        self.details = tuple(details)
        self.missing = missing


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
    optimised: Sequence[str] = ("-O0",),
    shared: bool = True,
    includes: Path | None = None,
    confined: bool = True,
) -> Path:
    """The object of C `text`, from the cache or made now. `label` names the tree in errors, `includes` is a folder of
    further headers. The compiler is `confined`, except for what confines it. Raises TreeError.

    Most objects run a few thousand times: what counts is how soon they are there.
    """
    command = compiler()
    paths = [HOME / "include", HOME, *([includes] if includes is not None else [])]
    flags = [
        *FLAGS,
        *optimised,
        *(f"-I{path}" for path in paths),
        *(SHARED if shared else ()),
        *(f"-D{name}" for name in defines),
    ]
    key = "\0".join([*command, *flags, ZEROED, headers_digest(includes), text])
    folder = cache_folder()
    target = folder / (hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".so")
    if not is_whole(target):
        fence = Fence.around(command, includes) if confined else None
        _compile(text, [*command, *flags], target, label, fence)
        forget_old(folder)
    return target


def _compile(text: str, command: list[str], target: Path, label: str, fence: Fence | None) -> None:
    try:
        private = Path(tempfile.mkdtemp(dir=target.parent, suffix=PARTIAL))
    except OSError as error:
        raise TreeError(f"{target.parent}: cannot keep compiled objects there: {error.strerror}") from None
    partial = private / "object"
    call = partial, text, label, fence
    try:
        errors = _compiler_errors([*command, ZEROED], *call)
        if errors is not None and ZEROED.partition("=")[0] in errors:
            errors = _compiler_errors(command, *call)
        if errors is not None:
            # gcc alone: errors inside our macros at the kernel's lines that use them.
            plain = _compiler_errors([*command, "-ftrack-macro-expansion=0"], *call)
            if FULL in errors:
                raise TreeError(f"{target.parent}: {FULL}: the compiler cannot keep an object there")
            raise _failed(plain if plain and ERROR.search(plain) else errors, label)
        if "-shared" in command and runs_on_load(partial):
            raise CompileError(
                f"{label}: asks for code to run when it is loaded, a constructor or an ifunc, as no function does", []
            )
        keep(partial, target)
    except (OSError, NoObject) as error:
        raise TreeError(f"{target.parent}: the compiler left no object there: {error}") from None
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _compiler_errors(command: list[str], target: Path, text: str, label: str, fence: Fence | None) -> str | None:
    """What the compiler said to `text` if it failed, None if it did not. Raises TreeError for one that hangs."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": str(target.parent)}
    fenced = fence.command(target.parent) if fence else []
    process = subprocess.Popen(  # noqa: S603  # the user's compiler
        [*fenced, *command, "-x", "c", "-", "-o", str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(text.encode("utf-8", "surrogateescape"), timeout=COMPILER_SECONDS)
    except subprocess.TimeoutExpired:
        raise TreeError(
            f"{label}: the compiler, {command[0]}, does not end within {COMPILER_SECONDS} seconds"
        ) from None
    finally:
        with suppress(OSError):  # its own children too
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return errors.decode("utf-8", "replace") if process.returncode else None


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
    """The compiler's lines about errors, without those about warnings.

    After a missing bracket there are errors in our own files as well, which have absolute paths. Those
    are left out where the text has an error.
    """
    lines, kept, own_file = errors.strip().splitlines(), False, False
    in_text: list[str] = []
    in_own_files: list[str] = []
    for line in lines:
        if match := DIAGNOSTIC.match(line):
            kept, own_file = match["kind"] in ("error", "fatal error"), line.startswith("/")
        if kept:
            (in_own_files if own_file else in_text).append(line)
    return in_text or in_own_files or lines
