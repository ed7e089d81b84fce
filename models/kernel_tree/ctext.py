# SPDX-License-Identifier: GPL-2.0-only
"""A C file of a kernel tree, parsed: what it defines at its top level, and which names a piece of it uses."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.extras import needed

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

CONDITIONALS = {"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"}
INSIDE = CONDITIONALS | {"translation_unit", "linkage_specification", "declaration_list", "ERROR"}
MOST_CONDITIONALS = 100  # levels of #if, #elif and #else; the headers of 6.12 to 7.3 have 7 at most
TAGGED = {"struct_specifier", "union_specifier", "enum_specifier"}
NAMES = {"identifier", "type_identifier"}
WORD = re.compile(rb"[A-Za-z_]\w*")
BLANKS = bytes(byte if byte == ord("\n") else ord(" ") for byte in range(256))
# Annotations that are no C to the parser, which would take one for a type or a name.
ANNOTATION = re.compile(
    rb"\b(?:__always_inline|noinline|__bitwise|__force|__user|__kernel|__iomem|__percpu|__rcu|__must_check|__init|__exit|"
    rb"__maybe_unused|__always_unused|__read_mostly|__ro_after_init|__cold|__latent_entropy|__sched|notrace|__weak|__ref|"
    rb"__visible|__used|__private|nokprobe_inline|noinline_for_stack|asmlinkage)\b"
)


@lru_cache(maxsize=1)
def _parser() -> "Parser":
    tree_sitter, tree_sitter_c = needed("tree_sitter", "tree_sitter_c")
    parser: Parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
    return parser


@dataclass(frozen=True, eq=False)
class Definition:
    """One top-level definition or declaration: `node` is all of its text, `name` what it is found by."""

    name: str
    node: "Node"
    conditionals: tuple["Node", ...]  # the #if groups around it, outermost first

    @property
    def line(self) -> int:
        """From 1."""
        return int(self.node.start_point[0]) + 1

    @property
    def end(self) -> int:
        """The byte behind its text, with the semicolon that the parser takes for a statement behind a struct's body."""
        behind = self.node.next_sibling
        return int(
            (behind if self.node.type in TAGGED and behind is not None and behind.type == ";" else self.node).end_byte
        )

    @property
    def is_function(self) -> bool:
        """Whether it is a function with its body."""
        return self.node.type == "function_definition"


class CFile:
    """The file `path` of a tree. Lines and columns of its text stay those of the file."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.bytes = text.encode("utf-8", "surrogateescape")

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the text: the parser takes longer than a look whether a name occurs at all."""
        return frozenset(word.decode() for word in set(WORD.findall(self.bytes)))

    @cached_property
    def root(self) -> "Node":
        """The file as the parser has it."""
        plain = ANNOTATION.sub(
            lambda match: b"inline".ljust(len(match[0])) if b"inline" in match[0] else b" " * len(match[0]), self.bytes
        )
        return _parser().parse(plain).root_node

    @cached_property
    def definitions(self) -> dict[str, list[Definition]]:
        """By name, in the order of the text: functions and their declarations, macros, tags, typedefs, variables."""
        definitions: dict[str, list[Definition]] = defaultdict(list)
        for node, conditionals in self._top_level():
            for name in _defined(node):
                definitions[name].append(Definition(name, node, conditionals))
        return dict(definitions)

    def function(self, name: str) -> Definition | None:
        """The definition of function `name`, with its body."""
        return next((d for d in self.definitions.get(name, ()) if d.is_function), None)

    def _top_level(self) -> Iterator[tuple["Node", tuple["Node", ...]]]:
        """Every node that stands at the top of the file, and the #if groups around it. Raises TreeError."""
        todo: list[tuple[Node, tuple[Node, ...]]] = [(self.root, ())]
        while todo:
            node, around = todo.pop()
            if node.type not in INSIDE:
                yield node, around
                continue
            inner = (*around, node) if node.type in CONDITIONALS else around
            if len(inner) > MOST_CONDITIONALS:
                raise TreeError(
                    f"{self.path}:{node.start_point[0] + 1}: more than {MOST_CONDITIONALS} levels of #if, #elif and "
                    "#else: expected C as a kernel has it"
                )
            todo += [(child, inner) for child in reversed(node.children)]

    def uses(self, node: "Node") -> set[str]:
        """Every name in `node` that may be one of a definition elsewhere. Members and labels are none."""
        if node.type in ("preproc_def", "preproc_function_def"):  # the parser leaves a macro's body as it is
            parameters = node.child_by_field_name("parameters")
            own = set(WORD.findall(parameters.text or b"")) if parameters is not None else set()
            value = node.child_by_field_name("value")
            return {w.decode() for w in set(WORD.findall((value.text if value is not None else b"") or b"")) - own}
        names = set()
        todo = [node]
        while todo:
            node = todo.pop()
            if node.type in NAMES:
                names.add(_text(node))
            elif node.type == "preproc_arg":
                names |= {word.decode() for word in WORD.findall(node.text or b"")}
            else:
                todo.extend(node.children)
        return names

    def masked(self, kept: Iterable[Definition]) -> str:
        """The text with everything but `kept`, and the #if lines around it, turned into blanks. No line moves."""
        out = bytearray(self.bytes.translate(BLANKS))
        outermost = {}
        for definition in kept:
            start, end = definition.node.start_byte, definition.end
            out[start:end] = self.bytes[start:end]
            for group in definition.conditionals[:1]:
                outermost[group.id] = group
        for group in outermost.values():
            self._keep_directives(group, out)
        return out.decode("utf-8", "surrogateescape")

    def _keep_directives(self, group: "Node", out: bytearray) -> None:
        """The lines of `group` itself that are directives: #if ... and #endif, #else, #elif."""
        for row in self._directives(group):
            start, end = self._lines[row]
            out[start:end] = self.bytes[start:end]

    def _directives(self, group: "Node") -> Iterator[int]:
        """The rows of the directives of `group`, with those behind a backslash.

        An #else of the group and an #if inside it are groups too: with both the whole keeps its balance.
        """
        todo = [group]
        while todo:
            for child in todo.pop().children:
                if child.type.startswith("#"):
                    row = child.start_point[0]
                    yield row
                    while self.bytes[slice(*self._lines[row])].endswith((b"\\\n", b"\\\r\n")):
                        row += 1
                        yield row
                elif child.type in CONDITIONALS:
                    todo.append(child)

    def guards(self, definition: Definition) -> set[str]:
        """The names that the #if lines around `definition` ask for."""
        names: set[str] = set()
        for group in definition.conditionals:
            for field in ("name", "condition"):
                asked = group.child_by_field_name(field)
                names |= {word.decode() for word in WORD.findall((asked.text or b"") if asked is not None else b"")}
        return names

    @cached_property
    def _lines(self) -> list[tuple[int, int]]:
        """(first byte, byte behind the line break) of every line."""
        starts = [0, *(match.end() for match in re.finditer(rb"\n", self.bytes))]
        return list(zip(starts, [*starts[1:], len(self.bytes)], strict=True))


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "surrogateescape")


def _defined(node: "Node") -> Iterator[str]:
    """The names that a top-level node defines or declares."""
    if node.type in ("preproc_def", "preproc_function_def"):
        yield _text(node.child_by_field_name("name"))  # type: ignore[arg-type]  # every #define has one
        return
    if node.type in ("function_definition", "declaration", "type_definition"):
        for declarator in node.children_by_field_name("declarator"):
            yield from takewhile(bool, [declared(declarator)])
        node = node.child_by_field_name("type") or node
    if node.type in TAGGED and node.child_by_field_name("body") is not None:
        tag = node.child_by_field_name("name")
        if tag is not None:
            yield _text(tag)
        if node.type == "enum_specifier":
            for enumerator in node.child_by_field_name("body").children:  # type: ignore[union-attr]  # checked above
                if enumerator.type == "enumerator":
                    yield _text(enumerator.child_by_field_name("name"))  # type: ignore[arg-type]  # has one


def declared(node: "Node") -> str:
    """The name inside a declarator, however many pointers, arrays and parameters are around it; "" for none."""
    while node.type not in NAMES:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in node.children if c.type.endswith("declarator") or c.type in NAMES), None)
        if inner is None:
            return ""
        node = inner
    return _text(node)
