"""boards.yaml: the integers derived from it, and every way in which it can be wrong."""

import math

import pytest

from scs import resources
from scs.catalog import boards
from scs.catalog.board_file import BoardError, Catalogue
from stimcore import limits
from stimcore.board import STAGE_MCP4922_8, STAGE_R2R_1

SHIPPED = resources.path("boards.yaml").read_text()


def changed(before: str, after: str, count: int = 1) -> Catalogue:
    """Return the shipped tables with one text replaced."""
    assert before in SHIPPED
    return Catalogue.from_text(SHIPPED.replace(before, after, count), "boards.yaml")


def test_the_default_is_the_reference_stage_with_the_randles_load():
    board = boards.board()
    assert board.name == "pico/mcp4922-8/randles-500"
    assert board.clock_hz == 125_000_000
    assert board.stage == STAGE_MCP4922_8
    assert (board.contacts, board.code_mid, board.code_span) == (8, 2048, 2047)
    assert board.na_per_code == 6_250
    assert board.compliance_mv == 15_000
    assert board.rest_tau_us == 2_000
    # 5 % more of 500 ohm and of 0.938 uF: 625 ohm x 984.9 nF; 525 ohm x 891.1 nF; with 5.6 kohm
    # 1 %: 6281 ohm, 475 + 50 + 5544 = 6069 ohm; the bleed's 10 kohm 5 %: 475 + 9500 ohm
    assert (board.discharge_tau_us, board.discharge_least_us) == (616, 467)
    assert (board.soft_tau_us, board.soft_least_us, board.bleed_least_us) == (6_187, 5_408, 8_888)
    assert (board.gain_mismatch_ppm, board.offset_na) == (5_000, 2_000)
    assert (board.adc_zero, board.sense_na_per_lsb, board.sense_uv_per_lsb) == (2048, 12_500, 8_000)
    assert (board.load_ohm, board.load_nf, board.load_tolerance_permille) == (500, 938, 50)
    assert (board.max_amplitude_ua, board.max_rate_millihz) == (12_500, 10_000_000)


@pytest.mark.parametrize(
    ("name", "ohm", "nanofarad"),
    [
        # 2.5 uF in series with 1.5 uF; without a load's, the blocking capacitor alone
        ("pico/mcp4922-8/randles-500", 500, 938),
        ("pico/mcp4922-8/resistor-1k", 1000, 1500),
        # and with 3.3 uF: 1.422 uF
        ("pico/r2r-1/randles-500", 500, 1422),
        ("pico/r2r-1/resistor-1k", 1000, 3300),
        # 480 ohm and two wires; 2.5 uF x gamma(1.85) x (200 us / 0.25 s) ^ 0.15 = 0.811 uF,
        # in series with 3.3 uF or 1.5 uF
        ("pico/r2r-1/cpe-500", 500, 651),
        ("pico/mcp4922-8/cpe-500", 500, 526),
    ],
)
def test_the_device_knows_what_a_pulse_charges(name, ohm, nanofarad):
    board = boards.board(name)
    assert (board.load_ohm, board.load_nf) == (ohm, nanofarad)


@pytest.mark.parametrize(
    ("name", "ohm", "nanofarad"),
    [
        ("pico/mcp4922-8/randles-500", 500, 2500),  # beyond the blocking capacitor
        ("pico/mcp4922-8/resistor-1k", 1000, 0),
        # of 1 ms: 2.5 uF x gamma(1.85) x 0.004 ^ 0.15 = 1.033 uF, over the folded rise of 0.698
        # times 2/3: 0.987 uF; in the mean (4 - 2 ^ 1.85) / 3.7 of 1 ms / 1.033 uF: 103 ohm
        ("pico/mcp4922-8/cpe-500", 603, 987),
    ],
)
def test_the_device_knows_what_its_measurement_finds(name, ohm, nanofarad):
    board = boards.board(name)
    assert (board.seen_ohm, board.seen_nf) == (ohm, nanofarad)


def test_a_train_is_steady_once_the_leak_has_shared_its_charge():
    # 100 kohm x (2.5 + 1.5) uF = 0.4 s
    assert boards.steady_s() == pytest.approx(4.0)
    assert boards.steady_s(load="resistor-500") == 0.0


@pytest.mark.parametrize(
    ("load", "code"),
    # 4095 x R / (R + 10k): 4.7k 1309.3, 10k 2047.5, 22k 2815.3, 47k 3376.6
    [("resistor-500", 1309), ("resistor-1k", 2048), ("randles-500", 2815), ("cpe-500", 3377)],
)
def test_req_38_the_id_code_is_that_of_the_divider(load, code):
    board = boards.board(load=load)
    assert (board.load_id_code, board.load_id_tolerance) == (code, 40)


@pytest.mark.parametrize(
    ("load", "na_per_code", "max_ua"),
    # 12.890625 mV / (1000 + R); 127 codes of it, or the stage's 1 mA
    [("resistor-500", 8_594, 1_000), ("resistor-1k", 6_445, 818), ("randles-500", 8_594, 1_000)],
)
def test_a_ladder_gives_the_current_that_the_load_leaves_it(load, na_per_code, max_ua):
    board = boards.board(f"pico/r2r-1/{load}")
    assert board.stage == STAGE_R2R_1
    assert (board.na_per_code, board.max_amplitude_ua) == (na_per_code, max_ua)


def test_parts_and_whole_names_mean_the_same():
    assert boards.board(board="pico2", stage="r2r-1") == boards.board("pico2/r2r-1/randles-500")
    assert boards.board("pico2/r2r-1/randles-500").clock_hz == 150_000_000


def test_every_combination_is_integers_within_the_limits():
    model = boards.catalogue().model
    for name in (f"{b}/{s}/{v}" for b in model.boards for s in model.stages for v in model.loads):
        board = boards.board(name)
        assert all(type(value) is int for value in board[1:])
        assert board.max_amplitude_ua <= limits.AMPLITUDE_UA
        assert board.max_rate_millihz <= limits.RATE_MAX_MILLIHZ


def test_the_simulator_gets_plain_si_units():
    circuit = boards.electrical("pico/mcp4922-8/randles-500")
    assert circuit["stage"] == {
        "kind": "current",
        "amps_per_code": 6.25e-6,
        "volts_per_code": 0.0,
        "source_ohm": 0.0,
        "code_mid": 2048,
        "code_span": 2047,
        "compliance_v": 15.0,
        "switch_ohm": 100.0,
        "gain_mismatch_ppm": 5000.0,
        "offset_a": 2e-6,
        "settle_s": 4.5e-6,
        "settle_tau_s": pytest.approx(4.5e-6 / 9.0109, rel=1e-4),  # ln(8192): half a code of 4096
        "inl_codes": 2.0,
        "bleed_ohm": 1e4,
        "soft_ohm": 5600.0,
        "blocking_f": 1.5e-6,
    }
    assert circuit["load"] == {
        "series_ohm": 500.0,
        "capacitance_f": 2.5e-6,
        "leak_ohm": 1e5,
        "cpe_exponent": 1.0,
        "lead_ohm": 0.0,
    }
    ladder = boards.electrical("pico/r2r-1/resistor-1k")
    assert (ladder["stage"]["volts_per_code"], ladder["stage"]["source_ohm"]) == (0.012890625, 1e3)
    assert (ladder["load"]["capacitance_f"], ladder["load"]["leak_ohm"]) == (0.0, math.inf)
    assert (ladder["stage"]["blocking_f"], ladder["stage"]["bleed_ohm"]) == (3.3e-6, 1e4)
    element = boards.electrical("pico/r2r-1/cpe-500")["load"]
    assert (element["series_ohm"], element["lead_ohm"], element["cpe_exponent"]) == (480, 10, 0.85)


def test_rows_and_pins_are_those_of_the_file():
    rows = {(row["kind"], row["name"]): row for row in boards.rows()}
    assert len(rows) == 8
    assert rows["stage", "mcp4922-8"]["default"] is True
    assert rows["stage", "r2r-1"]["default"] is False
    assert rows["load", "randles-500"]["figures"] == "500 ohm, 2.5 uF, id 22 kohm"
    assert boards.pins()["gate"] == 9
    assert boards.pins(stage="r2r-1")["data7"] == 17


@pytest.mark.parametrize(
    ("name", "parts", "message"),
    [
        ("pico3/mcp4922-8/randles-500", {}, "no board is called pico3; did you mean pico"),
        ("", {"stage": "mcp4922"}, "no stage is called mcp4922; did you mean mcp4922-8?"),
        ("", {"load": "resistor500"}, "did you mean resistor-500?; there are resistor-500, "),
        ("pico", {}, "pico is not BOARD/STAGE/LOAD, such as pico/mcp4922-8/randles-500"),
        ("pico/r2r-1/randles-500", {"board": "pico2"}, "is not BOARD/STAGE/LOAD"),
        ("/" * 500, {}, "is not BOARD/STAGE/LOAD"),
    ],
)
def test_an_unknown_row_is_refused_with_a_suggestion(name, parts, message):
    with pytest.raises(BoardError) as caught:
        boards.board(name, **parts)
    assert message in str(caught.value)


def test_all_unknown_parts_are_told_at_once():
    with pytest.raises(BoardError) as caught:
        boards.board("pcio/mcp/randle")
    assert [row.path for row in caught.value.rows] == ["boards", "stages", "loads"]


def test_req_19_a_load_slower_than_the_stage_declares_is_refused():
    # (500 + 100) ohm x 0.938 uF = 562.8 us
    exact = changed("discharge_time_constant: 2 ms", "discharge_time_constant: 563 us")
    assert boards.board(source=exact).rest_tau_us == 563
    assert boards.board(source=exact).discharge_tau_us == 563
    tight = changed("discharge_time_constant: 2 ms", "discharge_time_constant: 562 us")
    with pytest.raises(BoardError) as caught:
        boards.board(source=tight)
    (row,) = caught.value.rows
    assert row.path == "stages.mcp4922-8.discharge_time_constant"
    assert SHIPPED.splitlines()[row.line - 1].strip().startswith("discharge_time_constant: 2 ms")
    assert "600 ohm x 938 nF = 562.8 us, slower than the 562 us" in row.message
    alone = changed("blocking_capacitance: 1.5 uF", "blocking_capacitance: 3.4 uF")
    with pytest.raises(BoardError, match=r"600 ohm x 3\.4 uF = 2\.04 ms"):
        boards.board(load="resistor-500", source=alone)


def test_req_08_req_19_a_ladder_without_a_blocking_capacitor_is_refused():
    with pytest.raises(BoardError) as caught:
        changed("    blocking_capacitance: 3.3 uF", "    #")
    (row,) = caught.value.rows
    assert row.path == "stages.r2r-1.blocking_capacitance"
    assert row.line == SHIPPED.splitlines().index("  r2r-1:") + 1
    assert "a stage of kind ladder needs a blocking capacitor, such as 3.3 uF" in row.message
    assert changed("    blocking_capacitance: 1.5 uF", "    #")  # a current stage may do without


LOOSER = [
    ("amplitude: 12.5 mA", "amplitude: 25.501 mA", "limits.AMPLITUDE_UA"),
    ("rate: 10 kHz", "rate: 10000.001 Hz", "limits.RATE_MAX_MILLIHZ"),
    ("contacts: 8", "contacts: 9", "limits.CONTACTS"),
]


@pytest.mark.parametrize(("before", "after", "law"), LOOSER)
def test_req_19_a_stage_looser_than_a_limit_is_refused_naming_it(before, after, law):
    with pytest.raises(BoardError) as caught:
        changed(before, after)
    (row,) = caught.value.rows
    assert f"({law});" in row.message


def test_req_19_a_stage_at_the_limit_is_accepted():
    stage = changed("amplitude: 12.5 mA", "amplitude: 25.5 mA").model.stages["mcp4922-8"]
    assert stage.max.amplitude == 25_500


LOW = "below the minimum"
WRONG = [
    # before, after, path, part of the message
    ("board: pico,", "board: picu,", "defaults.board", "picu is not one of pico, pico2"),
    ("mid: 2048, span: 2047", "mid: 2048, span: 2049", "mcp4922-8.code.span", "-1 to 4097"),
    ("mid: 128, span: 127", "mid: 129, span: 127", "stages.r2r-1.code.span", "2 to 256 do not fit"),
    ("current_per_code: 6.25 uA", "", "mcp4922-8.current_per_code", "needs current_per_code"),
    ("6.25 uA", "6.25 uA\n    source_resistance: 1 ohm", "mcp4922-8.source_resistance", "no"),
    ("voltage_per_code: 12890625 nV", "", "r2r-1.voltage_per_code", "needs voltage_per_code"),
    ("kind: ladder", "kind: current", "stages.r2r-1.sequencer.program", "plays a ladder of 8 bits"),
    ("program: serial", "program: parallel", "stages.mcp4922-8.sequencer.program", "8 bits and 2"),
    ("overhead_ticks: 139", "overhead_ticks: 999", "min_record_ticks", "shorter than its overhead"),
    ("kind: ladder", "kind: laddr", "stages.r2r-1.kind", "did you mean ladder?"),
    ("chip: rp2040", "chip: rp2041", "boards.pico.chip", "did you mean rp2040?"),
    ("contacts: 2", "contacts: 3", "stages.r2r-1.sequencer.program", "8 bits and 2 contacts"),
    ("clock: 125 MHz", "clock: 125.5 MHz", "boards.pico.clock", "not a whole number of MHz"),
    ("compliance: 15 V", "compliance: 15", "stages.mcp4922-8.compliance", "15 has no unit"),
    ("tolerance: 5 %", "tolerance: 5 %\n    colour: red", "colour", "unknown field"),
    ("gate: 9", "gate: 8", "pins.gate", "GPIO 8 is already run"),
    ("gate: 9", "gate: 30", "pins.gate", "30 is above the maximum"),
    (" gate: 9,", "", "pins.gate", "gate is missing"),
    ("gate: 9", "gate: 9, gote: 10", "pins.gote", "gote is not a pin of this stage"),
    ("sdi_switch: 3", "sdi_switch: 18", "pins.sdi_switch", "must be the GPIO after sdi_dac"),
    ("data7: 17", "data7: 18", "pins.data7", "must be the GPIO after data6"),
    ("id_resistor: 10 kohm", "id_resistor: 5 kohm", "loads.resistor-1k.id_resistor", "cannot tell"),
    ("    leak: 100 kohm\n", "", None, None),  # a capacitance without a leak is a load
    ("    capacitance: 2.5 uF\n", "", "loads.randles-500.leak", "parallel to a capacitance"),
    ("  pico2:", "  pico:", "boards.pico", "is given twice"),
    ("resistance: 500 ohm", "resistance: 0 ohm", "loads.resistor-500.resistance", LOW),
    ("resistance: 500 ohm", "resistance: -5 ohm", "loads.resistor-500.resistance", LOW),
    ("capacitance: 2.5 uF", "capacitance: 0 uF", "loads.randles-500.capacitance", "1 nF"),
    ("leak: 100 kohm", "leak: 0 ohm", "loads.randles-500.leak", LOW),
    ("lead_resistance: 10 ohm", "lead_resistance: 0 ohm", "cpe-500.lead_resistance", LOW),
    ("cpe_exponent: 85 %", "cpe_exponent: 49 %", "loads.cpe-500.cpe_exponent", "50 %"),
    (
        "cpe_exponent: 85 %\n    leak: 100 kohm",
        "cpe_exponent: 85 %",
        "cpe-500.cpe_exponent",
        "needs capacitance and leak",
    ),
    ("blocking_capacitance: 1.5 uF", "blocking_capacitance: 0 uF", "blocking_capacitance", "1 nF"),
    ("bleed: 10 kohm", "bleed: 0 ohm", "mcp4922-8.bleed", LOW),
    ("inl: 2 ", "inl: -1 ", "mcp4922-8.inl", LOW),
]


@pytest.mark.parametrize(("before", "after", "path", "message"), WRONG)
def test_req_19_a_wrong_row_is_refused_with_its_place(before, after, path, message):
    if path is None:
        assert changed(before, after).model.loads["randles-500"].leak is None
        return
    with pytest.raises(BoardError) as caught:
        changed(before, after)
    rows = [row for row in caught.value.rows if row.path.endswith(path) and message in row.message]
    assert rows, str(caught.value)
    assert all(row.line > 0 for row in rows)


@pytest.mark.parametrize("text", ["", "[]", "boards: 1", "defaults: {}\nboards: {}\nstages: {}\n"])
def test_a_file_of_another_kind_is_refused(text):
    with pytest.raises(BoardError):
        Catalogue.from_text(text)
