# SPDX-License-Identifier: GPL-2.0-only
"""Decisions out of bytes: each possible, as likely as asked for, 0 the simplest, an empty string all zeros."""

from collections import Counter

import pytest

from pte_review.strategies.choices import Choices

BYTES = [bytes([i]) for i in range(256)]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16, 100, 255, 256])
def test_below(n):
    counts = Counter(Choices(data).below(n) for data in BYTES)
    assert sorted(counts) == list(range(n))
    assert max(counts.values()) - min(counts.values()) <= 1
    assert Choices(b"\0").below(n) == Choices(b"").below(n) == 0


@pytest.mark.parametrize("percent", [0, 1, 2, 5, 12, 50, 60, 99, 100])
def test_chance(percent):
    hits = sum(Choices(data).chance(percent) for data in BYTES)
    assert abs(hits - 2.56 * percent) < 1
    if percent < 100:
        assert not Choices(b"\0").chance(percent)


def test_wide():
    assert {Choices(bytes([i, j])).wide(512) for i in range(256) for j in (0, 128, 255)} == set(range(512))
    assert Choices(b"\xff\xff").wide(65536) == 65535
    assert Choices(b"\0\0").wide(300) == Choices(b"").wide(300) == 0


def test_pick():
    assert Choices(b"\0").pick("abc") == "a"
    assert Choices(b"\xff").pick("abc") == "c"
    assert [Choices(bytes([85 * i + 1])).pick("abc") for i in range(3)] == ["a", "b", "c"]


def test_every_decision_takes_its_own_bytes():
    choices = Choices(bytes([0x80, 0xFF, 0x80, 0x00, 0xFF]))
    assert [choices.below(2), choices.chance(50), choices.wide(256), choices.pick("ab"), choices.below(9)] == [
        *(1, True, 128, "b", 0),
    ]
