# SPDX-License-Identifier: GPL-2.0-only
"""Where a call may write: --json, --save, --console and -o never touch a file that the call reads."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pte_review import harness, models, strategies
from pte_review.harness.errors import UsageError
from pte_review.harness.files.counterexample import may_be_named
from pte_review.harness.files.writing import why_not
from pte_review.harness.subjects import SUBJECTS
from pte_review.models.kernel_tree.files import READ
from pte_review.models.version import Version

PACKAGES = tuple(Path(str(package.__file__)).parent for package in (harness, models, strategies))


@dataclass(frozen=True)
class Inputs:
    """What one call reads: named files, a kernel tree, and every Python file that is loaded by then."""

    files: tuple[str | Path, ...] = ()
    tree: Path | None = None

    def spoiled_by(self, path: Path) -> str:
        """Which of them writing `path` would change, also through a symbolic or hard link; "" if none."""
        for file in self.files:
            if _same(path, file):
                return f"the call reads {file}"
        if self.tree is not None and (
            _inside(path, self.tree) or any(_same(path, self.tree / file) for file in _files_of_trees())
        ):
            return f"that is in the tree {self.tree}, which is never written to"
        if any(_inside(path, package) for package in PACKAGES):
            return "that is in the source of pte-review"
        if path.exists() and any(_same(path, file) for file in _imported()):
            return "the call reads that file: it is imported"
        return ""


def check_outputs(
    inputs: Inputs,
    *,
    json_file: Path | None = None,
    save_dir: Path | None = None,
    others: Mapping[str, Path] = MappingProxyType({}),
    console: Path | None = None,
    versions: Iterable[Version] = (),
) -> None:
    """Raise UsageError unless what is to be written can be, without spoiling one of `inputs`. Before the work.

    `others` are further files to write, by the option that names them. `versions` are the loaded BASE and CANDIDATE,
    whose files count as inputs.
    """
    versions = list(versions)
    inputs = Inputs((*inputs.files, *(file for version in versions for file in version.files)), inputs.tree)
    named = {"--json": json_file, "--console": console}
    files = {**{option: path for option, path in named.items() if path is not None}, **others}
    for option, path in files.items():
        check_file(option, path, inputs)
        for other in list(files)[: list(files).index(option)]:
            if _same(path, files[other]) and (path.is_file() or not path.exists()):
                raise UsageError(f"{option} {path}: {other} writes that file")
    if save_dir is not None:
        _check_save_dir(save_dir, inputs)
        names = [version.name for version in versions]
        for option, path in files.items():
            if _same(path.absolute().parent, save_dir) and may_be_named(path, names):
                raise UsageError(f"{option} {path}: a counterexample of --save {save_dir} may get that name")
        for path in sorted(save_dir.glob("*.json")) if len(names) > 1 else ():
            if may_be_named(path, names) and (why := inputs.spoiled_by(path)):
                raise UsageError(f"--save {save_dir}: a counterexample may overwrite {path.name}: {why}")


def check_file(option: str, path: Path, inputs: Inputs) -> None:
    """Raise UsageError unless `path`, given with `option`, can be written without spoiling one of `inputs`."""
    if why := inputs.spoiled_by(path):
        raise UsageError(f"{option} {path}: {why}")
    if str(path) == "-":
        raise UsageError(f"{option} -: expected the name of a file: standard output has the report")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {path}: expected a file in a folder that exists")
    if (path.is_file() or not path.exists()) and (why := why_not(Path(os.path.realpath(path)).parent)):
        raise UsageError(f"{option} {path}: no file can be made there: {why}")


def _check_save_dir(path: Path, inputs: Inputs) -> None:
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if os.path.lexists(folder))
    if not there.is_dir():
        raise UsageError(f"--save {path}: expected a folder")
    if why := why_not(there):
        raise UsageError(f"--save {path}: no file can be made there: {why}")
    for folder in (inputs.tree, *PACKAGES):
        if folder is not None and (_same(path, folder) or _inside(path, folder)):
            raise UsageError(f"--save {path}: that is in {folder}, which is never written to")


def _files_of_trees() -> list[str]:
    """The files of a kernel tree that are read, of any subject."""
    return [*READ, *(subject.binding.file for subject in SUBJECTS.values() if subject.binding is not None)]


def _same(path: Path, other: str | Path) -> bool:
    """Whether both names lead to one file, there or not."""
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        return path.samefile(other)
    except OSError:
        return False


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents


def _imported() -> Iterator[str]:
    """The files of all modules that this process has loaded."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str):
            yield file
