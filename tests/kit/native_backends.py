# SPDX-License-Identifier: GPL-2.0-only
"""Both backends on the same blocks: what they say of a pair, where they have to agree."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.exhaust.python_backend import PythonBackend
from pte_review.harness.exhaust.tally import SpaceTally, merge
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.side_by_side import with_config_of
from pte_review.harness.subject import Subject
from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.kernel_tree.tree import Tree
from pte_review.models.native.binding import Binding
from pte_review.models.native.tree_version import TreeVersion
from tests.kit.trees import edited, small

NOT_THE_SAME = ("allowed_kinds",)  # in C, entries of a table that diverges are not counted as allowed


class Texts:
    """Versions of a tree by their changes, made once. Without a tree and its binding: of the batching one."""

    def __init__(self, tree: Tree | None = None, binding: Binding = BINDING) -> None:
        self.tree, self.binding = tree or small(), binding
        self.made: dict[tuple[tuple[str, str], ...], TreeVersion] = {}

    def __call__(self, changes: Mapping[str, str] | None = None) -> TreeVersion:
        key = tuple((changes or {}).items())
        if key not in self.made:
            tree = edited(self.tree, changes, self.binding.file) if changes else self.tree
            self.made[key] = TreeVersion("tree", tree.label, "", self.binding.function, tree, self.binding)
        return self.made[key]

    def close(self) -> None:
        for one in self.made.values():
            one.close()


def counts(tally: SpaceTally, *, but: Iterable[str] = ()) -> dict[str, Any]:
    """What a tally says, without the fields in `but`."""
    names = set(SpaceTally.__dataclass_fields__) - set(but)
    return {name: getattr(tally, name) for name in names}


def both(
    base: TreeVersion,
    candidate: TreeVersion,
    blocks: Iterable[Block],
    contract: str = "folio-ad",
    subject: Subject = MOVE_PTES,
) -> tuple[SpaceTally, SpaceTally]:
    """What native and Python say of all of `blocks`: the same of each, but for NOT_THE_SAME."""
    native = NativeBackend(subject, base, candidate, CONTRACTS[contract])
    python = PythonBackend(subject, base, candidate, CONTRACTS[contract])
    in_c = in_python = SpaceTally()
    own = (base, candidate)
    for number, plain in enumerate(blocks):
        block = replace(plain, template=with_config_of(plain.template, own))
        x, y = (backend.run(block, 0, block.cases).in_block(number) for backend in (native, python))
        assert counts(x, but=NOT_THE_SAME) == counts(y, but=NOT_THE_SAME), block.label
        assert all(count <= y.allowed_kinds[kind] for kind, count in x.allowed_kinds.items())
        in_c, in_python = merge(in_c, x), merge(in_python, y)
    return in_c, in_python


def kinds(tally: SpaceTally) -> set[str]:
    """The kinds that diverge."""
    return {kind for kind, _ in tally.by_kind}


def one_of_each_part(blocks: Iterable[Block]) -> list[Block]:
    """The smallest block of each config, memory and place, with the largest folio: batches and contpte blocks."""
    found: dict[tuple[str, str, str], Block] = {}
    for block in blocks:
        found.setdefault((block.label.config, block.label.memory, block.label.place), block)
    return list(found.values())
