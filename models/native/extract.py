# SPDX-License-Identifier: GPL-2.0-only
"""A function of a kernel file with whatever it needs of its own tree, everything else masked.

The tree is its own library: a name that the file itself and the project's headers do not have is looked for in LIBRARY
and BATCH, and so are the names that its definition uses. What no file has is left to the compiler to complain about.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.ctext import CFile, Definition
from pte_review.models.kernel_tree.files import BATCH, LIBRARY
from pte_review.models.kernel_tree.tree import Tree, TreeError
from pte_review.models.native.binding import Binding
from pte_review.models.native.instrument import Local, instrumented, walk
from pte_review.models.native.signature import Signature, signature

HEADERS = Path(__file__).parent / "include"
WRAPPED = (
    "ptep_get", "ptep_get_and_clear", "get_and_clear_full_ptes", "pte_clear", "set_ptes", "pte_batch_hint",
)  # fmt: skip


@dataclass(frozen=True)
class SourceText:
    """Text of one file, masked and instrumented; line numbers are those of the file."""

    path: str
    text: str


@dataclass(frozen=True)
class Extract:
    """What is compiled: `library` and `batch` before, `subject` last."""

    library: tuple[SourceText, ...]
    batch: tuple[SourceText, ...]
    subject: SourceText
    signature: Signature
    has: frozenset[str]  # of WRAPPED and the batch functions: those that the text or the headers define
    shadows: tuple[str, ...]  # functions of the subject's own file under a name that the others have as well
    batches: dict[str, Signature]  # signatures of the batch functions that there are
    locals: tuple[Local, ...]  # by their number in PR_INIT()
    structs: dict[str, tuple[str, ...]]  # the fields of those structs of the binding that the file has
    keeps_state: bool  # has variables that live from one call to the next


@lru_cache(maxsize=64)
def _parsed(path: str, text: str) -> CFile:
    return CFile(path, text)


@lru_cache(maxsize=8)
def provided(arch: str) -> frozenset[str]:
    """The names that the project's own headers give to kernel text on `arch`."""
    names: set[str] = set()
    for path in sorted(HEADERS.glob("*.h")):
        other = any(path.stem.startswith(name) for name in LIBRARY if name != arch)
        if not other and not path.stem.startswith("wrap_"):
            names |= _parsed(path.name, path.read_text(encoding="utf-8")).definitions.keys()
    return frozenset(names)


def extract(tree: Tree, arch: str, binding: Binding) -> Extract:
    """The binding's function of the tree for `arch`. Raises TreeError where the tree does not have it."""
    path, function = binding.file, binding.function
    text = tree.read(path)
    if text is None:
        raise TreeError(f"{tree.label}: has no {path}: expected a kernel source tree")
    subject = _parsed(path, text)
    definition = subject.function(function)
    if definition is None:
        raise _no_definition(tree.label, path, function, text)
    _check_one_signature(tree.label, path, subject.definitions[function])
    files = [subject, *_files(tree, (*LIBRARY[arch], *BATCH))]
    kept = _needed(files, function, provided(arch))
    locals_: list[Local] = []
    pieces = {
        file.path: SourceText(file.path, instrumented(file, kept[file.path], locals_ if file is subject else None))
        for file in files
        if kept[file.path] or file is subject
    }
    batches: dict[str, Signature] = {
        name: signature(batch.node)
        for file in files[1:]
        for name in ("folio_pte_batch", "folio_pte_batch_flags")
        for batch in kept[file.path]
        if batch.name == name and batch.is_function
    }
    names = {d.name for file in files[1:] for d in kept[file.path]} | provided(arch)
    return Extract(
        library=tuple(pieces[name] for name in LIBRARY[arch] if name in pieces),
        batch=tuple(pieces[name] for name in BATCH if name in pieces),
        subject=pieces[path],
        signature=signature(definition.node),
        has=frozenset(name for name in (*WRAPPED, *batches) if name in names),
        shadows=tuple(sorted({d.name for d in kept[path] if d.is_function} & {*names, *batches})),
        batches=batches,
        locals=tuple(locals_),
        structs={
            name: fields
            for name in binding.structs
            if (fields := _fields(d for definitions in kept.values() for d in definitions if d.name == name))
        },
        keeps_state=any(_has_variables(d) for definitions in kept.values() for d in definitions),
    )


def _files(tree: Tree, paths: Iterable[str]) -> list[CFile]:
    return [_parsed(path, text) for path in paths if (text := tree.read(path)) is not None]


def _no_definition(label: str, path: str, function: str, text: str) -> TreeError:
    unread = re.search(rf"^\w[^;{{}}#]*?\b{function}\s*\([^;{{}}#]*\)\s*\{{", text, re.MULTILINE)
    if unread is None:
        return TreeError(f"{label}: {path} defines no {function}()")
    line = text.count("\n", 0, unread.start()) + 1
    return TreeError(
        f"{label}: {path}:{line}: {function}() cannot be read: expected braces that close and no #if across them"
    )


def _check_one_signature(label: str, path: str, definitions: list[Definition]) -> None:
    """There may be a definition an #ifdef; the call is one. Raises TreeError where it does not fit them all."""
    first, *others = (signature(d.node) for d in definitions if d.is_function)
    for other in others:
        if [p.name for p in other.parameters] != [p.name for p in first.parameters] or other.returns != first.returns:
            raise TreeError(
                f"{label}: {path}:{other.line}: {other.name}() has other parameters than in line {first.line}: "
                "expected the same under every #ifdef"
            )


def _needed(files: list[CFile], start: str, known: frozenset[str]) -> dict[str, list[Definition]]:
    """By path: the definitions that `start` of the first of `files` is and needs, in the order of the text."""
    subject, *others = files
    kept: dict[str, dict[int, Definition]] = {file.path: {} for file in files}
    todo = [(subject, d) for d in subject.definitions[start]]
    seen = {True: {start}, False: set()}  # by whether the subject asks: the others do not see its names
    while todo:
        file, definition = todo.pop()
        kept[file.path][definition.node.start_byte] = definition
        asks = file is subject
        for name in sorted((file.uses(definition.node) | file.guards(definition)) - seen[asks]):
            seen[asks].add(name)
            own = subject.definitions.get(name, ()) if asks else ()
            own = [d for d in own if d.node.type != "declaration" or name not in known]
            if own:
                todo += [(subject, d) for d in own]
            elif name not in known:
                todo += [(other, d) for other in others for d in other.definitions.get(name, ())]
    return {path: [definitions[at] for at in sorted(definitions)] for path, definitions in kept.items()}


def _has_variables(definition: Definition) -> bool:
    """Whether it is a variable of its file, or a function with one that is static."""
    if definition.is_function:
        body = definition.node.child_by_field_name("body")
        inside = walk(body) if body is not None else ()
        return any(node.type == "storage_class_specifier" and node.text == b"static" for node in inside)
    declarators = definition.node.children_by_field_name("declarator")
    kinds = {node.type for declarator in declarators for node in walk(declarator)}
    return definition.node.type == "declaration" and "function_declarator" not in kinds


def _fields(definitions: Iterable[Definition]) -> tuple[str, ...]:
    names: list[str] = []
    for definition in definitions:
        body = definition.node.child_by_field_name("body") or _struct_body(definition)
        for field in body.children if body is not None else ():
            for declarator in field.children_by_field_name("declarator"):
                while declarator.type not in ("field_identifier", "identifier"):
                    declarator = declarator.child_by_field_name("declarator") or declarator.children[-1]
                names.append((declarator.text or b"").decode())
    return tuple(names)


def _struct_body(definition: Definition):  # type: ignore[no-untyped-def]  # a Node, or None
    struct = definition.node.child_by_field_name("type")
    return struct.child_by_field_name("body") if struct is not None else None
