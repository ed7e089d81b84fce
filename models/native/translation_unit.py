# SPDX-License-Identifier: GPL-2.0-only
"""The C text that is compiled: the project's headers, the tree's library, the function under review, its caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pte_review.models.kernel_tree.files import GATED
from pte_review.models.kernel_tree.tree import Tree, TreeError
from pte_review.models.native.arena import layout_header
from pte_review.models.native.binding import Binding
from pte_review.models.native.extract import Extract, SourceText, extract
from pte_review.models.native.instrument import Local
from pte_review.models.native.signature import Signature

HOME = Path(__file__).parent

# The parameters of folio_pte_batch() in any of its signatures; what one lacks is logged as 0.
BATCH_ROLES = {
    "folio": ("folio",),
    "addr": ("addr",),
    "ptep": ("start_ptep", "ptep"),
    "pte": ("pte", "ptentp"),
    "max_nr": ("max_nr",),
    "flags": ("flags",),
}


@dataclass(frozen=True)
class TranslationUnit:
    """One translation unit. `locals` are those of the function under review, by their number in PR_INIT()."""

    text: str
    locals: tuple[Local, ...]
    keeps_state: bool = False  # has variables that live from one call to the next


def tree_unit(tree: Tree, arch: str, binding: Binding) -> TranslationUnit:
    """The unit of the binding's function of `tree` on `arch`. Raises TreeError."""
    return unit(extract(tree, arch, binding), binding, tree.label)


def unit(extracted: Extract, binding: Binding, label: str) -> TranslationUnit:
    """The unit of an extract; `label` names the tree in errors. Raises TreeError for a parameter it cannot bind."""
    parts = [layout_header(), '#include "pte_review.h"\n', *map(_piece, extracted.library)]
    parts += [f"#define PR_HAS_{name}\n" for name in sorted(extracted.has)]
    parts += ['#include "wrap_pgtable.h"\n', *map(_piece, extracted.batch), '#include "wrap_batch.h"\n']
    parts += [_batch_wrapper(name, extracted.batches[name]) for name in sorted(extracted.batches)]
    parts += [f"#undef {name}\n#define {name} pr_own_{name}\n" for name in extracted.shadows]
    parts += [
        _piece(extracted.subject),
        '\n#line 1 "pte-review"\n',
        _call(extracted, binding, label),
        '#include "run.c"\n',
    ]
    return TranslationUnit("".join(parts), extracted.locals, extracted.keeps_state)


def _piece(piece: SourceText) -> str:
    text = f'#line 1 "{piece.path}"\n{piece.text}\n#line 1 "pte-review"\n'
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
    body = f"\t{call};\n\treturn 0;\n" if extracted.signature.returns == "void" else f"\treturn (s64){call};\n"
    return f"static noinline s64 pr_call(void)\n{{\n{instances}{body}}}\n"


def _instance(struct: str, fields: Iterable[str], binding: Binding) -> str:
    """A variable of a struct that the function's caller fills in."""
    bound = binding.structs[struct]
    values = "".join(f"\t\t.{name} = {bound[name]},\n" for name in fields if name in bound)
    return f"\tstruct {struct} {binding.instances[struct]} = {{\n{values}\t}};\n\n"


def _batch_wrapper(name: str, its: Signature) -> str:
    """A macro over batch function `name` that logs the call under the parameters' names, and the result."""
    names = [p.name for p in its.parameters]
    by_role = {role: next((n for n in names if n in aliases), "0") for role, aliases in BATCH_ROLES.items()}
    temporaries = " ".join(f"__auto_type pr_{n}_ = ({'PR_A(pte)' if n == 'pte' else n});" for n in names)
    value: Mapping[str, str] = {role: f"pr_{n}_" if n != "0" else "0" for role, n in by_role.items()}
    pte = f"*{value['pte']}" if by_role["pte"] == "ptentp" else value["pte"]
    common = f"{value['ptep']}, {pte}, {value['max_nr']}"
    if by_role["flags"] == "0" or name == "folio_pte_batch_flags":
        log = f"pr_log_batch_flags({value['folio']}, {common}, {value['flags']});"
    else:
        log = f"pr_log_batch({value['folio']}, {value['addr']}, {common}, {value['flags']});"
    call = f"{name}({', '.join(f'pr_{n}_' for n in names)})"
    return (
        f"#define {name}({', '.join(names)}) ({{ PR_LINE(); {temporaries} {log} "
        f"pr_check_batch({value['folio']}, {pte}, {value['max_nr']}); pr_batch_result({call}); }})\n"
    )
