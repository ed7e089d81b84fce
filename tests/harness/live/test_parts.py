# SPDX-License-Identifier: GPL-2.0-only
"""The files of the recorder and what each takes of the others, by live.h: no circle, and no part is missing."""

import re
from graphlib import TopologicalSorter

from pte_review.harness.live.record import KIT, OF_KIT
from tests.harness.live.reproduce.test_raw_entries import FILES

SECTION = re.compile(r"/\* -- ([\w., ]+): ")


def declared() -> dict[str, str]:
    """The functions of live.h, each with the files that may define it."""
    _, *sections = SECTION.split((KIT / "live.h").read_text(encoding="ascii"))
    return {
        name: files
        for files, text in zip(sections[::2], sections[1::2], strict=True)
        for name in re.findall(r"^[\w ]+[ *](\w+)\(", text, re.MULTILINE)
    }


def taken_by(part: str) -> set[str]:
    """The other files that a file takes functions of; steps.c and states.c are one part."""
    text = re.sub(r"/\*.*?\*/", "", (KIT / f"{part}.c").read_text(encoding="ascii"), flags=re.DOTALL)
    files = {declared()[name] for name in re.findall(r"\b(\w+)\(", text) if name in declared()}
    return {_name(names) for names in files} - {_name(f"{part}.c")}


def _name(files: str) -> str:
    return "states" if {"states.c", "steps.c"} & {*files.split(", ")} else files.removesuffix(".c")


def test_every_function_is_defined_where_live_h_says():
    found = declared()
    assert {"pagemap", "say_folios", "set_file", "numa_hint", "record_call"} <= found.keys()
    for name, files in found.items():
        if name != "record_call":  # of the function that is recorded
            texts = [(KIT / file).read_text(encoding="ascii") for file in files.split(", ")]
            assert any(re.search(rf"^\w.*\b{name}\(.*\)$", text, re.MULTILINE) for text in texts), name


def test_no_circle():
    graph = {_name(f"{part}.c"): taken_by(part) for part in OF_KIT if part != "steps"}
    graph["states"] |= taken_by("steps")
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("pages") < order.index("tables") < order.index("folios") < order.index("recorder")


def test_who_links_a_few_parts_has_what_they_take():
    parts = {path.stem for path in FILES}
    assert set().union(*map(taken_by, parts)) <= parts
