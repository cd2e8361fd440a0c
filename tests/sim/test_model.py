"""Whole trains at once against the load step by step, and what carries over between calls."""

import math
import tracemalloc

import numpy as np
import pytest

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from scs_sim.circuit import model
from scs_sim.circuit.load import Demand
from scs_sim.circuit.model import Model
from scs_sim.circuit.netlist import DRIVEN, OPEN, SHORTED, Circuit, Element
from sim_validation import cases
from stimcore import period

HZ = cases.CLOCK_HZ
US = 125
RANDLES = Circuit(500.0, (Element(2.5e-6, 1e5),), 1.5e-6, 0.5e-6)


def biphasic(amps: float, limit_v: float = 15.0) -> list[model.Step]:
    """Return 200 us and 30 us of nothing, four times as long a quarter, discharge: 50 Hz."""
    return [
        (Demand(DRIVEN, -amps, limit_v), 200 * US),
        (Demand(OPEN), 30 * US),
        (Demand(DRIVEN, amps / 4, limit_v), 800 * US),
        (Demand(SHORTED, 0.0, source_ohm=100.0), 18_970 * US),
    ]


def by_steps(circuit: Circuit, period: list[model.Step], periods: int):
    """Solve the same by circuit/load.py, with a rest before it."""
    return cases.solved(cases.train("steps", circuit, period, periods))


def agree(circuit: Circuit, period: list[model.Step], periods: int) -> Model:
    train = Model(circuit, HZ, period)
    train.tick = cases.REST[2]
    seen, theirs = train.run(periods), by_steps(circuit, period, periods)
    begins = theirs.values(seen.time_s[0::2])
    assert seen.current_a[0::2] == pytest.approx(begins.current_a, abs=1e-14)
    assert seen.voltage_v[0::2] == pytest.approx(begins.voltage_v, abs=1e-11)
    ends = theirs.values(seen.time_s[1::2] - 1e-12)
    assert seen.voltage_v[1::2] == pytest.approx(ends.voltage_v, abs=1e-5)  # 1 ps before
    return train


def test_a_train_is_what_its_phases_are_one_by_one() -> None:
    assert agree(RANDLES, biphasic(2e-3), 40).tick == 1250 + 40 * 2_500_000


@pytest.mark.parametrize("amps", [6e-3, 12e-3])
def test_a_train_that_clips_is_too(amps: float) -> None:
    # 500 ohm x 6 mA are 3 V of 3.2 V: the capacitors take the rest within the phase
    train = agree(RANDLES, biphasic(amps, 3.2), 20)
    assert len(train.run(1).time_s) > 8  # a piece more for each clamp


def test_a_train_that_clips_only_at_first_is_run_at_once_after_that() -> None:
    circuit = Circuit(500.0, (Element(2.5e-6, 1e3),))
    period = [(Demand(DRIVEN, 2e-3, 15.0), 100 * US), (Demand(OPEN), 100 * US)]
    train = Model(circuit, HZ, period)
    train.state = np.array([20.0])  # a capacitor that was charged before: clamped, until it leaks
    seen = train.run(200)
    assert seen.current_a[0] == pytest.approx(-5.0 / 500)
    assert len(seen.time_s) > 800
    # in the end 2 mA half of the time, in the mean 1 V across the leak
    assert seen.voltage_v[-1] == pytest.approx(1.0, abs=0.06)


def test_state_and_time_carry_over_between_calls() -> None:
    whole, parts = Model(RANDLES, HZ, biphasic(2e-3)), Model(RANDLES, HZ, biphasic(2e-3))
    at_once = whole.run(30)
    pieces = [parts.run(7), *parts.stream(20, 6), parts.run(3)]
    for column, quantity in enumerate(at_once):
        joined = np.concatenate([piece[column] for piece in pieces])
        assert joined == pytest.approx(quantity, rel=1e-12, abs=1e-15)
    assert [len(piece.time_s) // 8 for piece in pieces] == [7, 6, 6, 6, 2, 3]


def test_an_hour_is_streamed_in_bounded_memory() -> None:
    train = Model(RANDLES, HZ, biphasic(2e-3))
    tracemalloc.start()
    try:
        for block in train.stream(180_000):
            last_s = block.time_s[-1]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert last_s == 3600.0
    assert peak < 20e6


def test_in_the_steady_state_the_blocking_capacitor_passes_no_direct_current() -> None:
    train = Model(RANDLES, HZ, biphasic(2e-3))
    train.run(5_000)
    before = train.state[0]
    train.run(1)
    # charge through it in a period: 1.5 uF x the change of its voltage
    assert abs(train.state[0] - before) * 1.5e-6 < 1e-18


@pytest.mark.parametrize("name", ["pico/mcp4922-8/randles-500", "pico/r2r-1/resistor-1k"])
def test_phases_flow_as_the_profile_says(name: str) -> None:
    board, electrical = boards.board(name), boards.electrical(name)
    stem = "r2r_tonic" if "r2r" in name else "tonic_50hz"
    group = Profile.read(resources.path(f"profiles/{stem}.yaml")).group
    level = group.programs[0].amplitude_ua
    seen = model.of_board(board, electrical, period.compile_group(board, group, (level,))).run(2)
    # a ladder's falls: 300 us of 2 kohm and its blocking capacitor of 3.3 uF
    left = math.exp(-300 / (2000 * 3.3)) if "r2r" in name else 1.0
    assert seen.current_a[1] == pytest.approx(-level / 1e6 * left, rel=0.02)
    assert seen.time_s[-1] == pytest.approx(2 * 1000 / group.programs[0].rate_millihz)


@pytest.mark.parametrize("period", [[], [(Demand(OPEN), 0)]])
def test_no_train_is_refused(period: list[model.Step]) -> None:
    with pytest.raises(ValueError, match="one step or more, each of 1 tick or more"):
        Model(RANDLES, HZ, period)


def test_a_ladder_the_other_way_round_drives_the_other_way() -> None:
    name = "pico/r2r-1/resistor-1k"
    board, electrical = boards.board(name), boards.electrical(name)
    forward, backward = model.steps(board, electrical, [(1, 1, 2, -64, 1000), (1, 2, 1, -64, 1000)])
    assert forward[0].value < -0.8 < 0.8 < backward[0].value  # 64 codes of 12.9 mV
