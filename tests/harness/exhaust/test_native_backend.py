# SPDX-License-Identifier: GPL-2.0-only
"""The C backend says what the Python backend says, of the same tables."""

from collections.abc import Iterator
from itertools import count

import pytest

from pte_review.harness.exhaust import native_pair
from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.build import ARCHES
from tests.kit.changes import BATCHES, FLUSHES_TWICE, MANY, MANY_KINDS, MIXTURE, SMEAR, before_set, no_end
from tests.kit.moves import as_move
from tests.kit.native_backends import Texts, both, counts, kinds, one_of_each_part


@pytest.fixture(scope="module")
def text() -> Iterator[Texts]:
    """text(changes): the batching tree with these changes."""
    texts = Texts()
    yield texts
    texts.close()


@pytest.mark.parametrize("arch", ARCHES)
def test_every_table_of_one_entry_against_itself(text: Texts, arch: str):
    in_c, in_python = both(text(), text(), space(arch, 1))
    assert counts(in_c) == counts(in_python)
    assert in_c.tables == in_c.equal == {"x86_64": 368, "arm64": 795}[arch]


@pytest.mark.parametrize("arch", ARCHES)
def test_every_table_of_one_entry_with_a_mistake_for_each_value(text: Texts, arch: str):
    """A return value, a lock, a flush, an address, a warning, write permission, the gap, a loop without end."""
    in_c, _ = both(text(), text(MANY), space(arch, 1))
    assert kinds(in_c) == MANY_KINDS
    assert in_c.diverging > 200
    assert in_c.equal > 50


@pytest.mark.parametrize("arch", ARCHES)
def test_the_same_mistakes_in_both(text: Texts, arch: str):
    """What ends early in both is shared; other breaches leave the same behind."""
    in_c, _ = both(text(MANY), text(MANY), space(arch, 1))
    assert kinds(in_c) == set()
    assert in_c.shared > 0
    assert in_c.shared + in_c.equal == in_c.tables


@pytest.mark.parametrize("arch", ARCHES)
def test_a_mistake_of_base(text: Texts, arch: str):
    in_c, _ = both(text(MANY), text(), space(arch, 1)[:6])
    assert {by for _, by in in_c.by_kind} >= {"base"}


@pytest.mark.parametrize("contract", ["folio-ad", "exact"])
@pytest.mark.parametrize("arch", ARCHES)
def test_two_entries_with_a_write_smear(text: Texts, arch: str, contract: str):
    blocks = one_of_each_part(space(arch, 2))
    assert {block.label.config for block in blocks} == {block.label.config for block in space(arch, 2)}
    in_c, in_python = both(text(), text(SMEAR), blocks, contract)
    assert {"write-gained", "write-lost"} <= kinds(in_c)
    assert ("dirty-gained" in kinds(in_c)) == (contract == "exact")
    assert in_c.changed == in_python.changed > 0
    assert in_c.exercised["batch"] > 0


def test_two_entries_with_batches(text: Texts):
    """Batches of PROT_NONE entries are folded: contpte sets CONT on what is not valid, which the judge must see."""
    in_c, in_python = both(text(), text(BATCHES), one_of_each_part(space("arm64", 2)))
    assert kinds(in_c) == {"cont-on-invalid"}
    assert in_c.allowed > 0
    assert in_c.allowed_kinds["dirty-gained"] == in_python.allowed_kinds["dirty-gained"]


def test_four_entries_with_contpte_blocks_of_four(text: Texts):
    """A part of a block, since Python takes a while for it."""
    (block, *_) = [block for block in space("arm64", 4) if block.template.config.cont_ptes == 4]
    for contract in CONTRACTS:
        native = NativeBackend(MOVE_PTES, text(), text(SMEAR), CONTRACTS[contract])
        tables = 400
        first = block.cases - tables
        in_c = native.run(block, first, block.cases)
        in_python = native._judge.run(block, first, block.cases)
        assert counts(in_c, but=["allowed_kinds"]) == counts(in_python, but=["allowed_kinds"])
        assert in_c.diverging or in_c.exercised.get("unfold")


# One table is not like the others.

CRASH = before_set("if (pte_present(seen) && pte_dirty(seen) && !pte_young(seen)) *(volatile int *)NULL = 1;")


def test_a_crash_is_found_and_counted_once_and_the_rest_is_run(text: Texts):
    for arch in ARCHES:
        block = space(arch, 1)[0]
        in_c, _ = both(text(), text(CRASH), [block])
        assert kinds(in_c) == {"crash"}
        assert (in_c.diverging, in_c.tables, in_c.slow) == (2, block.cases, False)  # read-only and writable
        assert in_c.equal == block.cases - 2


def test_a_loop_that_nobody_counts_ends_the_stretch(text: Texts, monkeypatch: pytest.MonkeyPatch):
    """For the child that runs the stretch, time stands still until it has come to the table that it does not leave."""
    monkeypatch.setattr("pte_review.models.child_watch.CPU_SECONDS", 1)  # of its own CPU, for the judge's run of it
    monkeypatch.setattr("pte_review.models.native.child.LOOK_EVERY", 0.01)
    base, candidate = text(), text(no_end("pte_dirty(seen) && pte_young(seen)"))
    block, words = space("x86_64", 1)[0], space("x86_64", 1)[0].template.words
    pages = [
        dict(as_move(block.scenario(i)).old_table).get(as_move(block.template).old_index, 0) for i in range(block.cases)
    ]
    endless = next(
        i for i, pte in enumerate(pages) if words.pte_present(pte) and words.pte_dirty(pte) and words.pte_young(pte)
    )
    native, hours = NativeBackend(MOVE_PTES, base, candidate, CONTRACTS["folio-ad"]), count(step=3600)
    native._stretches.clock = lambda: next(hours) if native._stretches.counts.at == endless else 0
    in_c = native.run(block, 0, block.cases)
    assert (in_c.slow, in_c.diverging, kinds(in_c)) == (True, 1, {"no-progress"})
    assert in_c.by_kind["no-progress", "candidate"].smallest.case == endless
    assert in_c.tables == endless + 1 < block.cases
    assert counts(in_c) == counts(native._judge.run(block, 0, block.cases))


@pytest.mark.parametrize("where", ["src - 3", "dst - 1"])
def test_a_plain_store_in_front_of_a_table(text: Texts, where: str):
    """Into the page that the table shares, where nothing faults."""
    in_c, _ = both(text(), text(before_set(f"if (!pte_present(seen)) *({where}) = pte;")), space("x86_64", 1)[:3])
    assert kinds(in_c) == {"table-overrun"}


def test_an_unassigned_read(text: Texts):
    assigns = "\t\tpte = get_and_clear_full_ptes(mm, from, src, nr, 0);\n"
    sometimes = {assigns: f"\t\tif (!pte_present(seen))\n\t\t\tpte_clear(mm, from, src);\n\t\telse\n\t{assigns}"}
    blocks = space("x86_64", 1)[:2] + space("x86_64", 2)[:1]
    in_c, _ = both(text(), text(sometimes), blocks)
    assert kinds(in_c) == {"unassigned-read"}
    in_c, _ = both(text(sometimes), text(sometimes), blocks)
    assert in_c.shared > 0
    assert not in_c.by_kind


# What C leaves to the judge.


def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """What Pair.of_group() gives from now on."""
    given: list[list[int]] = []
    plain = native_pair.Pair.of_group

    def of_group(self: native_pair.Pair, *arguments: int, exact: bool) -> list[int]:
        given.append(plain(self, *arguments, exact=exact))
        return given[-1]

    monkeypatch.setattr(native_pair.Pair, "of_group", of_group)
    return given


def test_a_group_that_is_not_surely_allowed_is_judged_table_by_table(text: Texts, monkeypatch: pytest.MonkeyPatch):
    """Two flushes where accessed and dirty differ: a group of difference in C, and allowed for the judge."""
    given = asked(monkeypatch)
    in_c, _ = both(text(), text({**BATCHES, **FLUSHES_TWICE}), space("x86_64", 2)[:1])
    assert not in_c.by_kind
    assert in_c.allowed == sum(map(len, given)) > 10


def test_of_a_group_whose_smallest_is_allowed_the_others_may_diverge(text: Texts, monkeypatch: pytest.MonkeyPatch):
    """Accessed is gained from the next entry, which may have it: (page, page+A) comes before (page, page+D)."""
    gains = (
        "pte_t next = most > 1 ? ptep_get(src + nr) : __pte(0);"
        " if (nr == 1 && pte_present(seen) && pte_present(next) && pte_young(next) != pte_dirty(next))"
        " pte = pte_mkyoung(pte);"
    )
    given = asked(monkeypatch)
    in_c, _ = both(text(), text({**FLUSHES_TWICE, **before_set(gains)}), space("x86_64", 2)[:1])
    assert sum(map(len, given)) == 10
    assert kinds(in_c) == {"young-gained"}
    assert in_c.allowed > 0


def test_more_of_a_group_than_are_judged_are_not_decided(text: Texts, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pte_review.harness.exhaust.native_backend.MOST_JUDGED", 2)
    block, candidate = space("x86_64", 2)[0], text({**BATCHES, **FLUSHES_TWICE})
    in_c = NativeBackend(MOVE_PTES, text(), candidate, CONTRACTS["folio-ad"]).run(block, 0, block.cases)
    assert in_c.undecided > 10
    assert in_c.tables == block.cases == in_c.equal + in_c.allowed + in_c.undecided
    assert in_c.why == "more than 2 tables that differ in one way to judge one by one"


def test_more_groups_than_there_is_room_for(text: Texts, monkeypatch: pytest.MonkeyPatch):
    """Then fewer tables are taken at a time."""
    was_full: list[bool] = []
    full = native_pair.CaseCounts.full.fget
    assert full is not None

    def noted(counts: native_pair.CaseCounts) -> bool:
        was_full.append(full(counts))
        return was_full[-1]

    monkeypatch.setattr(native_pair.CaseCounts, "full", property(noted))
    block = space("x86_64", 4)[1]
    in_c = NativeBackend(MOVE_PTES, text(), text(MIXTURE), CONTRACTS["folio-ad"]).run(block, 0, 30_000)
    assert was_full[0]
    assert not was_full[-1]
    assert (in_c.tables, in_c.undecided) == (30_000, 0)
    assert {"young-gained", "dirty-lost", "write-lost", "warning-extra", "stale-tlb", "return-value"} <= kinds(in_c)


def test_of_a_mixture_the_same_tables_diverge(text: Texts):
    """Of a kind that shows together with others fewer tables may be counted: a group counts as its first shows."""
    block = space("x86_64", 2)[1]
    native = NativeBackend(MOVE_PTES, text(), text(MIXTURE), CONTRACTS["folio-ad"])
    in_c, in_python = native.run(block, 0, block.cases), native._judge.run(block, 0, block.cases)
    assert in_c.diverging == in_python.diverging > 200
    assert (in_c.equal, in_c.allowed) == (in_python.equal, in_python.allowed)
    assert kinds(in_c) == kinds(in_python)


def test_the_comparison_can_fail(text: Texts, monkeypatch: pytest.MonkeyPatch):
    """With the other contract in C alone, it does."""
    monkeypatch.setattr(NativeBackend, "_exact", property(lambda self: self.contract.accessed_dirty_free))
    with pytest.raises(AssertionError):
        both(text(), text(BATCHES), space("x86_64", 2)[:1], "exact")


def test_stretches_add_up(text: Texts):
    block = space("x86_64", 2)[0]
    native = NativeBackend(MOVE_PTES, text(), text(SMEAR), CONTRACTS["folio-ad"])
    whole, parts = native.run(block, 0, block.cases), [native.run(block, i, i + 1) for i in range(block.cases)]
    assert counts(whole, but=["allowed_kinds", "found"]) == {
        name: sum(getattr(part, name) for part in parts) if isinstance(value, int) and name != "slow" else value
        for name, value in counts(whole, but=["allowed_kinds", "found"]).items()
    }
    assert kinds(whole) == set().union(*map(kinds, parts))
