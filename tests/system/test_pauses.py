"""A bench that stops before an instant: nothing is other for it, and it can be given a fault."""

import pickle
from collections.abc import Callable

import numpy as np
from tests.system.support import Talk

from scs_sim.memo import memo

AT_US = 1_300_007


def course(begin: Callable[[Talk], None]) -> tuple[list[float], int]:
    """Return the load's current over a start with noise, and the fault, of a bench begun so."""
    talk = Talk(seed=5, noise=True)
    begin(talk)
    talk.running()
    talk.keep(1.0)
    scope = talk.board.scope()
    return scope.rows().current_a.tolist(), talk.device.fault[0]


def test_a_pause_comes_before_its_instant_and_changes_nothing() -> None:
    seen = []

    def pauses(talk: Talk) -> None:
        def again() -> None:
            seen.append(talk.board.now_us())
            if len(seen) == 1:
                talk.board.pause_at(AT_US, again)

        talk.board.pause_at(900_000, again)

    assert course(pauses) == course(lambda _talk: None)
    assert len(seen) == 2
    assert 880_000 < seen[0] < 900_000 <= seen[1] < AT_US


def test_a_fault_put_in_at_a_pause_is_the_one_put_in_at_power_on() -> None:
    def late(talk: Talk) -> None:
        talk.board.pause_at(AT_US, lambda: talk.board.inject("open_lead", AT_US))

    found, fault = course(late)
    assert (found, fault) == course(lambda talk: talk.board.inject("open_lead", AT_US))
    assert fault


def test_noise_is_another_after_reseed_and_the_same_after_the_same() -> None:
    windows = []
    for seed in (1, 2, 1):
        talk = Talk(seed=5, noise=True)
        talk.board.reseed(seed)
        talk.pass_us(50_000)
        windows.append([talk.board.hal.sample() for _ in range(20) if talk.pass_us(1_000) is None])
    assert windows[0] == windows[2] != windows[1]
    assert np.random.default_rng(1).integers(1 << 30) == talk.board.random.integers(1 << 30)


def test_a_memo_is_one_for_all_bounded_and_not_copied_with_its_owner() -> None:
    first = memo("a test's", 3)
    for number in range(4):
        first.remember(number, 2 * number)
    assert dict(first) == {3: 6}
    assert memo("a test's", 3) is first
    assert pickle.loads(pickle.dumps(first)) is first
    assert memo("another test's", 3) is not first
