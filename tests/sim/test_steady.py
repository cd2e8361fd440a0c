"""A steady train's rows against the oscilloscope's of the same train, solved step by step."""

import tracemalloc

import numpy as np
import pytest
from tests.sim.test_model import HZ, RANDLES, US, biphasic

from scs_sim.circuit import model, steady
from scs_sim.circuit.load import Demand, Load
from scs_sim.circuit.netlist import DRIVEN, OPEN, SHORTED, Circuit, Element
from scs_sim.circuit.steady import Clips, Steady
from scs_sim.circuit.trace import Samples, Trace

FAR = 125_000_000 * 1000  # ticks: late in a run, where the double of a time is coarse
SLOW = Circuit(500.0, (Element(2.5e-6, 1e3),), 1.5e-6, 0.5e-6)


def passive(amps: float) -> list[model.Step]:
    """Return 200 us, 30 us in two records of nothing, and a discharge through 100 ohm: 50 Hz."""
    rest = [(Demand(OPEN), 10 * US), (Demand(OPEN), 20 * US)]
    discharge = (Demand(SHORTED, 0.0, source_ohm=100.0), 19_770 * US)
    return [(Demand(DRIVEN, -amps, 15.0), 200 * US), *rest, discharge]


def by_steps(circuit: Circuit, train: list[model.Step], start: np.ndarray, periods: int) -> Trace:
    """Return the oscilloscope's record of so many periods, each demand applied at its tick."""
    record = Trace(HZ)
    load = Load(circuit, HZ, record.begin)
    load.resume(FAR, train[0][0], start)
    tick = FAR
    for demand, ticks in steady.joined(train * periods):
        if tick > FAR:
            load.apply(tick, demand)
        tick += ticks
    load.advance(tick)
    record.end_tick = tick
    return record


def rows(train: Steady) -> Samples:
    return Samples(*(np.concatenate(columns) for columns in zip(*train.blocks(), strict=True)))


@pytest.mark.parametrize(
    ("circuit", "train", "volts", "stretches"),
    [
        (RANDLES, biphasic(2e-3), [0.0, 0.0, 0.0], 1),
        (RANDLES, passive(2e-3), [0.02, -0.02, 0.0], 1),
        (SLOW, passive(1e-3), [3.0, -1.0, 0.0], 3),  # it comes down, so the curves change
    ],
)
def test_the_rows_are_the_oscilloscopes_to_the_tick(
    circuit: Circuit,
    train: list[model.Step],
    volts: list[float],
    stretches: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steady, "CHUNK", 16)
    monkeypatch.setattr(steady, "BLOCK_ROWS", 100)
    state = np.array(volts)
    modelled = Steady(circuit, HZ, train, state, FAR, 40)
    record = by_steps(circuit, train, state, 41)
    end_s = (FAR + 40 * modelled.period_ticks) / HZ
    seen, wanted = rows(modelled), record.rows(FAR / HZ, end_s, followed=True)
    assert len(modelled) == len(seen.time_s) == len(wanted.time_s)
    assert np.array_equal(seen.time_s, wanted.time_s)
    assert seen.current_a == pytest.approx(wanted.current_a, rel=1e-9, abs=1e-14)
    assert seen.voltage_v == pytest.approx(wanted.voltage_v, rel=1e-9, abs=1e-12)
    assert len({id(part.rows) for plan in modelled._plan for part in plan}) >= stretches
    follows = modelled.pieces(40, 1).rows(end_s, end_s + 0.02)
    last = record.rows(end_s, end_s + 0.02)
    assert np.array_equal(follows.time_s, last.time_s)
    assert follows.voltage_v == pytest.approx(last.voltage_v, rel=1e-9, abs=1e-12)


def test_a_train_that_might_clip_is_refused() -> None:
    with pytest.raises(Clips, match="a period might clip"):
        Steady(RANDLES, HZ, biphasic(6e-3, 3.2), np.zeros(3), 0, 20)


def test_a_period_without_a_beginning_is_refused() -> None:
    train = [(Demand(OPEN), 100 * US), (Demand(DRIVEN, 1e-3, 15.0), US), (Demand(OPEN), 100 * US)]
    with pytest.raises(ValueError, match="no change tells its start"):
        Steady(RANDLES, HZ, train, np.zeros(3), 0, 20)


def test_an_hour_of_rows_needs_no_more_memory_than_a_second() -> None:
    peaks = []
    for periods in (50, 180_000):
        tracemalloc.start()
        train = Steady(RANDLES, HZ, biphasic(2e-3), np.zeros(3), 0, periods)
        count = sum(len(block.time_s) for block in train.blocks())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == len(train)
    assert peaks[1] < 20e6
    assert peaks[0] < peaks[1]
