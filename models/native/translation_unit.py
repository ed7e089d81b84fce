# SPDX-License-Identifier: GPL-2.0-only
"""The C text that is compiled: the project's headers, the tree's library, the function under review, its caller."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pte_review.models.kernel_tree.files import GATED
from pte_review.models.kernel_tree.tree import Tree, TreeError
from pte_review.models.native.arena import layout_header
from pte_review.models.native.asks import Asks
from pte_review.models.native.binding import Binding
from pte_review.models.native.extract import Extract, SourceText, extract
from pte_review.models.native.file_readers import refuse_file_readers
from pte_review.models.native.instrument import Local
from pte_review.models.native.warnings import Texts
from pte_review.models.native.wrappers import batch_wrapper, word_wrapper

HOME = Path(__file__).parent


@dataclass(frozen=True)
class TranslationUnit:
    """One translation unit. `locals` are those of the function under review, by their number in PR_INIT()."""

    text: str
    locals: tuple[Local, ...]
    asks: Asks = field(default_factory=dict)  # what it asks of VMA, call and config
    keeps_state: bool = False  # has variables that live from one call to the next
    warnings: tuple[Texts, ...] = ()  # of its files, which PR_FILE numbers from 1


def tree_unit(tree: Tree, arch: str, binding: Binding) -> TranslationUnit:
    """The unit of the binding's function of `tree` on `arch`. Raises TreeError."""
    return unit(extract(tree, arch, binding), binding, tree.label)


def unit(extracted: Extract, binding: Binding, label: str) -> TranslationUnit:
    """The unit of an extract; `label` names the tree in errors. Raises TreeError for a parameter it cannot bind."""
    sources = (*extracted.library, *extracted.batch, extracted.subject)
    for source in sources:
        refuse_file_readers(source.path, source.text, label)
    pieces = {source.path: _piece(source, number) for number, source in enumerate(sources, 1)}
    parts = [layout_header(), '#include "pte_review.h"\n', *(pieces[source.path] for source in extracted.library)]
    parts += [f"#define PR_HAS_{name}\n" for name in sorted(extracted.has)]
    parts += [
        '#include "wrap_pgtable.h"\n',
        *(pieces[source.path] for source in extracted.batch),
        '#include "wrap_batch.h"\n',
    ]
    parts += [batch_wrapper(name, extracted.batches[name]) for name in sorted(extracted.batches)]
    parts += map(word_wrapper, extracted.words.values())
    parts += [f"#undef {name}\n#define {name} pr_own_{name}\n" for name in extracted.shadows]
    parts += [
        pieces[extracted.subject.path],
        '\n#line 1 "pte-review"\n',
        _call(extracted, binding, label),
        '#include "run.c"\n',
        '#include "side.c"\n',
    ]
    return TranslationUnit(
        "".join(parts),
        extracted.locals,
        extracted.asks,
        extracted.keeps_state,
        tuple(source.warnings for source in sources),
    )


def _piece(piece: SourceText, number: int) -> str:
    text = f'#undef PR_FILE\n#define PR_FILE {number}\n#line 1 "{piece.path}"\n{piece.text}\n#line 1 "pte-review"\n'
    return f"#ifdef {GATED[piece.path]}\n{text}#endif\n" if piece.path in GATED else text


def _call(extracted: Extract, binding: Binding, label: str) -> str:
    """pr_call(): every argument bound by the name of its parameter."""
    name, bound = extracted.signature.name, binding.arguments
    unknown = [p for p in extracted.signature.parameters if p.name not in bound]
    if unknown:
        raise TreeError(
            f"{label}: {binding.file}:{unknown[0].line}: {name}() has a parameter that cannot be bound, "
            f"'{unknown[0].text}': expected one of {', '.join(bound)}"
        )
    instances = "".join(_instance(struct, fields, binding) for struct, fields in extracted.structs.items())
    call = f"{name}({', '.join(bound[p.name] for p in extracted.signature.parameters)})"
    value = "0" if extracted.signature.returns == "void" else f"(s64){call}"
    body = f"\t{call};\n" if value == "0" else ""
    body += f"\ts64 pr_returned = {value};\n\n{binding.behind}\treturn pr_returned;\n"
    return f"static noinline s64 pr_call(void)\n{{\n{instances}{body}}}\n"


def _instance(struct: str, fields: Iterable[str], binding: Binding) -> str:
    """A variable of a struct that the function's caller fills in."""
    bound = binding.structs[struct]
    values = "".join(f"\t\t.{name} = {bound[name]},\n" for name in fields if name in bound)
    return f"\tstruct {struct} {binding.instances[struct]} = {{\n{values}\t}};\n\n"
