# SPDX-License-Identifier: GPL-2.0-only
"""Mutations that cosmic-ray has no operator for, as an operator provider of its plugin interface: "pte/...".

The library negates the first operand of an `if`, never an `elif`; drops no statement, swaps no arguments, and leaves
augmented assignments alone.
"""

from collections.abc import Iterator
from itertools import pairwise

import parso
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import OPERATOR_PROVIDERS
from parso.python.tree import ExprStmt, IfStmt, Keyword, PythonNode
from parso.python.tree import Operator as Token
from parso.tree import BaseNode, NodeOrLeaf

Position = tuple[tuple[int, int], tuple[int, int]]


class DropStatement(Operator):
    """Puts `pass` in the place of a simple statement; imports, declarations and docstrings stay."""

    KEPT = ("import_name", "import_from", "nonlocal_stmt", "global_stmt", "string", "strings")

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if node.type == "simple_stmt" and node.children[0].type not in self.KEPT and node.children[0] != "pass":
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: BaseNode, index: int) -> BaseNode:
        first = node.children[0]
        node.children[0] = Keyword("pass", first.start_pos, first.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("f()\nx = 1\n", "f()\npass\n", occurrence=1),
            Example("while x:\n    break\n", "while x:\n    pass\n"),
        )


class SwapArguments(Operator):
    """Exchanges two neighbouring positional arguments of a call."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        for left, right in self._pairs(node):
            yield left.start_pos, right.end_pos

    def mutate(self, node: PythonNode, index: int) -> PythonNode:
        left, right = list(self._pairs(node))[index]
        i, j = node.children.index(left), node.children.index(right)
        before, between = left.get_first_leaf(), right.get_first_leaf()
        before.prefix, between.prefix = between.prefix, before.prefix
        node.children[i], node.children[j] = right, left
        return node

    @staticmethod
    def _pairs(node: NodeOrLeaf) -> list[tuple[NodeOrLeaf, NodeOrLeaf]]:
        if node.type != "arglist" or node.parent.type != "trailer":
            return []
        arguments = [child for child in node.children if child != ","]
        return [
            (left, right)
            for left, right in pairwise(arguments)
            if "argument" not in (left.type, right.type) and left.get_code().strip() != right.get_code().strip()
        ]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("f(x, y, z)", "f(y, x, z)"), Example("f(x, y, z)", "f(x, z, y)", occurrence=1))


class NegateWholeCondition(Operator):
    """Negates what AddNot does not: the condition of an `elif`, and an `and` or `or` as a whole."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        for condition in self._conditions(node):
            yield condition.start_pos, condition.end_pos

    def mutate(self, node: IfStmt, index: int) -> IfStmt:
        condition = self._conditions(node)[index]
        at = node.children.index(condition)
        node.children[at] = parso.parse(f" not ({condition.get_code().strip()})")
        return node

    @staticmethod
    def _conditions(node: NodeOrLeaf) -> list[NodeOrLeaf]:
        if not isinstance(node, IfStmt):
            return []
        return [
            c
            for word, c in pairwise(node.children)
            if word == "elif" or (word == "if" and c.type in ("and_test", "or_test"))
        ]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("if x and y: pass", "if not (x and y): pass"),
            Example("if x: pass\nelif y: pass", "if x: pass\nelif not (y): pass"),
        )


class ReverseAugmentedAssignment(Operator):
    """`+=` becomes `-=` and the other way round."""

    REVERSE = {"+=": "-=", "-=": "+="}  # noqa: RUF012  # as the library's operators have it

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if isinstance(node, Token) and node.value in self.REVERSE and isinstance(node.parent, (ExprStmt, PythonNode)):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Token, index: int) -> Token:
        node.value = self.REVERSE[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("x += 1", "x -= 1"), Example("x -= 1", "x += 1"))


OPERATORS = {op.__name__: op for op in (DropStatement, SwapArguments, NegateWholeCondition, ReverseAugmentedAssignment)}


class Provider:
    """Operators by name, as cosmic_ray.plugins wants them."""

    def __iter__(self) -> Iterator[str]:
        return iter(OPERATORS)

    def __getitem__(self, name: str) -> type[Operator]:
        return OPERATORS[name]


OPERATOR_PROVIDERS["pte"] = Provider()
