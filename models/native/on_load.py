# SPDX-License-Identifier: GPL-2.0-only
"""Whether a shared object runs code of its own as it is loaded: constructors, _init(), ifunc resolvers.

No function of the kernel asks for that. It would run before a child has given up what only loading takes.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

HEADER, PROGRAM, SECTION = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ"), struct.Struct("<IIQQQQIIQQ")
DYNAMIC, SYMBOL, RELOCATION = struct.Struct("<qQ"), struct.Struct("<IBBHQQ"), struct.Struct("<QQq")
PT_DYNAMIC = 2
SHT_RELA, SHT_DYNSYM = 4, 11
STT_GNU_IFUNC = 10
ON_LOAD = {12, 25, 32}  # DT_INIT, DT_INIT_ARRAY, DT_PREINIT_ARRAY
IRELATIVE = {37, 1032}  # of x86_64, of arm64


class NoObject(ValueError):
    """The file is no 64-bit little-endian ELF object."""


def runs_on_load(path: Path) -> bool:
    """Whether loading the object at `path` runs code of it. Raises NoObject, OSError."""
    data = path.read_bytes()
    try:
        header = HEADER.unpack_from(data)
        if header[0][:6] != b"\x7fELF\x02\x01":
            raise NoObject(f"{path}: no object")
        return any(_reasons(data, header))
    except struct.error:
        raise NoObject(f"{path}: the object is cut short") from None


def _reasons(data: bytes, header: tuple[int, ...]) -> Iterator[bool]:
    _, _, _, _, _, programs, sections, _, _, program_size, program_count, section_size, section_count, _ = header
    for number in range(program_count):
        kind, _, at, _, _, size, _, _ = PROGRAM.unpack_from(data, programs + number * program_size)
        if kind == PT_DYNAMIC:
            yield from (tag in ON_LOAD for tag, _ in DYNAMIC.iter_unpack(data[at : at + size]))
    for number in range(section_count):
        _, kind, _, _, at, size, _, _, _, _ = SECTION.unpack_from(data, sections + number * section_size)
        if kind == SHT_DYNSYM:
            yield from (info & 0xF == STT_GNU_IFUNC for _, info, *_ in SYMBOL.iter_unpack(data[at : at + size]))
        if kind == SHT_RELA:
            yield from (info & 0xFFFF_FFFF in IRELATIVE for _, info, _ in RELOCATION.iter_unpack(data[at : at + size]))
