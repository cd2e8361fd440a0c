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
