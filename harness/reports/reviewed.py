# SPDX-License-Identifier: GPL-2.0-only
"""What every report is made of: a verdict, the kernel text that it is about, the command that gives it again."""

from collections.abc import Sequence
from dataclasses import dataclass

from pte_review.harness.kernel_text import PATCHED, KernelText
from pte_review.harness.subject import Subject
from pte_review.harness.verdict import Verdict
from pte_review.models.kernel_tree.patch import Patch
from pte_review.models.kernel_tree.tree import Tree


@dataclass(frozen=True)
class Reviewed:
    """One verdict, ready to be reported. `command` is what a user types to get it again."""

    subject: Subject
    verdict: Verdict
    text: KernelText
    command: Sequence[str]

    @property
    def patched(self) -> Tree | None:
        """The tree with its patches; None where no patch was reviewed."""
        loaded = self.text.loaded.get(PATCHED)
        return loaded.source if loaded is not None else None

    @property
    def answered(self) -> Patch | None:
        """The patch that the review is about: of those that change the file of the function, the last one."""
        tree, binding = self.patched, self.subject.binding
        if tree is None or binding is None or not tree.patches:
            return None
        touching = [patch for patch in tree.patches if binding.file in patch.text]
        return (touching or list(tree.patches))[-1]
