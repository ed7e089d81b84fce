# SPDX-License-Identifier: GPL-2.0-only
"""`make reproduce`: the bug of 6.17, from a review to a booted kernel. The images come from the distribution once."""

import pytest

from pte_review.harness import check
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, SKIP, Answer, on_kernel
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.reproducible import all_cases, case

pytestmark = pytest.mark.slow
BROKEN, FIXED = "6.17.8", "6.17.13"
# Guests have no file system on a disk, which would notice the first store to a page.
NOT_IN_A_GUEST = {"write-gained-file", "entry-lost-file"}


def asked(release: str, arch: str, text: str) -> Answer:
    """What the kernel answers. The test is skipped without QEMU, compiler or image."""
    try:
        return on_kernel(kernel_of(release, arch), text)
    except LiveError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def programs() -> dict[str, str]:
    """The programs for the kinds of the released bug, by kind, from a review of now."""
    verdict = check("pre_patch", "v4_batch_hint", arch="arm64")
    found = {divergence.kind: divergence for divergence in verdict.divergences}
    assert all(found[kind].scenario.config.cont_ptes == 16 for kind in ("write-gained", "write-lost"))
    return {
        kind: reproducer(MOVE_PTES, Counterexample("move_ptes", "pre_patch", "v4_batch_hint", "folio-ad", found[kind]))
        for kind in ("write-gained", "write-lost")
    }


@pytest.mark.parametrize("kind", ["write-gained", "write-lost"])
@pytest.mark.parametrize(("release", "status"), [(BROKEN, FAIL), (FIXED, PASS)])
def test_the_bug_that_6_17_shipped_with(programs: dict[str, str], kind: str, release: str, status: int):
    answer = asked(release, "arm64", programs[kind])
    assert answer.status == status, answer.output
    if (kind, status) == ("write-gained", FAIL):
        assert "the write of the parent is in the page of the child" in answer.output


@pytest.mark.parametrize(("name", "arch"), all_cases())
def test_every_state_is_reached_on_a_right_kernel(name: str, arch: str):
    answer = asked("7.3", arch, reproducer(MOVE_PTES, case(name, arch)))
    assert answer.status == (SKIP if name in NOT_IN_A_GUEST else PASS), answer.output
