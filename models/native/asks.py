# SPDX-License-Identifier: GPL-2.0-only
"""What kernel text asks of a VMA, of its control struct, the CPU and the configuration, and in which statements.

A field is written as in C: `vma->vm_file`, `vma->vm_flags & VM_SHARED`, `CONFIG_PTE_MARKER_UFFD_WP`,
`system_supports_bbml3()`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pte_review.models.kernel_tree.ctext import Definition
from pte_review.models.native.instrument import walk
from pte_review.models.native.signature import signature
from pte_review.models.vma import VM_FLAG_BITS

if TYPE_CHECKING:
    from tree_sitter import Node

Asks = dict[str, tuple[str, ...]]  # by field: the statements that ask it, each once, sorted
VMA_FIELD = re.compile(r"vm_(?!flags$|mm$)\w+|anon_vma")  # vm_mm only says whose tables they are
FLAG = re.compile(r"VM_(\w+)|VMA_(\w+?)(?:_BIT)?")
CONFIG = re.compile(r"CONFIG_(?!(?:MMU|SMP|64BIT)\b)\w+")  # what is modelled at all has these three
# Of arm64; what x86_64 asks of its CPU in entries, shadow stacks, VM_SHADOW_STACK stands for.
CPU = re.compile(r"system_supports_\w+|cpus_have_(?:final_)?cap|alternative_has_cap_(?:un)?likely")
STATEMENTS = {
    "if_statement", "for_statement", "while_statement", "do_statement", "switch_statement", "return_statement",
    "expression_statement", "declaration",
}  # fmt: skip


def asks_of(own: Iterable[Definition], others: Iterable[Definition], structs: Mapping[str, Iterable[str]]) -> Asks:
    """The asks of definitions: `own` are those of the version's file and of the batch functions, `others` the rest.

    Of the configuration only the former are looked at. `structs` are fields of control structs by the struct's name.
    """
    statements: dict[str, set[str]] = {}
    for definition in own:
        for field, statement in _of(definition, structs, config=True):
            statements.setdefault(field, set()).add(statement)
    for definition in others:
        for field, statement in _of(definition, structs, config=False):
            statements.setdefault(field, set()).add(statement)
    return {field: tuple(sorted(asking)) for field, asking in sorted(statements.items())}


def _of(definition: Definition, structs: Mapping[str, Iterable[str]], *, config: bool) -> Iterator[tuple[str, str]]:
    controls = _controls(definition, structs)
    for node in walk(definition.node):
        if node.type == "field_expression":
            name, argument = _field(node)
            if VMA_FIELD.fullmatch(name):
                yield f"vma->{name}", _statement(node)
            elif name in controls.get(argument, ()):
                yield f"{argument}->{name}", _statement(node)
        elif node.type == "call_expression" and CPU.fullmatch(_called(node)):
            yield " ".join(_text(node).split()), _statement(node)
        elif node.type in ("identifier", "preproc_arg"):
            for word in re.findall(r"[A-Za-z_]\w*", _text(node)):
                flag = FLAG.fullmatch(word)
                if flag and (name := flag[1] or flag[2]) in VM_FLAG_BITS:
                    yield f"vma->vm_flags & VM_{name}", _statement(node)
                elif config and CONFIG.fullmatch(word):
                    yield word, _statement(node)
    if config:
        yield from _guards(definition)


def _guards(definition: Definition) -> Iterator[tuple[str, str]]:
    """The options that the #if lines around a definition ask for."""
    for group in definition.conditionals:
        asked = (group.child_by_field_name(part) for part in ("name", "condition"))
        for name in CONFIG.findall(" ".join(_text(node) for node in asked if node is not None)):
            yield name, f"#if around {definition.name}"


def _controls(definition: Definition, structs: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """The fields of each parameter of a function that is one of `structs`."""
    if not definition.is_function:
        return {}
    return {
        parameter.name: frozenset(fields)
        for parameter in signature(definition.node).parameters
        for struct, fields in structs.items()
        if f"struct {struct} " in parameter.text
    }


def _field(node: "Node") -> tuple[str, str]:
    """(field, what it is a field of)."""
    field, argument = node.child_by_field_name("field"), node.child_by_field_name("argument")
    return _text(field) if field is not None else "", _text(argument) if argument is not None else ""


def _called(node: "Node") -> str:
    """The name of the function that a call calls."""
    function = node.child_by_field_name("function")
    return _text(function) if function is not None else ""


def _statement(node: "Node") -> str:
    """The statement around `node`, with all that it decides, on one line."""
    around: Node | None = node
    while around is not None and around.type not in STATEMENTS and around.parent is not None:
        if around.type in ("function_definition", "preproc_def", "preproc_function_def"):
            break
        around = around.parent
    return " ".join(_text(around if around is not None else node).split())


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")
