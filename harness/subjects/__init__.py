# SPDX-License-Identifier: GPL-2.0-only
"""The functions under review, a folder each. Only the command line, the pytest plugin and harness/api.py look here."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.subject import Subject
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.inputs import MOST_SOURCE, read_bytes
from pte_review.models.kernel_tree.brought import is_brought, patch_bytes
from pte_review.models.loading import Which
from pte_review.models.port_source import parsed
from pte_review.models.version import Version

SUBJECTS: dict[str, Subject] = {subject.name: subject for subject in (MOVE_PTES, CHANGE_PTE_RANGE)}


def choose(option: str | None, versions: Sequence[Which] = (), patches: Iterable[Path] = ()) -> Subject:
    """The subject of a call: `option` if given, else by the versions it names or the files that its patches touch.

    Raises UsageError for a subject that does not exist, and for versions of two functions.
    """
    if option is not None:
        if option not in SUBJECTS:
            raise unknown("subject", option, SUBJECTS)
        return SUBJECTS[option]
    known = [(version, names) for version in versions if (names := _subjects_of(version))]
    for version, names in known[1:]:
        if not set(names) & set(known[0][1]):
            first, other = known[0][1][0], names[0]
            near = ", ".join(map(SUBJECTS[first].function.full_name, SUBJECTS[first].function.ports()))
            raise UsageError(
                f"{_shown(version)!r} is a version of {other}(), {_shown(known[0][0])!r} one of {first}(): "
                f"expected two versions of one function; of {first}(): {near}"
            )
    if versions and not known and (meant := _with_prefix(versions)):
        raise UsageError(f"no version {meant.partition('/')[2]!r}: did you mean {meant}?")
    possible = [name for name in SUBJECTS if all(name in names for _, names in known)]
    touched = [name for name in possible if _touches(SUBJECTS[name], patches)]
    possible = touched or possible
    if len(possible) > 1 and not known and not touched:
        return next(iter(SUBJECTS.values()))
    if len(possible) > 1:
        raise UsageError(f"the versions and patches fit {' and '.join(possible)}: expected --subject with one of them")
    return SUBJECTS[possible[0]]


def _subjects_of(version: Which) -> list[str]:
    """The subjects that a version can be one of; none if it does not say."""
    if isinstance(version, Version):
        return [name for name in SUBJECTS if name == version.function]
    if callable(version):
        return [name for name in SUBJECTS if name == getattr(version, "__name__", "")]
    text = str(version)
    prefixed = [name for name, subject in SUBJECTS.items() if subject.function.bare_name(text) != text]
    if prefixed:
        return prefixed
    shipped = [
        name for name, subject in SUBJECTS.items() if text in map(subject.function.full_name, subject.function.ports())
    ]
    return shipped or _defined_in(Path(text))


def _with_prefix(versions: Sequence[Which]) -> str:
    """The first version among `versions` that a subject has under a prefix, with it; "" if there is none."""
    functions = [subject.function for subject in SUBJECTS.values() if subject.function.prefix]
    names = (f.full_name(str(v)) for v in versions for f in functions if str(v) in f.ports())
    return next(names, "")


def _defined_in(path: Path) -> list[str]:
    """The subjects whose function a Python file defines; none where it cannot be read, which loading it will report."""
    if path.suffix != ".py":
        return []
    try:
        tree = parsed(read_bytes(path, MOST_SOURCE))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [name for name in SUBJECTS if any(getattr(node, "name", "") == name for node in tree.body)]


def _touches(subject: Subject, patches: Iterable[Path]) -> bool:
    """Whether a patch changes the kernel file that holds the subject's function."""
    if subject.binding is None:
        return False
    name = subject.binding.file.encode()
    return any((is_brought(path) or path.is_file()) and name in patch_bytes(path) for path in patches)


def _shown(version: Which) -> str:
    return version.name if isinstance(version, Version) else getattr(version, "__name__", str(version))
