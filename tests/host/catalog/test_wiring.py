"""Wiring: every pin goes somewhere, and the parts give the figures that boards.yaml declares."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scs import resources
from scs.catalog import boards, wiring
from scs.catalog.board_file import BoardError, Catalogue
from scs.catalog.wiring_schema import refs
from scs.cli import app as cli

SHIPPED = resources.path("boards.yaml").read_text(encoding="utf-8")


def scs(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120"})


def value(stage: str, ref: str) -> float:
    """Return the ohms or volts of a part."""
    rows = boards.catalogue().model.wiring[stage].parts
    text = next(row.part for key, row in rows.items() if ref in refs(key))
    number, unit = re.findall(r"([\d.]+) ?([kM]?)", text)[-1 if ref.startswith("U") else 0]
    return float(number) * {"": 1, "k": 1e3, "M": 1e6}[unit]


# --- the parts make the figures --------------------------------------------------------------
def test_the_reference_stage_makes_the_current_of_a_code() -> None:
    row = boards.catalogue().model.stages["mcp4922-8"]
    assert value("mcp4922-8", "R6") == 80
    assert pytest.approx(6.25e-6) == 2.048 / 4096 / 80
    assert row.current_per_code == 6250  # nA


def test_the_sense_inputs_mean_what_is_declared_within_a_hundredth() -> None:
    lsb = 3.3 / 4096
    stages = boards.catalogue().model.stages
    part = {ref: value("mcp4922-8", ref) for ref in ("R5", "R7", "R8", "R11", "R12")}
    current = lsb / (part["R5"] * part["R8"] / part["R7"])
    voltage = lsb / (part["R12"] / part["R11"])
    sense = stages["mcp4922-8"].sense
    assert current * 1e9 == pytest.approx(sense.current_per_lsb, rel=0.01)
    assert voltage * 1e6 == pytest.approx(sense.voltage_per_lsb, rel=0.01)
    part = {ref: value("r2r-1", ref) for ref in ("R17", "R20", "R21")}
    sense = stages["r2r-1"].sense
    assert lsb / part["R17"] * 1e9 == pytest.approx(sense.current_per_lsb, rel=0.01)
    assert lsb / (part["R21"] / part["R20"]) * 1e6 == pytest.approx(sense.voltage_per_lsb, rel=0.01)


def test_the_ladder_stands_behind_the_resistance_that_is_declared() -> None:
    row = boards.catalogue().model.stages["r2r-1"]
    assert value("r2r-1", "R1") == 2 * value("r2r-1", "R10")
    assert value("r2r-1", "R10") == row.source_resistance  # of a ladder R-2R it is R


def test_the_supplies_leave_room_for_the_compliance() -> None:
    """Load, R6, U12, two contact switches and R5 in series at the largest current."""
    most_a, switch_ohm, swing_v, supply_v = 2047 * 6.25e-6, 35, 1.0, 19
    series_ohm = 80 + 3 * switch_ohm + 10
    assert 15 + most_a * series_ohm + swing_v < supply_v


def test_the_capacitors_and_the_bleed_are_those_of_the_model_and_the_voltage_is_beyond_them() -> (
    None
):
    row, wires = (
        boards.catalogue().model.stages["mcp4922-8"],
        wiring.parts("pico/mcp4922-8/resistor-500"),
    )
    does = {ref: wire.does for wire in wires for ref in refs(wire.ref)}
    assert value("mcp4922-8", "C1") / 2 * 1000 == row.blocking_capacitance  # two in series, nF
    assert "terminal A" in does["C1"] and "terminals A" in does["R11"]
    assert value("mcp4922-8", "R23") == row.bleed
    ladder = boards.catalogue().model.stages["r2r-1"]
    assert value("r2r-1", "C3") * 1000 == ladder.blocking_capacitance
    assert value("r2r-1", "R24") == ladder.bleed
    seen = boards.board("pico/mcp4922-8/resistor-500")
    assert (seen.seen_nf, seen.load_nf) == (0, 1500)


@pytest.mark.parametrize("stage", ["mcp4922-8", "r2r-1"])
def test_the_gates_pull_downs_hold_an_rp2350_too(stage: str) -> None:
    """Erratum RP2350-E9: a pull-down of 8.2 kohm or less."""
    wires = boards.catalogue().model.wiring[stage].pins
    for pin in ("run", "gate"):
        (ref,) = re.findall(r"R\d+", wires[pin])
        assert value(stage, ref) <= 8200


def test_the_divider_is_that_of_the_board() -> None:
    for stage, ref in (("mcp4922-8", "R22"), ("r2r-1", "R29")):
        for board in boards.catalogue().model.boards.values():
            assert value(stage, ref) == board.adc.id_divider


# --- the table -------------------------------------------------------------------------------
def test_the_pins_of_a_pico_are_those_of_its_data_sheet() -> None:
    by_net = {wire.net: (wire.gpio, wire.pin) for wire in wiring.rows("pico/r2r-1/resistor-500")}
    assert by_net["data0"] == (10, 14)
    assert by_net["data7"] == (17, 22)
    assert by_net["gate"] == (9, 12)
    assert by_net["load_id"] == (28, 34)
    assert by_net["ADC_VREF"] == (None, 35)


@pytest.mark.parametrize("stage", ["mcp4922-8", "r2r-1"])
def test_the_table_the_json_and_the_drawing_say_the_same(stage: str, tmp_path: Path) -> None:
    drawing = tmp_path / "wiring.svg"
    shown = scs("wiring", "--stage", stage, "--load", "randles-500", "-o", str(drawing))
    assert shown.exit_code == 0, shown.output
    report = json.loads(scs("wiring", "--stage", stage, "--json").stdout)
    assert report["board"] == f"pico/{stage}/randles-500"
    space = "{http://www.w3.org/2000/svg}"
    nodes = ElementTree.parse(drawing).iter(f"{space}text")
    texts = ["".join(node.itertext()).strip() for node in nodes]
    for wire in report["wires"]:
        assert wire["net"] in shown.output
        assert wire["net"] in texts
        assert wire["to"] in texts
        assert str(wire["pin"]) in texts
    parts = {ref: part for part in report["parts"] for ref in refs(part["ref"])}
    assert {"U1", "R2", "RL1", "CL1", "RL2", "RL3"} <= set(parts)
    assert sum(part["pieces"] for part in report["parts"]) == len(parts)
    assert all(net["net"] in shown.output for net in report["nets"])


def test_a_drawing_is_the_same_each_time() -> None:
    assert wiring.svg("pico/r2r-1/resistor-500") == wiring.svg("pico/r2r-1/resistor-500")


def test_wrong_usage_is_said() -> None:
    done = scs("wiring", "-o", "wiring.png")
    assert (done.exit_code, "wiring.svg" in done.output) == (2, True)
    assert scs("wiring", "--stage", "mcp").exit_code == 2


# --- boards.yaml made wrong by hand ------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("      gate: U13.2 B, R19\n", "", "gate is not connected"),
        ("      sck: U1.4", "      clk: U1.4", "clk is not a pin of this stage"),
        ("sdi_dac: U1.5 SDI", "sdi_dac: U99.5 SDI", "U99 is not in the list of parts"),
        ("      ADC_VREF: R16", "      5V: R16", "5V is not one of 3V3"),
        ("U4.2 -IN A, R3, R4, C3", "U4.2 -IN A, R3, C3", "R4 has two ends, 1 are connected"),
        ("U4.2 -IN A, R3", "U4.3 -IN A, R3", "U4.3 is in 2 lines"),
        ("R7, R9: {part", "R7, R8: {part", "R8 is listed twice"),
        ("R7, R9: {part", "R7, R9, U15: {part", "U15 is connected without a pin number"),
        ("  r2r-1:\n    pins:", "  r2r-2:\n    pins:", "r2r-1 has no wiring"),
    ],
)
def test_a_wiring_that_contradicts_its_stage_is_refused(
    before: str, after: str, words: str
) -> None:
    assert before in SHIPPED
    with pytest.raises(BoardError, match=words):
        Catalogue.from_text(SHIPPED.replace(before, after, 1))


# GP0 to GP22, then GP26 to GP28; 3, 8, 13, 18, 23, 28 and 38 are ground, 33 is AGND
HEADER = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 29)


def test_every_pin_of_the_board_that_is_used_is_on_its_header() -> None:
    assert tuple(wiring.PICO_PINS.values()) == (*HEADER, 31, 32, 34)
    assert tuple(wiring.PICO_PINS) == (*range(23), 26, 27, 28)
    for stage in boards.catalogue().model.stages.values():
        assert set(stage.pins.values()) <= set(wiring.PICO_PINS)
    numbers = [*wiring.PICO_PINS.values(), *wiring.PICO_SUPPLY.values()]
    assert len(numbers) == len(set(numbers))
