# SPDX-License-Identifier: GPL-2.0-only
"""The parsed source of a port, rewritten: its loops counted, a local variable initialised.

Line numbers stay those of the file.
"""

import ast
import copy
import warnings
from typing import Any

TICK = "pte_review_tick__"  # no leading underscores: they are mangled inside a class


def parsed(source: str | bytes, filename: str = "<unknown>") -> ast.Module:
    """The tree of a port's text, without a word on what Python only warns of. Raises what ast.parse() raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, filename)


def with_passes_counted(tree: ast.Module) -> ast.Module:
    """`tree` with a call of TICK on every pass of every loop."""
    counted: ast.Module = ast.fix_missing_locations(CountPasses().visit(tree))
    return counted


def with_local_initialised(tree: ast.Module, variable: str, value: int) -> ast.Module:
    """A copy of `tree` in which the function that assigns `variable` begins with `variable = value`."""
    changed: ast.Module = ast.fix_missing_locations(Initialise(variable, value).visit(copy.deepcopy(tree)))
    return changed


def executed(tree: ast.Module, filename: str, seed: dict[str, Any]) -> dict[str, Any]:
    """The names that `tree` defines when it is executed among those of `seed`."""
    namespace = {**seed, TICK: lambda: None}
    exec(compile(tree, filename, "exec"), namespace)  # noqa: S102  # loading a version is running its file
    return namespace


class CountPasses(ast.NodeTransformer):
    """Puts a call of TICK at the top of every loop's body, and into every comprehension's condition."""

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        tick = ast.Call(ast.Name(TICK, ast.Load()), [], [])  # returns None
        node.ifs.insert(0, ast.copy_location(ast.UnaryOp(ast.Not(), tick), node.target))
        return node

    def _visit_loop(self, node: ast.While | ast.For) -> ast.AST:
        self.generic_visit(node)
        tick = ast.Expr(ast.Call(ast.Name(TICK, ast.Load()), [], []))
        node.body.insert(0, ast.copy_location(tick, node))
        return node

    visit_While = _visit_loop
    visit_For = _visit_loop


class Initialise(ast.NodeTransformer):
    """Puts `variable = value` at the top of the function that assigns `variable` itself."""

    def __init__(self, variable: str, value: int) -> None:
        self.variable, self.value = variable, value

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer = any(isinstance(n, ast.Nonlocal) and self.variable in n.names for n in node.body)
        if not outer and any(self._assigns(statement) for statement in node.body):
            first = ast.Assign([ast.Name(self.variable, ast.Store())], ast.Constant(self.value))
            node.body.insert(0, ast.copy_location(first, node.body[0]))
            return node
        return self.generic_visit(node)

    def _assigns(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.FunctionDef):
            return False
        return any(
            isinstance(n, ast.Name) and n.id == self.variable and isinstance(n.ctx, ast.Store)
            for n in ast.walk(statement)
        )
