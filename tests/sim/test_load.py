"""The load's closed forms against a numerical solution and against figures by hand."""

import math

import pytest

from scs_sim.circuit import netlist
from scs_sim.circuit.load import Demand, Load, Piece
from scs_sim.circuit.netlist import DRIVEN, SHORTED, SOURCED, Circuit, Element

HZ = 125_000_000
MS = 125_000  # ticks


class Recorder:
    """Keeps the pieces of a load."""

    def __init__(self, circuit: Circuit):
        self.pieces: list[tuple[float, Piece]] = []
        self.load = Load(circuit, HZ, lambda tick, piece: self.pieces.append((tick, piece)))

    def at(self, tick: float) -> tuple[float, float]:
        """Return (current, voltage) at a tick, the later piece on a step."""
        self.load.advance(tick)
        begin, piece = [row for row in self.pieces if row[0] <= tick][-1]
        t_s = (tick - begin) / HZ
        return piece.current(t_s), piece.voltage(t_s)


def test_a_resistor_has_ohms_law() -> None:
    recorder = Recorder(Circuit(500.0))
    recorder.load.apply(0, Demand(DRIVEN, -5e-3, 15.0))
    assert recorder.at(1000) == pytest.approx((-5e-3, -2.5))


def test_a_resistor_that_asks_for_too_much_voltage_is_clamped() -> None:
    recorder = Recorder(Circuit(4000.0))
    recorder.load.apply(0, Demand(DRIVEN, -5e-3, 15.0))
    assert recorder.at(1000) == pytest.approx((-3.75e-3, -15.0))
    assert recorder.pieces[-1][1].mode == netlist.CLAMPED


def test_a_capacitor_without_leak_is_charged_linearly() -> None:
    recorder = Recorder(Circuit(500.0, (Element(2.5e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, 2e-3, 15.0))
    # 2 mA for 200 us into 2.5 uF: 0.16 V, on top of 1 V
    assert recorder.at(25_000) == pytest.approx((2e-3, 1.16))


def test_the_clamp_begins_in_mid_phase_at_its_instant() -> None:
    recorder = Recorder(Circuit(1000.0, (Element(1e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, 10e-3, 15.0))
    recorder.load.advance(2 * MS)
    # 10 V at once, then 10 V/ms: 15 V after 0.5 ms; from there the current dies with 1 ms
    assert [row[1].mode for row in recorder.pieces[-2:]] == [DRIVEN, netlist.CLAMPED]
    assert recorder.pieces[-1][0] == pytest.approx(MS / 2, abs=1e-6)
    assert recorder.at(1.5 * MS) == pytest.approx((10e-3 * math.exp(-1), 15.0))


def test_a_clamp_ends_when_the_capacitor_has_leaked_enough() -> None:
    recorder = Recorder(Circuit(1000.0, (Element(1e-6, 2000.0),)))
    recorder.load.apply(0, Demand(DRIVEN, 12e-3, 15.0))
    recorder.load.apply(
        20 * MS, Demand(DRIVEN, 4e-3, 12.5)
    )  # clamped at 10 V of 15 V, then at 12.5 V
    recorder.load.advance(60 * MS)
    modes = [row[1].mode for row in recorder.pieces]
    assert modes[-2:] == [netlist.CLAMPED, DRIVEN]
    # the steady state: 4 mA through 3 kohm
    assert recorder.at(60 * MS) == pytest.approx((4e-3, 12.0))


def test_passive_discharge_decays_with_its_time_constant() -> None:
    recorder = Recorder(Circuit(500.0, (Element(2.5e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, 2e-3, 15.0))
    recorder.load.apply(25_000, Demand(SHORTED, 0.0, source_ohm=100.0))
    # 0.16 V behind 600 ohm; after 1.5 ms (600 ohm x 2.5 uF) a factor e; 100 of 600 ohm outside
    expected = -0.16 / 600 / math.e
    assert recorder.at(25_000 + 1.5 * MS) == pytest.approx((expected, -expected * 100))


def test_a_ladder_is_a_voltage_behind_its_resistance() -> None:
    recorder = Recorder(Circuit(500.0))
    recorder.load.apply(0, Demand(SOURCED, 1.5, source_ohm=1000.0))
    assert recorder.at(10) == pytest.approx((1e-3, 0.5))


def test_a_broken_lead_takes_no_current_and_all_the_voltage() -> None:
    recorder = Recorder(Circuit(500.0, (Element(2.5e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, -2e-3, 15.0))
    recorder.load.condition_at(1000, netlist.LEAD_OPEN)
    assert recorder.at(2000) == (0.0, -15.0)
    recorder.load.condition_at(3000, netlist.HEALTHY)
    # charged for 8 us, then kept: 1 V and 6.4 mV
    assert recorder.at(3000) == pytest.approx((-2e-3, -1.0064))


def test_a_shorted_lead_takes_the_current_and_no_voltage() -> None:
    recorder = Recorder(Circuit(500.0, (Element(2.5e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, -2e-3, 15.0))
    recorder.load.condition_at(1000, netlist.LEAD_SHORT)
    # a bridge of 1 ohm: 2 mV; of the capacitor's 16 mV it shows 1 part in 501
    assert recorder.at(1001) == pytest.approx((-2e-3, -2e-3), abs=4e-5)
    recorder.load.apply(3000, Demand(SOURCED, 1.5, source_ohm=1000.0))
    assert recorder.at(3000) == pytest.approx((1.5e-3, 1.5e-3), rel=0.03)
    recorder.load.apply(4000, Demand(SHORTED, 0.0, source_ohm=100.0))
    assert recorder.at(4000) == pytest.approx((0.0, 0.0), abs=4e-5)


def test_behind_a_short_the_capacitor_discharges_through_its_own_resistance() -> None:
    recorder = Recorder(Circuit(500.0, (Element(2e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, 2e-3, 15.0))
    recorder.load.condition_at(
        MS, netlist.LEAD_SHORT
    )  # 1 V on the capacitor; 500 ohm x 2 uF = 1 ms
    recorder.load.condition_at(2 * MS, netlist.HEALTHY)
    assert recorder.at(2 * MS)[1] == pytest.approx(1.0 + math.exp(-1), abs=2e-3)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_clamp_begins_at_its_instant_with_a_leak_too(sign: int) -> None:
    recorder = Recorder(Circuit(1000.0, (Element(1e-6, 2000.0),)))
    recorder.load.apply(0, Demand(DRIVEN, sign * 10e-3, 15.0))
    recorder.load.advance(10 * MS)
    # u goes to 20 V with 2 ms; it is at 5 V after 2 ms x ln(20 / 15)
    assert recorder.pieces[-1][0] == pytest.approx(2 * MS * math.log(4 / 3), rel=1e-12)
    # then to 10 V (of 15 V over 1 + 2 kohm)
    assert recorder.at(50 * MS) == pytest.approx((sign * 5e-3, sign * 15.0))


def test_a_load_without_series_resistance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"series_ohm is 0.0: it must be above 0, such as 500"):
        Load(Circuit(0.0, (Element(1e-6),)), HZ, lambda tick, piece: None)


def test_a_capacitor_at_the_bound_goes_the_way_it_is_driven() -> None:
    recorder = Recorder(Circuit(1000.0, (Element(1e-6),)))
    recorder.load.apply(0, Demand(DRIVEN, 15e-3, 15.0))  # I R is the limit itself, and u rises
    assert recorder.pieces[-1][1].mode == netlist.CLAMPED
    assert recorder.at(MS)[0] == pytest.approx(15e-3 * math.exp(-1))
