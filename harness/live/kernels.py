# SPDX-License-Identifier: GPL-2.0-only
"""A kernel to boot: an image by its path, or a release of the distribution's packages, kept in the cache folder."""

import platform
import re
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.errors import unknown
from pte_review.harness.live.archive import bring, cached, kept_folder, opened
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.images import image_of, read_image
from pte_review.harness.live.packages import CANDIDATE, choose, missing
from pte_review.harness.progress import Listen, silent
from pte_review.models.arch import ARCHES

RELEASE = re.compile(r"\d+\.\d+[\w.+~-]*")
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class KernelImage:
    """An image and what belongs to it. `release` is what uname -r says. `modules` is a /lib/modules/RELEASE."""

    release: str
    arch: str
    image: Path
    modules: Path | None
    config: Path | None = None


def host_arch() -> str | None:
    """The architecture of this machine, if it is one of ours."""
    return MACHINES.get(platform.machine())


def kernel_of(what: str, arch: str | None = None, listen: Listen = silent) -> KernelImage:
    """The kernel that `what` names: a path to an image, or a release.

    A release is what uname -r says, such as 6.17.8+deb13-arm64; a version, such as 6.17.8; or a series, such as 6.12,
    the newest of which is taken, of the cache folder if that has one. `arch` is the image's own, or the host's for a
    release. Raises LiveError.
    """
    if arch is not None and arch not in ARCHES:
        raise unknown("architecture", arch, ARCHES)
    if "/" in what or Path(what).is_file():
        return _by_path(Path(what), arch)
    if not RELEASE.fullmatch(what):  # said before anything is fetched
        raise LiveError(f"{what}: no such kernel image: expected the path of a file, or a release such as 6.12")
    wanted = arch or next((a for a, end in (("x86_64", "-amd64"), ("arm64", "-arm64")) if what.endswith(end)), None)
    wanted = wanted or host_arch()
    if wanted is None:
        raise LiveError(f"{what}: this machine is a {platform.machine()}: expected --arch {' or '.join(ARCHES)}")
    return _by_release(what, wanted, listen)


def _by_path(path: Path, arch: str | None) -> KernelImage:
    image = image_of(read_image(path), str(path))
    if arch not in (None, image.arch):
        raise LiveError(f"{path}: an image of {image.arch}: expected one of {arch}")
    folder = path.absolute().parent
    modules = (
        folder,  # /usr/lib/modules/RELEASE/vmlinuz
        folder.parent / "lib/modules" / image.release,  # /boot/vmlinuz-RELEASE
        folder.parent / "usr/lib/modules" / image.release,
        folder / "modules",  # of the cache folder
    )
    configs = (folder / "config", folder / f"config-{image.release}")
    return KernelImage(
        image.release,
        image.arch,
        path,
        next((path for path in modules if (path / "kernel").is_dir() and (path / "modules.order").is_file()), None),
        next((path for path in configs if path.is_file()), None),
    )


def _by_release(what: str, arch: str, listen: Listen) -> KernelImage:
    # A candidate in the cache folder is no answer to a series: the archive may have more.
    whole = [
        package
        for package in cached()
        if CANDIDATE not in package.version or what in (package.version, package.release)
    ]
    package = choose(whole, what, arch)
    if package is not None:
        return _by_path(kept_folder() / package.release / "vmlinuz", arch)
    with opened() as (apt, packages):
        package = choose(packages, what, arch)
        if package is None:
            raise missing(packages, what, arch)
        return _by_path(bring(apt, package, listen) / "vmlinuz", arch)
