"""The one capture that host and judge share: of which stream it is, and for whom."""

from tests.support.tables import BOARD, admit, discharge, drive

from stimcore.capture_queue import Captures
from stimcore.kernel import Stream

DELAY_US = 40


class Hal:
    """A capture that is complete as soon as it was armed."""

    def __init__(self) -> None:
        self.armed: list[int] = []

    def capture_arm(self, delay_us: int) -> None:
        self.armed.append(delay_us)

    def capture_take(self) -> tuple[int, bytes]:
        return (DELAY_US, bytes(4))


def stream(code: int) -> Stream:
    admitted = admit(BOARD, drive(-code, 25_000), drive(code, 25_000), discharge(2_450_000)).stream
    assert admitted is not None
    return admitted


def test_req_58_a_capture_of_the_stream_before_is_dropped() -> None:
    captures, hal = Captures(BOARD, hal := Hal()), hal
    before, after = stream(40), stream(80)
    captures.ask(DELAY_US)
    captures.look(before, True, 0)
    assert hal.armed == [DELAY_US]
    captures.look(after, True, 10)  # complete, but of the amplitude before
    assert captures.kept == ()
    captures.look(after, True, 20)
    assert captures.kept == (DELAY_US, bytes(4), after)
    assert hal.armed == [DELAY_US] * 2


def test_req_58_a_phase_is_judged_every_30_ms_once_a_stream_has_flowed_for_100() -> None:
    captures = Captures(BOARD, hal := Hal())
    flows = stream(40)
    captures.watch.judge = lambda *_given: ()  # type: ignore[method-assign]
    armed = []
    for now_ms in range(1_000, 1_400):
        before = len(hal.armed)
        captures.look(flows, True, now_ms)
        if len(hal.armed) > before:
            armed.append(now_ms - 1_000)
    assert armed[:4] == [100, 130, 160, 190]
    captures.look(stream(80), True, 1_400)  # its own 100 ms
    before = len(hal.armed)
    for now_ms in range(1_401, 1_500):
        captures.look(captures._live, True, now_ms)
    assert len(hal.armed) == before
