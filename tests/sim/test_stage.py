"""The stage from its pins: the MCP4922's bits, the switches, the ladder, the errors, the gate."""

import pytest
from tests.support.benches import CURRENT, LADDER, frame

from scs_sim.circuit import netlist
from scs_sim.circuit.load import Demand
from scs_sim.circuit.stage import Stage, even_bits


def driven(row: dict[str, object], bits: int, share: float = 0.5) -> Demand:
    """Return the demand on the load of a frame, with the gate closed."""
    stage = Stage(row, share)
    stage.set_gate(True)
    stage.latch(bits)
    return stage.demand()


def test_the_bits_of_the_two_lines_are_told_apart() -> None:
    # 0x3800 | contact 1 to source, contact 2 to return, by hand: DAC bits 11, 12, 13 stand at
    # 22, 24, 26, switch bits 1 and 8 at 3 and 17
    word = 1 << 22 | 1 << 24 | 1 << 26 | 1 << 3 | 1 << 17
    assert frame(2048, 1, 2) == word
    assert even_bits(word) == 0x3800
    assert even_bits(word >> 1) == 0x0102


@pytest.mark.parametrize(
    ("code", "amps"), [(2048 - 320, -2e-3), (2048 + 320, 2e-3), (1, -12.79375e-3), (2048, 0.0)]
)
def test_a_code_is_a_current_around_mid_scale(code: int, amps: float) -> None:
    demand = driven(CURRENT, frame(code, 1, 2))
    assert demand == Demand(netlist.DRIVEN, pytest.approx(amps), 15.0)


def test_half_of_the_declared_errors_are_there() -> None:
    row = {**CURRENT, "gain_mismatch_ppm": 5000.0, "offset_a": 2e-6}
    # 5000 ppm declared, 2500 real: 1250 ppm more one way, 1250 less the other; and 1 uA
    assert driven(row, frame(2048 + 320, 1, 2)).value == pytest.approx(2e-3 * 1.00125 + 1e-6)
    assert driven(row, frame(2048 - 320, 1, 2)).value == pytest.approx(-2e-3 * 0.99875 + 1e-6)
    assert driven(row, frame(2048 + 320, 1, 2), 1.0).value == pytest.approx(2e-3 * 1.0025 + 2e-6)


def test_half_of_the_declared_inl_bends_the_line_and_leaves_its_ends() -> None:
    row = {**CURRENT, "inl_codes": 2.0, "code_span": 2000}
    # a sine of 1 code: 1000 of 2000 codes are at its top, 2000 and the middle at its zeros
    assert driven(row, frame(3048, 1, 2)).value == pytest.approx(1001 * 6.25e-6)
    assert driven(row, frame(1048, 1, 2)).value == pytest.approx(-1001 * 6.25e-6)
    assert driven(row, frame(48, 1, 2)).value == pytest.approx(-2000 * 6.25e-6)
    assert driven(row, frame(2048, 1, 2)).value == 0.0


def test_a_dac_that_is_shut_down_drives_nothing() -> None:
    assert driven(CURRENT, frame(1728, 1, 2, head=0b0010)).value == 0.0


def test_the_gain_bit_low_doubles_the_code() -> None:
    # 2 x 1280 = 2560: 512 codes above the middle; past the top it stays at 4095
    assert driven(CURRENT, frame(1280, 1, 2, head=0b0001)).value == pytest.approx(3.2e-3)
    assert driven(CURRENT, frame(2100, 1, 2, head=0b0001)).value == pytest.approx(2047 * 6.25e-6)


def test_a_write_to_channel_b_leaves_channel_a() -> None:
    stage = Stage(CURRENT)
    stage.set_gate(True)
    stage.latch(frame(1728, 1, 2))
    stage.latch(frame(4000, 1, 2, head=0b1011))
    assert stage.demand().value == pytest.approx(-2e-3)


@pytest.mark.parametrize(
    ("source", "back", "mode"),
    [
        (0, 0, netlist.OPEN),
        (0, 0b0011, netlist.SHORTED),  # used contacts to return: passive discharge
        (0b0011, 0, netlist.SHORTED),
        (0, 0b0001, netlist.OPEN),  # one contact alone closes no loop
        (0b0001, 0, netlist.OPEN),
        (0b0001, 0b0001, netlist.SHORTED),  # a contact both ways: the stage is shorted
        (0b0100, 0b1010, netlist.DRIVEN),
    ],
)
def test_the_switches_decide_what_the_load_is_part_of(source: int, back: int, mode: str) -> None:
    assert driven(CURRENT, frame(1728, source, back)).mode == mode


def test_passive_discharge_goes_through_the_switch() -> None:
    demand = driven(CURRENT, frame(2048, 0, 3))
    assert (demand.value, demand.source_ohm) == (0.0, 100.0)


def test_a_ladder_is_volts_behind_ohms_and_discharges_at_its_middle() -> None:
    assert driven(LADDER, 128 - 64) == Demand(netlist.SOURCED, -0.8, source_ohm=1000.0)
    assert driven(LADDER, 128) == Demand(netlist.SOURCED, 0.0, source_ohm=1000.0)


@pytest.mark.parametrize("row", [CURRENT, LADDER], ids=["current", "ladder"])
def test_the_gate_low_bleeds_the_load_whatever_the_bits(row: dict[str, object]) -> None:
    stage = Stage(row)
    stage.latch(frame(1728, 1, 2))
    assert stage.demand() == Demand(netlist.BLED, 0.0, source_ohm=10_000.0)
    stage.set_gate(True)
    stage.set_gate(False)
    assert stage.demand().mode == netlist.BLED


def test_a_stuck_dac_keeps_the_first_code_it_drives() -> None:
    stage = Stage(CURRENT)
    stage.set_gate(True)
    stage.stuck = True
    stage.latch(frame(1728, 1, 2))
    stage.latch(frame(2048 + 320, 1, 2))
    assert stage.demand().value == pytest.approx(-2e-3)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="stage kind is 'tube'; known are 'current' and 'ladder'"):
        Stage({**CURRENT, "kind": "tube"})
