# SPDX-License-Identifier: GPL-2.0-only
"""A function under review as its versions need to know it: its name, a port's parameters, the folder of its ports."""

from dataclasses import dataclass
from pathlib import Path

from pte_review.models.call import Call

HISTORY = "history"  # the folder of older versions, inside the function's own


@dataclass(frozen=True, eq=False)
class Function:
    """`parameters` are those of a port, `call` is what a scenario's `call` field holds.

    `folder` holds the ports that come with the package, a file a version, and `not_versions` beside them. `first` are
    the versions that a reader meets first. People name a version `prefix/version`, without a prefix by its name alone.
    """

    name: str
    parameters: tuple[str, ...]
    call: type[Call]
    folder: Path
    not_versions: frozenset[str] = frozenset()
    first: tuple[str, ...] = ()
    prefix: str = ""

    @property
    def signature(self) -> str:
        """`name(parameters)`, for messages."""
        return f"{self.name}({', '.join(self.parameters)})"

    def full_name(self, version: str) -> str:
        """What people type for a version that comes with the package."""
        return f"{self.prefix}/{version}" if self.prefix else version

    def bare_name(self, version: str) -> str:
        """A version's name without the prefix, or the function's own name in its place."""
        head, _, rest = version.partition("/")
        return rest if rest and head and head in (self.prefix, self.name) else version

    def ports(self) -> dict[str, Path]:
        """The file of each version that comes with the package, in reading order, history last."""
        rank = {name: i for i, name in enumerate(self.first)}
        current = self._files(self.folder)
        current.sort(key=lambda path: (rank.get(path.stem, len(rank)), path.stem))
        return {path.stem: path for path in [*current, *self._files(self.folder / HISTORY)]}

    def _files(self, folder: Path) -> list[Path]:
        return [path for path in sorted(folder.glob("*.py")) if path.stem not in {"__init__", *self.not_versions}]
