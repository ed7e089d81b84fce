# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree and patches in the folder of a test of the command line."""

import gc
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.kit.done import Done
from tests.kit.trees import KERNELS, diff

FEW = ("--max-examples", "40")
PAIR = ("tree", "tree+patch")


def make_tree() -> Path:
    """The folder `batching`: a kernel tree."""
    return Path(shutil.copytree(KERNELS / "batching", "batching"))


def make_patch(name: str, changes: Mapping[str, str], path: str = "mm/mremap.c") -> str:
    """The file `name` with the patch that makes these changes."""
    Path(name).write_text(diff(changes, path), encoding="utf-8")
    return name


def snapshot(folder: Path) -> dict[str, bytes]:
    """Everything in `folder`."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


def change(name: str, old: str, new: str) -> None:
    """Change a file of the tree."""
    path = Path("batching", name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def children() -> set[str]:
    """The processes that this one has started and that have not been waited for."""
    return {number for path in Path("/proc/self/task").glob("*/children") for number in path.read_text().split()}


def left_since(before: set[str]) -> set[str]:
    """The processes that are there since this one had those of `before`, once versions that are garbage ended theirs.

    Garbage is collected only where there is such a process: that takes longer than most commands.
    """
    if children() <= before:
        return set()
    gc.collect()
    return children() - before


def session_of(leader: int) -> list[str]:
    """What still runs in the session that process `leader` began."""
    stats = (path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists())
    return [stat for stat in stats if int(stat.rpartition(")")[2].split()[3]) == leader]


def process(*arguments: str) -> Done:
    """The command as a process, which leaves none."""
    command = [sys.executable, "-m", "pte_review", *arguments]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    out, err = running.communicate()
    assert session_of(running.pid) == []
    return Done(running.returncode, out, err)


def one_line(done: Done) -> str:
    """What was said, where it is one line."""
    assert len(done.err.splitlines()) == 1, done.err
    return done.err.removeprefix("pte-review: ").rstrip("\n")
