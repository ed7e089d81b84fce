# SPDX-License-Identifier: GPL-2.0-only
"""A function of a kernel file with whatever it needs of its own tree, everything else masked.

The tree is its own library: a name that the file itself and the project's headers do not have is looked for in LIBRARY
and BATCH, and so are the names that its definition uses. What no file has is left to the compiler to complain about.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.ctext import CFile, Definition
from pte_review.models.kernel_tree.files import BATCH, LIBRARY
from pte_review.models.kernel_tree.tree import Tree, TreeError
from pte_review.models.native.asks import Asks, asks_of
from pte_review.models.native.binding import Binding
from pte_review.models.native.instrument import Local, instrumented, walk
from pte_review.models.native.signature import Signature, signature
from pte_review.models.native.warnings import Texts, warnings_of
from pte_review.models.native.wrappers import Word, word_of
from pte_review.models.vma import VM_FLAG_BITS

HEADERS = Path(__file__).parent / "include"
WRAPPED = (
    "ptep_get", "ptep_get_and_clear", "get_and_clear_full_ptes", "pte_clear", "set_ptes", "pte_batch_hint",
    "ptep_modify_prot_start", "modify_prot_start_ptes",
)  # fmt: skip
# What the project's own headers ask of the tree beside what the function under review does.
ASKED = {"arm64": ("pgattr_change_is_safe",)}


@dataclass(frozen=True)
class SourceText:
    """Text of one file, masked and instrumented; line numbers are those of the file."""

    path: str
    text: str
    warnings: Texts = field(default_factory=dict)


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
    words: dict[str, list[Word]]  # predicates and setters of the library
    locals: tuple[Local, ...]  # by their number in PR_INIT()
    structs: dict[str, tuple[str, ...]]  # the fields of those structs of the binding that the file has
    asks: Asks  # what all of it asks of VMA, call and config
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
    names |= {text for name in VM_FLAG_BITS for text in (f"VM_{name}", f"VMA_{name}_BIT")}
    return frozenset(names)


@lru_cache(maxsize=1)
def logged() -> frozenset[str]:
    """The names of primitives that are logged: macros of wrap_pgtable.h and wrap_batch.h."""
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in HEADERS.glob("wrap_*.h"))
    return frozenset(name for path, text in texts for name in _parsed(path, text).definitions)


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
    kept = _needed(files, (function, *ASKED.get(arch, ())), provided(arch))
    locals_: list[Local] = []
    pieces = {file.path: _piece(file, tuple(kept[file.path])) for file in files[1:] if kept[file.path]}
    pieces[path] = SourceText(path, instrumented(subject, kept[path], locals_), warnings_of(kept[path]))
    batches: dict[str, Signature] = {
        name: signature(batch.node)
        for file in files[1:]
        for name in ("folio_pte_batch", "folio_pte_batch_flags")
        for batch in kept[file.path]
        if batch.name == name and batch.is_function
    }
    names = {d.name for file in files[1:] for d in kept[file.path]} | provided(arch)
    structs = {
        name: fields
        for name in binding.structs
        if (fields := _fields(d for definitions in kept.values() for d in definitions if d.name == name))
    }
    own = [d for name in (path, *BATCH) for d in kept.get(name, ())]
    others = [d for name, definitions in kept.items() if name not in (path, *BATCH) for d in definitions]
    return Extract(
        library=tuple(pieces[name] for name in LIBRARY[arch] if name in pieces),
        batch=tuple(pieces[name] for name in BATCH if name in pieces),
        subject=pieces[path],
        signature=signature(definition.node),
        has=frozenset(name for name in (*WRAPPED, *ASKED.get(arch, ()), *batches) if name in names),
        shadows=tuple(sorted({d.name for d in kept[path] if d.is_function} & {*names, *batches})),
        batches=batches,
        words=_words(definition for name in LIBRARY[arch] for definition in kept.get(name, ())),
        locals=tuple(locals_),
        structs=structs,
        asks=asks_of(own, others, {name: {*fields} - binding.places for name, fields in structs.items()}),
        keeps_state=any(_has_variables(d) for definitions in kept.values() for d in definitions),
    )


@lru_cache(maxsize=256)  # the same for a tree with patches as without, but for the files that those touch
def _piece(file: CFile, kept: tuple[Definition, ...]) -> SourceText:
    return SourceText(file.path, instrumented(file, kept, None), warnings_of(kept))


@lru_cache(maxsize=1 << 14)
def _asked(file: CFile, definition: Definition) -> frozenset[str]:
    """The names that a definition uses, and those that the #if lines around it ask for."""
    return frozenset(file.uses(definition.node) | file.guards(definition))


def _words(definitions: Iterable[Definition]) -> dict[str, list[Word]]:
    words: dict[str, list[Word]] = {}
    for definition in definitions:
        if definition.name not in logged() and (word := word_of(definition)) is not None:
            words.setdefault(word.name, []).append(word)
    return words


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


def _needed(files: list[CFile], start: Iterable[str], known: frozenset[str]) -> dict[str, list[Definition]]:
    """By path: the definitions that the names of `start` are and need, in the order of the text.

    The first of `files` is the subject's own; what it defines under a name counts before what others do.
    """
    subject, *others = files
    kept: dict[str, dict[int, Definition]] = {file.path: {} for file in files}
    todo = [(file, d) for name in start for file in files if name in file.words for d in file.definitions.get(name, ())]
    seen = {True: {*start}, False: {*start}}  # by whether the subject asks: the others do not see its names
    while todo:
        file, definition = todo.pop()
        kept[file.path][definition.node.start_byte] = definition
        asks = file is subject
        for name in sorted(_asked(file, definition) - seen[asks]):
            seen[asks].add(name)
            own = subject.definitions.get(name, ()) if asks else ()
            own = [d for d in own if d.node.type != "declaration" or name not in known]
            if own:
                todo += [(subject, d) for d in own]
            elif name not in known:
                todo += [(other, d) for other in others if name in other.words for d in other.definitions.get(name, ())]
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
        for member in body.children if body is not None else ():
            for declarator in member.children_by_field_name("declarator"):
                while declarator.type not in ("field_identifier", "identifier"):
                    declarator = declarator.child_by_field_name("declarator") or declarator.children[-1]
                names.append((declarator.text or b"").decode())
    return tuple(names)


def _struct_body(definition: Definition):  # type: ignore[no-untyped-def]  # a Node, or None
    struct = definition.node.child_by_field_name("type")
    return struct.child_by_field_name("body") if struct is not None else None
