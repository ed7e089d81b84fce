# SPDX-License-Identifier: GPL-2.0-only
"""The page: one file, nothing from elsewhere, and whatever strangers wrote is text in it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pte_review.harness import check
from pte_review.harness.costs.compare import Costs, measure_where_it_can
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.releases import Entry
from pte_review.harness.reports.html.page import page
from pte_review.harness.reports.html.plots import MOST_ROWS, plots_of
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import INCONCLUSIVE
from tests.kit.golden import assert_golden
from tests.kit.moves import load

VOID = {"meta", "br", "input"}
EVIL = "</script></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}\x1b[2J\u202e"


@pytest.fixture(scope="module")
def v4():
    return check("pre_patch", "v4", max_examples=200)


class Read(HTMLParser):
    """What a browser makes of it: elements, attributes, text outside of script and style; and whether it is whole."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.scripts = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            attrs, text = self.scripts.pop()
            self.scripts.append((attrs, text + data))
        elif not self.open or self.open[-1] not in ("style",):
            self.text.append(data)


def reviewed(verdict, command=("pte-review", "check")):
    return Reviewed(MOVE_PTES, verdict, KernelText(MOVE_PTES), command)


def read(*verdicts, **options):
    return Read(page("title", [reviewed(verdict) for verdict in verdicts], **options))


def test_nothing_comes_from_elsewhere(v4):
    result = read(v4)
    for tag, name, value in result.attributes:
        assert name not in ("src", "srcset", "action", "background", "poster")
        assert not name.startswith("on"), tag
        if name == "href":
            assert value.startswith("#")
    assert not set(result.tags) & {"link", "iframe", "object", "embed", "base", "img", "form"}
    assert "url(" not in page("t", [reviewed(v4)])
    assert "@import" not in page("t", [reviewed(v4)])


def test_its_own_policy_lets_no_other_script_run(v4):
    result = read(v4)
    (policy,) = [
        value for tag, name, value in result.attributes if (tag, name) == ("meta", "content") and "default-src" in value
    ]
    own = [text for attrs, text in result.scripts if attrs.get("type") != "application/json"]
    digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
    assert len(own) == 1
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_links_inside_lead_somewhere(v4):
    result = read(v4, v4)
    ids = [value for _, name, value in result.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in result.attributes if name == "href"} <= set(ids)
    labels = {v for _, name, value in result.attributes if name == "aria-labelledby" for v in value.split()}
    assert labels <= set(ids)


def test_the_data_of_a_walk(v4):
    result = read(v4)
    data = [json.loads(text) for attrs, text in result.scripts if attrs.get("type") == "application/json"]
    assert len(data) == result.tags.count("article")
    for one in data:
        assert [walk["name"] for walk in one["walks"]] == ["pre_patch", "v4"]
        for walk in one["walks"]:
            assert all(len(step["state"]) == len(one["rows"]) for step in walk["steps"])


def test_what_strangers_wrote_is_text(v4):
    plain = read(v4)
    evil = replace(
        v4,
        base=EVIL,
        candidate=EVIL,
        why=EVIL,
        never_varied=(EVIL,),
        divergences=tuple(
            replace(
                d, summary=EVIL, cause=EVIL, reach=EVIL, line=EVIL, scaled=d.scaled and replace(d.scaled, summary=EVIL)
            )
            for d in v4.divergences
        ),
    )
    costs = [Costs("x86_64", EVIL, 1, ((EVIL, {"raw-reads": 1, **ZERO}), (EVIL + "2", {"raw-reads": 2, **ZERO})))]
    text = page(EVIL, [reviewed(evil, ("pte-review", EVIL))], notes=[EVIL], names=[EVIL], costs=costs)
    hostile = Read(text)
    assert hostile.tags.count("script") == plain.tags.count("script")
    assert not set(hostile.tags) - set(plain.tags) - {"figure", "figcaption", "svg", "rect", "text", "title", "strong"}
    assert "img" not in hostile.tags
    assert not [name for _, name, _ in hostile.attributes if name.startswith("on")]
    assert "alert(1)" in "".join(hostile.text)
    assert "49" not in re.findall(r"\{\{7\*7\}\}|`49", text)
    assert "\x1b" not in text
    assert "\u202e" not in text


ZERO = dict.fromkeys(
    [
        "ptep-get-calls", "exchanges", "stores", "unfolds", "folds", "tlb-flushes", "flushed-pages", "folio-lookups",
        "batch-scans", "batched-entries", "hint-checks", "primitive-calls", "page-table-lock-ops", "rmap-lock-ops",
        "debug-vm-reads", "page-table-check-reads",
    ],
    0,
)  # fmt: skip


def test_verdicts_without_a_picture(v4):
    for verdict in (
        replace(v4, divergences=(), verdict=INCONCLUSIVE, why="no compiler"),
        check("v4", "v4", max_examples=20),
    ):
        result = read(verdict)
        assert "article" not in result.tags
        assert verdict.verdict in "".join(result.text)


def test_releases(v4):
    release = type("R", (), {"number": "9.9.9"})()
    result = read(v4, releases=[Entry(release, v4), Entry(release, None, "cannot be read: <b>")])
    text = " ".join(result.text)
    assert "9.9.9" in text
    assert "cannot be read: <b>" in text
    assert "b" not in result.tags


def test_costs_show_what_differs():
    measured = measure_where_it_can([load("pre_patch"), load("v4")], ["x86_64"], list(MOVE_PTES.workloads.values()))
    plots = plots_of(measured)
    lookups = next(plot for plot in plots if plot.count == "folio-lookups")
    assert len(lookups.rows) == MOST_ROWS
    by_name = {costs.workload: costs for costs in measured}
    for name, bars in lookups.rows:
        ledgers = dict(by_name[name.partition(",")[0]].ledgers)
        assert {bar.version: bar.value for bar in bars} == {v: ledgers[v]["folio-lookups"] for v in ledgers}
    assert max(bar.width for _, bars in lookups.rows for bar in bars) == 100
    assert plots_of(measure_where_it_can([load("v4"), load("v4_fixed")], ["x86_64"], [])) == []


def test_workloads_on_which_a_version_ends_are_left_out():
    assert (
        len(measure_where_it_can([load("pre_patch"), load("v4")], ["arm64"], list(MOVE_PTES.workloads.values()))) > 10
    )
    pair = [load("pre_patch"), load("refactor")]
    assert len(measure_where_it_can(pair, ["arm64"], list(MOVE_PTES.workloads.values()))) < len(MOVE_PTES.workloads)


def test_as_it_reads(v4):
    """Its text, as somebody without styles and script reads it."""
    x86 = replace(v4, arches=("x86_64",), divergences=v4.divergences[:1], seconds=1.0)
    lines = (" ".join(text.split()) for text in read(x86).text)
    text = "\n".join(line for line in lines if line)
    assert_golden(
        "html",
        re.sub(r"pte-review \d+\.\d+\.\d+:", "pte-review:", text).encode("ascii", "backslashreplace").decode() + "\n",
    )
