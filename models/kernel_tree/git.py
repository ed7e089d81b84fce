# SPDX-License-Identifier: GPL-2.0-only
"""Running git so that it sees no repository and no settings but those it is meant to see, and fetches nothing."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pte_review.models.kernel_tree.errors import TreeError

ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it lacks, and write it
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # messages are read
}


def git(
    arguments: Sequence[str], folder: Path, text: bytes = b"", ceiling: Path | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in `folder` with `text` on stdin; repositories at or above `ceiling` are not seen.

    Returns the finished process whatever its status. Raises TreeError where git is not installed.
    """
    program = shutil.which("git")
    if program is None:
        raise TreeError("git is not installed: patches and revisions are read with it; try installing the package git")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | ALONE
    if ceiling is not None:
        environment["GIT_CEILING_DIRECTORIES"] = str(ceiling.resolve())
    settings = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
    command = [program, *settings, "-C", str(folder.absolute()), *arguments]
    return subprocess.run(command, input=text, capture_output=True, env=environment, check=False)  # noqa: S603  # no shell


def stderr_of(process: "subprocess.CompletedProcess[bytes]") -> str:
    """What git wrote to stderr."""
    return process.stderr.decode("utf-8", "surrogateescape")


def complaint(stderr: str) -> str:
    """The first error of git's messages, without its prefix; in one line."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("error: ", "fatal: "))]
    first = (errors or lines or ["no reason given"])[0]
    return first.removeprefix("error: ").removeprefix("fatal: ")
