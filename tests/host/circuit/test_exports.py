"""Exports of a stage: KiCad's netlist, the bill of materials, ngspice's subcircuit."""

import csv
import io
import shutil

import pytest
from kinparse import parse_netlist
from tests.host.catalog.test_netlist import reference

from scs.catalog import boards
from scs.circuit import data_sheets, kicad, netlist, spice
from stage_proof import drawn
from stimcore import period

STAGES = ("pico/mcp4922-8/resistor-500", "pico/r2r-1/resistor-500")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the reader's own, of its parser
@pytest.mark.parametrize("name", STAGES)
def test_a_public_reader_finds_every_part_and_net_in_the_kicad_netlist(name: str) -> None:
    stage = netlist.of(name)
    read = parse_netlist(kicad.text(stage))
    assert {part.ref: part.value for part in read.parts} == {
        ref: part.part for ref, part in stage.parts.items()
    }
    nets = {net.name: sorted((pin.ref, pin.num) for pin in net.pins) for net in read.nets}
    assert nets == {net: sorted(ends) for net, ends in stage.nets.items()}


@pytest.mark.parametrize("name", STAGES)
def test_the_bill_of_materials_orders_every_part_once(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(kicad.bill_text(netlist.of(name)))))
    ordered = [ref for row in rows for ref in row["references"].split(", ")]
    assert sorted(ordered) == sorted(netlist.of(name).parts)
    assert all(int(row["quantity"]) == len(row["references"].split(", ")) for row in rows)
    by_part = {row["value"]: row for row in rows}
    if "mcp4922" in name:
        assert by_part["DG412"]["order_number"] == "DG412DY-T1-E3"
        assert by_part["DG412"]["references"] == "U8, U9, U10, U11"


def test_every_figure_has_a_source_and_every_parameter_of_a_model_a_default() -> None:
    for number, sheet in data_sheets.sheets().items():
        for name, figure in {**sheet.limits, **sheet.figures}.items():
            assert figure.source, f"{number}: {name}"
            assert any(value is not None for value in figure[:3]), f"{number}: {name}"
        assert {pin.kind for pin in sheet.pins.values()} <= {*data_sheets.KINDS}
        typical = {name for name, figure in sheet.figures.items() if figure.typical is not None}
        assert typical <= {*spice.parameters()[sheet.model]}, f"{number}: unused by its model"


@pytest.mark.skipif(
    shutil.which("ngspice") is None, reason="ngspice is not installed: make packages"
)
def test_ngspice_drives_the_current_that_the_ideal_circuit_has() -> None:
    """Beside an ideal solver of the same wiring; 0.5 % and 20 uA: offsets, the converter's gain."""
    name = STAGES[0]
    board, us = boards.board(name), 125
    phases = [(period.IDLE, 0, 0, 0, 60 * us)]
    phases += [(period.DRIVE, 0b100, 0b1010, code, 60 * us) for code in (320, -1600)]
    phases.append((period.IDLE, 0, 0, 0, 20 * us))
    pins = drawn.pin_edges(board, phases)
    begins = [time_s for time_s, level in pins["ncs"] if level]
    lines = drawn.deck(netlist.of(name), drawn.Bench(pins))
    waves = drawn.run(lines, begins[-1], ["i(Vload)"])
    for code, begin_s in zip((320, -1600), begins[1:], strict=False):
        ideal = reference(2048 + code, 500.0)
        amps = (ideal["terminal A"] - ideal["terminal B"]) / 500
        assert waves.at("i(Vload)", begin_s + 58e-6) == pytest.approx(amps, rel=5e-3, abs=20e-6)
