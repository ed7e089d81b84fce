# SPDX-License-Identifier: GPL-2.0-only
"""Frozen dataclasses to JSON objects and back, by their type hints, with errors that name the field.

Understands int, bool, str, T | None, tuple[T, ...], tuple[A, B] and nested dataclasses: what Scenario and
Counterexample are made of.
"""

import dataclasses
import json
import types
import typing
from functools import cache
from typing import Any, TypeVar, Union

T = TypeVar("T")
NOTHING = object()


class SchemaError(ValueError):
    """A value that does not fit: `path` is where (scenario.vma.uffd), `expected` what should stand there."""

    def __init__(self, path: str, expected: str, got: object = NOTHING) -> None:
        self.path, self.expected = path, expected
        shown = "" if got is NOTHING else f", got {_short(got)}"
        super().__init__(f"{path}: expected {expected}{shown}")


def _short(value: object) -> str:
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def to_json(value: Any) -> Any:
    """A JSON-ready copy: dataclasses become objects, without the fields that hold their default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value


def from_json(cls: type[T], data: Any, path: str) -> T:
    """The `cls` that `data` describes. `path` names the whole in errors. Raises SchemaError."""
    decoded: T = _decode(cls, data, path)
    return decoded


def _decode(hint: Any, data: Any, path: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _decode_object(typing.cast(type, hint), data, path)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if type(data) in args:
            return data
        return _decode(next(arg for arg in args if arg is not type(None)), data, path)
    if origin is tuple:
        return _decode_tuple(args, data, path)
    if hint is int and type(data) is not int:
        raise SchemaError(path, "an integer", data)
    if hint is bool and type(data) is not bool:
        raise SchemaError(path, "true or false", data)
    if hint is str and type(data) is not str:
        raise SchemaError(path, "a string", data)
    return data


def _decode_tuple(args: tuple[Any, ...], data: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise SchemaError(path, "a list", data)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_decode(args[0], item, f"{path}[{i}]") for i, item in enumerate(data))
    if len(data) != len(args):
        raise SchemaError(path, f"a list of {len(args)}", data)
    return tuple(_decode(arg, item, f"{path}[{i}]") for i, (arg, item) in enumerate(zip(args, data, strict=True)))


def _decode_object(cls: type, data: Any, path: str) -> Any:
    if not isinstance(data, dict):
        raise SchemaError(path, "an object", data)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for name in data:
        if name not in fields:
            raise SchemaError(f"{path}.{name}", f"one of the fields {', '.join(fields)}")
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _decode(_hints(cls)[name], data[name], f"{path}.{name}")
        elif field.default is dataclasses.MISSING:
            raise SchemaError(f"{path}.{name}", "a value, the field is missing")
    return cls(**values)
