# SPDX-License-Identifier: GPL-2.0-only
"""The subjects that are studied, by name; and what their versions are called among all."""

from tests.kit.study import Study
from tests.subjects.change_pte_range.study import STUDY as CHANGE_PTE_RANGE
from tests.subjects.move_ptes.study import STUDY as MOVE_PTES

STUDIES: dict[str, Study] = {study.name: study for study in (MOVE_PTES, CHANGE_PTE_RANGE)}


def originals(subject: str | None = None) -> dict[str, Study]:
    """The versions that are mutated, of one subject or of all, each with its study."""
    return {version: study for study in STUDIES.values() if subject in (None, study.name) for version in study.mutated}
