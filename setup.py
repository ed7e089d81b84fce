# SPDX-License-Identifier: GPL-2.0-only
"""Which packages there are: harness, models and strategies, which nobody sees but as parts of pte_review."""

from setuptools import find_packages, setup

ROOMS = ("harness", "models", "strategies")

setup(
    packages=[
        "pte_review",
        *(f"pte_review.{name}" for name in find_packages(include=[f"{room}*" for room in ROOMS])),
    ],
    package_dir={"pte_review": "packaging/pte_review", **{f"pte_review.{room}": room for room in ROOMS}},
)
