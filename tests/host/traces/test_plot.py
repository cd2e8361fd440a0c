"""Plots of a trace: all of it, and a pulse too narrow to be seen once more."""

import numpy as np
import pytest
from tests.support.modelled import modelled

from scs import resources
from scs.profile.profile import Profile
from scs.traces import plot
from scs.traces.trace import Trace
from scs.traces.trace_store import Store


def train(pulses: int, every_s: float = 0.02) -> Store:
    """Return pulses of -1 mA for 200 us, recharged for as long."""
    store = Store()
    for at in range(pulses):
        steps = [0, 0, 2e-4, 2e-4, 4e-4, 4e-4, every_s]
        current = np.array([0, -1, -1, 1, 1, 0, 0]) * 1e-3
        store.add(Trace(at * every_s + np.array(steps), current, 500 * current))
    return store


def test_a_pulse_that_would_be_a_line_is_shown_by_itself() -> None:
    figure = plot.of_trace(train(1), "one")  # 200 us of 20 ms
    whole, pulse = figure.axes[:2]
    assert [axes.get_title(loc="left") for axes in (whole, pulse)] == ["", "the first pulse"]
    assert whole.lines[0].get_xdata()[-1] == 20.0  # ms
    assert pulse.lines[0].get_xdata()[-1] == 1600.0  # us: eight widths
    assert pulse.lines[0].get_ydata().min() == -1.0  # mA


@pytest.mark.parametrize(
    ("stem", "first_ma"),
    # 96 permille of 144 codes of 6.25 uA are 13 of them; 144 codes
    [("gaussian_50hz", -0.08125), ("segments_50hz", -0.9)],
)
def test_the_first_pulse_is_shown_from_its_first_step(stem: str, first_ma: float) -> None:
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    seen = modelled(profile, 2, bare=True)
    seen = seen.window(0.015, seen.end_s)  # so that something is before it
    axes = plot.of_trace(seen).axes
    assert axes[3].get_xlabel() == "time (ms)"
    into_ms, current_ma = (np.asarray(values) for values in axes[1].lines[0].get_data())
    begun = int(np.argmax(np.abs(current_ma) > 0.05))
    assert into_ms[begun] > 0.05  # what came before it is there
    settled = int(np.searchsorted(into_ms, into_ms[begun] + 0.04))  # 40 us of its first step later
    assert current_ma[settled] == pytest.approx(first_ma, abs=0.02)


def test_a_pulse_that_is_seen_is_shown_once() -> None:
    assert len(plot.of_trace(train(1, every_s=0.002)).axes) == 2
    silent = Store()
    silent.add(Trace(np.array([0, 1.0]), np.zeros(2), np.zeros(2)))
    assert len(plot.of_trace(silent).axes) == 2


def test_the_curves_of_a_scope_share_the_unit_of_their_axis() -> None:
    """2 ms commanded, of which the last sample is 8 us from the end: all in ms."""
    seen = Trace(np.array([0, 1.992e-3]), np.zeros(2), np.zeros(2))
    figure = plot.of_scope(seen, np.array([0, 2e-3]), np.zeros(2))
    ends = [axes.lines[0].get_xdata()[-1] for axes in figure.axes]
    assert ends == pytest.approx([1.992, 1.992, 2.0])
    assert figure.axes[-1].get_xlabel() == "time (ms)"
