# SPDX-License-Identifier: GPL-2.0-only
"""64-bit words on which predicates and setters may differ, and what each of them is, in C and in Python."""

from collections.abc import Callable
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import cffi

from pte_review.models.native.arena import layout_header
from pte_review.models.native.build import compiled

U64 = (1 << 64) - 1
RANDOM_WORDS = 1200
Function = Callable[[Any, int, int], int]  # of (PteWords, a word, another one)

SOURCE = """
void all_words(const u64 *values, const u64 *others, u64 count, u64 *out)
{
	start();
	for (u64 i = 0; i < count; i++) {
		u64 value = values[i], other = others[i];
		pte_t pte = __pte(value);

%s
	}
}
"""
ffi = cffi.FFI()
ffi.cdef("void all_words(const uint64_t *, const uint64_t *, uint64_t, uint64_t *);")


@lru_cache(maxsize=1)
def values() -> list[int]:
    """No bit, every bit, each alone and each pair, the same inverted; swap entries of each kind; random words."""
    random = Random(0)
    bits = [1 << i for i in range(64)]
    few = [0, *bits, *(a | b for a, b in combinations(bits, 2))]
    swaps = [type_ << 59 | (~offset & (1 << 50) - 1) << 9 for type_ in range(32) for offset in range(9)]
    swaps += [type_ << 6 | offset << 12 for type_ in range(32) for offset in range(9)]
    swaps += [swap | random.choice(bits[:12]) for swap in swaps]
    dense = [random.getrandbits(64) for _ in range(RANDOM_WORDS)]
    sparse = [random.getrandbits(64) & random.getrandbits(64) & random.getrandbits(64) for _ in range(RANDOM_WORDS)]
    return [*few, *(U64 ^ word for word in few), *swaps, *dense, *sparse]


@lru_cache(maxsize=1)
def others() -> list[int]:
    """A second word for each: the same, a small number, a random one."""
    random = Random(1)
    return [random.choice((word, random.randrange(600), random.getrandbits(64))) for word in values()]


def results(prelude: str, expressions: list[str], defines: tuple[str, ...], label: str) -> list[list[int]]:
    """What each of the C `expressions` in value, other and pte is for every pair of words. `prelude` has start()."""
    body = "\n".join(f"\t\tout[{number} * count + i] = (u64)({what});" for number, what in enumerate(expressions))
    return all_words(compiled(layout_header() + prelude + SOURCE % body, defines, label), len(expressions))


def all_words(path: Path, expressions: int) -> list[list[int]]:
    """What all_words() of the shared object `path` leaves for every pair of words, by expression."""
    library, count = ffi.dlopen(str(path)), len(values())
    out = ffi.new("uint64_t[]", count * expressions)
    library.all_words(ffi.new("uint64_t[]", values()), ffi.new("uint64_t[]", others()), count, out)
    found = list(out)
    return [found[i * count : (i + 1) * count] for i in range(expressions)]


def differences(words: Any, table: dict[str, tuple[str, Function]], found: list[list[int]]) -> list[str]:
    """One line for each function of `table` that is not what was `found` of the C."""
    differences = []
    for (name, (_, function)), column in zip(table.items(), found, strict=True):
        for value, other, in_c in zip(values(), others(), column, strict=True):
            if (in_python := int(function(words, value, other))) != in_c:
                differences.append(f"{name}({value:#x}, {other:#x}): Python {in_python:#x}, C {in_c:#x}")
                break
    return differences
