# SPDX-License-Identifier: GPL-2.0-only
"""Which newprot and cp_flags callers pass, and which calls no caller makes."""

from dataclasses import replace

import pytest

from pte_review.models.arch import words
from pte_review.models.change_pte_range.call import (
    MM_CP_PROT_NUMA,
    MM_CP_TRY_CHANGE_WRITABLE,
    MM_CP_UFFD_RWP,
    MM_CP_UFFD_RWP_RESOLVE,
    MM_CP_UFFD_WP,
    MM_CP_UFFD_WP_RESOLVE,
    ProtectCall,
)
from pte_review.models.codec import SchemaError
from pte_review.models.legal import breaches
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.scenario_check import check, scenario_from_json
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, x86
from tests.subjects.change_pte_range.calls import BASE, READ_ONLY, SHARED, call, file, with_rwp

UFFD = Vma(uffd=True)
TRY = MM_CP_TRY_CHANGE_WRITABLE
NOTIFIED = replace(SHARED, writenotify=True)


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"vma": READ_ONLY}, TRY),
        ({"protection": "r"}, 0),
        ({"protection": ""}, 0),
        ({"vma": replace(SHARED, write=False)}, 0),
        ({"vma": replace(NOTIFIED, write=False)}, TRY),
        # vma_wants_writenotify() compares vm_page_prot first, which soft-dirty and uffd-wp have changed.
        ({"vma": replace(SHARED, write=False, uffd=True)}, 0),
        ({"caller": "numa"}, MM_CP_PROT_NUMA),
        ({"caller": "uffd-protect", "vma": UFFD}, MM_CP_UFFD_WP),
        ({"caller": "uffd-resolve", "vma": UFFD}, MM_CP_UFFD_WP_RESOLVE | TRY),
        ({"caller": "uffd-resolve", "vma": replace(UFFD, write=False)}, MM_CP_UFFD_WP_RESOLVE),
        ({"caller": "uffd-resolve", "vma": replace(SHARED, uffd=True)}, MM_CP_UFFD_WP_RESOLVE),
    ],
)
@pytest.mark.parametrize("arch", ARCHES)
def test_flags(arch, options, flags):
    scenario = call(arch, {}, **options)
    assert scenario.call.flags(scenario) == flags


@pytest.mark.parametrize(
    ("caller", "flags"), [("uffd-protect", MM_CP_UFFD_RWP), ("uffd-resolve", MM_CP_UFFD_RWP_RESOLVE | TRY)]
)
def test_flags_of_rwp(caller, flags):
    vma = Vma(uffd=True, uffd_modes=("rwp",))
    scenario = call("x86_64", {}, caller=caller, vma=vma)
    rwp = with_rwp(scenario)
    assert rwp.call.flags(rwp) == flags
    # A kernel without RWP has taken the mode for WP.
    assert scenario.call.flags(scenario) in (MM_CP_UFFD_WP, MM_CP_UFFD_WP_RESOLVE | TRY)


@pytest.mark.parametrize("arch", ARCHES)
def test_newprot(arch):
    w = words(arch, call(arch, {}, protection="r").config)
    none = w.vm_get_page_prot(Vma(read=False, write=False), shared=False)
    for options, expected in (
        ({"protection": "rx"}, w.vm_get_page_prot(Vma(write=False, exec=True), shared=False)),
        ({"protection": "r"}, w.vm_get_page_prot(READ_ONLY, shared=False)),
        ({"protection": ""}, none),
        ({"caller": "numa"}, none),
        ({"vma": replace(SHARED, write=False)}, w.vm_get_page_prot(SHARED, shared=True)),
        ({"vma": replace(NOTIFIED, write=False)}, w.vm_get_page_prot(SHARED, shared=False)),
    ):
        scenario = call(arch, {}, **options)
        assert scenario.call.newprot(scenario) == expected
    # x86_64, by hand: PROT_READ of private memory is P, US, A and NX.
    if arch == "x86_64":
        scenario = call(arch, {}, protection="r")
        assert scenario.call.newprot(scenario) == x86("P US A NX")


def test_the_arguments_of_a_port():
    scenario = call(
        "x86_64", {3: page("x86_64", 0x200)}, [file(0x200)], first=1, nr=5, vma=replace(SHARED, write=False)
    )
    k = fresh_kernel(scenario)
    tlb, vma, pmd, addr, end, newprot, cp_flags = scenario.call.arguments(k)
    assert (tlb, pmd, addr, end) == (k.gather, k.pmds[0], BASE + 4096, BASE + 6 * 4096)
    assert (vma.write, scenario.vma.write) == (True, False)  # mprotect() has changed the VMA
    assert (newprot, cp_flags) == (scenario.call.newprot(scenario), 0)
    assert k.mm_users(1) == 2
    assert fresh_kernel(replace(scenario, call=ProtectCall(single_threaded=True))).mm_users(1) == 1


# -- bad input


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"call": {"caller": "munmap"}}, "scenario.call.caller: expected one of mprotect, numa, uffd-protect, uffd-re"),
        ({"call": {"protection": "x"}}, "scenario.call.protection: expected one of '', 'r', 'w', 'rw', 'rx', 'wx', 'r"),
        ({"call": {"cp_flags": 3}}, "scenario.call.cp_flags: expected one of the fields caller, protection, single_"),
        ({"ranges": [{"name": "old", "table": 0, "first": 0, "nr": 1}]}, "scenario.ranges: expected the range pte al"),
        ({"ranges": [{"name": "pte", "table": 0, "first": 500, "nr": 20}]}, "scenario.ranges[0].nr: expected 1 to 12 "),
        ({"tables": [{"base": 0}, {"base": 1 << 21}]}, "scenario.tables: expected one table of one VMA, got 2"),
        ({"vmas": [{}, {}]}, "scenario.tables: expected one table of one VMA"),
    ],
)
def test_calls_that_nobody_makes(change, says):
    data = {**call("x86_64", {}, protection="r").to_json(), **change}
    with pytest.raises(SchemaError) as error:
        scenario_from_json(data, ProtectCall)
    assert str(error.value).startswith(says)


NAMED = {  # what a hostile scenario may break on purpose
    "mprotect() returns early where no flag of the VMA changes": "nothing-changes",
    "NUMA balancing leaves this VMA alone": "numa-skipped",
    "a userfaultfd that does not protect": "not-registered",
    "such a VMA is not registered in a mode that protects": "not-registered",
    "a file is write-protected only where there are markers": "not-registered",
}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"protection": "rw"}, "mprotect() returns early where no flag of the VMA changes"),
        ({"vma": replace(SHARED, write=False, maywrite=False)}, "mprotect() refuses what VM_MAYWRITE forbids"),
        ({"vma": Vma(shadow_stack=True), "protection": "r", "shstk": True}, "a shadow stack is not made read-only"),
        ({"caller": "numa", "vma": Vma(read=False, write=False)}, "NUMA balancing leaves this VMA alone"),
        ({"caller": "numa", "vma": replace(SHARED, write=False)}, "NUMA balancing leaves this VMA alone"),
        ({"caller": "uffd-protect"}, "a userfaultfd that does not protect"),
        (
            {"caller": "uffd-protect", "vma": Vma(uffd=True, uffd_modes=("missing",))},
            "a userfaultfd that does not protect",
        ),
        (
            {"caller": "uffd-protect", "vma": replace(SHARED, uffd=True, pfnmap=True)},
            "such a VMA is not registered in a",
        ),
        (
            {"caller": "uffd-protect", "vma": replace(SHARED, uffd=True), "pte_marker_uffd_wp": False},
            "a file is write-protected only where there are markers",
        ),
        (
            {"protection": "r", "vma": Vma(uffd_wp_unpopulated=True)},
            "UFFD_FEATURE_WP_UNPOPULATED without a userfaultfd",
        ),
    ],
)
def test_what_callers_see_to(options, says):
    scenario = call("x86_64", {}, legal=False, **options)
    (breach,) = breaches(scenario)
    assert breach.what.startswith(says)
    assert breach.rule == NAMED.get(breach.what, "shape")


def test_json_both_ways():
    scenario = call("arm64", {2: page("arm64", 0x200)}, [file(0x200)], vma=SHARED, caller="numa", single_threaded=True)
    assert scenario_from_json(scenario.to_json(), ProtectCall) == scenario
    assert scenario.to_json()["call"] == {"caller": "numa", "single_threaded": True}
    check(scenario)
