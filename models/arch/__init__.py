# SPDX-License-Identifier: GPL-2.0-only
"""The PTE words: one file an architecture, with the real bit layouts of v6.16.

`words(arch, config)` gives the predicates and setters of an architecture without a machine around them.
"""

from functools import lru_cache

from pte_review.models.arch.arm64 import Arm64
from pte_review.models.arch.word import PteWords
from pte_review.models.arch.x86_64 import X86_64
from pte_review.models.config import Config

ARCHES: dict[str, type[PteWords]] = {"x86_64": X86_64, "arm64": Arm64}


@lru_cache(maxsize=4096)
def words(arch: str, config: Config) -> PteWords:
    """The PTE words of `arch` (a key of ARCHES) under `config`."""
    return ARCHES[arch](config)
