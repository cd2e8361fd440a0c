"""The reference stage while its supplies come: what the load and the pump see before any frame."""

import shutil

import pytest

from scs.circuit import netlist
from scs.circuit.spice import AS_DRAWN, Edits
from stage_proof import drawn

NEVER = ((0.0, 0.0), (1e-3, 0.0))
pytestmark = pytest.mark.skipif(
    not shutil.which("ngspice"), reason="ngspice is missing: make packages"
)


def stands(supplies: dict[str, drawn.Points], edits: Edits = AS_DRAWN) -> dict[str, float]:
    """Return the pump's node in V and the load's current in A, no pin driven."""
    stage = netlist.of("pico/mcp4922-8/randles-500")
    lines = drawn.deck(stage, drawn.Bench({}, (500.0, 2.5e-6, 100e3), supplies), edits=edits)
    waves = drawn.run(lines, 1e-3, ["v(xs.pump_node)", "i(Vload)"])
    return {name: waves.at(name, 0.99e-3) for name in waves.rows}


@pytest.mark.parametrize("missing", ["none", "USB", "19 V"])
def test_req_08_nothing_flows_whichever_supply_is_missing(missing: str) -> None:
    nets = {"none": (), "USB": ("3V3", "ADC_VREF"), "19 V": ("plus 19 V", "minus 19 V")}[missing]
    at = stands(dict.fromkeys(nets, NEVER))
    assert abs(at["i(Vload)"]) < 100e-9
    assert abs(at["v(xs.pump_node)"]) < 0.5  # through R24 and U12 3 less than 1 mA


def test_without_r29_the_pump_goes_to_its_supply_until_the_first_frame() -> None:
    """The DAC's output is open then: R1 carries nothing, and the pump feeds back on itself."""
    at = stands({}, Edits(opened=frozenset({("R29", "1")})))
    assert abs(at["v(xs.pump_node)"]) > 8
    assert abs(at["i(Vload)"]) < 100e-9
