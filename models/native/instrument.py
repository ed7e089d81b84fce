# SPDX-License-Identifier: GPL-2.0-only
"""Calls put into kernel text, on the lines that are there: loops are counted, locals start as poison.

A local of the function under review holds poison until it is assigned: entries (pte_t) and integers, which the
predicates and setters look at. An entry that every pass of a loop assigns for itself is poisoned anew in each pass, so
that a value of an earlier pass is noticed where a later one forgets to assign. "For itself" is: in the loop the first
thing that happens to it is an assignment, and neither the loop's head nor what comes behind the loop looks at it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pte_review.models.kernel_tree.ctext import CFile, Definition
from pte_review.models.native.plain import Edit, plain_accesses
from pte_review.models.native.signature import signature

if TYPE_CHECKING:
    from tree_sitter import Node

LOOPS = {"for_statement", "while_statement", "do_statement"}
INTEGERS = {"int", "long", "unsigned", "unsigned int", "unsigned long", "long unsigned int", "u32", "u64", "size_t"}
SPECIFIERS = {"storage_class_specifier", "type_qualifier"}
UNPOISONED = {b"static", b"extern", b"const"}  # has a value from the start, or never gets one
BLOCKS = {"compound_statement", "case_statement", "labeled_statement"}
ENTRY = "pte_t"
TICK = " pr_tick(); "
# Functions of the tree that are events of the log: PR_NOTE_name(), given those of their parameters.
NOTED = {"contpte_convert": ("ptep", "pte")}
MOST_LOCALS = 32  # two numbers each: as declared, and of a later pass


@dataclass(frozen=True)
class Local:
    """A local variable of the function under review."""

    name: str
    line: int


def instrumented(file: CFile, kept: Sequence[Definition], locals_: list[Local] | None) -> str:
    """`file` with all but `kept` masked; where `locals_` is a list, locals are poisoned and added to it."""
    edits: list[Edit] = []
    for definition in kept:
        body = definition.node.child_by_field_name("body") if definition.is_function else None
        if body is not None:
            inserts = [*_ticks(definition.node), *_note(definition)]
            if locals_ is not None:
                inserts += _poison(definition.node, locals_)
            edits += [*((at, at, what) for at, what in inserts), *plain_accesses(body)]
    text = file.masked(kept).encode("utf-8", "surrogateescape")
    parts, last = [], 0
    for first, end, what in sorted(edits, key=lambda edit: edit[0]):
        parts += [text[last:first], what.encode()]
        last = end
    return b"".join([*parts, text[last:]]).decode("utf-8", "surrogateescape")


def walk(node: "Node") -> Iterator["Node"]:
    """`node` and all below it, in the order of the text."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        todo += reversed(current.children)


def _ticks(function: "Node") -> Iterator[tuple[int, str]]:
    for node in walk(function):
        if node.type in LOOPS:
            yield from _into(node.child_by_field_name("body"), TICK)
        elif node.type == "labeled_statement" and node.parent is not None and node.parent.type in BLOCKS:
            # a loop made of goto; behind an `if` without braces a second statement would not be the branch's any more
            yield node.children[1].end_byte, TICK


def _note(definition: Definition) -> Iterator[tuple[int, str]]:
    arguments = NOTED.get(definition.name, ())
    body = definition.node.child_by_field_name("body")
    if arguments and body is not None and {p.name for p in signature(definition.node).parameters} >= set(arguments):
        yield from _into(body, f" PR_NOTE_{definition.name}({', '.join(arguments)}); ")


def _into(body: "Node | None", what: str) -> Iterator[tuple[int, str]]:
    """Puts `what` at the top of a loop's body, which gets braces if it has none."""
    if body is None:
        return
    if body.type == "compound_statement":
        yield body.start_byte + 1, what
    else:
        yield body.start_byte, "{" + what
        yield body.end_byte, " }"


def _poison(function: "Node", locals_: list[Local]) -> Iterator[tuple[int, str]]:
    loops = [node for node in walk(function) if node.type in LOOPS]
    for declaration in walk(function):
        parent = declaration.parent
        if declaration.type != "declaration" or parent is None or parent.type != "compound_statement":
            continue
        if any(c.text in UNPOISONED for c in declaration.children if c.type in SPECIFIERS):
            continue
        type_ = declaration.child_by_field_name("type")
        kind = " ".join((type_.text or b"").decode("utf-8", "replace").split()) if type_ is not None else ""
        if kind != ENTRY and kind not in INTEGERS:
            continue
        for declarator in declaration.children_by_field_name("declarator"):
            if declarator.type != "identifier" or len(locals_) == MOST_LOCALS:
                continue
            name = (declarator.text or b"").decode()
            number = len(locals_)
            locals_.append(Local(name, declarator.start_point[0] + 1))
            yield declaration.end_byte, f" PR_INIT({name}, {number});"
            if kind == ENTRY:
                for loop in loops:
                    if parent.start_byte < loop.start_byte < parent.end_byte and _for_itself(function, loop, name):
                        yield from _into(
                            loop.child_by_field_name("body"), f" PR_AGAIN({name}, {MOST_LOCALS + number}); "
                        )


def _for_itself(function: "Node", loop: "Node", name: str) -> bool:
    """Whether each pass of `loop` assigns `name` before it looks at it, and nobody else looks at what it leaves."""
    body = loop.child_by_field_name("body")
    if body is None:
        return False
    uses = [n for n in walk(function) if n.type == "identifier" and (n.text or b"").decode() == name]
    inside = [n for n in uses if body.start_byte <= n.start_byte < body.end_byte]
    head = [n for n in uses if loop.start_byte <= n.start_byte < loop.end_byte and n not in inside]
    behind = [n for n in uses if n.start_byte >= loop.end_byte]
    if not inside or head or behind:
        return False
    first, assignment = inside[0], inside[0].parent
    if assignment is None or assignment.type != "assignment_expression":
        return False
    operator = assignment.child_by_field_name("operator")
    if operator is None or operator.text != b"=":
        return False
    target = assignment.child_by_field_name("left")
    reads = [n for n in inside[1:] if n.end_byte <= assignment.end_byte]
    return target is not None and target.id == first.id and not reads
