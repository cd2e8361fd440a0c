"""The row of periods at full amplitude that is found while a bench runs."""

from types import SimpleNamespace

import pytest

from scs.catalog import boards
from scs.profile.profile import Profile
from scs.traces.commanded import Command, Strongest
from stimcore import output, period, pio_records

BOARD = boards.board()
PERIOD_S = 0.02
PROFILE = Profile.from_text("""
name: Square
lead: octrode-3mm
programs:
  - {name: a, cathodes: [E1], anodes: [E2], rate: 50 Hz, pulse_width: 200 us, amplitude: 2 mA}
""")


def words(level_ua: int) -> bytes:
    return pio_records.encode(BOARD, period.compile_group(BOARD, PROFILE.group, (level_ua,)))


class Bench:
    """A bench that plays 50 Hz at a level (0: nothing) since a time."""

    board = BOARD

    def __init__(self) -> None:
        self.at_s, self.since_s, self.level_ua, self.status = 0.0, 0.0, 0, output.RUNNING
        self.ended = 0
        self.hal = SimpleNamespace(stream_state=self.state, stream_words=self.words)

    def now_s(self) -> float:
        return self.at_s

    def state(self) -> tuple[int, int, int, int]:
        if not self.level_ua:
            return output.ENDED, self.ended, 0, 0
        whole, into_s = divmod(self.at_s - self.since_s + 1e-12, PERIOD_S)
        return output.RUNNING, int(whole), 0, round(into_s * BOARD.clock_hz)

    def words(self) -> bytes:
        return words(self.level_ua) if self.level_ua else b""


def played(looks: list[tuple[float, int]], end_s: float = 100.0) -> Command | None:
    """Return what is found when looking at these times (s) at these levels (uA)."""
    bench = Bench()
    strongest = Strongest(bench, 0.0, end_s)
    for at_s, level_ua in looks:
        if bench.level_ua and not level_ua:
            bench.ended = int((at_s - bench.since_s) / PERIOD_S)
        if level_ua and not bench.level_ua:
            bench.since_s = at_s
        bench.at_s, bench.level_ua = at_s, level_ua
        strongest.look()
    return strongest.command


def test_the_highest_amplitude_is_kept_not_the_last_one() -> None:
    command = played(
        [(0.0, 500), (0.25, 1000), (0.5, 2000), (0.75, 2000), (1.0, 1000), (1.25, 500)]
    )
    assert command is not None
    assert min(command.current_a) == -2e-3
    # the period that began at 0.5 s is the 25th; at 0.75 s the 37th is under way, and is played
    # to its end, at 0.76 s, before the words of 1 mA follow
    assert command.begin_s == pytest.approx(0.5)
    assert command.periods == 13


def test_what_was_halted_is_not_a_whole_period() -> None:
    assert played([(0.0, 2000), (0.01, 0)]) is None
    command = played([(0.0, 2000), (0.03, 2000), (0.035, 0)])
    assert command is not None
    assert command.periods == 1


def test_of_two_on_times_of_a_cycle_the_longer_one_is_kept() -> None:
    command = played([(0.0, 2000), (0.2, 2000), (0.3, 0), (1.0, 2000), (1.5, 2000), (2.0, 0)])
    assert command is not None
    assert command.begin_s == pytest.approx(1.0)
    assert command.periods == 26  # of 50; after the look at 1.5 s one more is sure


def test_two_runs_of_the_same_words_are_not_one_row() -> None:
    bench = Bench()
    bench.level_ua = 2000
    strongest = Strongest(bench, 0.0, 100.0)
    bench.at_s, bench.since_s = 1.007, 0.907  # five periods, of a run that began in between
    strongest.look()
    bench.at_s = 1.107
    strongest.look()
    command = strongest.command
    assert command is not None
    assert command.begin_s == pytest.approx(1.007)
    assert command.periods == 5


def test_only_what_lies_within_the_trace_is_taken() -> None:
    command = played([(0.0, 2000), (1.0, 2000)], end_s=0.05)
    assert command is not None
    assert (command.begin_s, command.periods) == (0.0, 2)
