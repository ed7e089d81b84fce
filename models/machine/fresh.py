# SPDX-License-Identifier: GPL-2.0-only
"""A machine built from a scenario: of its architecture, with other CPUs only where others act."""

from pte_review.models.machine.actors import Actors
from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.elided_flushes import ElidedFlushes
from pte_review.models.machine.kernel import Kernel, KernelX86_64
from pte_review.models.scenario import Scenario

KERNELS: dict[str, type[Kernel]] = {"x86_64": KernelX86_64, "arm64": KernelArm64}


class ActedX86_64(Actors, KernelX86_64):
    """x86_64 on which others act."""


class ActedArm64(Actors, KernelArm64):
    """arm64 on which others act."""


class ActedElidedFlushes(Actors, ElidedFlushes):
    """arm64 with BBML2 on which others act."""


ACTED: dict[str, type[Actors]] = {"x86_64": ActedX86_64, "arm64": ActedArm64}


def fresh_kernel(scenario: Scenario) -> Kernel:
    """A machine built from `scenario`."""
    if scenario.config.bbml2_noabort:
        return (ActedElidedFlushes if scenario.actions else ElidedFlushes)(scenario)
    return (ACTED if scenario.actions else KERNELS)[scenario.arch](scenario)
