"""The wiring table as a circuit: the pins of the data sheets, and the figures that it declares."""

import pytest
from tests.host.catalog.netlist import WIRE_OHM, Circuit

from scs.catalog import boards
from scs.catalog.wiring_schema import ends, lines, refs
from scs.circuit.data_sheets import sheets

# left open on purpose: DAC channel B, the last register's serial output
OPEN = {("mcp4922-8", "U1", "10"), ("mcp4922-8", "U7", "9")}
SUPPLY_PINS = {
    "VDD": {"3V3"},
    "VCC": {"3V3"},
    "VL": {"logic 5 V"},
    "V+": {"plus 19 V"},
    "V-": {"minus 19 V"},
    "GND": {"GND"},
    "VSS": {"GND", "AGND"},
}
STAGES = ("mcp4922-8", "r2r-1")


@pytest.mark.parametrize("stage", STAGES)
def test_every_pin_has_the_name_and_the_supply_of_its_data_sheet(stage: str) -> None:
    row = boards.catalogue().model.wiring[stage]
    parts = {ref: part.part for key, part in row.parts.items() for ref in refs(key)}
    joined = {}
    for _table, net, text in lines(row):
        items = [part for part in text.split(", ") if ends(part)]
        for (part, pin), item in zip(ends(text), items, strict=True):
            if part[0] == "U":
                name = sheets()[parts[part]].pins[pin].name.replace(" ", "_")
                joined[part, pin] = name
                wanted_name = item.partition(" ")[2].replace(" ", "_")
                assert wanted_name in ("", name), f"{item} is {name}"
                assert net in SUPPLY_PINS.get(name, {net}), f"{item} at {net}"
    for part in (part for part in parts if part[0] == "U"):
        for pin, (name, kind) in sheets()[parts[part]].pins.items():
            wanted = kind != "open" and (stage, part, pin) not in OPEN
            assert ((part, pin) in joined) == wanted, f"{part}.{pin} {name}"


def test_each_contact_is_switched_by_the_bits_that_its_frame_has_for_it() -> None:
    """Bit k of a register leaves at Q(k); its switch, of four in a chip, joins contact and bus."""
    nets = Circuit("mcp4922-8").nets
    outputs = ("15", "1", "2", "3", "4", "5", "6", "7")  # QA to QH
    switches = (("1", "2", "3"), ("16", "15", "14"), ("9", "10", "11"), ("8", "7", "6"))
    for register, chips, bus in (("U7", ("U8", "U9"), "source"), ("U6", ("U10", "U11"), "return")):
        for bit in range(8):
            control, drain, source = switches[bit % 4]
            chip = chips[bit // 4]
            assert nets[chip, control] == nets[register, outputs[bit]]
            assert nets[chip, drain] == [f"contact {bit + 1}"] == nets["J1", str(bit + 1)]
            assert nets[chip, source] == [f"{bus} bus"]
    assert nets["U6", "9"] == nets["U7", "14"]  # the second register takes what leaves the first


def reference(code: int, load_ohm: float) -> dict[str, float]:
    """Solve the reference stage with contact 3 a cathode, contacts 2 and 4 anodes."""
    circuit = Circuit("mcp4922-8")
    supplies = {"GND": 0.0, "AGND": 0.0, "ADC_VREF": 3.3, "vref": 2.048}
    circuit.fix({**supplies, "dac": 2.048 * code / 4096})
    circuit.closed("U12", "2", "3")
    circuit.closed("U12", "6", "7")
    circuit.closed("U8", "10", "11")
    circuit.closed("U10", "15", "14")
    circuit.closed("U10", "7", "6")
    for contact, row in (("contact 3", "row A"), ("contact 2", "row B"), ("contact 4", "row B")):
        circuit.resistor(contact, row, WIRE_OHM)
    circuit.resistor("terminal A", "terminal B", load_ohm)
    return circuit.solve()


@pytest.mark.parametrize("code", [0, 1728, 2047, 2368, 4095])
@pytest.mark.parametrize("load_ohm", [200.0, 500.0, 1000.0])
def test_the_reference_stage_as_it_is_wired_drives_and_senses_what_it_declares(
    code: int, load_ohm: float
) -> None:
    """Beside what stands at mid-scale: C1 and C2 hold the sense amplifier's own current off."""
    now, before = reference(code, load_ohm), reference(2048, load_ohm)
    change = {net: now[net] - before[net] for net in now}
    amps = (code - 2048) * 6.25e-6
    across = change["terminal A"] - change["terminal B"]
    assert across / load_ohm == pytest.approx(amps, rel=1e-3)  # 2.1 Mohm of R11 to R14 beside it
    lsb = 3.3 / 4096
    assert change["current out"] / lsb == pytest.approx(amps / 12.5e-6, rel=0.01)
    assert change["voltage out"] / lsb == pytest.approx(across / 8e-3, rel=0.01)
    # 22 uA of the zero go through R10 and R9 into R5: two codes, which calibration takes away
    assert (before["current out"] - 1.65) / lsb == pytest.approx(1.8, abs=0.3)
    # R6, U12 4 and 1, the source's switch, the returns' in parallel and R5 in series
    most_v = amps * (80 + 35 + 35 + load_ohm + 35 + 17.5 + 10)
    assert change["pump out"] == pytest.approx(most_v, rel=2e-3)


def discharging(volts: float) -> dict[str, float]:
    """Solve the reference stage with `active` low, its pump at mid-scale, contact 3 cathode and 4
    anode, and a charged load of 500 ohm between them; gate and run are high."""
    circuit = Circuit("mcp4922-8")
    circuit.fix({"GND": 0.0, "AGND": 0.0, "ADC_VREF": 3.3, "vref": 2.048, "dac": 1.024})
    for part, *pins in (("U12", "2", "3"), ("U12", "10", "11"), ("U8", "10", "11")):
        circuit.closed(part, *pins)
    circuit.closed("U10", "7", "6")
    circuit.resistor("contact 3", "row A", WIRE_OHM)
    circuit.resistor("contact 4", "row B", WIRE_OHM)
    circuit.charged("terminal A", "terminal B", volts, 500.0)
    return circuit.solve()


def test_req_62_a_soft_discharge_as_it_is_wired_goes_through_its_resistor() -> None:
    """Against what stands there without charge. By hand: 500 ohm of the load, four switches of 35
    (U8, U12 1, U12 3, U10), R28 = 5600 and R5 = 10: 1.867 V make 0.2988 mA."""
    now, before = discharging(1.867), discharging(0.0)
    amps = (now["row B"] - now["contact 4"] - before["row B"] + before["contact 4"]) / WIRE_OHM
    through = (now["hold"] - now["pump switch"] - before["hold"] + before["pump switch"]) / 5600
    assert abs(amps) == pytest.approx(1.867 / 6250, rel=0.01)
    assert abs(through) == pytest.approx(1.867 / 6250, rel=1e-3)
    # R24 and the pump behind it see what U12 3 takes of that, and nothing more
    assert abs(now["hold"] - before["hold"]) == pytest.approx(1.867 / 6250 * 35, rel=0.1)


def test_req_62_the_pump_is_held_and_disconnected_while_active_is_low() -> None:
    """U12 4 is open: 1 code of the pump goes through R24 and U12 3, and none of it to a contact."""
    circuit = Circuit("mcp4922-8")
    circuit.fix(
        {"GND": 0.0, "AGND": 0.0, "ADC_VREF": 3.3, "vref": 2.048, "dac": 1.024 + 1e-3 * 160}
    )
    for part, *pins in (("U12", "2", "3"), ("U12", "10", "11"), ("U8", "10", "11")):
        circuit.closed(part, *pins)
    circuit.closed("U10", "7", "6")
    circuit.resistor("contact 3", "row A", WIRE_OHM)
    circuit.resistor("contact 4", "row B", WIRE_OHM)
    circuit.resistor("terminal A", "terminal B", 500.0)
    solved = circuit.solve()
    assert solved["pump node"] == pytest.approx(2e-3 * 505, rel=0.05)  # 320 codes: 2 mA in 505 ohm
    amps = (solved["pump switch"] - solved["hold"]) / 5600
    assert abs(amps) < 30e-6  # what 70 mV across U12 3 make of R28 and the load


def ladder(code: int, load_ohm: float) -> dict[str, float]:
    """Solve the ladder with both switches on; the board's pins are as stiff as its supply."""
    circuit = Circuit("r2r-1")
    circuit.fix({"GND": 0.0, "AGND": 0.0, "ADC_VREF": 3.3})
    circuit.fix({f"data{bit}": 3.3 * (code >> bit & 1) for bit in range(8)})
    circuit.resistor("contact 2", "gate closed", WIRE_OHM)
    circuit.resistor("gate closed", "current minus", WIRE_OHM)
    circuit.resistor("terminal 1", "contact 2", load_ohm)
    return circuit.solve()


@pytest.mark.parametrize("code", [0, 70, 127, 128, 129, 255])
@pytest.mark.parametrize("load_ohm", [500.0, 1000.0])
def test_the_ladder_as_it_is_wired_drives_and_senses_what_it_declares(
    code: int, load_ohm: float
) -> None:
    solved = ladder(code, load_ohm)
    amps = (code - 128) * 3.3 / 256 / (1000 + load_ohm)
    across = solved["terminal 1"] - solved["contact 2"]
    assert solved["contact 2"] == pytest.approx(1.65, abs=1e-6)
    assert across / load_ohm == pytest.approx(amps, rel=5e-3, abs=1e-9)  # R20 beside the load
    lsb = 3.3 / 4096
    assert (solved["current out"] - 1.65) / lsb == pytest.approx(amps / 1e-6, rel=0.015, abs=0.01)
    assert (solved["voltage out"] - 1.65) / lsb == pytest.approx(across / 1e-3, rel=0.01, abs=0.01)


@pytest.mark.parametrize("which", ["U2", "U3"])
def test_a_ladder_whose_gate_or_run_is_low_bleeds_its_load(which: str) -> None:
    """1 V on the load's capacitance falls through R24, and nothing goes to the converter."""
    circuit = Circuit("r2r-1")
    circuit.fix({"GND": 0.0, "AGND": 0.0, "ADC_VREF": 3.3, "contact 1": 0.0, "contact 2": 1.0})
    if which == "U2":
        circuit.resistor("contact 2", "bleed", WIRE_OHM)
        circuit.resistor("gate closed", "current minus", WIRE_OHM)
    else:
        circuit.resistor("contact 2", "gate closed", WIRE_OHM)
        circuit.resistor("gate closed", "bleed", WIRE_OHM)
    solved = circuit.solve()
    assert solved["bleed"] == pytest.approx(1.0, abs=1e-6)  # at R24's far end contact 1, 0 V
    assert solved["current out"] == pytest.approx(1.65, abs=1e-6)
