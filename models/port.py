# SPDX-License-Identifier: GPL-2.0-only
"""Versions by name, by file or as a callable, ready to run.

A version's loops get a call that counts their passes, so that one which never ends is stopped at the same pass on
every machine; and it can be rebuilt with a local variable initialised, to see what an unassigned read would find.
Both work on the parsed source: line numbers stay those of the file.
"""

import ast
import copy
import difflib
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pte_review.models.machine.endings import EndOfRun
from pte_review.models.watchdog import watched

if TYPE_CHECKING:
    from pte_review.models.outcome import Outcome
    from pte_review.models.scenario import Scenario

MovePtes = Callable[..., int]
HOME = Path(__file__).parent / "move_ptes"
TICK = "pte_review_tick__"  # no leading underscores: they are mangled inside a class
NOT_VERSIONS = {"__init__", "control"}


class VersionError(ValueError):
    """What was named is no version: says what, where, and what to try."""


@dataclass(frozen=True, eq=False)
class Version:
    """One version of move_ptes(). `filename` is where its text is, `label` how people know it."""

    name: str
    label: str
    filename: str

    @property
    def summary(self) -> str:
        """What it is, on one line."""
        return ""

    @property
    def facts(self) -> dict[str, bool]:
        """The fields of Config that are what they are in its kernel, whatever a scenario says."""
        return {}

    def decides(self, arches: Iterable[str]) -> bytes:  # kernel text differs by architecture
        """The text that decides what it does on `arches`."""
        return Path(self.filename).read_bytes()

    def run(self, scenario: "Scenario", *, stacks: bool = True) -> "Outcome":
        """One run on `scenario`, of a version that is no port (models/run.py runs those)."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Port(Version):
    """A version in Python. `filename` is what its frames carry in tracebacks."""

    function: MovePtes
    tree: ast.Module | None = None  # with its loops counted; None where the source is not at hand
    namespace: dict[str, Any] = field(default_factory=dict, repr=False)
    seed: dict[str, Any] = field(default_factory=dict, repr=False)  # names its source was compiled among
    initialised: "dict[tuple[str, int], Port]" = field(default_factory=dict, repr=False, compare=False)

    def on_loop(self, tick: Callable[[], None]) -> None:
        """Call `tick` on every pass of every loop from now on."""
        self.namespace[TICK] = tick

    def with_local(self, variable: str, value: int) -> "Port | None":
        """The same with `variable` initialised in the function that assigns it; None without source."""
        if self.tree is None:
            return None
        if (variable, value) not in self.initialised:
            tree = ast.fix_missing_locations(_Initialise(variable, value).visit(copy.deepcopy(self.tree)))
            name = self.function.__name__
            self.initialised[variable, value] = replace(self, **_executed(tree, self.filename, self.seed, name))
        return self.initialised[variable, value]

    @property
    def summary(self) -> str:
        """First line of the module's docstring."""
        doc = (ast.get_docstring(self.tree) if self.tree else None) or ""
        return doc.partition("\n")[0]


def names() -> list[str]:
    """The versions that come with the package, in reading order, history last."""
    return list(_paths())


def _paths() -> dict[str, Path]:
    order = ["pre_patch", "v4", "refactor", "refactor_intended"]
    thread = [path for path in sorted(HOME.glob("*.py")) if path.stem not in NOT_VERSIONS]
    thread.sort(key=lambda path: (order.index(path.stem) if path.stem in order else len(order), path.stem))
    history = [path for path in sorted((HOME / "history").glob("*.py")) if path.stem not in NOT_VERSIONS]
    return {path.stem: path for path in thread + history}


def load(which: "str | Path | MovePtes | Version") -> Version:
    """A version by name, the `.py` file at a path, or a callable. Raises VersionError."""
    if isinstance(which, Version):
        return which
    if callable(which):
        return _from_callable(which)
    if path := _paths().get(str(which)):
        label = path.relative_to(HOME.parents[1])
        seed = {"__name__": ".".join(label.with_suffix("").parts)}
        return _from_file(path, str(which), str(label), seed)
    path = Path(which)
    if path.suffix == ".py" or path.exists():
        return _from_file(path, str(which), str(which), {"__name__": f"pte_review_candidate_{path.stem}"})
    near = difflib.get_close_matches(str(which), names(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"versions: {', '.join(names())}; or a .py file"
    raise VersionError(f"no version {str(which)!r}: {hint}")


def _from_file(path: Path, name: str, label: str, seed: dict[str, Any]) -> Port:
    try:
        source = path.read_text(encoding="utf-8-sig")
        tree = ast.parse(source, str(path))
    except OSError as error:
        raise VersionError(f"{path}: cannot be read: {error.strerror or error}") from None
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        raise VersionError(f"{path}{line}: does not parse: {error.msg}") from None
    except ValueError as error:  # not UTF-8, or null bytes
        raise VersionError(f"{path}: not Python source: {error}") from None
    seed = {**seed, "__file__": str(path)}
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with watched():
            compiled = _compiled(tree, str(path), seed)
    except (Exception, SystemExit, EndOfRun) as error:
        line = _last_line(error, str(path))
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise VersionError(f"{path}{line}: does not import: {what}") from None
    finally:
        sys.path.pop(0)
    if not callable(compiled["function"]):
        raise VersionError(f"{path}: defines no move_ptes(k, pmc, extent, old_pmd, new_pmd)")
    _check_signature(compiled["function"], str(path))
    return Port(name=name, label=label, filename=str(path), tree=tree, seed=seed, **compiled)


def _from_callable(function: MovePtes) -> Port:
    name = getattr(function, "__name__", type(function).__name__)
    _check_signature(function, name)
    plain = Port(name=name, label=name, filename=_filename(function), function=function)
    if not isinstance(function, types.FunctionType):
        return plain
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):  # typed at a prompt, or a lambda inside an expression
        return plain
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.decorator_list:
        return plain
    ast.increment_lineno(tree, first - 1)
    seed = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    compiled = _compiled(tree, plain.filename, seed, definition.name)
    return replace(plain, tree=tree, seed=seed, **compiled)


def _filename(function: MovePtes) -> str:
    called = vars(type(function)).get("__call__")  # of an object that can be called
    code = getattr(function, "__code__", None) or getattr(called, "__code__", None)
    return str(code.co_filename) if code else "<callable>"


def _check_signature(function: MovePtes, where: str) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise VersionError(f"{where}: move_ptes is a coroutine or a generator, expected a plain function")
    try:
        signature = inspect.signature(function)
        signature.bind("k", "pmc", "extent", "old_pmd", "new_pmd")
    except TypeError:
        raise VersionError(f"{where}: move_ptes{signature} does not take (k, pmc, extent, old_pmd, new_pmd)") from None
    except ValueError:  # a builtin without a signature
        raise VersionError(f"{where}: move_ptes has no signature to check") from None


def _compiled(tree: ast.Module, filename: str, seed: dict[str, Any], name: str = "move_ptes") -> dict[str, Any]:
    """`function` and `namespace` of `tree`, compiled among the names of `seed`. Has its loops counted from now on."""
    return _executed(ast.fix_missing_locations(_CountPasses().visit(tree)), filename, seed, name)


def _executed(tree: ast.Module, filename: str, seed: dict[str, Any], name: str) -> dict[str, Any]:
    namespace = {**seed, TICK: lambda: None}
    exec(compile(tree, filename, "exec"), namespace)  # noqa: S102  # loading a version is running its file
    return {"function": namespace.get(name), "namespace": namespace}


def _last_line(error: BaseException, filename: str) -> str:
    at, line = error.__traceback__, ""
    while at is not None:
        if at.tb_frame.f_code.co_filename == filename:
            line = f":{at.tb_lineno}"
        at = at.tb_next
    return line


class _CountPasses(ast.NodeTransformer):
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


class _Initialise(ast.NodeTransformer):
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
