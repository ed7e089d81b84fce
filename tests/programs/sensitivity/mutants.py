# SPDX-License-Identifier: GPL-2.0-only
"""Every mutant of a version that compiles and is a program of its own, in the order of the source."""

import ast
import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.tree import NodeOrLeaf

import tests.programs.sensitivity.operators  # noqa: F401  # registers its provider
from tests.programs.studied import originals

# What one writes by mistake in C: no `is`, no power, no fraction.
NOT_C = ("_Is", "_Pow", "_Div")
RANDOM = ("VariableReplacer", "VariableInserter")  # put a random number in: another program every time
ANNOTATIONS = ("param", "annassign")
KINDS = {  # a part of an operator's name: what its mutants are called
    "ReplaceBinaryOperator": "arithmetic operator",
    "ReplaceComparisonOperator": "comparison",
    "ReplaceUnaryOperator": "unary operator",
    "NumberReplacer": "constant",
    "AddNot": "negated condition",
    "NegateWholeCondition": "negated condition",
    "ReplaceTrueWithFalse": "boolean",
    "ReplaceFalseWithTrue": "boolean",
    "ReplaceAndWithOr": "and, or",
    "ReplaceOrWithAnd": "and, or",
    "ReplaceContinueWithBreak": "break, continue",
    "ReplaceBreakWithContinue": "break, continue",
    "ZeroIterationForLoop": "loop never entered",
    "DropStatement": "dropped statement",
    "SwapArguments": "swapped arguments",
    "ReverseAugmentedAssignment": "arithmetic operator",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed copy of a version. `diff` is what people read and the list of arguments names it by."""

    original: str
    kind: str  # a value of KINDS
    operator: str  # cosmic-ray's name
    line: int  # of the original, from 1
    source: str
    diff: str

    @property
    def key(self) -> str:
        """Short and stable as long as the version's text is."""
        name = self.original.replace("/", "-")
        return f"{name}-{self.line}-{hashlib.sha256(self.source.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Made:
    """The mutants of one original, and how many more there were that say nothing: duplicates, no Python."""

    original: str
    mutants: tuple[Mutant, ...]
    left_out: Counter[str] = field(default_factory=Counter)


@lru_cache
def make(original: str, only: frozenset[str] | None = None, path: Path | None = None) -> Made:
    """The mutants of the version `original`, or of the file at `path` under its name; of the lines `only` or of all."""
    source = (path or originals()[original].file(original)).read_text(encoding="utf-8")
    lines = source.splitlines()
    found: list[Mutant] = []
    left_out: Counter[str] = Counter()
    seen = {ast.dump(ast.parse(source))}
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators():
        for occurrence, line in _occurrences(nodes, operator):
            if only is not None and lines[line - 1] not in only:
                continue
            text = mutate_code(source, operator, occurrence)
            try:
                program = ast.dump(ast.parse(text))
                compile(text, original, "exec")
            except SyntaxError:
                left_out["does not compile"] += 1
                continue
            if program in seen:
                left_out["duplicate"] += 1
                continue
            seen.add(program)
            found.append(Mutant(original, kind(name), name, line, text, diff(source, text)))
    return Made(original, tuple(sorted(found, key=lambda mutant: mutant.line)), left_out)


def operators() -> Iterator[tuple[str, Operator]]:
    """cosmic-ray's operators and ours, by name, those that say nothing about C left out."""
    for name in operator_names():
        cls = get_operator(name)
        if not name.endswith(RANDOM) and not any(part in name for part in NOT_C) and kind(name):
            yield name, cls()


def kind(operator: str) -> str:
    """What the mutants of an operator are called; nothing for one that a version has no place for."""
    return next((what for part, what in KINDS.items() if part in operator), "")


def _occurrences(nodes: Sequence[NodeOrLeaf], operator: Operator) -> Iterator[tuple[int, int]]:
    """(occurrence as mutate_code() counts them, line) of every place outside imports and annotations."""
    occurrence = 0
    for node in nodes:
        for (line, _), _ in operator.mutation_positions(node):
            if not _is_left_out(node):
                yield occurrence, line
            occurrence += 1


def _is_left_out(node: NodeOrLeaf) -> bool:
    while node is not None:
        if node.type in (*ANNOTATIONS, "import_from", "import_name"):
            return True
        node = node.parent
    return False


def diff(before: str, after: str) -> str:
    """The changed lines between two lines of context on either side, without line numbers: they would not last."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return "\n".join(line.rstrip() for line in lines if not line.startswith(("--- ", "+++ ", "@@ "))).strip("\n")
