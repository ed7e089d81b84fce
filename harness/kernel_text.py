# SPDX-License-Identifier: GPL-2.0-only
"""Versions as a call names them: a version, a port's file, or kernel text by --tree and --patch."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pte_review.harness.errors import UsageError
from pte_review.harness.patch_names import is_range
from pte_review.harness.subject import Subject
from pte_review.models.arch import ARCHES
from pte_review.models.loading import load
from pte_review.models.version import Version, VersionError

if TYPE_CHECKING:
    from pte_review.models.native.tree_version import TreeVersion

TREE, PATCHED = "tree", "tree+patch"
MOST_SHOWN = 200  # characters of what a version printed


@dataclass(frozen=True)
class KernelText:
    """What `tree` and `tree+patch` stand for in one call: a kernel tree, a git revision of it, patches on top."""

    subject: Subject
    tree: Path | None = None
    rev: str | None = None
    patches: tuple[Path, ...] = ()
    loaded: "dict[str, TreeVersion]" = field(default_factory=dict, repr=False, compare=False)

    def load(self, which: str) -> Version:
        """The version named `which`. Raises UsageError or VersionError."""
        return self._text(which) if which in (TREE, PATCHED) else load(which, self.subject.function)

    def load_all(self, *names: str, arches: Iterable[str] = ARCHES) -> list[Version]:
        """The versions of `names`, kernel text compiled for `arches`, so that what is wrong with it is said at once.

        Raises UsageError or VersionError, also for options that none of `names` has a use for.
        """
        self.check_used(names)
        return self.prepare(names, arches)

    def check_used(self, names: Collection[str]) -> None:
        """Raise UsageError for options that none of `names`, all the versions of a call, has a use for."""
        if self.rev is not None and self.tree is None:
            raise UsageError("--rev needs --tree, a git repository of the kernel")
        if self.patches and PATCHED not in names:
            raise UsageError(f"--patch is unused: name {PATCHED!r} as BASE or CANDIDATE")
        if self.tree is not None and not {TREE, PATCHED} & set(names):
            raise UsageError(f"--tree is unused: name {TREE!r} or {PATCHED!r} as BASE or CANDIDATE")

    def prepare(self, names: Iterable[str], arches: Iterable[str]) -> list[Version]:
        """The versions of `names`, kernel text compiled for `arches`. Raises UsageError or VersionError."""
        versions = [self.load(name) for name in names]
        for text in self.loaded.values():
            text.prepare(arches)
        return versions

    def load_where_it_can(self, *names: str, arches: Sequence[str]) -> tuple[list[Version], dict[str, str]]:
        """The versions of `names`, and by architecture why kernel text among them does not compile there.

        Raises UsageError or VersionError as load_all() does, where it compiles on none of `arches`.
        """
        self.check_used(names)
        versions = [self.load(name) for name in names]
        wrong: dict[str, VersionError] = {}
        for arch in arches:
            try:
                for text in self.loaded.values():
                    text.prepare([arch])
            except VersionError as error:
                wrong[arch] = error
        if wrong and len(wrong) == len(arches):
            raise next(iter(wrong.values()))
        return versions, {arch: ": ".join([str(e), *getattr(e, "details", ())[:1]]) for arch, e in wrong.items()}

    def _text(self, which: str) -> "TreeVersion":
        from pte_review.models.kernel_tree.patches import patched
        from pte_review.models.kernel_tree.tree import open_tree
        from pte_review.models.native.tree_version import TreeVersion

        function, binding = self.subject.function, self.subject.binding
        if binding is None:
            raise UsageError(f"{which!r}: the text of {function.name}() cannot be run; expected a port")
        if self.tree is None:
            raise UsageError(f"{which!r} is the text of a kernel tree: give --tree, the folder of one")
        if which == PATCHED and not self.patches:
            raise UsageError(f"{which!r} is a kernel tree with patches: give --patch, a diff or mail")
        if which not in self.loaded:
            tree = open_tree(self.tree, binding.file, self.rev)
            source = patched(tree, self.patches, binding.file) if which == PATCHED else tree
            self.loaded[which] = TreeVersion(which, source.label, str(self.tree), function.name, source, binding)
        return self.loaded[which]

    def source(self) -> str:
        """The Python expression that makes it."""
        rev = "" if self.rev is None else f", rev={self.rev!r}"
        patches = "".join(f"Path({str(patch)!r}), " for patch in self.patches)
        constant = self.subject.location.partition(":")[2]
        return f"KernelText({constant}, Path({str(self.tree)!r}){rev}, patches=({patches.rstrip() or ''}))"

    def arguments(self) -> list[str]:
        """The options again, for a command line."""
        options = ["--tree", str(self.tree)] if self.tree is not None else []
        if self.commits:
            return [*options, "--range", self.commits]
        options += ["--rev", self.rev] if self.rev is not None else []
        return options + [argument for patch in self.patches for argument in ("--patch", str(patch))]

    @property
    def commits(self) -> str:
        """A..B where its patches are commits; else ""."""
        return next((str(patch) for patch in self.patches if is_range(patch)), "")

    def describe(self) -> list[str]:
        """What each of the loaded names stands for, a line each; then what is to be said of its C, run or not."""
        lines = [f"{name}: {text.summary}" for name, text in self.loaded.items()]
        lines += [line for text in self.loaded.values() for line in text.source.notes]
        both = [self.loaded[name] for name in (TREE, PATCHED) if name in self.loaded]
        if len(both) == 2 and both[0].compiles_as(both[1]):
            lines.append(f"the patches change nothing of {self.subject.function.name}() and what it uses")
        if refused := next((text.unconfined for text in self.loaded.values() if text.unconfined), ""):
            lines.append(f"its C is not confined by {refused}: this kernel refuses it")
        return [*lines, *printed_by(self.loaded.values())]


def printed_by(versions: Iterable[Version]) -> Iterator[str]:
    """What those of `versions` that have a process of their own wrote to standard output and error, a line each."""
    for version in versions:
        if printed := version.printed():
            shown = repr(printed if len(printed) <= MOST_SHOWN else f"{printed[:MOST_SHOWN]}...")
            yield f"{version.name} printed {len(printed):,} characters: {shown}"


@dataclass(frozen=True)
class Needed:
    """What one part of a call runs: versions of a subject, on architectures."""

    subject: Subject
    versions: tuple[str, ...]
    arches: frozenset[str]


def texts_of(
    needed: Collection[Needed], tree: Path | None, rev: str | None, patches: tuple[Path, ...]
) -> dict[str, KernelText]:
    """The kernel text of one call for each subject that its parts need, by the name of the subject. Loads nothing."""
    return {part.subject.name: KernelText(part.subject, tree, rev, patches) for part in needed}


def load_needed(texts: Mapping[str, KernelText], needed: Collection[Needed]) -> None:
    """Load and compile into `texts` what the parts of one call need. Raises UsageError or VersionError."""
    for name, text in texts.items():
        text.check_used({version for part in needed for version in part.versions})
        own = [part for part in needed if part.subject.name == name]
        arches: frozenset[str] = frozenset().union(*(part.arches for part in own))
        text.prepare(dict.fromkeys(version for part in own for version in part.versions), sorted(arches))


def saved_line(path: Path, text: KernelText) -> str:
    """What is said of a counterexample saved at `path`."""
    again = shlex.join(["pte-review", "replay", str(path), *text.arguments()])
    return f"saved {path}; again: {again}; as a test: with --snippet"
