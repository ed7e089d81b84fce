# SPDX-License-Identifier: GPL-2.0-only
"""The modules that a run needs, from the folder of an image, in the order in which they can be loaded.

A package ships no modules.dep: depmod makes it when the package is installed. The "depends=" of each module's .modinfo
names what the module depends on; depmod reads that too.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.images import decompressed

# What a run uses where it is not built in: the channel to the host, then swap.
CHANNEL = ("virtio_pci", "virtio_console")
SWAP = ("zsmalloc", "842_compress", "842_decompress", "lz4_compress", "lz4hc_compress", "lzo_compress", "zram")
DEPENDS = re.compile(rb"(?:\A|\0)depends=([^\0]*)\0")
KINDS = {".xz": "xz", ".zst": "zstd", ".gz": "gzip"}
SUFFIXES = (".ko", *(f".ko{suffix}" for suffix in KINDS))


def modules_in_order(folder: Path | None, wanted: Iterable[str] = (*CHANNEL, *SWAP)) -> list[tuple[str, bytes]]:
    """Name and bytes of each module of `wanted` that `folder` has, behind those that it depends on.

    A module that is not there is built in or not configured, which the guest finds out. Raises LiveError.
    """
    if folder is None:
        return []
    files = {name: path for path in folder.rglob("*.ko*") if (name := _name(path))}
    result: dict[str, bytes] = {}
    for name in wanted:
        _add(name, files, result)
    return list(result.items())


def _add(name: str, files: dict[str, Path], result: dict[str, bytes]) -> None:
    if name in result or name not in files:
        return
    data = module_bytes(files[name])
    match = DEPENDS.search(data)
    for other in match[1].decode().split(",") if match and match[1] else ():
        _add(other.replace("-", "_"), files, result)
    result[name] = data


def _name(path: Path) -> str:
    """The name of the module in `path`; empty for another file."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    return path.name.removesuffix(suffix).replace("-", "_") if suffix else ""


def module_bytes(path: Path) -> bytes:
    """The module in `path`, decompressed. Raises LiveError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LiveError(f"{path}: {error.strerror}") from None
    kind = KINDS.get(path.suffix)
    return decompressed(kind, data, str(path)) if kind else data
