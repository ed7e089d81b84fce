# SPDX-License-Identifier: GPL-2.0-only
"""Plain accesses of C text to entries, `*ptep` and `ptep->pte`, as edits that make events of them.

Which pointers point to entries is known to the compiler only: the macros of include/raw.h ask for the type.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Edit = tuple[int, int, str]  # bytes [first, end) of the file are replaced

DEREFERENCES = {"pointer_expression", "subscript_expression"}
# Calls whose arguments are left alone: they log the access themselves, or take the argument for a place or a type.
RAW = {
    b"READ_ONCE", b"WRITE_ONCE", b"xchg", b"xchg_relaxed", b"swap", b"typeof", b"__typeof__", b"sizeof",
    b"offsetof", b"container_of",
}  # fmt: skip
NO_VALUES = {"sizeof_expression", "alignof_expression", "offsetof_expression", "gnu_asm_expression"}


def plain_accesses(body: "Node") -> Iterator[Edit]:
    """Edits for what `body`, a function's, reads and stores through plain pointers."""
    todo = [body]
    while todo:
        node = todo.pop()
        if node.type in NO_VALUES or _is_address_of(node) or _is_raw_call(node):
            continue
        children = list(node.children)
        if node.type == "assignment_expression":
            target = node.child_by_field_name("left")
            assert target is not None, "an assignment without its left side"
            yield from _stored(node, target)
            children[0:1] = _inside(target)  # what is stored to is not read
        elif node.type == "update_expression":
            children = _inside(node.child_by_field_name("argument") or node)
        elif node.type in DEREFERENCES and _operator(node) != b"&":
            yield from ((node.start_byte, node.start_byte, "PR_PLAIN("), (node.end_byte, node.end_byte, ")"))
        elif (arrow := _before_pte(node, b"->")) is not None:
            yield from ((node.start_byte, node.start_byte, "PR_PLAIN_FIELD("), (arrow.start_byte, node.end_byte, ")"))
        todo += reversed(children)


def _stored(assignment: "Node", target: "Node") -> Iterator[Edit]:
    """`*ptep = pte`, `ptep->pte = value`, `ptep->pte |= value`; so for `(*ptep).pte` and `ptep[i].pte`."""
    operator = assignment.child_by_field_name("operator")
    assert operator is not None, "an assignment without an operator"
    plainly = operator.text == b"="
    if (between_them := _before_pte(target, b"->") or _before_pte(target, b".")) is not None:
        text = (operator.text or b"").decode()
        macro, between = ("PR_STORE_FIELD(", ",") if plainly else ("PR_CHANGE_FIELD(", f", {text},")
        macro += "&" if between_them.text == b"." else ""
        yield between_them.start_byte, target.end_byte, ""
    elif plainly and target.type in DEREFERENCES:
        macro, between = "PR_STORE(", ","
    else:
        return
    yield assignment.start_byte, assignment.start_byte, macro
    yield operator.start_byte, operator.end_byte, between
    yield assignment.end_byte, assignment.end_byte, ")"


def _inside(place: "Node") -> "list[Node]":
    """The parts of a place that are read to know where it is: the pointer, the index."""
    while place.type == "parenthesized_expression" or (place.type == "field_expression" and _operator(place) == b"."):
        inner = place.child_by_field_name("argument") or next((c for c in place.children if c.is_named), None)
        if inner is None:
            return []
        place = inner
    return [child for child in place.children if child.is_named]


def _operator(node: "Node") -> bytes:
    operator = node.child_by_field_name("operator")
    return (operator.text or b"") if operator is not None else b""


def _before_pte(node: "Node", operator: bytes) -> "Node | None":
    """The -> of `p->pte`; the . of `(*p).pte` and `p[i].pte`."""
    field = node.child_by_field_name("field") if node.type == "field_expression" else None
    if field is None or field.text != b"pte" or _operator(node) != operator:
        return None
    argument = node.child_by_field_name("argument")
    while argument is not None and argument.type == "parenthesized_expression":
        argument = next((child for child in argument.children if child.is_named), None)
    if operator == b"." and (argument is None or argument.type not in DEREFERENCES or _is_address_of(argument)):
        return None
    return node.child_by_field_name("operator")


def _is_address_of(node: "Node") -> bool:
    return node.type == "pointer_expression" and _operator(node) == b"&"


def _is_raw_call(node: "Node") -> bool:
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    return function is not None and function.text in RAW
