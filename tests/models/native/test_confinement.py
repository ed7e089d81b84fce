# SPDX-License-Identifier: GPL-2.0-only
"""What a stranger's C tries against whoever reviews it ends as an outcome of that version, and nothing else does."""

import os
from pathlib import Path

import pytest

from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.review import review
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models import child_watch
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native import confinement
from pte_review.models.native.child import Child
from pte_review.models.outcome import CRASH, NO_PROGRESS, RETURNED, TABLE_OVERRUN
from pte_review.models.scenario import Folio
from tests.kit.build import page, scenario
from tests.kit.moves import run
from tests.kit.trees import edited, small, version

TOP, SET = "#include <asm/tlb.h>", "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"
WRITE = "extern long write(int, const void *, unsigned long);"
OPEN = "extern int open(const char *, int, ...); extern long read(int, void *, unsigned long);"
NOT_ALLOWED = "SIGSYS (a system call that it may not make)"
# What is declared, what is called, and how it ends.
MPROTECT = "extern int mprotect(void *, unsigned long, int);"
IGNORE = "extern void *sysv_signal(int, void *);"
ATTACKS = {
    "system()": ("extern int system(const char *);", 'system("touch OWNED");', NOT_ALLOWED),
    "a system call of its own": ("", 'asm volatile("syscall" :: "a"(57L) : "rcx", "r11", "memory");', NOT_ALLOWED),
    "socket()": ("extern int socket(int, int, int);", "socket(2, 1, 0);", NOT_ALLOWED),
    "a fork bomb": ("extern int fork(void);", "while (1) fork();", NOT_ALLOWED),
    "exec": ("extern int execl(const char *, const char *, ...);", 'execl("/bin/true", "true", NULL);', NOT_ALLOWED),
    "ptrace()": ("extern long ptrace(long, ...);", "ptrace(0, 0, 0, 0);", NOT_ALLOWED),
    "kill of the parent": ("extern int kill(int, int), getppid(void);", "kill(getppid(), 9);", NOT_ALLOWED),
    "kill of the group": ("extern int kill(int, int);", "kill(0, 9);", NOT_ALLOWED),
    "pause()": ("extern int pause(void);", "pause();", NOT_ALLOWED),
    "SIGSTOP": ("extern int raise(int);", "raise(19);", "more than 2 seconds asleep"),
    "SIGKILL": ("extern int raise(int);", "raise(9);", "SIGKILL"),
    "an ignored SIGPROF": (IGNORE, "sysv_signal(27, (void *)1); SPIN", "more than 1 sec"),
    "/etc/passwd": (OPEN, 'open("/etc/passwd", 0);', NOT_ALLOWED),
    "a file in HOME": (OPEN, 'open("OWNED", 0101, 0600);', NOT_ALLOWED),
    "memory that can be run": (MPROTECT, "mprotect((void *)4096, 1, 7);", NOT_ALLOWED),
    "all memory": ("extern void *calloc(unsigned long, unsigned long);", "EAT", ""),
    "descriptors": (WRITE, 'for (nr = 3; nr < 100; nr++) write(nr, "..", 2);', NOT_ALLOWED),
    "_exit()": ("extern void _exit(int);", "_exit(0);", "exit status 0"),
}  # fmt: skip


def one():
    return scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 4),))


def attacking(top, code):
    """The batching tree with a statement before the entry is set."""
    return version(
        edited(
            small(),
            {
                TOP: f"#define SPIN while (1);\n#define EAT while (1) *(volatile char *)calloc(1, 4096);\n{top}",
                SET: f"\t\t\t{code}\n{SET}",
            },
        )
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(child_watch, "CPU_SECONDS", 1)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_outcome(attack, tmp_path, monkeypatch):
    top, code, end = ATTACKS[attack]
    text, owned = attacking(top, code.replace("OWNED", str(tmp_path / "owned"))), tmp_path / "owned"
    outcome = run(one(), text)
    assert outcome.ended in (CRASH, NO_PROGRESS)
    assert outcome.why.startswith(end)
    assert ", at or after mm/mremap.c:" in outcome.why
    assert not owned.exists()
    text.close()


def test_what_it_prints_is_kept_and_is_no_answer():
    prints = "extern int printf(const char *, ...), fflush(void *);"
    text = attacking(
        f"{WRITE} {prints}", 'write(1, "..!?\\n", 5); write(2, "hello\\n", 6); printf("%d\\n", 42); fflush(NULL);'
    )
    assert run(one(), text) == run(one(), version(small()))
    assert text.printed() == "..!?\nhello\n42"
    text.close()


def test_more_than_a_pipe_holds_stops_nobody():
    text = attacking(
        WRITE, "for (nr = 0; nr < 4000; nr++) write(1, pmc_text, 64); nr = 1;".replace("pmc_text", f'"{"x" * 64}"')
    )
    assert run(one(), text).ended == RETURNED
    assert len(text.printed()) == child_watch.MOST_PRINTED
    text.close()


def test_the_environment_is_empty(monkeypatch):
    monkeypatch.setenv("SECRET", "sesame")
    text = attacking(
        f"{WRITE} extern char **environ;",
        "for (nr = 0; environ && environ[nr]; nr++) write(1, environ[nr], 6); nr = 1;",
    )
    assert run(one(), text).ended == RETURNED
    assert text.printed() == ""
    text.close()


def test_a_constructor_is_refused():
    """It would run before the object's first function does."""
    top = f'{OPEN} static __attribute__((constructor)) int evil(void) {{ return open("/etc/passwd", 0); }}'
    text = attacking(top, "nr += evil();")
    assert "asks for code to run when it is loaded" in run(one(), text).why
    text.close()


FORGED = {
    "the number of an event": "pr->events[0].name = 1000;",
    "many events": "pr->nr_events = 1UL << 60;",
    "the table of a lock": "pr->events[0].args[0] = 77;",
    "its own end": "pr->ended = 55;",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_log_that_it_writes_itself(forged):
    text = attacking("", FORGED[forged])
    assert run(one(), text).ended in (CRASH, NO_PROGRESS, TABLE_OVERRUN)
    text.close()


# Where the running kernel refuses.


def test_without_landlock_it_is_said_and_done(monkeypatch):
    monkeypatch.setattr(Child, "leave_out", 8)
    text = attacking(OPEN, 'open("/etc/passwd", 0);')
    text.prepare(["x86_64"])
    assert text.unconfined == "Landlock"
    assert run(one(), text).why.startswith(NOT_ALLOWED)
    text.close()


@pytest.mark.parametrize(("part", "name"), [(1, "resource limits"), (2, "no_new_privs"), (4, "a seccomp filter")])
def test_without_another_part_it_is_not_done_unless_trusted(monkeypatch, part, name):
    monkeypatch.setattr(Child, "leave_out", part)
    monkeypatch.delenv(confinement.TRUST, raising=False)
    text = version(small())
    with pytest.raises(
        confinement.Unconfined, match=f"cannot be confined: this kernel refuses .*{name}.*; --trust runs it"
    ):
        text.prepare(["x86_64"])
    monkeypatch.setenv(confinement.TRUST, "1")
    text.prepare(["x86_64"])
    assert name in text.unconfined
    assert run(one(), text).ended == RETURNED
    text.close()


def test_a_child_that_cannot_be_started_is_no_crash_of_the_version(monkeypatch):
    """Nothing is known of the version: what starts children says why, and the review ends."""
    text = version(small())
    text.prepare(["x86_64"])
    worker = text.worker("x86_64", one().config)
    monkeypatch.setattr(worker.child, "objects", (Path("/nowhere.so"),))
    with pytest.raises(TreeError, match=r"/nowhere\.so: the compiled object cannot be loaded"):
        run(one(), text)
    text.close()


# In the other child.


@pytest.mark.parametrize("attack", ["system()", "kill of the group", "SIGKILL", "_exit()", "descriptors"])
def test_exhausting_goes_on_behind_an_attack(attack, tmp_path, monkeypatch):
    top, code, _ = ATTACKS[attack]
    code = code.replace("OWNED", str(tmp_path / "owned"))
    code = f"if (pte_present(seen) && pte_dirty(seen) && !pte_young(seen)) {{ {code} }}"
    block = space("x86_64", 1)[0]
    tally = NativeBackend(MOVE_PTES, version(small()), attacking(top, code), CONTRACTS["folio-ad"]).run(
        block, 0, block.cases
    )
    assert {kind for kind, _ in tally.by_kind} == {"crash"}
    assert (tally.tables, tally.equal) == (block.cases, block.cases - 2)
    assert not (tmp_path / "owned").exists()


def test_the_review_of_the_rest_goes_on():
    top, code, _ = ATTACKS["kill of the parent"]
    base, candidate = version(small()), attacking(top, f"if (pte_present(seen) && !pte_young(seen)) {{ {code} }}")
    (verdict,) = review(MOVE_PTES, [(base, candidate)], arch="x86_64", max_examples=60)
    assert verdict.kinds == ("crash",)
    assert verdict.examples == 60


def test_the_child_has_only_what_it_needs():
    text = version(small())
    run(one(), text)
    (worker,) = text._children.workers.values()
    process = Path(f"/proc/{worker.child._pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert (process / "environ").read_bytes() == b""
    assert len(list((process / "fd").iterdir())) <= 6
    assert os.getsid(worker.child._pid) == worker.child._pid
    text.close()
