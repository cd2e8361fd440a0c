"""`scs calibrate`, and the host's view of a device's calibration."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from scs import Profile, Stimulator, resources
from scs.cli.app import app
from scs.device import calibration
from scs.device.calibration import Calibration
from scs.errors import DeviceRefused, Failure, WrongUsage
from scs.messages import refusals
from stimcore import errors

ROW = "pico/mcp4922-8/resistor-500"
TONIC = resources.path("profiles/tonic_50hz.yaml")
WRONG = "sense_error@0"  # 4 % too much current, 4 % too little voltage, 5 codes up, 3 down


def calibrated(stim: Stimulator, ohm: float = 500.0) -> Calibration:
    return calibration.against(stim, ohm, ["E1"], ["E2"])[0]


def test_req_47_a_wrong_sense_path_is_found_against_a_known_resistance() -> None:
    with Stimulator("sim", ROW, faults=WRONG) as stim:
        assert calibration.read(stim.link) == Calibration()
        wanted = calibrated(stim)
        assert wanted.current_gain == pytest.approx(1 / 1.04, rel=5e-3)
        assert wanted.voltage_gain == pytest.approx(1 / 0.96, rel=1e-2)
        assert (wanted.current_offset, wanted.voltage_offset) == (5.0, -3.0)
        assert calibration.keep(stim.link, wanted).kept == "good"
        assert stim.measure(["E1"], ["E2"]).contacts[0].ohm == pytest.approx(500, rel=5e-3)
        again = calibrated(stim)  # it is found from where it is, not from nothing
        assert again.current_gain == pytest.approx(wanted.current_gain, rel=2e-3)
        assert again.voltage_gain == pytest.approx(wanted.voltage_gain, rel=5e-3)


def test_a_resistance_that_is_given_is_taken_for_true() -> None:
    with Stimulator("sim", ROW) as stim:
        assert calibrated(stim, 490.0).voltage_gain == pytest.approx(0.98, rel=5e-3)


def test_a_capacitive_load_leaves_the_voltage_s_zero_alone() -> None:
    with Stimulator("sim", faults=WRONG) as stim:
        calibration.keep(stim.link, Calibration(voltage_offset=-3.0))
        wanted = calibrated(stim)
    assert (wanted.current_offset, wanted.voltage_offset) == (5.0, -3.0)


def test_a_ladder_leaves_both_zeros_alone_for_its_own_offset_flows() -> None:
    with Stimulator("sim", "pico/r2r-1/resistor-500") as stim:
        wanted = calibrated(stim)
        assert (wanted.current_offset, wanted.voltage_offset) == (0.0, 0.0)
        assert wanted.current_gain == pytest.approx(1, rel=0.02)
        # 58, 57, 55 and 51 codes of 8.594 uA, 12.89 mV into 500 ohm and the ladder's 1 kohm
        assert calibration.commanded_a(stim.board, 500) == pytest.approx(474.8e-6, rel=1e-3)
        assert calibration.commanded_a(stim.board, 1_000) == pytest.approx(356.1e-6, rel=1e-3)


def test_req_47_another_load_is_no_error_of_the_sense_path() -> None:
    with Stimulator("sim", ROW) as stim:
        with pytest.raises(DeviceRefused, match=r"voltage gain would deviate by \+100\.\d %"):
            calibration.keep(stim.link, calibrated(stim, 1_000.0))
        assert calibration.read(stim.link).kept == "none"


@pytest.mark.parametrize(
    ("fault", "message"),
    [("wrong_load@0", "identification resistor"), ("open_lead@0", "no single resistance")],
)
def test_without_the_load_nothing_is_found(fault: str, message: str) -> None:
    with Stimulator("sim", ROW, faults=fault) as stim, pytest.raises(Failure, match=message):
        calibrated(stim)


def test_the_scope_reads_through_the_calibration() -> None:
    with Stimulator("sim", ROW) as stim:
        calibration.keep(stim.link, Calibration(voltage_gain=1.04, current_offset=2.0))
        stim.load(Profile.read(TONIC))
        stim.arm()
        stim.start()
        seen = stim.sensed()
        codes = seen.trace.current_a / 12.5e-6
        assert np.allclose(codes, np.round(codes), atol=1e-6)
        assert np.median(seen.trace.current_a) == pytest.approx(-2 * 12.5e-6)
        assert seen.trace.voltage_v.min() == pytest.approx(-1.04, rel=0.01)  # 2 mA in 500 ohm


def test_numbers_that_fit_nowhere_are_refused_here() -> None:
    for wrong in (Calibration(current_gain=2_000.0), Calibration(voltage_offset=3_000.0)):
        with pytest.raises(WrongUsage, match="; for example --current-gain"):
            wrong.numbers()


# --- the command -----------------------------------------------------------------------------
def run(*arguments: str):
    return CliRunner().invoke(app, ["calibrate", *arguments])


def test_the_command_tells_before_and_now() -> None:
    table = run("--load", "resistor-500", "--fault", WRONG, "--ohm", "500")
    assert table.exit_code == 0, table.output
    assert "load, given as 500 Ω" in table.output
    assert "+5.00 codes" in table.output and "-3.00 codes" in table.output
    report = json.loads(run("--load", "resistor-500", "--fault", WRONG, "--json").output)
    assert report["before"]["kept"] == "none" and report["now"]["kept"] == "good"
    assert report["ohm"]["said"] == "declared" and abs(report["ohm"]["now"] - 500) <= 3


def test_values_of_one_s_own_are_kept_and_left_again() -> None:
    report = json.loads(
        run("--current-gain", "1.0125", "--voltage-offset", "-2.5", "--json").output
    )
    assert report["now"] == {
        "current_offset": 0.0,
        "current_gain": 1.0125,
        "voltage_offset": -2.5,
        "voltage_gain": 1.0,
        "kept": "good",
    }
    assert report["ohm"] is None
    assert json.loads(run("--reset", "--json").output)["now"]["current_gain"] == 1.0
    assert json.loads(run("--show", "--json").output)["now"]["kept"] == "none"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--reset", "--show"), 2, "give only one of"),
        (("--ohm", "0"), 2, "is not a load resistance; try 499.2"),
        (("--ohm", "-5"), 2, "is not a load resistance"),
        (("--ohm", "nan"), 2, "is not a load resistance"),
        (("--from", "Q"), 2, "no contact is called 'Q'"),
        (("--from", "E1,E2"), 1, "name contacts on both sides"),
        (("--current-gain", "1.06"), 1, "current gain would deviate by +6.0 %"),
        (("--current-gain", "nan"), 2, "calibration out of range"),
        (("--voltage-gain", "inf"), 2, "calibration out of range"),
        (("--voltage-offset", "33"), 1, "+33.0 ADC codes"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple, code: int, word: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert word in result.output


def test_req_47_a_damaged_one_is_told_with_what_to_do() -> None:
    sentence = refusals.sentence((errors.CALIBRATION, 2, 0, 0))
    assert (
        "is damaged or belongs to another stage or board" in sentence
        and "scs calibrate --reset" in sentence
    )
