# SPDX-License-Identifier: GPL-2.0-only
"""`make trees`: the kernel sources that tests read, from Debian's archive, into .pte-review/trees.

Of each source only the files that pte-review reads are unpacked. Names on the command line choose: 6.12 7.3. What can
no longer be had is said and skipped. The machine's own lists and sources of apt stay as they are.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pte_review.harness.live.apt import Apt, Archive, Unavailable, mirror
from pte_review.harness.subjects import SUBJECTS
from pte_review.models.kernel_tree.files import READ
from tests.kit.trees import RELEASES, TREES, Release

SUITES = ("trixie-backports", "sid")
FILES = sorted({"Makefile", *READ, *(s.binding.file for s in SUBJECTS.values() if s.binding is not None)})
KUNIT = ("tools/testing/kunit/kunit_parser.py", "tools/testing/kunit/kunit_printer.py")
FILES_OF = {"6.12": [*FILES, *KUNIT]}  # what tests read of one release alone: kunit.py's parser of KTAP
STAMP = ".unpacked"  # in a tree: the list of files that were looked for


def source(apt: Apt, release: Release, folder: Path) -> Path:
    """The upstream archive of a source package: this version, or the newest of its series."""
    listed = apt.run("showsrc", "--only-source", "linux", program="apt-cache")
    versions = re.findall(r"^Version: (\S+)", listed, re.MULTILINE)
    own = [version for version in versions if version.startswith(f"{release.version}-")]
    same = [version for version in versions if version.startswith(f"{release.series}.")]
    if not same:
        raise Unavailable(apt.trouble or f"no source package of {release.series}")
    chosen = max(own or same, key=_parts)
    if not own:
        print(f"{release.version}: no longer in the archive, taking {chosen}", flush=True)
    apt.run("source", "--download-only", "--tar-only", f"linux={chosen}", cwd=folder)
    return next(folder.glob("*.orig.tar.*"))


def binary(apt: Apt, release: Release, folder: Path) -> Path:
    """The archive inside a linux-source package, out of its data as a stream."""
    name = f"linux-source-{release.series}"
    apt.run("download", name, cwd=folder)
    package, archive = next(folder.glob("*.deb")), folder / f"{name}.tar.xz"
    with archive.open("wb") as file:
        data = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-xO", f"./usr/src/{name}.tar.xz"], stdin=data.stdout, stdout=file, check=True)
    return archive


def _parts(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _archive(release: Release, apt: Iterator[Apt], folder: Path) -> Path:
    installed = Path(f"/usr/src/linux-source-{release.series}.tar.xz")
    if not release.version and installed.exists():
        return installed
    return (source if release.version else binary)(next(apt), release, folder)


def _unpack(archive: Path, tree: Path, files: list[str]) -> None:
    """Those of `files` that the archive has."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    command = ["tar", "-xf", str(archive), "-C", str(tree), "--strip-components=1"]
    command += ["--wildcards", "--no-wildcards-match-slash"]
    # A file that this kernel does not have is an error to tar, which unpacks the others all the same.
    subprocess.run([*command, *(f"*/{name}" for name in files)], stderr=subprocess.DEVNULL, check=False)
    if not (tree / "mm/mremap.c").exists():
        raise Unavailable(f"{archive.name} has no mm/mremap.c")
    (tree / STAMP).write_text("\n".join(files))


def _apts(home: Path) -> Iterator[Apt]:
    """The same one for all, set up when the first asks."""
    apt = Apt(home, [Archive(mirror(), SUITES, "deb deb-src")])
    while True:
        yield apt


def main(chosen: list[str]) -> int:
    """Bring the trees. Returns 0; 2 where a name is none of RELEASES."""
    if unknown := [name for name in chosen if name not in RELEASES]:
        print(f"make trees: no release {unknown[0]!r}: expected some of {' '.join(RELEASES)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="pte-review-trees-") as scratch:
        apt = _apts(Path(scratch) / "apt")
        for name in chosen or RELEASES:
            tree, files = TREES / RELEASES[name].folder, FILES_OF.get(name, FILES)
            if (tree / STAMP).exists() and (tree / STAMP).read_text() == "\n".join(files):
                continue
            print(f"{name}: bringing {tree.relative_to(TREES.parents[1])}", flush=True)
            folder = Path(scratch) / name
            folder.mkdir()
            try:
                _unpack(_archive(RELEASES[name], apt, folder), tree, files)
            except (Unavailable, OSError, subprocess.CalledProcessError, StopIteration) as error:
                print(f"{name}: skipped: {error or 'apt could not be set up'}", flush=True)
                shutil.rmtree(tree, ignore_errors=True)
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
