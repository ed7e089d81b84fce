# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios as a Hypothesis strategy, for @given. Reviews draw their bytes themselves and never import Hypothesis."""

from collections.abc import Sequence

from hypothesis import strategies as st

from pte_review.models.arch import ARCHES
from pte_review.models.legal import ONLY_ON
from pte_review.models.scenario import Scenario
from pte_review.strategies.drawn import Recipe, bytes_of, scenario_of


def scenarios_of(
    recipe: Recipe, arch: str | Sequence[str] | None = None, hostile: str | None = None
) -> st.SearchStrategy[Scenario]:
    """Scenarios of `arch` (one, several, or all). Legal, unless `hostile` names one of the recipe's breakers.

    A rule that only one architecture has gives scenarios of that one. Raises ValueError for unknown names.
    """
    arches = list(ARCHES) if arch is None else [arch] if isinstance(arch, str) else list(arch)
    for name in arches:
        if name not in ARCHES:
            raise ValueError(f"arch: expected one of {', '.join(ARCHES)}, got {name!r}")
    if hostile is not None:
        if hostile not in recipe.breakers:
            raise ValueError(f"hostile: expected one of {', '.join(recipe.breakers)}, got {hostile!r}")
        arches = [name for name in arches if ONLY_ON.get(hostile, name) == name]
        if not arches:
            raise ValueError(f"hostile: {hostile!r} can only be broken on {ONLY_ON[hostile]}")
    return _scenarios(recipe, arches[0] if len(arches) == 1 else st.sampled_from(arches), hostile)


@st.composite
def _scenarios(draw: st.DrawFn, recipe: Recipe, arch: str | st.SearchStrategy[str], hostile: str | None) -> Scenario:
    # One draw of bytes a scenario. Besides being the cheapest, it leaves Hypothesis's mutator nothing to copy from one
    # place to another, which it does in five of six examples where it can: every scenario is a new one.
    size = bytes_of(hostile)
    name = arch if isinstance(arch, str) else draw(arch)
    return scenario_of(recipe, name, draw(st.binary(min_size=size, max_size=size)), hostile)
