# SPDX-License-Identifier: GPL-2.0-only
"""A C function's parameters by name, and the call that binds them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pte_review.models.kernel_tree.ctext import declared

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Parameter:
    """`text` is its declaration as the file has it, on one line."""

    name: str
    text: str
    line: int  # from 1


@dataclass(frozen=True)
class Signature:
    """Of one function definition; `line` is where its name stands."""

    name: str
    line: int
    returns: str  # the type as written, without storage class
    parameters: tuple[Parameter, ...]


def signature(node: "Node") -> Signature:
    """The signature of a function_definition node."""
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    assert declarator is not None, "a function definition without a declarator"
    listed = declarator.child_by_field_name("parameters")
    parameters = []
    # Before 1989 the types stood behind the parentheses.
    behind = {name: child for child in node.children if child.type == "declaration" for name in _declares(child)}
    for child in listed.children if listed is not None else ():
        inner = child.child_by_field_name("declarator") if child.type == "parameter_declaration" else None
        if inner is not None:
            parameters.append(Parameter(declared(inner), _one_line(child), child.start_point[0] + 1))
        elif child.type == "identifier" and (name := (child.text or b"").decode()) in behind:
            parameters.append(Parameter(name, _one_line(behind[name]).rstrip(";"), behind[name].start_point[0] + 1))
    type_ = node.child_by_field_name("type")
    return Signature(
        name=declared(declarator),
        line=declarator.start_point[0] + 1,
        returns=(type_.text or b"").decode() if type_ is not None else "",
        parameters=tuple(parameters),
    )


def _declares(node: "Node") -> list[str]:
    return [declared(declarator) for declarator in node.children_by_field_name("declarator")]


def _one_line(node: "Node") -> str:
    return " ".join((node.text or b"").decode("utf-8", "replace").split())
