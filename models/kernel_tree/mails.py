# SPDX-License-Identifier: GPL-2.0-only
"""The patches in a FILE: a plain diff, a mail or an mbox. Mails are taken apart by git, as `git am` does."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from pte_review.models.kernel_tree.brought import is_brought, label, patch_bytes
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.file_lines import located
from pte_review.models.kernel_tree.git import complaint, git, stderr_of
from pte_review.models.kernel_tree.patch import Patch, has_diff
from pte_review.models.kernel_tree.series import Mail, Series, of_thread, selected

MOST_HUNKS = 20_000
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd", b"PK\x03\x04": "zip"}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
FLOWED = re.compile(rb"^(content-type:[^\n]*(?:\n[ \t][^\n]*)*?)format=\"?flowed\"?", re.IGNORECASE | re.MULTILINE)
MESSAGE_ID = re.compile(r"^message-id:\s*<([^<>\s]*)>", re.IGNORECASE | re.MULTILINE)
EXPECTED = "expected the output of git diff or git format-patch, or an mbox"


def read_patches(file: Path) -> Series:
    """The patches in `file`, or in what was brought under that name; at least one. Raises TreeError."""
    name = label(file)
    raw = _contents(file)
    if not _is_mail(raw):
        text = _text(_without_cr(raw))
        if not has_diff(text):
            quote = "; it has a diff that is quoted (> ): try the mail that it answers" if b"\n> diff " in raw else ""
            raise TreeError(f"{name}: not a patch: it holds no diff; {EXPECTED}{quote}")
        return Series((Patch(file, Path(name).name, name, text, tuple(range(1, text.count("\n") + 2))),))
    mails = _mails(file, raw)
    if not any(has_diff(mail.patch.text) for mail in mails):
        what = "the mail holds no" if len(mails) == 1 else f"none of its {len(mails)} mails holds a"
        quote = "; it is quoted (> ): try the mail that they answer" if b"\n> diff " in raw else ""
        raise TreeError(f"{name}: not a patch: {what} diff{quote}; {EXPECTED}")
    if is_brought(file):
        return selected(file, of_thread(mails, str(file)))
    series = selected(file, mails)
    if len(series.patches) > 1:
        return series
    return replace(series, patches=(replace(series.patches[0], name=Path(name).name, where=name),))


def _contents(file: Path) -> bytes:
    """Read once: `file` may be a pipe."""
    try:
        raw = patch_bytes(file)
    except IsADirectoryError:
        raise TreeError(f"{label(file)}: is a folder: {EXPECTED}; try the files in it one by one") from None
    except FileNotFoundError:
        raise TreeError(f"{label(file)}: no such file: {EXPECTED}") from None
    except (OSError, ValueError) as error:
        raise TreeError(f"{label(file)}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not raw.strip():
        raise TreeError(f"{label(file)}: is empty: {EXPECTED}")
    if (hunks := raw.count(b"\n@@ ")) > MOST_HUNKS:
        raise TreeError(
            f"{label(file)}: has {hunks:,} hunks, expected at most {MOST_HUNKS:,}; try the patch that matters"
        )
    for start, kind in PACKED.items():
        if raw.startswith(start):
            raise TreeError(f"{label(file)}: not a patch: compressed by {kind}; try unpacking it first")
    if raw.startswith(UTF16):
        raise TreeError(f"{label(file)}: not a patch: UTF-16 text, expected UTF-8; try git diff --output=FILE")
    if re.match(rb"\s*<(?:!doctype html|html)", raw, re.IGNORECASE):
        raise TreeError(f"{label(file)}: not a patch: an HTML page; try the page's raw or mbox link")
    return raw.removeprefix(b"\xef\xbb\xbf")


def _is_mail(raw: bytes) -> bool:
    """As `git am` decides: an mbox's From line, or nothing but header lines up to the first empty one."""
    if raw.lstrip().startswith(b"From "):
        return True
    head = re.split(rb"\r?\n\r?\n", raw.lstrip(), maxsplit=1)[0].split(b"\n")
    return len(head) > 1 and all(re.match(rb"[!-9;-~]+:|[ \t]", line) for line in head)


def _mails(file: Path, raw: bytes) -> list[Mail]:
    """Every mail of `raw`, decoded, with an empty diff where it has none."""
    with tempfile.TemporaryDirectory(prefix="pte-review-") as name:
        folder = Path(name)
        split = git(["mailsplit", "-b", "-d4", f"-o{folder}"], folder, raw, ceiling=folder.parent)
        if split.returncode:
            raise TreeError(f"{label(file)}: not an mbox: {complaint(stderr_of(split))}; {EXPECTED}")
        parts = [path.read_bytes() for path in sorted(folder.glob("[0-9]*"))]
        first = 1 + raw[: len(raw) - len(raw.lstrip())].count(b"\n")
        mails = []
        for part in parts:
            mails.append(_mail(file, part, first, folder))
            first += part.count(b"\n")
    return mails


def _mail(file: Path, raw: bytes, first: int, folder: Path) -> Mail:
    """One mail, whose first line is line `first` of `file`."""
    subject, diff = _taken_apart(file, raw, first, folder)
    flowed = FLOWED.search(raw.partition(b"\n\n")[0]) is not None
    unstuffed = flowed
    if flowed and has_diff(_text(diff)) and git(["apply", "--numstat"], folder, diff, ceiling=folder.parent).returncode:
        # git takes a blank from the start of every line, but the mail only claims to have them
        plain = _taken_apart(file, FLOWED.sub(rb"\1x=y", raw, count=1), first, folder)[1]
        if git(["apply", "--numstat"], folder, plain, ceiling=folder.parent).returncode == 0:
            diff, unstuffed = plain, False
    text = _text(diff)
    patch = Patch(
        file=file,
        name=f"{Path(label(file)).name}: {subject}",
        where=f'{label(file)}: mail "{subject}"',
        text=text,
        lines=located(raw, first, diff.split(b"\n"), unstuffed) if has_diff(text) else (),
        flowed=flowed,
        subject=subject,
        mail=raw,
        message_id=_message_id(raw),
    )
    return Mail(subject, first, patch)


def _message_id(raw: bytes) -> str:
    head = raw.partition(b"\n\n")[0].decode("ascii", "replace")
    match = MESSAGE_ID.search(head)
    return match[1] if match else ""


def _taken_apart(file: Path, raw: bytes, first: int, folder: Path) -> tuple[str, bytes]:
    """The mail's subject and its diff, which is what follows its message."""
    info = git(["mailinfo", "-k", "-n", "message", "diff"], folder, raw, ceiling=folder.parent)
    if info.returncode:
        raise TreeError(
            f"{label(file)}: the mail at line {first} cannot be taken apart: {complaint(stderr_of(info))}; {EXPECTED}"
        )
    match = re.search(r"^Subject: (.*)$", info.stdout.decode("utf-8", "replace"), re.MULTILINE)
    subject = " ".join(match[1].split()) if match else f"at line {first}"
    return subject, _without_cr((folder / "diff").read_bytes())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _without_cr(raw: bytes) -> bytes:
    """`raw` with plain line ends if every line ends in CR LF: a transport made them, no diff does."""
    lines = raw.count(b"\n")
    return raw.replace(b"\r\n", b"\n") if lines and raw.count(b"\r\n") == lines else raw
