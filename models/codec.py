# SPDX-License-Identifier: GPL-2.0-only
"""Frozen dataclasses to JSON objects and back, by their type hints, with errors that name the field.

Understands int, float, bool, str, T | None, tuple[T, ...], tuple[A, B], dict[str, T] and nested dataclasses: what every
file and every --json is made of.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union

T = TypeVar("T")
NOTHING = object()
Meant = Mapping[type, type]
MEANT_ITSELF: Meant = {}
NOT_IN_JSON = {"json": False}  # metadata of a field that no file has


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


def to_json(value: Any, *, whole: bool = False) -> Any:
    """A JSON-ready copy: dataclasses become objects, without fields that hold their default unless it is `whole`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name), whole=whole)
            for field in _json_fields(type(value))
            if whole or field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [to_json(item, whole=whole) for item in value]
    if isinstance(value, dict):
        return {str(name): to_json(item, whole=whole) for name, item in value.items()}
    return value


def _json_fields(cls: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(cls) if field.metadata.get("json", True)]


def from_json(cls: type[T], data: Any, path: str, meant: Meant = MEANT_ITSELF) -> T:
    """The `cls` that `data` describes. `path` names the whole in errors. Raises SchemaError.

    `meant` says which dataclass is meant where a field's type is the base of several.
    """
    decoded: T = _decode(cls, data, path, meant)
    return decoded


def _decode(hint: Any, data: Any, path: str, meant: Meant) -> Any:
    hint = meant.get(hint, hint) if isinstance(hint, type) else hint
    if dataclasses.is_dataclass(hint):
        return _decode_object(typing.cast(type, hint), data, path, meant)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if type(data) in args:
            return data
        return _decode(next(arg for arg in args if arg is not type(None)), data, path, meant)
    if origin is tuple:
        return _decode_tuple(args, data, path, meant)
    if origin is dict:
        return _decode_dict(args, data, path, meant)
    if hint is int and type(data) is not int:
        raise SchemaError(path, "an integer", data)
    if hint is float and type(data) not in (int, float):
        raise SchemaError(path, "a number", data)
    if hint is bool and type(data) is not bool:
        raise SchemaError(path, "true or false", data)
    if hint is str and type(data) is not str:
        raise SchemaError(path, "a string", data)
    return data


def _decode_dict(args: tuple[Any, ...], data: Any, path: str, meant: Meant) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SchemaError(path, "an object", data)
    return {name: _decode(args[1], value, f"{path}.{name}", meant) for name, value in data.items()}


def _decode_tuple(args: tuple[Any, ...], data: Any, path: str, meant: Meant) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise SchemaError(path, "a list", data)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_decode(args[0], item, f"{path}[{i}]", meant) for i, item in enumerate(data))
    if len(data) != len(args):
        raise SchemaError(path, f"a list of {len(args)}", data)
    pairs = enumerate(zip(args, data, strict=True))
    return tuple(_decode(arg, item, f"{path}[{i}]", meant) for i, (arg, item) in pairs)


def _decode_object(cls: type, data: Any, path: str, meant: Meant) -> Any:
    if not isinstance(data, dict):
        raise SchemaError(path, "an object", data)
    fields = {field.name: field for field in _json_fields(cls)}
    for name in data:
        if name not in fields:
            raise SchemaError(f"{path}.{name}", f"one of the fields {', '.join(fields)}")
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _decode(_hints(cls)[name], data[name], f"{path}.{name}", meant)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SchemaError(f"{path}.{name}", "a value, the field is missing")
    return cls(**values)
