"""Capture whole periods with the device's own ADC, beside the commanded current.

Role: look() reads a running device's samples window by window, on any port. The output repeats:
each window is from a later period and is placed by SYNC. Rests without a change are skipped.
Invariant: all windows belong to the same words, else it starts again; times count from the start
of a period, within 2 us.
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
    """Measured `trace`; commanded_s, commanded_a: two points per phase, in s and A."""

    trace: Trace
    commanded_s: Floats
    commanded_a: Floats
    period_s: float


@dataclass(frozen=True)
class Words:
    """Streamed words of a period: length in s and current in A of every phase."""

    crc: int
    length_s: tuple[float, ...]
    current_a: tuple[float, ...]

    @property
    def period_s(self) -> float:
        """Length of a period in s."""
        return sum(self.length_s)


def look(
    link: Link, board: Board, periods: int = 1, *, cancelled: Callable[[], bool] = lambda: False
) -> Sensed:
    """Capture whole periods; raise Failure if nothing runs or the amplitude keeps changing.

    `cancelled` is called at every poll; if it returns True, Failure is raised.
    """

    def go_on() -> None:
        if cancelled():
            raise Failure("the capture was cancelled")
        _must_run(link)

    board = in_use(link, board)
    for _ in range(TRIES):
        words = _words(link, board, go_on)
        pieces = _windows(link, words, plan(words.length_s, periods), go_on)
        if pieces:
            return _joined(board, words, periods, pieces)
    raise Failure("the amplitude kept changing: try again when it has been reached")


def plan(length_s: Sequence[float], periods: int) -> list[int]:
    """Return the window starts in us from a period's start: windows at or just after a change."""
    edges = np.round(1e6 * _edges(length_s, periods), 3)
    starts = range(0, int(edges[-1]), WINDOW_US)
    return [one for one in starts if np.any((edges >= one - WINDOW_US) & (edges < one + WINDOW_US))]


def _edges(length_s: Sequence[float], periods: int) -> Floats:
    """Return the start of each phase and the end of the last one, in s."""
    edges: Floats = np.cumsum(np.concatenate(([0.0], np.tile(length_s, periods))))
    return edges


# --- asking ----------------------------------------------------------------------------------
def _words(link: Link, board: Board, go_on: Callable[[], None]) -> Words:
    """Read the live words and decode them as the kernel does."""
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
        raise Failure(f"nothing runs: the device is {states.NAMES[state]}; start a program first")


def _windows(
    link: Link, words: Words, delays_us: Iterable[int], go_on: Callable[[], None]
) -> list[tuple[int, bytes]]:
    """Return (begins_us, samples) of each window; [] if the words changed in between."""
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
    """Wait for the first piece; while the output rests or ramps this takes longer."""
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
    """Return (s, A, V), with the voltage interpolated to the time of the current sample."""
    codes = np.frombuffer(data, dtype="<u2").reshape(-1, 2).astype(np.float64) - board.adc_zero
    codes -= np.array([board.current_offset, board.voltage_offset]) / FINE
    time_s = (begins_us + PAIR_US * np.arange(len(codes))) / 1e6
    voltage_v = codes[:, 1] * board.sense_uv_per_lsb / 1e6
    at_current = np.interp(time_s, time_s + VOLTAGE_LATER_US / 1e6, voltage_v)
    return time_s, codes[:, 0] * board.sense_na_per_lsb / 1e9, at_current
