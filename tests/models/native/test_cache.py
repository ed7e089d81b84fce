# SPDX-License-Identifier: GPL-2.0-only
"""The cache of compiled objects forgets what nobody has used for long, and nothing else."""

import os
import time

from pte_review.models.native.build import KEPT_DAYS, compiled


def test_old_objects_go_when_a_new_one_comes(tmp_path, monkeypatch):
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(tmp_path))
    first = compiled("int one;", (), "test")
    names = {"old.so": True, "old.partial": True, "old.json": False, "young.so": False}
    long_ago = time.time() - (KEPT_DAYS + 1) * 24 * 3600
    for name in names:
        (tmp_path / name).write_bytes(b"")
        if name != "young.so":
            os.utime(tmp_path / name, (long_ago, long_ago))
    assert compiled("int one;", (), "test") == first
    assert (tmp_path / "old.so").exists()
    second = compiled("int two;", (), "test")
    gone = {name for name in names if not (tmp_path / name).exists()}
    assert gone == {name for name, goes in names.items() if goes}
    assert first.exists()
    assert second.exists()
