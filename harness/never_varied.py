# SPDX-License-Identifier: GPL-2.0-only
"""What versions ask of a VMA, of the call, the CPU and the config that had one value in everything that was run.

A verdict names it. Where the two versions ask it differently, nothing is known of what they do about it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pte_review.models.scenario import Scenario
from pte_review.models.version import Version
from pte_review.models.vma import VM_FLAG_BITS

FLAG = "vma->vm_flags & VM_"
CONSTANT = object()  # the value of what the model does not have
Observer = Callable[[Scenario], object]
VMA: dict[str, Observer] = {
    "vma->vm_file": lambda s: s.vma.vm_file,
    "vma->anon_vma": lambda s: s.vma.anon_vma,
    "vma->vm_page_prot": lambda s: s.words.vm_page_prot(s.call.seen(s.vma)),
    "vma->vm_userfaultfd_ctx": lambda s: (s.vma.uffd, s.vma.uffd_event_remap),
}
CPU: dict[str, Observer] = {
    "system_supports_bbml2_noabort()": lambda s: s.config.bbml2_noabort,
    "system_supports_bbml3()": lambda s: s.config.bbml2_noabort,
    "alternative_has_cap_unlikely(ARM64_WORKAROUND_2645198)": lambda s: s.config.erratum_2645198,
}


def observer(asked: str) -> Observer:
    """What a scenario has for a field, as models/native/asks.py writes it."""
    if asked.startswith(FLAG):
        bit = 1 << VM_FLAG_BITS[asked.removeprefix(FLAG)]
        return lambda s: bool(s.call.seen(s.vma).vm_flags(rwp=s.config.uffd_rwp) & bit)
    if asked.startswith("CONFIG_"):
        from pte_review.models.native.tree_version import defines  # with kernel text only

        return lambda s: f"{asked}=1" in defines(s.arch, s.config)
    if asked in VMA:
        return VMA[asked]
    if asked in CPU:
        return CPU[asked]
    name = asked.partition("->")[2]
    return lambda s: getattr(s.call, name, CONSTANT)


@dataclass
class Observed:
    """The values that fields had, of those that kernel text among `versions` asks."""

    versions: tuple[Version, ...] = ()
    fields: dict[str, Observer] = field(default_factory=dict)  # with one value so far
    values: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        asked = {name for version in self.versions for name in version.asks or {}}
        self.fields = {name: observer(name) for name in sorted(asked)}

    def see(self, scenario: Scenario) -> None:
        """Look at a scenario that was run."""
        for name, of in list(self.fields.items()):
            value = of(scenario)
            if self.values.setdefault(name, value) != value:
                del self.fields[name]


def never_varied(observed: Iterable[Observed]) -> tuple[str, ...]:
    """The fields with one value in all scenarios, of every architecture together."""
    constant: dict[str, object] = {}
    varied: set[str] = set()
    for each in observed:
        varied |= each.values.keys() - each.fields.keys()
        for name in each.fields:
            value = each.values.get(name, CONSTANT)
            if constant.setdefault(name, value) != value:
                varied.add(name)
    return tuple(sorted(constant.keys() - varied))


def asked_differently(base: Version, candidate: Version, constant: Iterable[str]) -> str:
    """Why nothing is known where the two versions ask a field differently that never varied; "" where they do not.

    A port asks what the model has; of the rest it can know nothing.
    """
    first, second = base.asks, candidate.asks
    asked = []
    for name in constant:
        if first is not None and second is not None:
            differs = first.get(name) != second.get(name)
        else:
            differs = _is_unmodelled(name)
        asked += [name] if differs else []
    if not asked:
        return ""
    has = "has" if len(asked) == 1 else "have"
    return f"the two ask {', '.join(asked)} differently, which {has} one value in all that was run"


def _is_unmodelled(name: str) -> bool:
    return name.startswith("vma->") and name not in VMA and name.removeprefix(FLAG) not in MODELLED


MODELLED = frozenset({
    "READ", "WRITE", "EXEC", "SHARED", "MAYREAD", "MAYWRITE", "MAYEXEC", "MAYSHARE", "PFNMAP", "MIXEDMAP",
    "SHADOW_STACK", "DROPPABLE", "SOFTDIRTY", "UFFD_MISSING", "UFFD_MINOR", "UFFD_WP", "UFFD_RWP",
})  # fmt: skip
