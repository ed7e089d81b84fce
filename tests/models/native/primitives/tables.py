# SPDX-License-Identifier: GPL-2.0-only
"""Tables for probes: generated ones, legal and hostile, and wild ones that no kernel would hold."""

from dataclasses import replace
from functools import lru_cache
from itertools import islice
from random import Random

from pte_review.harness.search.aim import fresh
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move, moved
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.vma import Vma
from pte_review.strategies.move_ptes import RECIPE
from tests.kit.moves import as_move
from tests.models.native.primitives.probe import ARGUMENT_SHIFT, WHICH_SHIFT, Probe

OLD, NEW = 0x7F00_0000_0000, 0x7F00_4000_0000
WILD_ENTRIES = 32


def as_v6_12(config: Config, **options: bool) -> Config:
    """The config with what a v6.12 tree does; DEBUG_VM is not a probe's business."""
    own = {"contpte_get_stops_early": False, "contpte_set_guards_invalid": True, "bbml2_noabort": False}
    return replace(config, debug_vm=False, **own, **options)


@lru_cache(maxsize=8)
def generated(arch: str, count: int, seed: int, hostile: str | None = None) -> tuple[Scenario, ...]:
    """Scenarios as reviews meet them, page_table_check on in every second; nobody else acts."""
    return tuple(replace(scenario, actions=()) for scenario in _drawn(arch, count, seed, hostile))


def accompanied(arch: str, count: int, seed: int) -> list[Scenario]:
    """Those of `count` scenarios in which others act."""
    return [moved(s, old_maps=True, new_maps=True) for s in _drawn(arch, count, seed, None) if s.actions]


def _drawn(arch: str, count: int, seed: int, hostile: str | None) -> list[Scenario]:
    found = islice(fresh(RECIPE, arch, seed, hostile), count)
    return [replace(s, config=as_v6_12(s.config, page_table_check=i % 2 == 0)) for i, s in enumerate(found)]


def wild(arch: str, random: Random) -> Scenario:
    """Two small tables of runs with stray bits, swap entries of any kind and random words."""
    x86 = arch == "x86_64"
    config = Config(
        mem_soft_dirty=x86 and random.random() < 0.5,
        shstk=x86 and random.random() < 0.3,
        uffd_wp=(uffd := random.random() < 0.8),
        pte_marker_uffd_wp=uffd and random.random() < 0.8,
        contpte=random.random() < 0.8,
        cont_ptes=random.choice((2, 4, 8, 16)),
        page_table_check=random.random() < 0.5,
        page_table_check_skips_special=random.random() < 0.5,
        ptrs_per_pte=WILD_ENTRIES,
    )
    vma = Vma(vm_file=random.random() < 0.3, mixedmap=random.random() < 0.2, shadow_stack=config.shstk)
    folios = tuple(Folio(0x400 + 64 * i, random.choice((0, 1, 2, 3, 4, 5, 6)), random.random() < 0.6) for i in range(8))
    empty = move(arch, old_addr=OLD, new_addr=NEW, extent=PAGE_SIZE, folios=folios, vma=vma, config=as_v6_12(config))
    return moved(empty, old_table=_wild_table(empty, random, 0.2), new_table=_wild_table(empty, random, 0.5))


def _wild_table(empty: Scenario, random: Random, holes: float) -> tuple[tuple[int, int], ...]:
    words, entries, at = empty.words, {}, 0
    while at < WILD_ENTRIES:
        what = random.random()
        if what < holes:
            at += random.randint(1, 5)
            continue
        if what < 0.85:
            run = _wild_run(empty, random, at)
        elif what < 0.93:
            run = [
                words.swp_entry_to_pte(random.randrange(32), random.randrange(1, 1 << 20)) | random.choice((0, 4, 8))
            ]
        else:
            run = [random.getrandbits(64)]
        entries.update((at + i, pte) for i, pte in enumerate(run) if at + i < WILD_ENTRIES and pte)
        at += len(run)
    return tuple(sorted(entries.items()))


def _wild_run(empty: Scenario, random: Random, at: int) -> list[int]:
    """Pages of one folio, mostly congruent with contpte blocks, alike but for accessed, dirty and rare stray bits."""
    words, block = empty.words, empty.config.cont_ptes
    folio = random.choice(empty.folios)
    first = random.randrange(1 << folio.order)
    if random.random() < 0.7:
        first = (first & -block) + at % block  # behind the folio's end, sometimes
    prot = words.PROT_NONE if random.random() < 0.15 else words.PROT_USER
    prot = words.pte_mkwrite_novma(prot) if random.random() < 0.5 else prot
    prot = prot | (words.CONT if random.random() < 0.5 else 0) | (words.UFFD_WP if random.random() < 0.1 else 0)
    run = []
    for i in range(random.choice((1, 2, 3, block, block, 2 * block))):
        pte = words.pfn_pte(folio.pfn + first + i, prot)
        pte = words.pte_mkyoung(pte) if random.random() < 0.5 else pte
        pte = words.pte_mkdirty(pte) if random.random() < 0.3 else pte
        run.append(pte ^ (1 << random.randrange(64)) if random.random() < 0.05 else pte)
    return run


def call(scenario: Scenario, which: Probe, argument: int, first: int, nr: int, new: int, *, into_old: bool) -> Scenario:
    """`scenario`'s tables with `which` called at entries `first` and `new`; the new one's table may be the old one."""
    high = which << WHICH_SHIFT | argument << ARGUMENT_SHIFT
    new_base = as_move(scenario).old_base if into_old else as_move(scenario).new_base
    placed = moved(
        scenario,
        old_addr=high + as_move(scenario).old_base + (first << PAGE_SHIFT),
        new_addr=high + new_base + (new << PAGE_SHIFT),
        extent=nr << PAGE_SHIFT,
        new_table=() if new_base == as_move(scenario).old_base else as_move(scenario).new_table,
    )
    check(placed)
    return placed


def anywhere(scenario: Scenario, which: Probe, random: Random) -> Scenario:
    """`which` called on entries in the old range or near it, to a place congruent with it, or any."""
    size, block = scenario.config.ptrs_per_pte, scenario.config.cont_ptes
    index = random.choice(as_move(scenario).old_table)[0] if as_move(scenario).old_table else random.randrange(size)
    first = min(max(index + random.choice((0, 0, 0, 0, -1, 1)), 0), size - 1)
    room = size - first
    nr = random.choice((1, 2, block, block - 1, block + 1, random.randint(1, 2 * block + 2), random.randint(1, 40)))
    nr = min(max(nr, 1), room)
    new = random.choice((first, first % block, 0, random.randrange(size), (first + block) % size, size - nr))
    argument = random.choice((0, 0, 1, 2, 3))
    return call(scenario, which, argument, first, nr, min(new, size - nr), into_old=random.random() < 0.25)


def large(scenario: Scenario, pte: int) -> Folio | None:
    """The large folio that `pte` maps, if it is present and does."""
    words = scenario.words
    folio = scenario.folio_of(words.pte_pfn(pte)) if words.pte_present(pte) else None
    return folio if folio and folio.order and not words.pte_special(pte) else None
