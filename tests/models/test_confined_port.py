# SPDX-License-Identifier: GPL-2.0-only
"""What a stranger's port does to Python it does to its own process: each ends as an outcome."""

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.models import child_watch, confined_port, port_process
from pte_review.models.confined_port import ConfinedPort, decoded, encoded
from pte_review.models.loading import load
from pte_review.models.move_ptes import pre_patch, v4
from pte_review.models.move_ptes.call import FUNCTION
from pte_review.models.outcome import CRASH, NO_PROGRESS, RETURNED
from pte_review.models.scenario import Folio
from pte_review.models.version import VersionError
from tests.kit import moves
from tests.kit.build import ARCHES, page, scenario
from tests.kit.draws import drawn

WRONG = """
def move_ptes(k, pmc, extent, old_pmd, new_pmd):
    {}
    return 0
"""
# What the body is, how a run of it ends, and what that says.
ATTACKS = {
    "os._exit(0)": ("import os; os._exit(0)", CRASH, "exit status 0"),
    "SIGKILL": ("import os; os.kill(os.getpid(), 9)", CRASH, "SIGKILL"),
    "a segfault": ("import ctypes; ctypes.string_at(0)", CRASH, "SIGSEGV"),
    "sys.exit(0)": ("import sys; sys.exit(0)", CRASH, "SystemExit: 0"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", CRASH, "KeyboardInterrupt"),
    "SIGINT": ("import os, time; os.kill(os.getpid(), 2); time.sleep(1)", CRASH, "SIGINT"),
    "sleep": ("import time; time.sleep(1000)", NO_PROGRESS, "more than 2 seconds asleep"),
    "SIGSTOP": ("import os; os.kill(os.getpid(), 19)", NO_PROGRESS, "more than 2 seconds asleep"),
    "C without end": ("pow(3, 10**9)", NO_PROGRESS, "more than "),
    "a fork": ("import os; os.fork() or os._exit(0); os._exit(0)", CRASH, "exit status 0"),
    "recursion": ("f = lambda: f(); f()", CRASH, "RecursionError"),
    "all memory": ("bytearray(1 << 33)", CRASH, "MemoryError"),
    "a file": ("with open('owned', 'w') as f: f.write('x')", CRASH, "OSError"),
    "a class as value": ("return type('X', (int,), {'__eq__': lambda *_: True})(0)", CRASH, "TypeError"),
    "all answers": (
        "import os\n    for n in range(3, 1000):\n        try: os.write(n, b'[' * 99)\n        except OSError: pass",
        CRASH,
        "",
    ),
}


def one():
    return scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 4),))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(child_watch, "CPU_SECONDS", 1)


@pytest.fixture
def port(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(text):
        Path("port.py").write_text(text)
        return load("port.py", FUNCTION)

    return written


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_outcome(port, attack, tmp_path):
    body, ended, why = ATTACKS[attack]
    version = port(WRONG.format(body))
    outcome = version.run(one())
    assert outcome.ended == ended
    assert outcome.why.startswith(why)
    assert not (tmp_path / "owned").exists() or (tmp_path / "owned").read_bytes() == b""
    assert version.run(one()).ended == ended
    version.close()


def test_what_it_does_to_python_stays_there(port):
    """The machine, the judge and the modules of the process that reviews are what they were."""
    version = port(
        "import os, sys, json\nfrom pte_review.models.machine.kernel import Kernel\n"
        "from pte_review.harness.judging import judge\n"
        "Kernel.set_ptes = lambda *a: None\njudge.judge = lambda *a: None\nsys.modules.pop('json')\n"
        "os.environ['X'] = '1'\nsys.path.insert(0, '/nowhere')\n" + WRONG.format("pass")
    )
    assert version.run(one()).ended == RETURNED
    assert "X" not in os.environ
    assert "json" in sys.modules
    assert "/nowhere" not in sys.path
    assert check("pre_patch", "v4", arch="x86_64", max_examples=20).kinds
    version.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import os\nos._exit(0)\n", "port.py: does not import: exit status 0"),
        ("import os\nos.kill(os.getpid(), 9)\n", "port.py: does not import: SIGKILL"),
        ("raise KeyboardInterrupt\n", "port.py: does not import: KeyboardInterrupt"),
        ("import time\ntime.sleep(1000)\n", "port.py: does not import: 2 seconds asleep"),
        ("x = (\n", "port.py:1: does not parse: "),
        ("(" * 1000 + "\n", "port.py"),
    ],
)
def test_an_attack_on_import_is_refused(port, text, says):
    with pytest.raises(VersionError) as error:
        port(text)
    assert str(error.value).startswith(says)


def test_its_environment_is_empty(port, monkeypatch):
    monkeypatch.setenv("SECRET", "sesame")
    version = port("import os\nprint(os.environ.get('SECRET'), os.getsid(0) == os.getpid())\n" + WRONG.format("pass"))
    version.run(one())
    assert version.printed() == "None True"
    version.close()


class Garbage:
    """Refers to itself, so that only the collector finds it."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        print("finalized")


def test_garbage_of_this_process_is_not_finalized_there(port):
    gc.disable()
    try:
        Garbage()
        version = port("import gc\ngc.collect()\nprint('collected')\n" + WRONG.format("pass"))
        version.run(one())
        assert version.printed() == "collected"
    finally:
        gc.enable()
        version.close()


@pytest.mark.parametrize("arch", ARCHES)
def test_it_is_what_it_is_in_this_process(arch):
    """Of every scenario, also of those in which others act; callables as well as files."""
    here, there = moves.load("v4"), load(v4.move_ptes, FUNCTION)
    assert isinstance(there, ConfinedPort)
    scenarios = [*drawn(arch, count=60, start=3)]
    assert [run.outcome for run in there.submit(scenarios)()] == [here.run(what) for what in scenarios]
    there.close()


def test_blocks_go_on_behind_a_crash(port):
    sometimes = "import os\n    if k.memory[old_pmd.ptep] & 1: os._exit(3)"
    version = port(WRONG.format(sometimes))
    empty = scenario("x86_64", {1: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 4),))
    outcomes = version.submit([empty, one(), empty, one(), one(), empty])()
    assert [run.outcome.ended for run in outcomes] == [RETURNED, CRASH, RETURNED, CRASH, CRASH, RETURNED]
    version.close()


def test_a_block_ends_behind_a_slow_one(port):
    version = port(WRONG.format("import time; time.sleep(100)"))
    assert [run.slow for run in version.submit([one()] * 4)()] == [True]


def test_it_ends_with_its_parent(port, tmp_path):
    Path("port.py").write_text("import os\nprint(os.getpid())\n" + WRONG.format("pass"))
    script = (
        "import os; from pte_review.models.loading import load; from pte_review.models.move_ptes.call import FUNCTION;"
        "v = load('port.py', FUNCTION); [child] = v.processes.values();"
        "print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    for _ in range(100):
        if not Path(f"/proc/{int(done.stdout)}").exists():
            break
        time.sleep(0.05)
    status = Path(f"/proc/{int(done.stdout)}/stat")
    assert not status.exists() or ") Z " in status.read_text()


# What crosses.


@pytest.mark.parametrize("arch", ARCHES)
def test_what_crosses_is_what_was_sent(arch):
    version = moves.load(pre_patch.move_ptes)
    for what in drawn(arch, count=40, start=1):
        outcome = version.run(what)
        assert decoded(json.loads(json.dumps(encoded(outcome))), what) == outcome


GARBAGE = [
    None, 5, "x", [], {}, [1, 2, 3, 4, 5, 6], ["returned", [], [], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[[-1, 5]], []], [], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[[0, 1 << 64]], []], [], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [[5]], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [[]], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [["R", "x"]], [], {}, [0, "", False, "", 0, 0]],
    ["won", [[], []], [], [], {}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [], [], {"stale": ["x"]}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [], [], {"other": [1]}, [0, "", False, "", 0, 0]],
    ["returned", [[], []], [], [], {}, ["0", "", False, "", 0, 0]],
    ["returned", [[], []], [], [], {}, [0, "", 1, "", 0, 0]],
]  # fmt: skip


@pytest.mark.parametrize("answer", GARBAGE)
def test_an_answer_that_no_run_gives(monkeypatch, answer):
    monkeypatch.setattr(confined_port, "encoded", lambda outcome: answer)
    version = ConfinedPort("x", "x", "", "move_ptes", lambda: moves.load(v4.move_ptes))
    outcome = version.run(one())
    assert (outcome.ended, outcome.why) == (CRASH, "an answer that no run gives, x")
    version.close()


def test_an_answer_without_end(monkeypatch):
    monkeypatch.setattr(port_process, "MOST_ANSWER", 10_000)
    version = ConfinedPort("x", "x", "", "move_ptes", lambda: moves.load(v4.move_ptes))
    assert version.summary is not None
    monkeypatch.setattr(confined_port, "encoded", lambda outcome: ["x" * 20_000])
    version.close()
    assert version.run(one()).why == "an answer too large to be one, x"
    version.close()
