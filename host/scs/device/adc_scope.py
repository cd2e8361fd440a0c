"""What the device's own ADC sees of whole periods, and what was commanded meanwhile.

Role: look() asks a running device for its samples, window by window, on any port. The output
repeats: each window is of a later period, and where it stands is known from SYNC. A rest in which
nothing changes is not looked at.
Invariant: all windows are of the same words, else it begins anew; times count from the start of a
period, within 2 us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stimcore import commands, states
from stimcore.board import FINE, Board
from stimcore.capture import PAIR_US, PAIRS, VOLTAGE_LATER_US, WINDOW_US

from ..errors import Failure
from ..traces.commanded import phases
from ..traces.trace import Trace
from ..traces.waveform_analysis import Floats
from .calibration import in_use
from .link import Fields, Link

TRIES = 5  # looks that a change of the words may spoil
POLL_S = 0.01
_RUNNING = (states.RUNNING, states.STOPPING)


@dataclass(frozen=True)
class Sensed:
    """`trace`: measured. commanded_s, commanded_a: two rows a phase, s and A of the same time."""

    trace: Trace
    commanded_s: Floats
    commanded_a: Floats
    period_s: float


@dataclass(frozen=True)
class Words:
    """What is streamed: the length in s and the current in A of every phase of a period."""

    crc: int
    length_s: tuple[float, ...]
    current_a: tuple[float, ...]

    @property
    def period_s(self) -> float:
        """How long a period is."""
        return sum(self.length_s)


def look(
    link: Link, board: Board, periods: int = 1, *, cancelled: Callable[[], bool] = lambda: False
) -> Sensed:
    """So many whole periods. Failure where nothing runs, or the amplitude does not stand still.

    cancelled is asked at every poll; once it says so, that is a Failure too.
    """

    def go_on() -> None:
        if cancelled():
            raise Failure("the look was cancelled")
        _must_run(link)

    board = in_use(link, board)
    for _ in range(TRIES):
        words = _words(link, board, go_on)
        pieces = _windows(link, words, plan(words.length_s, periods), go_on)
        if pieces:
            return _joined(board, words, periods, pieces)
    raise Failure("the amplitude went on changing: look again when it has been reached")


def plan(length_s: Sequence[float], periods: int) -> list[int]:
    """Where to look, in us from a period's start: windows with, or just after, a change."""
    edges = np.round(1e6 * _edges(length_s, periods), 3)
    starts = range(0, int(edges[-1]), WINDOW_US)
    return [one for one in starts if np.any((edges >= one - WINDOW_US) & (edges < one + WINDOW_US))]


def _edges(length_s: Sequence[float], periods: int) -> Floats:
    """When each phase begins, and the last one ends."""
    edges: Floats = np.cumsum(np.concatenate(([0.0], np.tile(length_s, periods))))
    return edges


# --- asking ----------------------------------------------------------------------------------
def _words(link: Link, board: Board, go_on: Callable[[], None]) -> Words:
    """The live words, decoded as the kernel does."""
    whole, crc = b"", None
    while True:
        go_on()
        fields = link.request(commands.WORDS, len(whole))
        if fields["length"] == 0:  # the off time of a cycle
            link.sleep(POLL_S)
            continue
        if crc not in (None, fields["crc"]):
            whole, crc = b"", None
            continue
        crc = fields["crc"]
        whole += fields["piece"]
        if len(whole) >= fields["length"]:
            break
    return Words(crc, *phases(board, whole))


def _must_run(link: Link) -> None:
    state = link.request(commands.STATUS)["state"]
    if state not in _RUNNING:
        raise Failure(
            f"nothing runs: the device is {states.NAMES[state]}, there is no period to look at"
        )


def _windows(
    link: Link, words: Words, delays_us: Iterable[int], go_on: Callable[[], None]
) -> list[tuple[int, bytes]]:
    """(begins_us, samples) of each; [] where other words came in between."""
    found = []
    for delay_us in delays_us:
        go_on()
        link.request(commands.SCOPE_ARM, delay_us)
        usual_s = 2 * words.period_s + (delay_us + WINDOW_US) / 1e6
        first = _ready(link, usual_s, go_on)
        data = first["piece"]
        while len(data) < 4 * PAIRS:
            data += link.request(commands.SCOPE_READ, len(data))["piece"]
        if first["crc"] != words.crc:
            return []
        found.append((first["begins_us"], data))
    return found


def _ready(link: Link, usual_s: float, go_on: Callable[[], None]) -> Fields:
    """The first piece, when it is there; a resting or a ramping output takes longer."""
    while True:
        fields = link.request(commands.SCOPE_READ, 0)
        if fields["ready"]:
            return fields
        go_on()
        link.sleep(max(POLL_S, usual_s / 20))


# --- putting together ------------------------------------------------------------------------
def _joined(
    board: Board, words: Words, periods: int, pieces: Iterable[tuple[int, bytes]]
) -> Sensed:
    columns = [_measured(board, begins_us, data) for begins_us, data in pieces]
    time_s, current_a, voltage_v = (np.concatenate(one) for one in zip(*columns, strict=True))
    end_s = periods * words.period_s - VOLTAGE_LATER_US / 1e6
    inside = (time_s < end_s) & np.append(True, np.diff(time_s) > 0)
    edges_s = _edges(words.length_s, periods)
    return Sensed(
        Trace(time_s[inside], current_a[inside], voltage_v[inside]),
        np.column_stack((edges_s[:-1], edges_s[1:])).reshape(-1),
        np.repeat(np.tile(words.current_a, periods), 2),
        words.period_s,
    )


def _measured(board: Board, begins_us: int, data: bytes) -> tuple[Floats, Floats, Floats]:
    """(s, A, V), the voltage as it was when the current was sampled."""
    codes = np.frombuffer(data, dtype="<u2").reshape(-1, 2).astype(np.float64) - board.adc_zero
    codes -= np.array([board.current_offset, board.voltage_offset]) / FINE
    time_s = (begins_us + PAIR_US * np.arange(len(codes))) / 1e6
    voltage_v = codes[:, 1] * board.sense_uv_per_lsb / 1e6
    at_current = np.interp(time_s, time_s + VOLTAGE_LATER_US / 1e6, voltage_v)
    return time_s, codes[:, 0] * board.sense_na_per_lsb / 1e9, at_current
