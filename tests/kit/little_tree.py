# SPDX-License-Identifier: GPL-2.0-only
"""A little tree in the shape of a kernel's, changes to it, and their patches as git makes them. The text is our own."""

import os
import subprocess
from pathlib import Path

import pytest

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.patches import patched
from pte_review.models.kernel_tree.tree import open_tree

MREMAP = "mm/mremap.c"
WHO = ("-c", "user.name=A Name", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
BODY = "".join(f"\tstep_{n}(table, {n});\n" for n in range(1, 13))
MREMAP_TEXT = (
    "// A little file of our own\n#include <steps.h>\n\n"
    + "static int move(struct table *table)\n{\n"
    + BODY
    + "\treturn 0;\n}\n\nint other(struct table *table)\n{\n"
    + BODY.replace("step", "turn")
    + "\treturn 1;\n}\n"
)
FILES = {
    MREMAP: MREMAP_TEXT,
    "mm/internal.h": "#define ONE 1\n\n#define TWO\t2\n",
    "kernel/fork.c": "int fork(void);\n",
}


def make(folder: Path) -> Path:
    """A folder with FILES."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return folder


def git(folder: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def make_git(folder: Path) -> Path:
    """The same as a repository with one commit, tagged v6.1."""
    make(folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v6.1")
    return folder


def change(folder: Path, old: str, new: str, name: str = MREMAP) -> None:
    text = (folder / name).read_text()
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), newline="")


def commit(folder: Path, subject: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of `folder` with its time of change (ns) and content; folders with their time alone."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def error(tree: Path, *files: Path, rev: str | None = None) -> str:
    """What is said about `files` on `tree`: one line."""
    with pytest.raises(TreeError) as raised:
        patched(open_tree(tree, MREMAP, rev), files, MREMAP)
    message = str(raised.value)
    assert "\n" not in message
    return message
