# SPDX-License-Identifier: GPL-2.0-only
"""The whole C file of a counterexample, written like a kernel selftest."""

from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.live.reproduce.area import Area, NotBuilt
from pte_review.harness.live.reproduce.beside import beside_of, beside_terms
from pte_review.harness.live.reproduce.call import SystemCall
from pte_review.harness.live.reproduce.checks import check_terms
from pte_review.harness.live.reproduce.comment import comment, head
from pte_review.harness.live.reproduce.layout import area_of
from pte_review.harness.live.reproduce.pieces import HERE, names_in, needed, paragraphs
from pte_review.harness.live.reproduce.steps import CStep, build_steps, calls
from pte_review.harness.live.reproduce.verify import expected, write_faults
from pte_review.harness.live.reproduce.visible import BESIDE, CHECKS, NO_FAULT, SOURCE, UNSEEN, WITNESS
from pte_review.harness.subject import Subject
from pte_review.models.scenario import Scenario

RECORD = "`pte-review record` compares whole entries"
# Files of pieces, in the order of the program; those of the call come in between.
BEFORE_THE_CALL = (
    *("tap.c", "memory.c", "pagemap.c", "swap.c", "faults.c", "folio.c", "file.c"),
    *("uffd.c", "uffd_events.c", "soft_dirty.c", "witness.c"),
)
AFTER_THE_CALL = ("checks.c",)
MTHP = {False: ("enabled", "madvise"), True: ("shmem_enabled", "advise")}  # by whether the VMA has a file


def reproducer(subject: Subject, counterexample: Counterexample, *, reuses: bool = False) -> str:
    """The text of the program. Raises NotBuilt where userspace cannot see it, or no system call makes the state.

    `reuses`: write permission comes back by a write, where no child has to be asked.
    """
    divergence, scenario = counterexample.divergence, counterexample.divergence.scenario
    if divergence.kind in UNSEEN:
        raise NotBuilt(f"userspace cannot see {divergence.kind}: {UNSEEN[divergence.kind]}; {RECORD}")
    if subject.caller is None:
        raise NotBuilt(f"which system call reaches {subject.name}() is not known here")
    check = CHECKS[divergence.kind]
    beside = beside_of(scenario, divergence.at.table, divergence.at.entry) if check == BESIDE else None
    in_area = beside.in_first_table if beside else None
    area = area_of(scenario, in_area, asks_exclusive=subject.caller.asks_exclusive)
    call = subject.caller(area, keeps_source=check == SOURCE, beside=beside.elsewhere if beside else None)
    if beside is None:
        names = scenario.ranges[0].name, scenario.ranges[-1].name
        terms = check_terms(area, check, subject.promise(scenario).want, names, call.vma or area.vma)
    else:
        terms = beside_terms(area, call, beside)
    if not terms:
        raise NotBuilt("nothing in the range could show it")
    steps = _functions(area, check, call, terms, reuses=reuses)
    return _text(comment(head(counterexample, subject.words)), area, call, steps, divergence.kind)


def _functions(area: Area, check: str, call: SystemCall, terms: tuple[str, ...], *, reuses: bool) -> list[CStep]:
    """The functions of the program, in order."""
    shared = any(folio.shared for folio in area.scenario.folios)
    witness = bool(area.forked) and (check == WITNESS or shared)
    asynchronous = check in (WITNESS, NO_FAULT)
    build = build_steps(area, keeps_witness=witness, asynchronous=asynchronous, reuses=reuses and not witness)
    if call.beside:
        build.append(CStep("map_beside_ranges", (f"map_beside({call.beside});",)))
    writable, faulting = write_faults(area)
    asked = (*calls("expect_faults_of_write", writable, "0"), *calls("expect_faults_of_write", faulting, "1"))
    rehearse = [_rehearsal(area, call, asked, witness=witness)] if faulting else []
    readable = area.readable_under(call.vma or area.vma)
    again = () if readable else ("protect(after(FIRST), MOVED, PROT_READ | PROT_WRITE);", "")
    return [
        *build,
        CStep("build", tuple(f"{step.name}();" for step in build)),
        CStep("expect_state", (*expected(area), *(() if faulting else asked))),
        *rehearse,
        CStep("wrong", (*again, *_sum(terms)), "How much is not as it has to be."),
        CStep(
            "main",
            (
                "setvbuf(stdout, NULL, _IOLBF, 0);",
                'printf("TAP version 13\\n1..1\\n");',
                *(f"{step.name}();" for step in rehearse),
                *("build();", "expect_state();", *call.lines, "return verdict(TEST, wrong());"),
            ),
        ),
    ]


def _rehearsal(area: Area, call: SystemCall, asked: tuple[str, ...], *, witness: bool) -> CStep:
    down = ["dismiss_witness();"] if witness else []
    down += ["close(uffd);"] if area.vma.uffd else []
    down += [f"munmap({call.beside}, PAGE);"] if call.beside else []
    lines = ("build();", "expect_state();", *asked, *down, "munmap(AREA, PAGES * PAGE);")
    return CStep("rehearse", lines, "A write changes the entry that it asks: it is made to a first copy of the state.")


def _sum(terms: tuple[str, ...]) -> tuple[str, ...]:
    if len(terms) == 1:
        return (f"return {terms[0]};",)
    return ("int sum = 0;", "", *(f"sum += {term};" for term in terms), "return sum;")


def _text(top: str, area: Area, call: SystemCall, steps: list[CStep], kind: str) -> str:
    """The program of these functions, with the pieces and constants that they name."""
    constants = _constants(area, call, kind)
    body = "\n\n".join(map(_function, steps))
    files = [*(HERE / name for name in BEFORE_THE_CALL), *call.files, *(HERE / name for name in AFTER_THE_CALL)]
    pieces = needed(body, files)
    asked = names_in("\n".join([body, *constants.values()])) | {name for piece in pieces for name in piece.asks}
    includes = sorted({include for piece in pieces for include in piece.includes} | {"<stdio.h>"})
    only = ['#ifndef __aarch64__\n#error "only arm64 has contpte blocks"\n#endif'] if _has_blocks(area.scenario) else []
    parts = [
        f"// SPDX-License-Identifier: GPL-2.0\n{top}",
        "\n".join(["#define _GNU_SOURCE", *(f"#include {name}" for name in includes)]),
        *only,
        "\n".join(f"#define {name}\t{value}" for name, value in constants.items() if name in asked),
        *paragraphs(pieces),
        body,
    ]
    return "\n\n".join(parts) + "\n"


def _constants(area: Area, call: SystemCall, kind: str) -> dict[str, str]:
    switch, choice = MTHP[area.vma.vm_file]
    return {
        "TEST": f'"{kind}"',
        "AREA": f"((char *){area.address:#x})",
        "PAGES": str(area.size),
        "FIRST": str(area.first),
        "MOVED": str(len(area.moved)),
        **call.constants,
        "MTHP_SWITCH": f'"{switch}"',
        "MTHP_CHOICE": f'"{choice}"',
    }


def _has_blocks(scenario: Scenario) -> bool:
    words = scenario.words
    entries = [pte for table in scenario.tables for _, pte in table.entries]
    return any(words.pte_present(pte) and words.pte_cont(pte) for pte in entries)


def _function(step: CStep) -> str:
    headers = {"main": "int main(void)", "wrong": "static int wrong(void)"}
    header = headers.get(step.name, f"static void {step.name}(void)")
    above = [f"/* {step.comment} */"] if step.comment else []
    return "\n".join([*above, header, "{", *(f"\t{line}" if line else "" for line in step.lines), "}"])
