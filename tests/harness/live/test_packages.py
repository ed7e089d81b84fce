# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of a Packages list, chosen by release."""

import pytest

from pte_review.harness.live.packages import KernelPackage, choose, missing, packages_in, version_key

# Fields of stanzas that Debian's archive had in November 2026.
LISTED = """\
Package: linux-image-6.17.8+deb13-arm64
Version: 6.17.8-1~bpo13+1
Architecture: arm64
Depends: kmod, initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool

Package: linux-image-6.17.8+deb13-cloud-arm64
Version: 6.17.8-1~bpo13+1
Depends: kmod, initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool

Package: linux-image-6.17.13+deb13-cloud-arm64
Version: 6.17.13-1~bpo13+1

Package: linux-image-6.17.13+deb13-rt-arm64
Version: 6.17.13-1~bpo13+1

Package: linux-image-6.17.8+deb13-cloud-amd64
Version: 6.17.8-1~bpo13+1

Package: linux-image-6.12.95+deb12-cloud-arm64-unsigned
Version: 6.12.95-1~bpo12+1

Package: linux-image-7.3-cloud-arm64
Version: 7.3~rc7-1~exp1
Depends: dracut | initramfs-tools (>= 0.120+deb8u2), linux-base-7.3-cloud-arm64 (= 7.3~rc7-1~exp1), \
linux-binary-7.3-cloud-arm64 (= 7.3~rc7-1~exp1), linux-modules-7.3-cloud-arm64 (= 7.3~rc7-1~exp1)

Package: linux-image-7.3-arm64-16k
Version: 7.3~rc7-1~exp1

Package: linux-image-7.3-cloud-arm64-dbg
Version: 7.3~rc7-1~exp1

Package: linux-base-7.3-cloud-arm64
Version: 7.3~rc7-1~exp1

Package: linux-modules-7.3-cloud-arm64
Version: 7.3~rc7-1~exp1

Package: linux-binary-7.3-cloud-arm64
Version: 7.3~rc7-1~exp1

Package: linux-image-6.18.15+deb13-cloud-arm64
Version: 6.18.15-1~bpo13+1
Depends: kmod, linux-base-6.18.15+deb13-cloud-arm64 (= 6.18.15-1~bpo13+1)

Package: linux-image-7.1.13+deb13-cloud-arm64
Version: 7.1.13-1~bpo13+1
Depends: linux-base-7.1.13+deb13-cloud-arm64 (= 7.1.13-1~bpo13+1), \
linux-binary-7.1.13+deb13-cloud-arm64 (= 7.1.13-1~bpo13+1), linux-modules-7.1.13+deb13-cloud-arm64 (= 7.1.13-1~bpo13+1)

Package: linux-binary-7.1.13+deb13-cloud-arm64
Version: 7.1.13-1~bpo13+1

Package: linux-image-7.1.8+deb13-cloud-arm64
Version: 7.1.8-1~bpo13+1
Depends: linux-binary-7.1.8+deb13-cloud-arm64 (= 7.1.8-1~bpo13+1)

Package: linux-image-arm64
Version: 6.12.95-1

Package: linux-headers-6.17.8+deb13-arm64
Version: 6.17.8-1~bpo13+1
"""
PACKAGES = packages_in(LISTED)


def chosen(wanted: str, arch: str = "arm64") -> str:
    package = choose(PACKAGES, wanted, arch)
    return package.release if package else ""


def test_which_there_are():
    """Neither other flavours nor debug symbols, nor what depends on the newest, nor what lost its image."""
    assert [(package.version, package.release) for package in PACKAGES if package.arch == "arm64"] == [
        ("6.12.95", "6.12.95+deb12-cloud-arm64"),
        ("6.17.8", "6.17.8+deb13-arm64"),
        ("6.17.8", "6.17.8+deb13-cloud-arm64"),
        ("6.17.13", "6.17.13+deb13-cloud-arm64"),
        ("6.18.15", "6.18.15+deb13-cloud-arm64"),
        ("7.1.13", "7.1.13+deb13-cloud-arm64"),
        ("7.3-rc7", "7.3-cloud-arm64"),
    ]


def test_a_stanza_without_a_version_is_none():
    assert packages_in("Package: linux-image-6.17.8+deb13-cloud-arm64\nSize: 1\n") == []


def test_what_is_downloaded():
    """Without what the lists do not have any more."""
    parts = {package.release: package.parts for package in PACKAGES}
    assert parts["6.12.95+deb12-cloud-arm64"] == (
        "linux-image-6.12.95+deb12-cloud-arm64-unsigned:arm64=6.12.95-1~bpo12+1",
    )
    assert parts["7.3-cloud-arm64"] == (
        "linux-binary-7.3-cloud-arm64:arm64=7.3~rc7-1~exp1",
        "linux-base-7.3-cloud-arm64:arm64=7.3~rc7-1~exp1",
        "linux-modules-7.3-cloud-arm64:arm64=7.3~rc7-1~exp1",
    )

    assert parts["6.18.15+deb13-cloud-arm64"] == ("linux-image-6.18.15+deb13-cloud-arm64:arm64=6.18.15-1~bpo13+1",)
    assert parts["7.1.13+deb13-cloud-arm64"] == ("linux-binary-7.1.13+deb13-cloud-arm64:arm64=7.1.13-1~bpo13+1",)


@pytest.mark.parametrize(
    ("wanted", "release"),
    [
        ("6.17.8", "6.17.8+deb13-cloud-arm64"),  # the smaller image
        ("6.17.8+deb13-arm64", "6.17.8+deb13-arm64"),
        ("6.17", "6.17.13+deb13-cloud-arm64"),  # 13 is more than 8
        ("7.3", "7.3-cloud-arm64"),
        ("7.3-rc7", "7.3-cloud-arm64"),
        ("6.17.9", ""),
        ("6.1", ""),  # 6.12 and 6.17 are other series
        ("6", ""),
        ("", ""),
    ],
)
def test_chosen_by_release(wanted: str, release: str):
    assert chosen(wanted) == release


def test_a_release_is_preferred_to_its_candidates_and_updates():
    def package(version: str) -> KernelPackage:
        return KernelPackage(version, version, "arm64", ())

    candidate, first, update = map(package, ("7.3-rc7", "7.3", "7.3.4"))
    assert choose([candidate, first, update], "7.3", "arm64") is first
    assert choose([candidate, update], "7.3", "arm64") is update
    assert choose([update, package("7.3.5-rc1")], "7.3", "arm64") is update
    assert version_key("7.3-rc7") < version_key("7.3") < version_key("7.3.4") < version_key("7.10")


def test_what_there_is_instead_is_said():
    assert str(missing(PACKAGES, "6.17.9", "arm64")) == (
        "6.17.9: the archive has no arm64 image of that release: expected one of 6.17.8, 6.17.13"
    )
    assert str(missing(PACKAGES, "5.10", "arm64")).endswith(
        "expected one of 6.12.95, 6.17.13, 6.18.15, 7.1.13, 7.3-rc7"
    )
    assert str(missing(PACKAGES, "6.12", "x86_64")).endswith("expected one of 6.17.8")
    assert str(missing([], "6.12", "x86_64")).endswith("expected one of none at all")
