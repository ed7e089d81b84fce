# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review b4-check`: an external check of b4, which gives it one mail on standard input, in the kernel's folder."""

import json
import os
import re
from pathlib import Path
from typing import Any

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import FINDING, OK, UNDECIDED, arch_option, contract_option, epilog, subject_option
from pte_review.harness.errors import UsageError
from pte_review.harness.files.reading import read_object
from pte_review.harness.kernel_text import PATCHED, TREE, KernelText
from pte_review.harness.patch_names import patches_named
from pte_review.harness.reports.b4 import FAIL, PASS, WARN, CheckResult, one_line, result_of
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.review import DEFAULT_EXAMPLES, MOST_EXAMPLES, check_call, chosen_arches, review
from pte_review.harness.subject import Subject
from pte_review.harness.subjects import SUBJECTS, choose
from pte_review.models.kernel_tree.brought import patch_bytes
from pte_review.models.kernel_tree.commits import commit_before
from pte_review.models.kernel_tree.files import READ
from pte_review.models.kernel_tree.mails import read_patches
from pte_review.models.kernel_tree.patch import has_diff
from pte_review.models.version import VersionError

TRACKING = "B4_TRACKING_FILE"
EXIT = {PASS: OK, FAIL: FINDING, WARN: UNDECIDED}
COMMIT = re.compile(r"[0-9a-f]{12,64}")


@click.command(
    "b4-check",
    cls=Command,
    epilog=epilog(
        "git config --add b4.review-perpatch-check-cmd \\\n      'pte-review b4-check'",
        "git config --add b4.prep-perpatch-check-cmd \\\n      'pte-review b4-check --lines'",
    ),
)
@click.option("--tree", type=click.Path(path_type=Path), default=Path(), show_default=True, help="The kernel tree.")
@click.option("--rev", metavar="REV", help="What the patch is for; what b4 knows, else HEAD, without it.")
@click.option("--max-examples", type=int, help=f"Scenarios for each architecture.  [default: {DEFAULT_EXAMPLES}]")
@click.option("--seconds", type=float, help="Explore for so long; without --max-examples as many scenarios as fit.")
@click.option("--lines", is_flag=True, help="Print lines as checkpatch.pl does, for `b4 prep --check` and `b4 am`.")
@arch_option
@contract_option
@subject_option
def b4_check_command(
    tree: Path,
    rev: str | None,
    max_examples: int | None,
    seconds: float | None,
    lines: bool,
    arch: str | None,
    contract: str,
    subject_name: str | None,
) -> int:
    """Review the patch in the mail on standard input, and print what b4 reads: a JSON array of results.

    It is empty for a mail that has no patch or changes nothing that is read.
    """
    _, patches = patches_named(SUBJECTS.values(), tree, None, ["-"])
    if not patch_bytes(patches[0]).strip():
        raise UsageError("stdin: is empty: expected a mail")
    subject = choose(subject_name, (TREE, PATCHED), patches)
    most = max_examples or (DEFAULT_EXAMPLES if seconds is None else MOST_EXAMPLES)
    check_call(subject, arch, contract, None, most, seconds)
    results = []
    if _concerns(subject, patches[0]):
        try:
            text = KernelText(subject, tree, rev or _base(tree, patches[0]), patches)
            results.append(_reviewed(text, arch, contract, most, seconds))
        except (
            VersionError
        ) as error:  # one that does not apply or compile is no fault of the patch's, as far as we know
            details = "\n".join(getattr(error, "details", ()))
            results.append(CheckResult(WARN, one_line(f"not reviewed: {error}"), details))
    if lines:
        click.echo("".join(f"{result.line()}\n" for result in results if result.line()), nl=False)
    else:
        click.echo(json.dumps([result.to_json() for result in results], indent=1))
    return max((EXIT[result.status] for result in results), default=OK)


def _concerns(subject: Subject, patch: Path) -> bool:
    """Whether the mail has a diff of a file that is read for `subject`."""
    text = patch_bytes(patch).decode("utf-8", "replace")
    own = () if subject.binding is None else (subject.binding.file,)
    return has_diff(text) and any(f"/{path}" in text for path in (*own, *READ))


def _reviewed(text: KernelText, arch: str | None, contract: str, most: int, seconds: float | None) -> CheckResult:
    subject = text.subject
    versions, unread = text.load_where_it_can(TREE, PATCHED, arches=chosen_arches(subject, arch, None))
    (verdict,) = review(
        subject,
        [(versions[0], versions[1])],
        arch=arch,
        contract=contract,
        max_examples=most,
        seconds=seconds,
        unread=unread,
    )
    return result_of(Reviewed(subject, verdict, text, ()))


def _base(tree: Path, patch: Path) -> str | None:
    """The revision that the patch is for. In `b4 review` its series is applied: the commit before the patch's own."""
    if not (tree / ".git").exists():
        return None
    series = _tracking().get("series")
    known = series if isinstance(series, dict) else {}
    first, branch = known.get("first-patch-commit"), known.get("change-id")
    if isinstance(first, str) and COMMIT.fullmatch(first) and isinstance(branch, str):
        subject = read_patches(patch).patches[0].subject
        if before := commit_before(tree, f"{first}^", f"b4/review/{branch}", subject):
            return before
    base = known.get("base-commit")
    return base if isinstance(base, str) and COMMIT.fullmatch(base) else "HEAD"


def _tracking() -> dict[str, Any]:
    """What b4 knows of the series; nothing where it does not say."""
    path = os.environ.get(TRACKING)
    return read_object(Path(path), "what b4 writes") if path else {}
