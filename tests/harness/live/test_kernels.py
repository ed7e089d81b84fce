# SPDX-License-Identifier: GPL-2.0-only
"""A kernel by its path or release, and what of a package is kept."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.live import kernels
from pte_review.harness.live.apt import Unavailable
from pte_review.harness.live.archive import bring, cached, place
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.packages import KernelPackage
from tests.kit.binaries import arm64, bzimage

RELEASE = "6.17.8-arm64"  # of arm64()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernels"


def written(path: Path, data: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# -- by path


def test_an_image_alone(tmp_path: Path):
    image = written(tmp_path / "Image", arm64())
    kernel = kernel_of(str(image))
    assert (kernel.release, kernel.arch, kernel.image) == (RELEASE, "arm64", image)
    assert (kernel.modules, kernel.config) == (None, None)


@pytest.mark.parametrize(
    ("image", "modules", "config"),
    [
        (f"boot/vmlinuz-{RELEASE}", f"lib/modules/{RELEASE}", f"boot/config-{RELEASE}"),
        (f"boot/vmlinuz-{RELEASE}", f"usr/lib/modules/{RELEASE}", f"boot/config-{RELEASE}"),
        (f"usr/lib/modules/{RELEASE}/vmlinuz", f"usr/lib/modules/{RELEASE}", f"usr/lib/modules/{RELEASE}/config"),
    ],
    ids=["boot", "merged-usr", "from-6.19"],
)
def test_what_lies_beside_an_image(tmp_path: Path, image: str, modules: str, config: str):
    written(tmp_path / image, arm64())
    written(tmp_path / modules / "modules.order")
    written(tmp_path / modules / "kernel" / "zram.ko")
    written(tmp_path / config)
    kernel = kernel_of(str(tmp_path / image))
    assert (kernel.modules, kernel.config) == (tmp_path / modules, tmp_path / config)


def test_the_image_says_the_architecture(tmp_path: Path):
    image = written(tmp_path / "bzImage", bzimage())
    assert kernel_of(str(image)).arch == "x86_64"
    with pytest.raises(LiveError, match=r"bzImage: an image of x86_64: expected one of arm64"):
        kernel_of(str(image), "arm64")
    with pytest.raises(UsageError, match="no architecture 'arm'"):
        kernel_of(str(image), "arm")


@pytest.mark.parametrize("what", [".", "bzImage", "latest", "6", "6.x", "9" * 40])
def test_what_is_no_release_is_refused_before_anything_is_fetched(what, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pte_review.harness.live.kernels._by_release", None)
    with pytest.raises(LiveError, match="expected the path of a file, or a release such as"):
        kernel_of(what, "arm64")


def test_a_file_of_this_folder_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "6.12", arm64())
    assert kernel_of("6.12").release == RELEASE


# -- by release


def kept(cache: Path, release: str, version: str) -> None:
    written(cache / release / "vmlinuz", arm64(f"Linux version {release} (builder@host)".encode()))
    written(cache / release / "version", f"{version}\n".encode())


class Stand_in:
    """Of apt: the packages are files that a test has written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, what: str, part: str, cwd: Path) -> str:
        name = part.partition(":")[0]
        if not (self.folder / f"{name}.deb").exists():
            raise Unavailable(f"apt-get {what}: no {part}")
        shutil.copy(self.folder / f"{name}.deb", cwd)
        return ""


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[KernelPackage]:
    """The packages that the archive of a test has."""
    packages: list[KernelPackage] = []

    @contextmanager
    def opened() -> Iterator[tuple[Stand_in, list[KernelPackage]]]:
        yield Stand_in(tmp_path), packages

    monkeypatch.setattr(kernels, "opened", opened)
    return packages


def test_the_cache_folder_is_asked_first(cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernels, "opened", None)
    kept(cache, "6.17.8+deb13-cloud-arm64", "6.17.8")
    kept(cache, "6.17.13+deb13-cloud-arm64", "6.17.13")
    for wanted, release in (("6.17.8", "6.17.8"), ("6.17", "6.17.13"), ("6.17.8+deb13-cloud-arm64", "6.17.8")):
        assert kernel_of(wanted, "arm64").release == f"{release}+deb13-cloud-arm64"


def test_a_cached_candidate_is_no_answer_to_a_series(cache: Path, distribution: list[KernelPackage]):
    kept(cache, "7.3-cloud-arm64", "7.3-rc7")
    assert kernel_of("7.3-rc7", "arm64").release == "7.3-cloud-arm64"
    with pytest.raises(LiveError, match=r"^7\.3: the archive has no arm64 image"):
        kernel_of("7.3", "arm64")


def test_the_name_of_a_release_says_its_architecture(cache: Path):
    kept(cache, "6.17.8+deb13-cloud-arm64", "6.17.8")
    assert kernel_of("6.17.8+deb13-cloud-arm64").arch == "arm64"


# -- packages


@pytest.mark.parametrize(
    ("name", "where"),
    [
        (f"./boot/vmlinuz-{RELEASE}", "vmlinuz"),
        (f"./usr/lib/modules/{RELEASE}/vmlinuz", "vmlinuz"),
        (f"./boot/config-{RELEASE}", "config"),
        (f"./usr/lib/modules/{RELEASE}/config", "config"),
        (f"./lib/modules/{RELEASE}/modules.order", "modules/modules.order"),
        (
            f"./usr/lib/modules/{RELEASE}/kernel/drivers/block/zram/zram.ko.xz",
            "modules/kernel/drivers/block/zram/zram.ko.xz",
        ),
        (f"./lib/modules/{RELEASE}/kernel/mm/zsmalloc.ko", "modules/kernel/mm/zsmalloc.ko"),
        (f"./usr/lib/modules/{RELEASE}/kernel/drivers/net/tg3.ko.xz", None),
        (f"./usr/lib/modules/{RELEASE}/kernel/mm/../../../../../../etc/x.ko", None),
        (f"./boot/System.map-{RELEASE}", None),
        (f"./usr/lib/modules/{RELEASE}/dtb/a.dtb", None),
    ],
)
def test_what_of_a_package_is_kept(name: str, where: str | None):
    assert place(name) == where


def deb(path: Path, files: dict[str, bytes]) -> None:
    """A package with these files, made by hand: an ar archive of three members."""
    packed = []
    for name, members in (
        ("control.tar", {"./control": b"Package: x\nVersion: 1\nArchitecture: all\n"}),
        ("data.tar", files),
    ):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as tar:
            for member, text in members.items():
                info = tarfile.TarInfo(member)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        packed.append((name, data.getvalue()))
    parts = [b"!<arch>\n"]
    for name, data in (("debian-binary", b"2.0\n"), *packed):
        parts.append(
            f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        )
    path.write_bytes(b"".join(parts))


needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg-deb")


def package(*parts: str) -> KernelPackage:
    return KernelPackage(RELEASE, "6.17.8", "arm64", tuple(f"{part}:arm64=1" for part in parts))


@needs_dpkg
def test_a_kernel_in_three_packages(tmp_path: Path, cache: Path, distribution: list[KernelPackage]):
    deb(tmp_path / "binary.deb", {f"./usr/lib/modules/{RELEASE}/vmlinuz": arm64()})
    deb(tmp_path / "base.deb", {f"./usr/lib/modules/{RELEASE}/config": b"CONFIG_X=y\n", "./usr/share/doc/x": b""})
    modules = {"modules.order": b"", "kernel/mm/zsmalloc.ko.xz": b"1", "kernel/net/tcp.ko.xz": b"2"}
    deb(tmp_path / "modules.deb", {f"./usr/lib/modules/{RELEASE}/{name}": data for name, data in modules.items()})
    distribution.append(package("binary", "base", "modules"))
    kernel = kernel_of("6.17.8", "arm64")
    assert (kernel.release, kernel.image) == (RELEASE, cache / RELEASE / "vmlinuz")
    assert kernel.config is not None
    assert kernel.config.read_text() == "CONFIG_X=y\n"
    assert kernel.modules is not None
    assert sorted(path.name for path in kernel.modules.rglob("*") if path.is_file()) == [
        "modules.order",
        "zsmalloc.ko.xz",
    ]
    assert [package.version for package in cached()] == ["6.17.8"]
    assert [path.name for path in cache.iterdir()] == [RELEASE]


@needs_dpkg
def test_what_cannot_be_brought_leaves_nothing(tmp_path: Path, cache: Path):
    deb(tmp_path / "base.deb", {"./usr/share/doc/x": b""})
    (tmp_path / "torn.deb").write_bytes((tmp_path / "base.deb").read_bytes()[:100])
    for parts, message in (
        (["base"], "no image in base"),
        (["none"], "cannot be brought: apt-get download: no none"),
        (["torn"], "cannot be unpacked"),
    ):
        with pytest.raises(LiveError, match=rf"^6\.17\.8-arm64: {message}"):
            bring(Stand_in(tmp_path), package(*parts))  # type: ignore[arg-type]
        assert list(cache.iterdir()) == []


def test_no_apt(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LiveError, match=r"^kernels by release: there is no apt-get: .*; try the path of an image$"):
        kernel_of("6.12", "arm64")


def test_no_mirror(monkeypatch: pytest.MonkeyPatch):
    empty = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr("pte_review.harness.live.apt._called", lambda *_: empty)
    with pytest.raises(LiveError, match="apt knows no archive"):
        kernel_of("6.12", "arm64")
