"""Threads as docs/reference/python-api.md has them: a link's requests take turns."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.serving import serving

from scs import Failure, Profile, Stimulator, resources, sim_bridge

TONIC = Profile.read(resources.path("profiles/tonic_50hz.yaml"))


def started(stim: Stimulator) -> None:
    stim.load(TONIC)
    stim.arm()
    stim.start()


def test_requests_of_four_threads_are_each_answered_once() -> None:
    """Without turns, a reply to one thread is dropped by another, which then asks again."""
    with (
        serving(sim_bridge.listen(sim_bridge.make())) as server,
        Stimulator(server.address) as stim,
    ):
        before = stim.link.requests
        with ThreadPoolExecutor(4) as pool:
            states = pool.map(lambda _number: [stim.status().state for _ in range(20)], range(4))
        assert list(states) == [["OFF"] * 20] * 4
        assert stim.link.requests - before == 80
        assert stim.link.retries == 0


@pytest.mark.parametrize(("port", "ending"), [("sim", "halt"), ("served", "halt"), ("sim", "stop")])
def test_a_second_thread_changes_and_ends_what_the_first_waits_for(port: str, ending: str) -> None:
    seen: list[str] = []
    failures: list[Failure] = []

    def follow(stim: Stimulator) -> None:
        try:
            seen.append(stim.wait().state)  # without a halt, for good
        except Failure as failure:
            failures.append(failure)

    with (
        serving(sim_bridge.listen(sim_bridge.make())) as server,
        Stimulator("sim" if port == "sim" else server.address) as stim,
    ):
        started(stim)
        waiting = threading.Thread(target=follow, args=(stim,), daemon=True)
        waiting.start()
        while stim.status().periods < 3:
            time.sleep(0.01)
        assert stim.amplitude("low back", "1 mA").requested_ma == 1.0
        assert stim.ledger().pulses >= 3
        if ending == "halt":
            stim.halt()
        else:
            stim.stop(wait=False)
        waiting.join(30)
        assert (seen, failures) == (["LOADED"], [])
        assert stim.ledger().stopped == ending


def test_each_thread_with_a_bench_of_its_own_gets_what_one_alone_does() -> None:
    def pulses(_number: int) -> tuple[int, float]:
        with Stimulator("sim") as stim:
            started(stim)
            stim.wait(1.0)
            stim.halt()
            book = stim.ledger()
            return book.pulses, sum(row.driven_nc for row in book.charge)

    alone = pulses(0)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(pulses, range(3))) == [alone] * 3
