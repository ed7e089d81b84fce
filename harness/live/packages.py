# SPDX-License-Identifier: GPL-2.0-only
"""Which kernels the distribution has: read from the text of its Packages lists, chosen by release.

Debian calls an image linux-image-RELEASE, where RELEASE is what uname -r prints. From 6.18 on the config is in
linux-base-RELEASE, and from 6.19 on the package is empty: the image is in linux-binary-RELEASE, the modules in
linux-modules-RELEASE. For older backports the lists have only the package signed for Secure Boot, which has the image.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pte_review.harness.live.errors import LiveError

NAME = re.compile(r"linux-image-(?P<release>\d[\w.+~-]*?-(?P<arch>amd64|arm64))(?:-unsigned)?")
OTHER_FLAVOURS = re.compile(r"-(rt|dbg|16k)(-|$)")
NAMES = ("linux-image-", "linux-binary-", "linux-modules-", "linux-base-")
PARTS = re.compile(r"\b(linux-(?:binary|modules|base)-\S+) \(= ([^)]+)\)")
IMAGE_PART = "linux-binary-"
DEBIAN = {"x86_64": "amd64", "arm64": "arm64"}
# A third of the size; the driver of a disk for swap is built in.
CLOUD = "-cloud-"
CANDIDATE = "-rc"
SERIES = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class KernelPackage:
    """A kernel that can be had. `release` is what uname -r says, `version` the release of Linux: 6.17.8, 7.3-rc7.

    `parts` are the packages with its files, as NAME:ARCHITECTURE=VERSION.
    """

    release: str
    version: str
    arch: str
    parts: tuple[str, ...]

    @property
    def key(self) -> tuple[tuple[int, ...], bool]:
        """By which the newer of two has the greater: a version, then whether it is an image for clouds."""
        return version_key(self.version), CLOUD in self.release


def packages_in(text: str) -> list[KernelPackage]:
    """The kernels of the Packages list `text`, the oldest first, each release once for an architecture."""
    stanzas = [dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE)) for stanza in re.split(r"\n\n+", text)]
    there = {(fields.get("Package", ""), fields.get("Version", "")) for fields in stanzas}
    kernels: dict[str, KernelPackage] = {}
    for fields in stanzas:
        package = _kernel(fields, there)
        known = package and kernels.get(package.release)
        if package and (known is None or version_key(known.version) < version_key(package.version)):
            kernels[package.release] = package
    return sorted(kernels.values(), key=lambda package: package.key)


def _kernel(fields: dict[str, str], there: set[tuple[str, str]]) -> KernelPackage | None:
    """The kernel of one stanza; None for another package, and for a kernel whose image is not among `there`."""
    match = NAME.fullmatch(fields.get("Package", ""))
    if match is None or "Version" not in fields or OTHER_FLAVOURS.search(match["release"]):
        return None
    own, parts = (fields["Package"], fields["Version"]), PARTS.findall(fields.get("Depends", ""))
    images = [part for part in parts if part[0].startswith(IMAGE_PART)] or [own]
    listed = [part for part in dict.fromkeys([*images, *parts]) if part in there]
    if images[0] not in listed:
        return None
    return KernelPackage(
        match["release"],
        fields["Version"].rpartition("-")[0].replace("~rc", CANDIDATE),
        next(name for name, debian in DEBIAN.items() if debian == match["arch"]),
        tuple(f"{name}:{match['arch']}={version}" for name, version in listed),
    )


def choose(packages: Iterable[KernelPackage], wanted: str, arch: str) -> KernelPackage | None:
    """The package of `wanted`: what uname -r says, a release such as 6.17.8, or the newest of a series such as 6.12."""
    own = [package for package in packages if package.arch == arch]
    exact = [package for package in own if package.release == wanted]
    same = [package for package in own if package.version == wanted]
    series = [package for package in own if SERIES.fullmatch(wanted) and in_series(package.version, wanted)]
    series = [package for package in series if CANDIDATE not in package.version] or series
    return max(exact or same or series, key=lambda package: package.key, default=None)


def missing(packages: Sequence[KernelPackage], wanted: str, arch: str) -> LiveError:
    """What to say where choose() finds none: which there are, those of the same series alone if there are some."""
    own = [package.version for package in packages if package.arch == arch]
    near = SERIES.match(wanted)
    same = [version for version in own if near and in_series(version, near[0])]
    there = ", ".join(dict.fromkeys(same or newest_of_series(own))) or "none at all"
    return LiveError(f"{wanted}: the archive has no {arch} image of that release: expected one of {there}")


def newest_of_series(versions: Iterable[str]) -> list[str]:
    """The last version of each series, of `versions` in ascending order."""
    return list({SERIES.match(version)[0]: version for version in versions if SERIES.match(version)}.values())  # type: ignore[index]  # matched


def in_series(version: str, series: str) -> bool:
    """Whether `version` is the first of `series`, a candidate of it or an update."""
    return re.fullmatch(rf"{re.escape(series)}([.-].*)?", version) is not None


def version_key(version: str) -> tuple[int, ...]:
    """By which the newer of two versions has the greater; 7.3-rc7 is before 7.3."""
    numbers, _, candidate = version.partition(CANDIDATE)
    parts = [int(number) for number in re.findall(r"\d+", numbers)][:3]
    return (*parts, *[0] * (3 - len(parts)), int(candidate) if candidate.isdigit() else 1000)
