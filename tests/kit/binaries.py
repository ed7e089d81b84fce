# SPDX-License-Identifier: GPL-2.0-only
"""Kernel images and programs that are headers only: as the kernel's Documentation and <elf.h> have them."""

import struct

BANNER = b"Linux version 6.17.8-arm64 (builder@host) (gcc 14) #1 SMP\n"


def bzimage(text: bytes = b"6.17.8-amd64 (builder@host) #1\0", pointer: int = 0x1000) -> bytes:
    """Magic "HdrS" at 0x202; at 0x20e where, less 0x200, the text of the release is."""
    data = bytearray(0x2000)
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x20E, pointer)
    data[pointer + 0x200 : pointer + 0x200 + len(text)] = text
    return bytes(data)


def arm64(banner: bytes = BANNER) -> bytes:
    """Magic "ARM\\x64" at byte 56 of a header of 64."""
    return bytes(56) + b"ARM\x64" + bytes(68) + banner


# <elf.h>
EM_X86_64, EM_AARCH64 = 62, 183
PT_LOAD, PT_INTERP = 1, 3


def elf(machine: int, *segments: int) -> bytes:
    """An ELF file of 64 bits: its header, and the types of its program headers."""
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    return identity + header + b"".join(struct.pack("<I", segment) + bytes(52) for segment in segments)
