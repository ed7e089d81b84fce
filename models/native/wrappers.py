# SPDX-License-Identifier: GPL-2.0-only
"""Macros over what the tree defines: what the function under review calls is logged, what it hands over is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pte_review.models.kernel_tree.ctext import Definition
from pte_review.models.native.signature import Signature, signature

# The parameters of folio_pte_batch() in any of its signatures; what one lacks is logged as 0.
BATCH_ROLES = {
    "folio": ("folio",),
    "addr": ("addr",),
    "ptep": ("start_ptep", "ptep"),
    "pte": ("pte", "ptentp"),
    "max_nr": ("max_nr",),
    "flags": ("flags",),
}

# What asks whether an entry is the marker that a move may drop: a special path.
MARKER_TESTS = ("pte_marker_uffd_wp", "pte_is_uffd_wp_marker")


@dataclass(frozen=True)
class Word:
    """One definition of a predicate or setter of the tree. `entries` are its parameters that are entries, no pointers.

    `macro` is the body of one that is a macro; of a function it is None.
    """

    name: str
    parameters: tuple[str, ...]
    entries: frozenset[str]
    macro: str | None = None

    @property
    def checked(self) -> str:
        """The macro that checks what is handed over, and calls the word."""
        arguments = ", ".join(f"PR_A({name})" if name in self.entries else name for name in self.parameters)
        parameters, plain, text = ", ".join(self.parameters), self.name, ""
        if self.macro is not None:  # under another name, as a macro cannot refer to what it replaces
            plain = f"pr_word_{self.name}"
            text = f"#define {plain}({parameters}) {self.macro}\n#undef {self.name}\n"
        call = f"{plain}({arguments})"
        return (
            f"{text}#define {self.name}({parameters}) {f'pr_marker({call})' if self.name in MARKER_TESTS else call}\n"
        )


def word_of(definition: Definition) -> Word | None:
    """The word that `definition` is; None where it takes no entry, or is internal to the tree."""
    if definition.name.startswith(("_", "native_")):
        return None
    if definition.is_function:
        parameters = signature(definition.node).parameters
        entries = frozenset(p.name for p in parameters if p.text.split()[0] == "pte_t" and "*" not in p.text)
        word = Word(definition.name, tuple(p.name for p in parameters), entries)
    elif definition.node.type == "preproc_function_def":
        listed, value = (definition.node.child_by_field_name(field) for field in ("parameters", "value"))
        names = tuple((c.text or b"").decode() for c in (listed.children if listed else ()) if c.type == "identifier")
        body = (value.text or b"").decode("utf-8", "replace") if value else ""
        word = Word(definition.name, names, frozenset({"pte"} & {*names}), body)
    else:
        return None
    return word if word.entries else None


def word_wrapper(words: Sequence[Word]) -> str:
    """A macro that ends the run where an entry handed over is a local that was never assigned.

    `words` are the tree's definitions under one name, of which its #if lines leave one: a macro or a function.
    """
    macro = next((word for word in words if word.macro is not None), None)
    function = next((word for word in words if word.macro is None), None)
    parts = [f"#ifdef {words[0].name}\n", macro.checked if macro else ""]
    return "".join([*parts, "#else\n", function.checked if function else "", "#endif\n"])


def batch_wrapper(name: str, its: Signature) -> str:
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
