# SPDX-License-Identifier: GPL-2.0-only
"""What surrounds the tables of a picture: what is called, the folios, what of VMA and config is not the default."""

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import fields

from pte_review.harness.explain.actions import action_lines
from pte_review.harness.subject import Words
from pte_review.models.config import PAGE_SIZE, Config
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Folio, Scenario
from pte_review.models.vma import Vma

WIDTH = 75  # columns


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of at most WIDTH columns."""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def labelled(label: str, text: str) -> list[str]:
    """`text` behind a label, its further lines below itself."""
    return wrapped(f"{label + ':':<7}{text}", " " * 7)


def surroundings(scenario: Scenario, words: Words) -> list[str]:
    """Headline, folios, options and actions, a line or more each."""
    lines = [words.headline(scenario)]
    for folio in scenario.folios:
        lines += labelled("folio", _folio(folio))
    options = [*_options(scenario), *words.options(scenario)]
    lines += labelled("with", ", ".join(options)) if options else []
    for action in action_lines(scenario):
        lines += labelled("acts", action)
    return lines


def _folio(folio: Folio) -> str:
    end = folio.end - 1
    kind = "anon" if folio.anon else "file"
    size = f"{(1 << folio.order) * PAGE_SIZE >> 10}K"
    text = f"pfn {folio.pfn:#x}" + (f"-{end:#x}" if folio.order else "") + f" order {folio.order} ({size}) {kind}"
    if folio.exclusive:
        text += ", AnonExclusive " + _pages(folio, folio.exclusive)
    if folio.shared:
        text += ", mapped by another process " + _pages(folio, folio.shared)
    return text


def _pages(folio: Folio, ranges: Sequence[tuple[int, int]]) -> str:
    if list(ranges) == [(0, 1 << folio.order)]:
        return "all"
    return " ".join(f"{first}" if end == first + 1 else f"{first}-{end - 1}" for first, end in ranges)


def _options(scenario: Scenario) -> list[str]:
    """What of VMA and config is not the default."""
    return [*_vma(scenario.vma), *_changed(scenario.config, ORDINARY_CONFIG)]


def _vma(vma: Vma) -> list[str]:
    """What is mapped and how, then the VMA's other fields."""
    kind = ["VM_SHARED file"] if vma.shared else ["private file"] if vma.vm_file else []
    flags = {"VM_READ": vma.read, "VM_WRITE": vma.write}
    protection = [f"no {name}" for name, has in flags.items() if not has] if vma.accessible else ["PROT_NONE"]
    rest = _changed(vma, ORDINARY_VMA, {"vm_file", "anon_vma", "read", "write", "exec", "uffd_modes"})
    modes = ["uffd modes " + " ".join(vma.uffd_modes)] if vma.uffd and vma.uffd_modes != ORDINARY_VMA.uffd_modes else []
    return [*kind, *protection, *(["VM_EXEC"] if vma.exec else []), *rest, *modes]


def _changed(value: Vma | Config, default: Vma | Config, but: Collection[str] = ()) -> list[str]:
    result = []
    for field in fields(value):
        now = getattr(value, field.name)
        if field.name not in but and now != getattr(default, field.name):
            result.append(field.name if now is True else f"no {field.name}" if now is False else f"{field.name} {now}")
    return result
