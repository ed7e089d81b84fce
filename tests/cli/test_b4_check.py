# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review b4-check`: the results of an external check, as b4 itself reads them where it is installed."""

import io
import json
import re
import sys
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.changes import NOTHING, SMEAR
from tests.kit.golden import assert_golden
from tests.kit.kernel_text import FEW, make_tree, one_line
from tests.kit.little_tree import commit, git
from tests.kit.trees import diff

HEAD = "From: A <a@example.org>\nSubject: {subject}\nMessage-ID: <3@example.org>\n\nWhy.\n---\n"
X86 = ("--tree", "batching", "--arch", "x86_64", *FEW)


@pytest.fixture(autouse=True)
def tree(folder: Path) -> Path:
    return make_tree()


def mail(changes: dict[str, str], subject: str = "[PATCH v2 1/1] mm: batch") -> str:
    return HEAD.format(subject=subject) + diff(changes)


@pytest.fixture
def check(cli: Run, monkeypatch: pytest.MonkeyPatch):
    """The command with `text` on standard input."""

    def run(text: str, *options: str):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return cli("b4-check", *X86, *options)

    return run


def test_a_patch_that_diverges(check):
    done = check(mail(SMEAR))
    (result,) = json.loads(done.out)
    assert (done.status, done.err) == (1, "")
    assert set(result) == {"tool", "status", "summary", "details"}
    assert (result["tool"], result["status"]) == ("pte-review", "fail")
    assert result["summary"] == "write-gained, page-table-check, write-lost; 40 scenarios on x86_64"
    assert "tree+patch makes new[1] writable" in result["details"]


def test_as_it_comes_out(check):
    (result,) = json.loads(check(mail(SMEAR)).out)
    details = re.sub(r"in [\d.]+ s,", "in 1.0 s,", result["details"]).split("\n")
    assert_golden(
        "b4-check", "\n".join([json.dumps({**result, "details": "as follows"}, indent=1), *details[:30]]) + "\n"
    )


def test_one_that_does_not(check):
    done = check(mail(NOTHING))
    (result,) = json.loads(done.out)
    assert (done.status, result["status"]) == (0, "pass")
    assert result["summary"] == "no difference found; 40 scenarios on x86_64"


@pytest.mark.parametrize(
    "text",
    [
        "From: A <a@example.org>\nSubject: [PATCH 0/2] a cover letter\nMessage-ID: <0@b>\n\nWhy.\n",
        HEAD.format(subject="[PATCH] fs") + "--- a/fs/f.c\n+++ b/fs/f.c\n@@ -1 +1 @@\n-int one;\n+int two;\n",
    ],
)
def test_nothing_to_report(check, text: str):
    done = check(text)
    assert (done.status, json.loads(done.out), done.err) == (0, [], "")


def test_one_that_does_not_apply_or_compile(check):
    """Not known to be wrong, and not passed either."""
    for text in (
        mail({"\tint most, nr;\n": "\tint most, nr = nosuch;\n"}),
        mail(SMEAR).replace("No look at the folio", "No look at a folio"),
    ):
        done = check(text)
        (result,) = json.loads(done.out)
        assert (done.status, result["status"]) == (3, "warn")
        assert result["summary"].startswith("not reviewed: ")


def test_lines_as_of_checkpatch(check):
    done = check(mail(SMEAR), "--lines")
    line = "ERROR: pte-review: write-gained, page-table-check, write-lost; 40 scenarios on x86_64\n"
    assert (done.status, done.out, done.err) == (1, line, "")
    assert check(mail(NOTHING), "--lines").out == ""
    assert check(mail({"\tint most, nr;\n": "\tint most, nr = x;\n"}), "--lines").out.startswith(
        "WARNING: pte-review: not"
    )


def test_nothing_on_stdin(check):
    done = check("")
    assert (done.status, done.out) == (2, "")
    assert one_line(done).startswith("stdin: is empty")


def series(tree: Path) -> list[str]:
    """Two patches on v9.1, the second of which needs the first, applied on a branch as `b4 review` does."""
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    git(tree, "tag", "v9.1")
    git(tree, "switch", "-q", "-c", "b4/review/20250610-batch")
    for subject, changes in (
        ("mm: batch", NOTHING),
        ("mm: batch more", {"\tint nr, most;\n": "\tint nr, most = 0;\n", **SMEAR}),
    ):
        text = (tree / "mm" / "mremap.c").read_text()
        for old, new in changes.items():
            text = text.replace(old, new)
        (tree / "mm" / "mremap.c").write_text(text)
        commit(tree, subject)
    patches = git(tree, "format-patch", "-v2", "--stdout", "v9.1").split("\nFrom ")
    return [patch.partition("\n")[2] for patch in patches]


def test_in_a_branch_of_b4_review(check, tree: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Each patch is held against the commit before its own, also where the series is applied."""
    patches = series(tree)
    first = git(tree, "rev-parse", "HEAD~1").strip()
    tracking = {"series": {"change-id": "20250610-batch", "first-patch-commit": first, "base-commit": "0" * 40}}
    (folder / "tracking.json").write_text(json.dumps(tracking))
    monkeypatch.setenv("B4_TRACKING_FILE", str(folder / "tracking.json"))
    statuses = [json.loads(check(patch).out)[0]["status"] for patch in patches]
    assert statuses == ["pass", "fail"]


def test_without_what_b4_knows_head_is_the_base(check, tree: Path):
    patches = series(tree)
    git(tree, "switch", "-q", "main")
    assert json.loads(check(patches[0]).out)[0]["status"] == "pass"
    (result,) = json.loads(check(patches[1]).out)
    assert result["status"] == "warn"  # it needs the first one


@pytest.mark.parametrize(
    "series",
    [{"first-patch-commit": "--all", "change-id": "x"}, {"base-commit": "--output=x"}, [], None, {"base-commit": 7}],
)
def test_odd_tracking_data(check, tree: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, series: object):
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    (folder / "tracking.json").write_text(json.dumps({"series": series}))
    monkeypatch.setenv("B4_TRACKING_FILE", str(folder / "tracking.json"))
    assert json.loads(check(mail(NOTHING)).out)[0]["status"] == "pass"


# b4 itself.


@pytest.fixture
def b4(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch):
    module = pytest.importorskip("b4", reason="b4 is not installed: pip install '.[b4]'")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    monkeypatch.chdir(tree)
    module._setup_main_config()
    return module


COMMAND = f"{sys.executable} -m pte_review b4-check --arch x86_64 --max-examples 40"


def message(text: str) -> EmailMessage:
    parsed = BytesParser(policy=default).parsebytes(text.encode())
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_b4_review_reads_the_results(b4):
    checks = pytest.importorskip("b4.review.checks", reason="b4 before 0.15 has no external review checks")
    cover = "From: A <a@example.org>\nSubject: [PATCH 0/1] x\nMessage-ID: <0@b>\n\nWhy.\n"
    mails = {"bad": mail(SMEAR), "good": mail(NOTHING), "cover": cover}
    results = checks.run_perpatch_checks([(n, message(t)) for n, t in mails.items()], [COMMAND], str(Path.cwd()))
    shown = {name: [(one["tool"], one["status"]) for one in each] for name, each in results.items()}
    assert shown == {"bad": [("pte-review", "fail")], "good": [("pte-review", "pass")], "cover": []}
    assert results["bad"][0]["summary"] == "write-gained, page-table-check, write-lost; 40 scenarios on x86_64"
    assert "new[1].write False -> True" in results["bad"][0]["details"]


def test_b4_prep_reads_the_lines(b4):
    run = b4.LoreMessage.run_local_check
    command = [*COMMAND.split(), "--lines"]
    (flag, text), *more = run(command, "1", message(mail(SMEAR)), nocache=True)
    assert (flag, more) == ("fail", [])
    assert "write-gained" in text
    assert [flag for flag, _ in run(command, "2", message(mail(NOTHING)), nocache=True)] == ["success"]


def test_b4_shows_a_wrong_call(b4):
    checks = pytest.importorskip("b4.review.checks", reason="b4 before 0.15 has no external review checks")
    results = checks.run_perpatch_checks([("x", message(mail(SMEAR)))], [f"{COMMAND} --contract no"], str(Path.cwd()))
    assert results["x"][0]["status"] == "fail"
    assert "no contract 'no'" in results["x"][0]["details"]
