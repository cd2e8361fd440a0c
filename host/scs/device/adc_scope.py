"""Capture whole periods with the device's own ADC, beside the commanded current.

Role: look() reads a running device's samples window by window, on any port. The output repeats:
each window is from a later period and is placed by SYNC. Rests without a change are skipped.
Invariant: all windows belong to the same words, else it starts again; times count from the start
of a period, within 2 us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stimcore import commands, states
from stimcore.board import FINE, Board
from stimcore.capture import PAIR_US, PAIRS, VOLTAGE_LATER_US, WINDOW_US

from ..errors import Failure
from ..traces.commanded import Command, phases
from ..traces.figures import Floats
from ..traces.trace import Trace
from .calibration import in_use
from .link import Link

TRIES = 5  # looks that a change of the words may spoil
POLL_S = 0.01
_RUNNING = (states.RUNNING, states.STOPPING)


@dataclass(frozen=True)
class Sensed:
    """Measured `trace`; commanded_s, commanded_a: two points per phase, in s and A.

    command: the same as a Command of so many periods from time 0, None if it is only drawn.
    """

    trace: Trace
    commanded_s: Floats
    commanded_a: Floats
    period_s: float
    command: Command | None = None


def look(
    link: Link, board: Board, periods: int = 1, *, cancelled: Callable[[], bool] = lambda: False
) -> Sensed:
    """Capture whole periods; raise Failure if nothing runs or the amplitude keeps changing.

    `cancelled` is called at every poll; if it returns True, Failure is raised.
    """

    def go_on() -> None:
        if cancelled():
            raise Failure("the capture was cancelled")
        state = link.request(commands.STATUS)["state"]
        if state not in _RUNNING:
            name = states.NAMES[state]
            raise Failure(f"nothing runs: the device is {name}; start a program first")

    board = in_use(link, board)
    for _ in range(TRIES):
        crc, period = _live(link, board, go_on)
        pieces = _windows(link, crc, period.period_s, plan(period.length_s, periods), go_on)
        if pieces:
            return _joined(board, period, periods, pieces)
    raise Failure("the amplitude kept changing: try again when it has been reached")


def plan(length_s: Sequence[float], periods: int) -> list[int]:
    """Return the window starts in us from a period's start: windows at or just after a change."""
    edges = np.round(1e6 * _edges(length_s, periods), 3)
    starts = range(0, int(edges[-1]), WINDOW_US)
    return [at for at in starts if np.any((edges >= at - WINDOW_US) & (edges < at + WINDOW_US))]


def _edges(length_s: Sequence[float], periods: int) -> Floats:
    """Return the start of each phase and the end of the last one, in s."""
    edges: Floats = np.cumsum(np.concatenate(([0.0], np.tile(length_s, periods))))
    return edges


# --- asking ----------------------------------------------------------------------------------
def _live(link: Link, board: Board, go_on: Callable[[], None]) -> tuple[int, Command]:
    """Return the CRC of the live words, and the period they are, as the kernel decodes it."""
    whole, crc = b"", None
    while True:
        go_on()
        fields = link.request(commands.WORDS, len(whole))
        if fields["length"] == 0:  # the off time of a cycle
            link.sleep(POLL_S)
        elif crc not in (None, fields["crc"]):
            whole, crc = b"", None
        else:
            crc = fields["crc"]
            whole += fields["piece"]
            if len(whole) >= fields["length"]:
                break
    return crc, Command(0.0, *phases(board, whole))


def _windows(
    link: Link, crc: int, period_s: float, delays_us: Iterable[int], go_on: Callable[[], None]
) -> list[tuple[int, bytes]]:
    """Return (begins_us, samples) of each window; [] if the words changed in between."""
    windows = []
    for delay_us in delays_us:
        go_on()
        link.request(commands.SCOPE_ARM, delay_us)
        usual_s = 2 * period_s + (delay_us + WINDOW_US) / 1e6
        while not (first := link.request(commands.SCOPE_READ, 0))["ready"]:
            go_on()  # while the output rests or ramps this takes longer
            link.sleep(max(POLL_S, usual_s / 20))
        data = first["piece"]
        while len(data) < 4 * PAIRS:
            data += link.request(commands.SCOPE_READ, len(data))["piece"]
        if first["crc"] != crc:
            return []
        windows.append((first["begins_us"], data))
    return windows


# --- putting together ------------------------------------------------------------------------
def _joined(
    board: Board, period: Command, periods: int, pieces: Iterable[tuple[int, bytes]]
) -> Sensed:
    columns = [_measured(board, begins_us, data) for begins_us, data in pieces]
    time_s, current_a, voltage_v = map(np.concatenate, zip(*columns, strict=True))
    end_s = periods * period.period_s - VOLTAGE_LATER_US / 1e6
    inside = (time_s < end_s) & np.append(True, np.diff(time_s) > 0)
    edges_s = _edges(period.length_s, periods)
    return Sensed(
        Trace(time_s[inside], current_a[inside], voltage_v[inside]),
        np.column_stack((edges_s[:-1], edges_s[1:])).reshape(-1),
        np.repeat(np.tile(period.current_a, periods), 2),
        period.period_s,
        replace(period, periods=periods),
    )


def _measured(board: Board, begins_us: int, data: bytes) -> tuple[Floats, Floats, Floats]:
    """Return (s, A, V), with the voltage interpolated to the time of the current sample."""
    codes = np.frombuffer(data, dtype="<u2").reshape(-1, 2).astype(np.float64) - board.adc_zero
    codes -= np.array([board.current_offset, board.voltage_offset]) / FINE
    time_s = (begins_us + PAIR_US * np.arange(len(codes))) / 1e6
    voltage_v = codes[:, 1] * board.sense_uv_per_lsb / 1e6
    at_current = np.interp(time_s, time_s + VOLTAGE_LATER_US / 1e6, voltage_v)
    return time_s, codes[:, 0] * board.sense_na_per_lsb / 1e9, at_current
