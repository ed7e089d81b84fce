# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler of a stranger's C may use: gate.c limits its time, memory and files before it starts."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pte_review.models.native.confinement import is_trusted

HOME = Path(__file__).parent
# Where compilers and their libraries are. Nothing of a user is there.
SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/opt", "/nix/store", "/gnu/store", "/etc/alternatives",
    "/etc/ld.so.cache",
)  # fmt: skip


@dataclass(frozen=True)
class Fence:
    """The program that starts the compiler, and what that may read."""

    gate: Path
    readable: tuple[Path, ...]

    @classmethod
    def around(cls, compiler: Sequence[str], includes: Path | None) -> "Fence | None":
        """That of the command `compiler`, with further headers in `includes`. None where the text is trusted."""
        if is_trusted():
            return None
        from pte_review.models.native.build import compiled  # which asks for a fence

        text = (HOME / "gate.c").read_text(encoding="utf-8")
        gate = compiled(text, (), "gate.c", shared=False, confined=False)
        own = (HOME, *([includes] if includes is not None else []))
        return cls(gate, (*map(Path, SYSTEM), *_beside(compiler[0]), *own))

    def command(self, folder: Path) -> list[str]:
        """What stands before the compiler's own command, which may write to `folder` alone."""
        return [str(self.gate), str(folder), *map(str, self.readable), "--"]


def _beside(compiler: str) -> list[Path]:
    """The folders of a compiler of the user's own: PREFIX/bin/cc is not alone in PREFIX, unless that is a home."""
    program = shutil.which(compiler)
    if program is None:
        return []
    folders = {Path(program).parent, Path(program).resolve().parent}
    homes = {Path("/"), Path("/root"), Path("/home"), *Path("/home").glob("*")}
    return sorted(folder if folder.parent in homes else folder.parent for folder in folders)
