# SPDX-License-Identifier: GPL-2.0-only
"""Everything a person reads, against golden files: plain ASCII, 75 columns, 80 for what click formats."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pte_review.harness.files.counterexample import divergences_on, snippet
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.known import Hunted, Known
from pte_review.harness.reports.history import history_text
from pte_review.harness.reports.picture import picture
from pte_review.harness.reports.report import matrix, pictures, row, verdict_lines
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from pte_review.harness.subjects.move_ptes.recordings.text import RECORDINGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.subjects.move_ptes.thread import KNOWN
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE, NO_DIFFERENCE, Divergence, Shared, Verdict
from pte_review.models.scenario import Folio, Scenario
from tests.cli.conftest import SIGNATURE, Run
from tests.kit.actions import action
from tests.kit.build import ARCHES
from tests.kit.golden import FOLDER, assert_golden
from tests.kit.moves import load
from tests.kit.outcomes import CLEARS, marker, page, scenario, swap
from tests.kit.ports import source
from tests.kit.release import needs_named_click
from tests.kit.saved import counterexample, data

RECORDED = Path(__file__).parents[1] / "data" / "recorded"
FOLIO = (Folio(0x100, 2, True, ((0, 1),)),)
SECOND = (Folio(0x100, 2, True, ((1, 2),)),)


def words(arch: str, *entries: str) -> dict[int, int]:
    """Old entries: flags of consecutive pages, or `swap`, `UFFD_WP`."""
    known = {"swap": swap(arch, 1, 0x12), "UFFD_WP": marker(arch, 1)}
    return {i: known.get(name, 0) or usual(arch, 0x100 + i, name) for i, name in enumerate(entries)}


def usual(arch: str, pfn: int, flags: str = "") -> int:
    """A page as kernels map it: inner shareable on arm64."""
    return page(arch, pfn, flags) | (3 << 8 if arch == "arm64" else 0)


def smallest(arch: str) -> dict[str, tuple[str, str, str, Scenario]]:
    """Name of a picture: BASE, CANDIDATE, kind, scenario."""

    def of(*entries: str, folios: Sequence[Folio] = FOLIO, **options: object) -> Scenario:
        return scenario(arch, words(arch, *entries), at=(0, 0, len(entries)), folios=tuple(folios), **options)

    occupied = scenario(arch, {0: marker(arch, 1)}, {0: usual(arch, 0x200, "A")}, vma=CLEARS, folios=(Folio(0x200),))
    shared = (Folio(0x100, 2, True, ((0, 1),), ((1, 2),)),)
    shown = {
        "write-gained": ("pre_patch", "v4", "write-gained", of("W", "")),
        "write-lost": ("pre_patch", "v4", "write-lost", of("", "W", folios=SECOND)),
        "page-table-check": ("pre_patch", "v4", "page-table-check", of("W", "", folios=shared, page_table_check=True)),
        "unassigned-read": ("pre_patch", "refactor", "unassigned-read", of("swap", folios=())),
        "foreign-entry": ("pre_patch", "refactor", "foreign-entry", of("", "swap")),
        "entry-lost": ("pre_patch", "refactor", "entry-lost", of("", "swap")),
        "entry-left-behind": ("v4", "refactor_clear_new", "entry-left-behind", of("UFFD_WP", folios=(), vma=CLEARS)),
        "entry-duplicated": ("v4", "refactor_keep_old", "entry-duplicated", of("swap", folios=())),
        "destination-kept": ("v4", "refactor_intended", "destination-kept", occupied),
        "stale-tlb": ("v4", "refactor_intended", "stale-tlb", occupied),
        "long": ("pre_patch", "v4", "write-gained", of("W", *[""] * 15, folios=(Folio(0x100, 4, True, ((0, 1),)),))),
    }
    if arch == "arm64":
        shown["cont-on-invalid"] = ("pre_patch", "v4", "cont-on-invalid", of("N", "N", cont_ptes=2))
    return shown


def divergence(base: str, candidate: str, kind: str, s: Scenario) -> tuple[Divergence, str]:
    """It, and its picture."""
    divergences = divergences_on(MOVE_PTES, s, load(base), load(candidate), CONTRACTS["folio-ad"])
    (one,) = [d for d in divergences if d.kind == kind]
    return one, picture(one, load(base).name, load(candidate).name, MOVE_PTES.words)


@pytest.mark.parametrize(("arch", "name"), [(arch, name) for arch in ARCHES for name in smallest(arch)])
def test_pictures(arch: str, name: str):
    assert_golden(f"picture-{name}-{arch}", divergence(*smallest(arch)[name])[1])


@pytest.mark.parametrize("arch", ARCHES)
def test_picture_of_a_schedule(folder: Path, arch: str):
    (folder / "port.py").write_text(source("flush after both locks"), encoding="utf-8")
    actions = (
        action("write", "old 0", "call"),
        action("mkclean", "new 0", "unlocking", 2),
        action("write", "old 0", "unlocked"),
    )
    s = scenario(arch, words(arch, "W"), folios=FOLIO, actions=actions)
    assert_golden(f"picture-events-{arch}", divergence("pre_patch", "port.py", "dirty-lost", s)[1])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("crash", "raise ValueError('no')"),
        ("no-progress", "while True:\n        pass"),
        ("table-overrun", "k.read(new_pmd.ptep + 512)"),
    ],
)
def test_pictures_of_early_ends(port: Callable[[str], str], name: str, body: str):
    path = port(SIGNATURE + f"    {body}\n")
    s = scenario("x86_64", words("x86_64", "W"), folios=FOLIO)
    assert_golden(f"picture-{name}", divergence("pre_patch", path, name, s)[1])


# -- verdicts by hand


def verdict(
    base: str, candidate: str, kinds: Sequence[str] = (), hostile: str | None = None, **changes: object
) -> Verdict:
    """A Verdict on both architectures with the divergences of these pictures."""
    of_pair = [
        divergence(base, candidate, kind, smallest(arch)[kind][3])[0]
        for kind in kinds
        for arch in ARCHES
        if kind in smallest(arch)
    ]
    values: dict[str, object] = {
        "verdict": DIVERGES if kinds else NO_DIFFERENCE, "examples": 2000, "seconds": 1.25, "seed": 0,
        "allowed": {"dirty-gained": 12, "young-gained": 3456}, "exercised": {"batch": 1234, "unfold": 5},
        "scenarios": dict.fromkeys(ARCHES, 1000),
        "changed": dict.fromkeys(ARCHES, 617), "divergences": tuple(of_pair), "arches": ARCHES,
        "hostile": hostile, **changes,
    }  # fmt: skip
    return Verdict("move_ptes", base, candidate, "folio-ad", **values)  # type: ignore[arg-type]


def note(known: Known, one: Verdict) -> str:
    """What stands behind a row of the review of the thread."""
    return "as known" if known.agrees(one) else "UNEXPECTED"


SHARED = (Shared("write-gained", 321), Shared("write-lost", 300))
VERDICTS = {
    "diverges": lambda: verdict("pre_patch", "v4", ("write-gained", "cont-on-invalid")),
    "no-difference": lambda: verdict("v4", "refactor_intended", shared=SHARED),
    "hostile": lambda: verdict("v4", "refactor_intended", ("destination-kept",), "destination-occupied"),
    "inconclusive": lambda: verdict(
        "pre_patch", "v4", verdict=INCONCLUSIVE, why="time is up after 3 of 2,000 scenarios"
    ),
    "never-ran": lambda: verdict("pre_patch", "v4", allowed={}, exercised={}, changed={"x86_64": 0, "arm64": 0}),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict_lines(name: str):
    assert_golden(f"verdict-{name}", verdict_lines(VERDICTS[name]()))


def test_pictures_that_both_architectures_share_are_shown_once():
    one = VERDICTS["diverges"]()
    shown = pictures(one, MOVE_PTES.words)
    assert len(shown) <= len(one.divergences)
    assert_golden("pictures", "\n".join(shown))


def test_matrix():
    rows = []
    for known in KNOWN:
        kinds = [kind for kind in sorted(known.must) if known.base in ("pre_patch", "v4") and kind in smallest("arm64")]
        shown = [k for k in kinds if smallest("arm64")[k][:2] == (known.base, known.candidate)]
        one = verdict(known.base, known.candidate, shown, known.hostile)
        rows.append(row([one], note(known, one)))
    rows.append(row([VERDICTS["inconclusive"]()], note(Known("pre_patch", "v4"), VERDICTS["inconclusive"]())))
    assert_golden("matrix", matrix(rows))
    assert_golden("matrix-without-notes", matrix(row([VERDICTS[name]()]) for name in VERDICTS))


# -- the rest


@needs_named_click
@pytest.mark.parametrize(
    "command", ["", "b4-check", "boot", "check", "replay", "history", "list", "exhaust", "reproduce"]
)
def test_help(cli: Run, command: str):
    assert_golden(f"help-{command or 'pte-review'}", cli(*command.split(), "--help").out)


def test_history():
    """As if x86_64 alone had been asked for, and the last bug was missed once."""
    found = (3, 1, 8), (0.016, 0.25, 2.5)
    rows = [Hunted(bug, *(found if "x86_64" in bug.arches else ((), ()))) for bug in BUGS]
    rows[-1] = Hunted(BUGS[-1], (5, None, 999), (0.1, 12.25, 11.5))
    assert_golden("history", history_text(rows, 3, 1000))


def test_list(cli: Run):
    assert_golden("list", cli("list").out)


ERRORS = """check prepatch v4
check pre_patch zzz
check pre_patch none.py
check pre_patch v4 --arch arm
check pre_patch v4 --contract exakt
check pre_patch v4 --hostile overlapp
check pre_patch v4 --hostile malformed-cont --arch x86_64
check pre_patch v4 --max-examples 0
check pre_patch v4 --json nowhere/v.json
history --seeds 0
chek pre_patch v4
replay none.json
replay cut.json
replay field.json
replay version.json"""


def test_errors(cli: Run, folder: Path):
    text = json.dumps(data())
    (folder / "cut.json").write_text(text[:100])
    (folder / "field.json").write_text(text.replace('"extent": 8192', '"extent": 4097'))
    (folder / "version.json").write_text(text.replace('"version": 1', '"version": 9'))
    assert_golden("errors", "".join(f"$ pte-review {line}\n{cli(*line.split()).err}" for line in ERRORS.splitlines()))


@pytest.mark.parametrize("arch", ARCHES)
def test_snippet(arch: str):
    assert_golden(f"snippet-{arch}", snippet(MOVE_PTES, counterexample(arch)))


@pytest.mark.parametrize("name", ["linux-6.17.8-arm64"])
def test_recording_lines(name: str):
    records = read(RECORDED / f"{name}.jsonl.gz")
    found = [m for n, record in enumerate(records, 1) for m in mismatches(n, record, load("pre_patch"))]
    assert_golden(f"recording-{name}", RECORDINGS.text(f"{name}.jsonl.gz", "pre_patch", records, found))


def test_replay(cli: Run, folder: Path):
    (folder / "a.json").write_text(json.dumps(data()))
    still, fixed = cli("replay", "a.json"), cli("replay", "a.json", "--candidate", "pre_patch")
    assert_golden("replay", still.out + fixed.out)


WIDER = {
    "help": 80,
    "reproducer": 100,
    "errors": 320,
    "snippet": 500,
    "mail": 100,
    "ktap": 79,
    "html": 700,
    "b4": 90,
}  # a mail quotes the patch


def golden_files() -> list[object]:
    paths = sorted(FOLDER.glob("*.txt"))
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.mark.parametrize("path", golden_files())
def test_every_line_is_short_plain_ascii(path: Path):
    widest = WIDER.get(path.stem.partition("-")[0], 75)
    for line in path.read_text(encoding="ascii").splitlines():
        assert len(line) <= widest, line
        assert (line.replace("\t", " ") if line.startswith("> ") else line).isprintable()
        assert line == line.rstrip()
