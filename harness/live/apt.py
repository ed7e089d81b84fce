# SPDX-License-Identifier: GPL-2.0-only
"""apt with separate lists and sources, on the mirrors of the machine's apt, whose own lists stay as they are."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SECURITY = "-security"


class Unavailable(Exception):
    """What cannot be had from the archive; the message says why."""


@dataclass(frozen=True)
class Archive:
    """Suites of one mirror. `types`: "deb", or "deb deb-src" with sources."""

    mirror: str
    suites: tuple[str, ...]
    types: str = "deb"


class Apt:
    """apt in the folder `home`: the packages of `archives` for these Debian architectures, or for the host's."""

    def __init__(self, home: Path, archives: Sequence[Archive], architectures: Sequence[str] = ()) -> None:
        self.home, self.architectures = home, tuple(architectures)
        for folder in ("lists/partial", "cache/archives/partial", "sources"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        tail = f"Signed-By: {KEYRING}\n" if KEYRING.exists() else ""
        if architectures:
            tail += f"Architectures: {' '.join(architectures)}\n"
        for number, archive in enumerate(archives):
            head = f"Types: {archive.types}\nURIs: {archive.mirror}\nSuites: {' '.join(archive.suites)}\n"
            (home / "sources" / f"{number}.sources").write_text(f"{head}Components: main\n{tail}")
        self.trouble = ""  # a suite that cannot be had: the others can be asked all the same
        try:
            self.run("update", "-q")
        except Unavailable as error:
            self.trouble = str(error)

    def run(self, *arguments: str, program: str = "apt-get", cwd: Path | None = None) -> str:
        """What the program prints. Raises Unavailable."""
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.home / "sources",
            "Dir::State::lists": self.home / "lists",
            "Dir::State::status": "/dev/null",  # so packages of this machine are no candidates
            "Dir::Cache": self.home / "cache",
            "APT::Sandbox::User": "root",
        }
        pairs = [f"{name}={value}" for name, value in options.items()]
        pairs += [f"APT::Architectures::={architecture}" for architecture in self.architectures]
        done = _called([program, *(word for pair in pairs for word in ("-o", pair)), *arguments], cwd)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"{program} {arguments[0]}: {lines[-1] if lines else done.returncode}")
        return done.stdout


def mirror(*, security: bool = False) -> str:
    """Where the machine's apt takes the distribution itself from; or its security updates. Raises Unavailable."""
    listed = _called(["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"])
    pairs = (line.split(" ", 1) for line in listed.stdout.splitlines())
    for release, uri in pairs:
        if release.endswith(SECURITY) if security else not release.endswith((SECURITY, "-updates")):
            return uri
    raise Unavailable("apt knows no archive")


def _called(command: Sequence[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    if shutil.which(command[0]) is None:
        raise Unavailable(f"there is no {command[0]}: packages come through the apt of Debian")
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603  # apt's own
