# SPDX-License-Identifier: GPL-2.0-only
"""Patches that somebody made to take for ever: each is read or refused in the time that its length takes."""

from pathlib import Path
from time import process_time

import pytest

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.patches import patched
from tests.kit.little_tree import MREMAP
from tests.kit.trees import small

LENGTH = 1_000_000  # bytes
MAIL = "From a Mon Sep 17 00:00:00 2001\n"
HEAD = "diff --git a/mm/mremap.c b/mm/mremap.c\n--- a/mm/mremap.c\n+++ b/mm/mremap.c\n"
HUNK = "@@ -1,1 +1,1 @@\n-a\n+b\n"
HOSTILE = {
    "tags": f"{MAIL}Subject: {'[PATCH ' * (LENGTH // 7)}\n\n{HEAD}{HUNK}",
    "hunks": HEAD + HUNK * (LENGTH // 50),
    "too many hunks": HEAD + HUNK * (LENGTH // 20),
    "one line": f"{HEAD}@@ -1,1 +1,1 @@\n-{'a' * LENGTH}\n+b\n",
    "From": "From a\n" * (LENGTH // 7),
    "folded headers": f"{MAIL}Content-Type: text/plain;\n{(' x=y;' + chr(10)) * (LENGTH // 6)}\n{HEAD}",
    "content types": f"{MAIL}{('Content-Type: a' + chr(10)) * (LENGTH // 16)}\n{HEAD}",
    "quotes": ">" * LENGTH,
    "base64": f"{MAIL}Subject: [PATCH] x\nContent-Transfer-Encoding: base64\n\n{'A' * LENGTH}\n",
    "names": f'diff --git "{"a" * LENGTH}\n',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_takes_the_time_of_its_length(tmp_path: Path, kind: str):
    file = tmp_path / "x.patch"
    file.write_text(HOSTILE[kind])
    started = process_time()
    with pytest.raises(TreeError):
        patched(small(), [file], MREMAP)
    assert process_time() - started < 20  # what is quadratic takes minutes
