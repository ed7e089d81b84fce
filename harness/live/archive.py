# SPDX-License-Identifier: GPL-2.0-only
"""Downloads kernels of the distribution into the cache folder: from each package only the files that a run can use."""

import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pte_review.harness.live.apt import Apt, Archive, Unavailable, mirror
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.packages import DEBIAN, NAMES, KernelPackage, packages_in
from pte_review.harness.progress import Listen, Progress, silent
from pte_review.models.native.cache import cache_folder

# Suites that have kernels of 6.12 and later, in lists of some hundred kilobytes.
SUITES = ("trixie-backports", "bookworm-backports", "experimental")
SECURITY_SUITES = ("trixie-security",)
VERSION = "version"  # a file: the release of Linux
# In a package: where the file goes. Modules: those of modules.py, with what they depend on.
KEPT = (
    (re.compile(r"boot/vmlinuz-\S+|(?:usr/)?lib/modules/[^/]+/vmlinuz"), "vmlinuz"),
    (re.compile(r"boot/config-\S+|(?:usr/)?lib/modules/[^/]+/config"), "config"),
    (re.compile(r"(?:usr/)?lib/modules/[^/]+/(modules\.(?:builtin|order))"), r"modules/\1"),
    (
        re.compile(
            r"(?:usr/)?lib/modules/[^/]+/(kernel/(?:mm|lib|crypto|drivers/virtio|drivers/block/zram|drivers/char)/.*\.ko.*)"
        ),
        r"modules/\1",
    ),
)


def kept_folder() -> Path:
    """Where brought kernels are, each in a folder named for its release."""
    return cache_folder() / "kernels"


def cached(folder: Path | None = None) -> list[KernelPackage]:
    """The kernels in the cache folder, or in another."""
    kernels = []
    for path in (folder or kept_folder()).glob(f"*/{VERSION}"):
        release = path.parent.name
        arch = next((arch for arch, debian in DEBIAN.items() if release.endswith(debian)), None)
        with suppress(OSError):
            if arch:
                kernels.append(KernelPackage(release, path.read_text().strip(), arch, ()))
    return sorted(kernels, key=lambda package: package.key)


@contextmanager
def opened() -> Iterator[tuple[Apt, list[KernelPackage]]]:
    """apt on the suites with kernels, and the kernels there are. Raises LiveError."""
    with tempfile.TemporaryDirectory(prefix="pte-review-apt-") as home:
        try:
            apt = Apt(Path(home), _archives(), tuple(DEBIAN.values()))
            packages = packages_in(_stanzas(apt))
        except Unavailable as error:
            raise LiveError(
                f"kernels by release: {error}: expected Debian's archive; try the path of an image"
            ) from None
        yield apt, packages


def _stanzas(apt: Apt) -> str:
    """What the lists say of the packages that kernels are made of. Raises Unavailable."""
    names = [name for start in NAMES for name in apt.run("pkgnames", start, program="apt-cache").split()]
    both = sorted(f"{name}:{arch}" for name in names for arch in DEBIAN.values() if f"-{arch}" in name)
    if not both:
        raise Unavailable(apt.trouble or "the archive has none")
    return apt.run("show", *both, program="apt-cache")


def listed() -> list[KernelPackage]:
    """The kernels that the archive has. Raises LiveError."""
    with opened() as (_, packages):
        return packages


def _archives() -> list[Archive]:
    archives = [Archive(mirror(), SUITES)]
    with suppress(Unavailable):
        archives.append(Archive(mirror(security=True), SECURITY_SUITES))
    return archives


def bring(apt: Apt, package: KernelPackage, listen: Listen = silent) -> Path:
    """The folder with the files of `package`, downloaded and unpacked. Raises LiveError."""
    target = kept_folder() / package.release
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
            kernel = Path(folder) / "kernel"
            for number, part in enumerate(package.parts):
                listen(Progress(f"bringing {part.partition(':')[0]}", number, len(package.parts)))
                apt.run("download", part, cwd=Path(folder))
                for file in Path(folder).glob("*.deb"):
                    _unpack(file, kernel)
                    file.unlink()
            if not (kernel / "vmlinuz").is_file():
                raise LiveError(f"{package.release}: no image in {', '.join(package.parts)}")
            (kernel / VERSION).write_text(package.version + "\n")
            _put(kernel, target)
    except Unavailable as error:
        raise LiveError(f"{package.release}: cannot be brought: {error}") from None
    except (OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        raise LiveError(f"{package.release}: cannot be unpacked into {target}: {error}") from None
    return target


def _put(kernel: Path, target: Path) -> None:
    """Rename in one step. One that another process has put there meanwhile stays: a guest may be about to start."""
    try:
        kernel.rename(target)
    except OSError:
        if not (target / VERSION).is_file():
            shutil.rmtree(target)
            kernel.rename(target)


def _unpack(package: Path, folder: Path) -> None:
    """What KEPT says of the .deb `package`, read as a stream."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with (
        subprocess.Popen(  # noqa: S603  # our own download
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            target = place(member.name) if member.isfile() else None
            data = archive.extractfile(member) if target else None
            if target and data:
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                (folder / target).write_bytes(data.read())
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def place(name: str) -> str | None:
    """Where the file `name` of a package goes; None if it is not kept."""
    if ".." in name.split("/"):
        return None
    for pattern, where in KEPT:
        if match := pattern.fullmatch(name.removeprefix("./")):
            return match.expand(where)
    return None
