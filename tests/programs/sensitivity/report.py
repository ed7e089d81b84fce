# SPDX-License-Identifier: GPL-2.0-only
"""The score of a run as text: one column an original, then whatever is not settled."""

import textwrap
from collections.abc import Mapping, Sequence
from statistics import median

from tests.kit.study import Study
from tests.programs.sensitivity.argued import BEYOND, EQUIVALENT, Argument, argued
from tests.programs.sensitivity.judging import COST, HOSTILE, LEGAL, SURVIVED, Fate
from tests.programs.sensitivity.mutants import Made, Mutant
from tests.programs.studied import STUDIES

LABEL, WIDTH = 29, 75


def report(made: Sequence[Made], fates: Mapping[str, Fate], arguments: Sequence[Argument], examples: int) -> str:
    """The table, and each survivor that nobody has argued about."""
    mutants = [mutant for one in made for mutant in one.mutants]
    excused = argued(arguments, mutants)
    blocks = [
        f"Mutants, each checked against its original: {examples:,} scenarios an\narchitecture, contract folio-ad."
    ]
    columns = {study: [one for one in made if one.original in study.mutated] for study in STUDIES.values()}
    blocks += ["\n".join(_table(study, of, fates, excused)) for study, of in columns.items() if of]
    beyond = [m for m in mutants if m.key in excused and excused[m.key].verdict == BEYOND]
    blocks += ["Beyond the model:\n" + "\n".join(_why(m, excused[m.key]) for m in beyond)] if beyond else []
    blocks += [_shown(m) for m in unexplained(mutants, fates, arguments)]
    return "\n\n".join(blocks)


def unexplained(mutants: Sequence[Mutant], fates: Mapping[str, Fate], arguments: Sequence[Argument]) -> list[Mutant]:
    """The survivors that the list says nothing about."""
    excused = argued(arguments, mutants)
    return [m for m in mutants if fates[m.key].how == SURVIVED and m.key not in excused]


def _table(study: Study, made: Sequence[Made], fates: Mapping[str, Fate], excused: Mapping[str, Argument]) -> list[str]:
    def row(label: str, values: Sequence[object]) -> str:
        return label.ljust(LABEL) + "".join(
            f"{value!s:>{max(9, len(one.original) + 1)}}" for one, value in zip(made, values, strict=True)
        )

    def ended(one: Made, how: str, verdict: str = "") -> list[Fate]:
        return [
            fates[m.key]
            for m in one.mutants
            if fates[m.key].how == how and (excused[m.key].verdict if m.key in excused else "") == verdict
        ]

    def counts(how: str, verdict: str = "") -> list[int]:
        return [len(ended(one, how, verdict)) for one in made]

    crashes = [sum(fate.what == "crash" for fate in ended(one, LEGAL)) for one in made]
    legal = [[fate.examples for fate in ended(one, LEGAL)] or [0] for one in made]
    kinds = sorted({m.kind for one in made for m in one.mutants})
    reasons = sorted({reason for one in made for reason in one.left_out})
    rows = [row("", [one.original for one in made]), row("mutants", [len(one.mutants) for one in made])]
    rows += [row(f"  {kind}", [sum(m.kind == kind for m in one.mutants) for one in made]) for kind in kinds]
    rows += [row(f"  left out: {why}", [one.left_out[why] for one in made]) for why in reasons]
    rows += [
        row("killed", counts(LEGAL)),
        row("  scenarios it took: median", [f"{median(one):g}" for one in legal]),
        row("  scenarios it took: most", [f"{max(one):,}" for one in legal]),
        row("  of these: it just crashes", crashes),
        *([row(f"killed, {' or '.join(study.rules)}", counts(HOSTILE))] if study.rules else []),
        row("killed by cost alone", counts(COST)),
        row("argued equivalent", counts(SURVIVED, EQUIVALENT)),
        row("beyond the model", counts(SURVIVED, BEYOND)),
        row("survived", counts(SURVIVED)),
    ]
    return [*rows, row("score", [_score(one, ended(one, SURVIVED, EQUIVALENT), fates) for one in made])]


def _score(one: Made, equivalent: Sequence[Fate], fates: Mapping[str, Fate]) -> str:
    """The killed among those that are not equivalent."""
    killed = sum(fates[m.key].how != SURVIVED for m in one.mutants)
    return f"{100 * killed / max(len(one.mutants) - len(equivalent), 1):.1f} %"


def _why(mutant: Mutant, argument: Argument) -> str:
    return f"  {mutant.original}:{mutant.line}, {mutant.kind}\n" + textwrap.indent(
        textwrap.fill(argument.why, WIDTH - 4), "    "
    )


def _shown(mutant: Mutant) -> str:
    return f"SURVIVED: {mutant.original}:{mutant.line}, {mutant.kind}\n{mutant.diff}"
