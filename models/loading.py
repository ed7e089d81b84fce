# SPDX-License-Identifier: GPL-2.0-only
"""Versions by name, by file or as a callable, ready to run."""

import ast
import difflib
import inspect
import sys
import textwrap
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pte_review.models.confined_port import ConfinedPort
from pte_review.models.function import Function
from pte_review.models.inputs import MOST_SOURCE, read_bytes
from pte_review.models.machine.endings import EndOfRun
from pte_review.models.port import Port
from pte_review.models.port_source import executed, parsed, with_passes_counted
from pte_review.models.version import Version, VersionError
from pte_review.models.watchdog import watched

Which = str | Path | Callable[..., Any] | Version
ROOT = Path(__file__).parent.parent  # of the folder names in labels


def load(which: Which, function: Function) -> Version:
    """A version of `function` by name, the `.py` file at a path, or a callable. Raises VersionError."""
    if isinstance(which, Version):
        return _of_function(which, function)
    if callable(which):
        return _confined(which, _name_of(which), _name_of(which), _filename(which), function)
    which = function.bare_name(str(which))
    if path := function.ports().get(which):
        return _shipped(path, function)
    path = Path(which)
    if path.suffix == ".py" or path.exists():
        return _confined(path, which, which, which, function)
    names = list(function.ports())
    near = difflib.get_close_matches(which, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"versions: {', '.join(names)}; or a .py file"
    raise VersionError(f"no version {which!r} of {function.name}(): {hint}")


def load_here(which: Path | Callable[..., Any], function: Function) -> Port:
    """The port in a file or a callable, imported into this process: for ports that are trusted. Raises VersionError."""
    if callable(which):
        return _from_callable(which, function)
    name = str(which)
    return _from_file(which, name, name, {"__name__": f"pte_review_candidate_{which.stem}"}, function)


def _confined(
    which: Path | Callable[..., Any], name: str, label: str, filename: str, function: Function
) -> ConfinedPort:
    port = ConfinedPort(name, label, filename, function.name, lambda: load_here(which, function))
    _ = port.summary  # starts it, and says what is wrong with it
    return port


def _name_of(called: Callable[..., Any]) -> str:
    return str(getattr(called, "__name__", type(called).__name__))


def _of_function(version: Version, function: Function) -> Version:
    if version.function != function.name:
        raise VersionError(f"{version.label}: a version of {version.function}(), expected one of {function.name}()")
    return version


def _shipped(path: Path, function: Function) -> Port:
    if path.is_relative_to(ROOT):
        label = path.relative_to(ROOT)
        name = "pte_review." + ".".join(label.with_suffix("").parts)
    else:
        label, name = path, f"pte_review_version_{path.stem}"
    return _from_file(path, path.stem, str(label), {"__name__": name}, function)


def _from_file(path: Path, name: str, label: str, seed: dict[str, Any], function: Function) -> Port:
    try:
        source = read_bytes(path, MOST_SOURCE).decode("utf-8-sig")
        tree = parsed(source, str(path))
    except OSError as error:
        raise VersionError(f"{path}: cannot be read: {error.strerror or error}") from None
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        raise VersionError(f"{path}{line}: does not parse: {error.msg}") from None
    except ValueError as error:  # not UTF-8, or null bytes
        raise VersionError(f"{path}: not Python source: {error}") from None
    except (RecursionError, MemoryError):
        raise VersionError(f"{path}: does not parse: nested beyond reason") from None
    seed = {**seed, "__file__": str(path)}
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with watched():
            tree = with_passes_counted(tree)
            namespace = executed(tree, str(path), seed)
    except (Exception, SystemExit, EndOfRun) as error:
        line = _last_line(error, str(path))
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise VersionError(f"{path}{line}: does not import: {text}") from None
    finally:
        sys.path.pop(0)
    called = namespace.get(function.name)
    if not callable(called):
        raise VersionError(f"{path}: defines no {function.signature}")
    _check_signature(called, str(path), function)
    return Port(name, label, str(path), function.name, called, tree, namespace, seed)


def _from_callable(called: Callable[..., Any], function: Function) -> Port:
    name = _name_of(called)
    _check_signature(called, name, function)
    plain = Port(name, name, _filename(called), function.name, called)
    if not isinstance(called, types.FunctionType):
        return plain
    try:
        lines, first = inspect.getsourcelines(called)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):  # typed at a prompt, or a lambda inside an expression
        return plain
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.decorator_list:
        return plain
    ast.increment_lineno(tree, first - 1)
    seed = {**called.__globals__, **inspect.getclosurevars(called).nonlocals}
    tree = with_passes_counted(tree)
    namespace = executed(tree, plain.filename, seed)
    return replace(plain, called=namespace[definition.name], tree=tree, namespace=namespace, seed=seed)


def _filename(called: Callable[..., Any]) -> str:
    method = vars(type(called)).get("__call__")  # of an object that can be called
    code = getattr(called, "__code__", None) or getattr(method, "__code__", None)
    return str(code.co_filename) if code else "<callable>"


def _check_signature(called: Callable[..., Any], where: str, function: Function) -> None:
    name = function.name
    if inspect.iscoroutinefunction(called) or inspect.isgeneratorfunction(called):
        raise VersionError(f"{where}: {name} is a coroutine or a generator, expected a plain function")
    try:
        signature = inspect.signature(called)
        signature.bind(*function.parameters)
    except TypeError:
        expected = ", ".join(function.parameters)
        raise VersionError(f"{where}: {name}{signature} does not take ({expected})") from None
    except ValueError:  # a builtin without a signature
        raise VersionError(f"{where}: {name} has no signature to check") from None


def _last_line(error: BaseException, filename: str) -> str:
    at, line = error.__traceback__, ""
    while at is not None:
        if at.tb_frame.f_code.co_filename == filename:
            line = f":{at.tb_lineno}"
        at = at.tb_next
    return line
