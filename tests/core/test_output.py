"""A counted session within a cycle: it ends when it is counted out, and never begins again."""

from typing import Any

import pytest
from tests.support.programs import TONIC, group
from tests.support.tables import BOARD

from stimcore import output
from stimcore.kernel import Stream


class Hal:
    """Only what Output asks of it; the test says how the stream stands."""

    def __init__(self) -> None:
        self.state = (output.IDLE, 0, 0, 0)
        self.started: list[int] = []
        self.loaded: list[Stream] = []
        self.stops = 0
        self.calls: list[str] = []

    def halt(self) -> None:
        self.calls.append("halt")

    def stream_load(self, stream: Stream) -> int:
        self.calls.append("load")
        self.loaded.append(stream)
        return self.state[1] + 1 if self.state[0] == output.RUNNING else 0

    def stream_start(self, periods: int) -> None:
        self.started.append(periods)
        self.state = (output.RUNNING, 0, 0, 0)

    def stream_stop(self) -> None:
        self.stops += 1

    def stream_words(self) -> bytes:
        """Return words that nothing has changed."""
        return self.loaded[-1].words

    def feed_watchdog(self) -> None:
        self.calls.append("feed")

    def stream_state(self) -> tuple[int, int, int, int]:
        self.calls.append("state")
        return self.state


def started(amplitude_ua: int = 400, **header: int) -> tuple[output.Output, Hal]:
    hal = Hal()
    played = output.Output(BOARD, hal, group(TONIC._replace(amplitude_ua=amplitude_ua), **header))
    played.prepare()
    played.start(0)
    return played, hal


def test_req_35_a_session_counted_out_within_its_on_time_is_over() -> None:
    # 100 pulses at 50 Hz take 2 s of an on time of 30 s; the off time of 1 s is then long past
    played, hal = started(session_pulses=100, cycle_on_ms=30_000, cycle_off_ms=1_000)
    hal.state = (output.ENDED, 100, 0, 0)
    for now_ms in (2_000, 2_001, 60_000):
        assert played.step(now_ms) == output.ENDED
        assert played.counted_out()
    assert hal.started == [100]


def test_req_35_a_cycle_delivers_what_is_left_of_a_session() -> None:
    # 50 periods in each on time of 1 s, the second one 2 s after START
    played, hal = started(session_pulses=70, cycle_on_ms=1_000, cycle_off_ms=1_000)
    hal.state = (output.ENDED, 50, 0, 0)
    assert played.step(1_010) == output.ENDED
    assert played.step(1_999) == output.ENDED
    assert played.step(2_000) == output.BEGUN
    assert hal.started == [50, 20]
    assert played.ledger.pulses == 50


def test_req_33_on_times_are_counted_from_the_start_whenever_they_end() -> None:
    played, hal = started(cycle_on_ms=1_000, cycle_off_ms=1_000)
    for number in range(1, 4):
        hal.state = (output.ENDED, 50, 0, 0)
        assert played.step(2_000 * number - 1) == output.ENDED
        assert played.step(2_000 * number - 1) == output.ENDED
        assert played.step(2_000 * number + 17) == output.BEGUN  # a loop that comes late
    assert hal.started == [50] * 4


def test_req_33_what_is_staged_is_given_up_for_a_lower_amplitude() -> None:
    # without a ramp 0.5 mA, then 1 mA: 80 and 160 codes
    played, hal = started(amplitude_ua=2_000)
    hal.state = (output.RUNNING, 0, 0, 0)
    played.step(1)
    assert [stream.peaks_na[2] for stream in hal.loaded] == [500_000, 1_000_000]
    played.retarget(0, 300)
    played.step(2)
    assert hal.loaded[-1].peaks_na[2] == 300_000
    hal.state = (output.RUNNING, 1, 0, 0)
    played.step(20)
    assert played.live_ua == (300,)


def test_req_33_what_is_staged_is_withdrawn_before_its_successor_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 0.5 mA flows and 1 mA is staged when a stop comes; to judge what follows may take longer than
    # the period does
    played, hal = started(amplitude_ua=2_000, ramp_down_ms=200)
    hal.state = (output.RUNNING, 0, 0, 0)
    flows = hal.loaded[-1]
    played.step(10)
    assert hal.loaded[-1].peaks_na != flows.peaks_na
    played.train.end()
    judge, next_ones = output.judge, []

    def judging(*given: Any) -> Any:
        next_ones.append(hal.loaded[-1])
        return judge(*given)

    monkeypatch.setattr(output, "judge", judging)
    played.step(11)
    assert next_ones == [flows]


def test_req_33_a_stop_without_a_ramp_ends_the_output_before_all_else() -> None:
    # 0.5 mA flows and 1 mA is staged: nothing is loaded in its place, the output simply ends
    played, hal = started(amplitude_ua=2_000)
    hal.state = (output.RUNNING, 0, 0, 0)
    played.step(10)
    assert [stream.peaks_na[2] for stream in hal.loaded] == [500_000, 1_000_000]
    played.train.end()
    played.step(11)
    assert hal.stops == 1
    assert len(hal.loaded) == 2
    hal.state = (output.ENDED, 1, 0, 0)
    played.step(20)
    assert (played.ledger.periods, played.ledger.pulses) == (1, 1)
    assert played.ledger.driven[2] == 500_000 // BOARD.na_per_code * 25_000


def test_req_32_an_output_lowers_the_gate_before_it_keeps_its_books() -> None:
    played, hal = started()
    hal.calls.clear()
    played.halt()
    assert hal.calls == ["halt", "state"]


def test_req_52_the_watchdog_is_fed_before_each_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    # 0.5, 1, 1.5 and 2 mA: each is compiled and judged anew, for up to 200 ms on a board
    judge = output.judge
    hal = Hal()

    def judging(*given: Any) -> Any:
        hal.calls.append("judge")
        return judge(*given)

    monkeypatch.setattr(output, "judge", judging)
    played = output.Output(BOARD, hal, group(TONIC))
    played.prepare()
    played.start(0)
    for period in range(1, 4):
        hal.state = (output.RUNNING, period, 0, 0)
        played.step(20 * period)
    judged = [at for at, call in enumerate(hal.calls) if call == "judge"]
    assert len(judged) == 4
    assert [hal.calls[at - 1] for at in judged] == ["feed"] * 4
