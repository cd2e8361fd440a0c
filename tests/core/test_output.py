"""A counted session within a cycle: it ends when it is counted out, and never begins again."""

from tests.core.groups import TONIC, group
from tests.core.support import BOARD

from stimcore import output
from stimcore.kernel import Stream


class Hal:
    """Only what Output asks of it; the test says how the stream stands."""

    def __init__(self) -> None:
        self.state = (output.IDLE, 0, 0, 0, 0)
        self.started: list[int] = []
        self.loaded: list[Stream] = []

    def stream_load(self, stream: Stream) -> None:
        self.loaded.append(stream)

    def stream_start(self, periods: int) -> None:
        self.started.append(periods)
        self.state = (output.RUNNING, 0, 0, 0, 0)

    def stream_stop(self) -> None:
        pass

    def feed_watchdog(self) -> None:
        pass

    def stream_state(self) -> tuple[int, int, int, int, int]:
        return self.state


def started(**header: int) -> tuple[output.Output, Hal]:
    hal = Hal()
    one = output.Output(BOARD, hal, group(TONIC._replace(amplitude_ua=400), **header))
    one.prepare()
    one.start(0)
    return one, hal


def test_req_35_a_session_counted_out_within_its_on_time_is_over() -> None:
    # 100 pulses at 50 Hz take 2 s of an on time of 30 s; the off time of 1 s is then long past
    one, hal = started(session_pulses=100, cycle_on_ms=30_000, cycle_off_ms=1_000)
    hal.state = (output.ENDED, 100, 0, 0, 0)
    for now_ms in (2_000, 2_001, 60_000):
        assert one.step(now_ms) == output.ENDED
        assert one.counted_out()
    assert hal.started == [100]


def test_req_35_a_cycle_delivers_what_is_left_of_a_session() -> None:
    one, hal = started(session_pulses=100, cycle_on_ms=1_000, cycle_off_ms=1_000)
    assert one.step(1_000) == output.RUNNING  # the ramp down begins
    hal.state = (output.ENDED, 51, 0, 0, 0)
    assert one.step(1_020) == output.ENDED
    assert one.step(1_999) == output.ENDED
    assert one.step(2_000) == output.BEGUN
    assert hal.started == [100, 49]
    assert one.ledger.pulses == 51


def test_req_35_an_endless_session_cycles_for_ever() -> None:
    one, hal = started(cycle_on_ms=1_000, cycle_off_ms=1_000)
    one.step(1_000)
    hal.state = (output.ENDED, 51, 0, 0, 0)
    one.step(1_020)
    assert one.step(2_000) == output.BEGUN
    assert hal.started == [0, 0]
