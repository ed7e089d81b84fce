# SPDX-License-Identifier: GPL-2.0-only
"""The texts of a kernel file's warnings by line: what the log has of a warning is where it stands."""

from collections.abc import Iterable, Mapping

from pte_review.models.kernel_tree.ctext import Definition
from pte_review.models.native.instrument import walk

# What warnings are called by whether only CONFIG_DEBUG_VM has them; a port's have no more than that.
NAMES = ("WARN_ON_ONCE", "VM_WARN_ON_ONCE")
Texts = Mapping[int, str]  # by line, from 1: the condition


def warnings_of(definitions: Iterable[Definition]) -> Texts:
    """The conditions of the WARN_ON() kind in the functions among `definitions`, on one line each."""
    texts: dict[int, str] = {}
    for definition in definitions:
        for node in walk(definition.node) if definition.is_function else ():
            function = node.child_by_field_name("function") if node.type == "call_expression" else None
            arguments = node.child_by_field_name("arguments")
            if function is None or arguments is None or b"WARN" not in (function.text or b""):
                continue
            condition = next((child for child in arguments.children if child.is_named), None)
            if condition is not None:
                text = " ".join((condition.text or b"").decode("utf-8", "replace").split())
                for row in range(node.start_point[0], node.end_point[0] + 1):
                    texts.setdefault(row + 1, text)
    return texts


def warning(which: int, condition: str) -> str:
    """What a warning is called: NAMES[which], with its condition where that is known."""
    return f"{NAMES[which]}: {condition}" if condition else NAMES[which]
