# SPDX-License-Identifier: GPL-2.0-only
"""A kernel source tree: a folder, or a revision in a git repository, with files that patches changed on top."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pte_review.models.inputs import MOST_SOURCE, read_bytes, too_large
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.git import complaint, git, stderr_of
from pte_review.models.kernel_tree.patch import Patch

__all__ = ["Tree", "TreeError", "open_tree"]

TAGS_TO_COMPARE = 20_000


@dataclass(frozen=True, eq=False)
class Tree:
    """Files by their path in the tree. `overlay` has those that `patches` changed; None: they deleted it."""

    path: Path
    rev: str | None
    label: str  # how people know it: "linux-6.12", "linux@v6.12"
    overlay: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    patches: tuple[Patch, ...] = ()  # in the order applied
    notes: tuple[str, ...] = ()  # what is to be said of the mails that the patches came in, a line each
    object_name: str | None = None  # of git's tree object for `rev`: what a branch names may change
    cache: dict[str, str | None] = field(default_factory=dict, repr=False)

    def read(self, path: str) -> str | None:
        """Text of `path`, such as "mm/util.c"; None where the tree has no such regular file.

        Line ends are as in the file, bytes that are not UTF-8 become lone surrogates. Raises TreeError
        where the file is there and cannot be read.
        """
        if path in self.overlay:
            return self.overlay[path]
        if path not in self.cache:
            read = self._from_folder(path) if self.rev is None else self._from_git(path)
            self.cache[path] = None if read is None else read.decode("utf-8", "surrogateescape")
        return self.cache[path]

    def _from_folder(self, path: str) -> bytes | None:
        file = self.path / path
        try:
            return read_bytes(file, MOST_SOURCE) if file.is_file() else None
        except (OSError, ValueError) as error:
            raise TreeError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None

    def _from_git(self, path: str) -> bytes | None:
        listing = git(["ls-tree", "-z", "--full-tree", self.object_name or str(self.rev), "--", path], self.path)
        kind, _, name = listing.stdout.rstrip(b"\0").partition(b"\t")
        if listing.returncode or not kind.startswith(b"100") or name != path.encode("utf-8", "surrogateescape"):
            return None  # absent, a folder or a symbolic link
        blob = git(["cat-file", "blob", kind.split()[2].decode()], self.path)
        if blob.returncode:
            raise TreeError(
                f"{self.path}: {path} of {self.rev} is not in the repository ({complaint(stderr_of(blob))}); "
                f"in a partial clone, try git show {self.rev}:{path} first"
            )
        if len(blob.stdout) > MOST_SOURCE:
            raise TreeError(f"{self.path}: {path} of {self.rev} is {too_large(path, MOST_SOURCE).strerror}")
        return blob.stdout


def open_tree(path: Path, file: str, rev: str | None = None) -> Tree:
    """The kernel tree in the folder `path`; with `rev`, that revision of the git repository there (bare or not).

    Raises TreeError where there is none that has `file`.
    """
    try:
        if not path.exists():
            raise TreeError(f"{path}: no such folder: expected an unpacked kernel tree or a git repository of one")
        if not path.is_dir():
            raise TreeError(f"{path}: is a file: expected the folder of a kernel tree; try unpacking it first")
        return _from_rev(path, file, rev) if rev is not None else _from_folder(path, file)
    except OSError as error:
        raise TreeError(f"{path}: cannot be read: {error.strerror or error}") from None


def _from_folder(path: Path, file: str) -> Tree:
    if (path / file).is_file():
        return Tree(path, None, _name(path))
    if ((path / "objects").is_dir() and (path / "HEAD").is_file()) or (path / ".git").exists():
        hint = "try --rev HEAD: it looks like a git repository"
    else:
        around = [*path.absolute().parents, *sorted(path.glob("*/"))]
        near = [folder for folder in around if (folder / file).is_file()]
        hint = f"try {near[0]}" if near else "expected the top of an unpacked linux source"
    raise TreeError(f"{path}: not a kernel tree: it has no {file}; {hint}")


def _from_rev(path: Path, file: str, rev: str) -> Tree:
    prefix = git(["rev-parse", "--show-prefix"], path)
    if prefix.returncode:
        raise TreeError(f"{path}: --rev {rev} needs a git repository, and this is none; try without --rev")
    inside = prefix.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    commit = _resolved(path, rev + "^{tree}")
    if commit is None:
        around = f" in the repository around it, of which it is {inside}" if inside else ""
        raise TreeError(f"{path}: no revision {rev!r}{around}: {_near_revisions(path, rev)}")
    tree = Tree(path, rev, f"{_name(path)}@{rev}", object_name=_resolved(path, f"{commit}:{inside}"))
    if tree.object_name is None or tree.read(file) is None:
        raise TreeError(f"{path}: {rev} is not a kernel tree: it has no {inside}{file}; try another --rev or folder")
    return tree


def _resolved(path: Path, expression: str) -> str | None:
    if expression.startswith("-") or "\0" in expression:  # an option to git; no argument at all
        return None
    process = git(["rev-parse", "--verify", "--quiet", expression], path)
    return process.stdout.decode().strip() if process.returncode == 0 else None


def resolved_commit(path: Path, rev: str) -> str:
    """The commit that `rev` names in the git repository at `path`. Raises TreeError."""
    commit = _resolved(path, rev + "^{commit}")
    if commit is None:
        raise TreeError(f"{path}: no commit {rev!r}: {_near_revisions(path, rev)}")
    return commit


def _near_revisions(path: Path, rev: str) -> str:
    listing = git(["for-each-ref", "--format=%(refname:short)"], path).stdout.decode("utf-8", "replace").split()
    near = difflib.get_close_matches(rev, listing[:TAGS_TO_COMPARE], n=3)
    return f"did you mean {' or '.join(near)}?" if near else "expected a tag, branch or commit; try git fetch --tags"


def _name(path: Path) -> str:
    resolved = path.resolve()
    named = resolved.parent if resolved.name == ".git" else resolved
    return named.name.removesuffix(".git") or str(named)
