"""The parts of the network: what they do by hand, what cannot be, and the constant-phase ladder."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scs.catalog import boards
from scs_sim.circuit import netlist
from scs_sim.circuit.exponentials import crossing_s, growth, turns
from scs_sim.circuit.load import Demand, Load, Piece
from scs_sim.circuit.netlist import (
    DRIVEN,
    LEAD_SHORT,
    SHORTED,
    Circuit,
    Element,
    constant_phase,
    from_rows,
)

HZ = 125_000_000
MS = 125_000


def pieces(circuit: Circuit, *steps: tuple[Demand, int]) -> list[tuple[float, Piece]]:
    stretches: list[tuple[float, Piece]] = []
    load = Load(circuit, HZ, lambda tick, piece: stretches.append((tick, piece)))
    tick = 0
    for demand, ticks in steps:
        load.apply(tick, demand)
        tick += ticks
    load.advance(tick)
    return stretches


def test_the_blocking_capacitor_is_discharged_in_series_with_the_load_s() -> None:
    circuit = Circuit(500.0, (Element(3e-6),), blocking_f=1.5e-6)
    stretches = pieces(
        circuit, (Demand(DRIVEN, 3e-3, 15.0), MS), (Demand(SHORTED, 0.0, source_ohm=100.0), MS)
    )
    driven, shorted = stretches[-2][1], stretches[-1][1]
    # 3 uC: 1 V on 3 uF and 2 V on 1.5 uF; the load shows 1.5 V + 1 V
    assert driven.voltage(1e-3) == pytest.approx(2.5)
    assert shorted.current_a == pytest.approx(-3.0 / 600)
    # 1 uF behind 600 ohm: 0.6 ms
    assert shorted.current(0.6e-3) == pytest.approx(-3.0 / 600 / math.e)


def test_the_blocking_capacitor_takes_its_part_of_the_compliance() -> None:
    circuit = Circuit(1000.0, blocking_f=1e-6)
    stretches = pieces(circuit, (Demand(DRIVEN, 10e-3, 15.0), 2 * MS))
    # 10 V at once and 10 V/ms: 15 V after 0.5 ms; then 1 ms of R C
    assert stretches[-1][0] == pytest.approx(0.5 * MS)
    assert stretches[-1][1].current(1e-3) == pytest.approx(10e-3 / math.e)
    assert stretches[-1][1].voltage(1e-3) == pytest.approx(10 / math.e)


def test_the_output_settles_with_its_time_constant_and_starts_from_where_it_was() -> None:
    stretches = pieces(
        Circuit(500.0, settle_tau_s=1e-6),
        (Demand(DRIVEN, 2e-3, 15.0), MS),
        (Demand(DRIVEN, -2e-3, 15.0), MS),
    )
    assert stretches[-2][1].current(1e-6) == pytest.approx(2e-3 * (1 - 1 / math.e))
    assert stretches[-1][1].current_a == pytest.approx(2e-3)
    assert stretches[-1][1].current(1e-6) == pytest.approx(-2e-3 + 4e-3 / math.e)


def test_a_short_bridges_the_load_with_an_ohm() -> None:
    circuit = Circuit(499.0, (Element(1e-6),), blocking_f=1e-6)
    shorted = netlist.law(circuit, DRIVEN, 0.0, LEAD_SHORT)
    # y = (blocking, load's capacitor, aim, rail): 1 of 500 parts of 499 ohm, 1 of 500 of 1 V
    assert shorted.voltage @ [0.0, 0.0, 5e-3, 0.0] == pytest.approx(5e-3 * 499 / 500)
    assert shorted.voltage @ [0.0, 1.0, 0.0, 0.0] == pytest.approx(1 / 500)


def test_rows_become_a_circuit() -> None:
    facts = boards.electrical("pico/mcp4922-8/cpe-500")
    circuit = from_rows(facts["stage"], facts["load"])
    assert (circuit.series_ohm, circuit.blocking_f) == (500.0, 1.5e-6)  # 480 and two wires of 10
    assert len(circuit.elements) == 16
    assert sum(element.leak_ohm for element in circuit.elements) == pytest.approx(1e5)
    bare = from_rows({}, {"series_ohm": 1e3})
    assert bare == Circuit(1e3)


BAD = [
    ({"series_ohm": 0.0}, "series_ohm is 0.0: it must be above 0, such as 500"),
    ({"series_ohm": -5.0}, "series_ohm is -5.0: it must be above 0"),
    ({"capacitance_f": -1e-6}, "elements[0].farad is -1e-06: it must be above 0, such as 2.5e-6"),
    ({"leak_ohm": -1.0}, "elements[0].leak_ohm is -1.0: it must be above 0, such as 1e5"),
    ({"cpe_exponent": 0.3}, "cpe_exponent is 0.3: it must be from 0.5 to 1, such as 0.85"),
    ({"cpe_exponent": 0.8, "leak_ohm": math.inf}, "leak_ohm is inf: a constant-phase element"),
    ({"blocking_f": -1e-6}, "blocking_f is -1e-06: it must be 0 (none) or more"),
    ({"settle_tau_s": -1e-6}, "settle_tau_s is -1e-06: it must be 0 (none) or more"),
    ({"series_ohm": math.nan}, "series_ohm is nan: it must be above 0"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD)
def test_a_part_that_cannot_be_is_named(wrong: dict[str, float], message: str) -> None:
    load = {"series_ohm": 500.0, "capacitance_f": 2.5e-6, "leak_ohm": 1e5, **wrong}
    with pytest.raises(ValueError) as caught:
        from_rows(wrong, load)
    assert message in str(caught.value)


def test_a_capacitor_of_zero_is_none_in_a_row_and_an_error_in_a_circuit() -> None:
    assert from_rows({}, {"series_ohm": 500.0, "capacitance_f": 0.0}).elements == ()
    with pytest.raises(ValueError, match=r"elements\[0\].farad is 0.0"):
        netlist.checked(Circuit(500.0, (Element(0.0),)))


@pytest.mark.parametrize("exponent", [0.7, 0.85, 0.95])
@pytest.mark.parametrize("hz", [1.0, 30.0, 1e3, 1e4])
def test_the_ladder_is_a_constant_phase_element(exponent: float, hz: float) -> None:
    ladder = constant_phase(2.5e-6, 1e5, exponent)
    s = 2j * math.pi * hz
    impedance = sum(1 / (1 / element.leak_ohm + s * element.farad) for element in ladder)
    wanted = 1e5 / (1 + (s * 0.25) ** exponent)
    assert abs(impedance / wanted - 1) < 0.07


def test_two_exponentials_turn_where_their_slopes_cancel() -> None:
    # 2 exp(-3000 t) = exp(-1000 t) at ln 2 / 2000
    assert turns([1.0, -2.0], [1e3, 3e3]) == pytest.approx([math.log(2) / 2000])
    assert turns([1.0, 2.0, 3.0], [0.0, 1e3, 3e3]) == []
    # (x - 1/2) (x - 1/4), x = exp(-1000 t): twice
    instants = turns([0.125, -0.75, 1.0], [0.0, 1e3, 2e3])
    assert instants == pytest.approx([math.log(2) / 1e3, math.log(4) / 1e3])


def test_the_first_crossing_is_found_though_the_curve_turns_before_it() -> None:
    # falls with 0.1 ms by some 0.013, turns, and rises for good
    slopes, rates = [-200.0, 30.0], [1e4, 0.0]
    assert crossing_s(1.0, slopes, rates) == math.inf
    down = crossing_s(0.01, slopes, rates)
    assert 0.01 + sum(s * growth(down, r) for s, r in zip(slopes, rates, strict=True)) == (
        pytest.approx(0.0, abs=1e-15)
    )
    assert down < 2e-4
    # left at 0 by the change before, it comes back once
    back = crossing_s(0.0, slopes, rates)
    assert 30 * back == pytest.approx(200 * growth(back, 1e4))
    assert back > 1e-4


@given(
    st.lists(
        st.tuples(st.floats(-1e3, 1e3), st.sampled_from([0.0, 1.0, 4e2, 5e2, 7e4, 2e6])),
        min_size=1,
        max_size=5,
    ),
    st.floats(-1, 1),
)
def test_no_crossing_comes_before_the_one_that_is_found(
    terms: list[tuple[float, float]], distance: float
) -> None:
    slopes, rates = [term[0] for term in terms], [term[1] for term in terms]

    def value(t_s: float) -> float:
        return distance + sum(s * growth(t_s, r) for s, r in zip(slopes, rates, strict=True))

    crossing = crossing_s(distance, slopes, rates)
    until = min(crossing, 1.0)
    looks = [until * 10 ** (-at / 20) for at in range(1, 160)]
    fine = 1e-9 * (abs(distance) + sum(abs(slope) for slope in slopes) * until)
    assert all(value(look) * distance >= -fine for look in looks)
