"""The load through the host: Stimulator.measure() and `scs impedance`."""

import json

import pytest
from typer.testing import CliRunner

from scs import Profile, Stimulator, resources
from scs.cli.app import app
from scs.device import impedance
from scs.errors import DeviceRefused, Failure, WrongUsage
from stimcore import commands

TONIC = resources.path("profiles/tonic_50hz.yaml")


def test_measure_names_the_contacts_of_the_profile() -> None:
    with Stimulator("sim") as stim:
        stim.load(Profile.read(TONIC))
        load = stim.measure()
        assert stim.status().state == "LOADED"
    assert [contact_row.contact for contact_row in load.contacts] == ["E2", "E3", "E4"]
    assert load.ok and load.identified and load.load_id == 2815
    for contact in load.contacts:
        assert contact.verdict == "good"
        assert contact.ohm == pytest.approx(500, rel=0.02)
        assert contact.farad == pytest.approx(2.5e-6, rel=0.02)
    assert load.age_s < 1


def test_measure_takes_names_and_numbers() -> None:
    with Stimulator("sim") as stim:
        load = stim.measure(["E1"], [8])
        assert [contact.contact for contact in load.contacts] == ["contact 1", "contact 8"]
        for wrong in ("E9", "x", "0", ""):
            with pytest.raises(WrongUsage, match="; for example E1"):
                stim.measure([wrong])
        with pytest.raises(DeviceRefused, match="name contacts on both sides, none of them twice"):
            stim.measure(["E1"])
    assert impedance.mask(["b", 1], ("a", "b")) == 0b11


def test_an_open_lead_is_no_load() -> None:
    with Stimulator("sim", faults="open_lead@0") as stim:
        load = stim.measure(["E1"], ["E2"])
    assert not load.ok
    assert {(contact.verdict, contact.ohm, contact.farad) for contact in load.contacts} == {
        ("open", None, None)
    }


def test_a_load_without_its_identification_is_not_ok() -> None:
    with Stimulator("sim", faults="wrong_load@0") as stim:
        load = stim.measure(["E1"], ["E2"])
    assert {contact.verdict for contact in load.contacts} == {"good"}
    assert not load.identified and not load.ok


def test_a_measurement_that_a_fault_ends_is_said_so() -> None:
    with Stimulator("sim", faults="starved_fifo@0.05") as stim:
        with pytest.raises(Failure, match="was interrupted: see `scs faults`"):
            stim.measure()
        assert stim.status().state == "FAULT"


def test_while_it_measures_other_commands_are_told_so() -> None:
    with Stimulator("sim") as stim:
        stim.link.request(commands.MEASURE, 0, 0)
        with pytest.raises(DeviceRefused, match="measuring the load: wait a few seconds"):
            stim.load(Profile.read(TONIC))


def run(*arguments: str):
    return CliRunner().invoke(app, ["impedance", *arguments])


def test_the_command_prints_the_table_beside_the_declared_load() -> None:
    result = run("--from", "E1", "--to", "E2")
    assert result.exit_code == 0, result.output
    assert result.output.count("good") == 2
    assert "declared" in result.output and "2.5 µF" in result.output
    assert "identification reads 2815, declared 2815" in result.output


@pytest.mark.parametrize(
    ("fault", "word"),
    [("open_lead@0", "open"), ("short@0", "short"), ("wrong_load@0", "does not match the load")],
)
def test_the_command_ends_with_1_where_it_is_not_the_load(fault: str, word: str) -> None:
    result = run("--from", "E1", "--to", "E2", "--fault", fault)
    assert result.exit_code == 1
    assert word in result.output


def test_the_command_as_json() -> None:
    result = run(
        "--from", "E1", "--to", "E2", "--json", "--stage", "r2r-1", "--load", "resistor-1k"
    )
    report = json.loads(result.output)
    assert result.exit_code == 0 and report["ok"] is True
    assert report["declared"] == {"ohm": 1000, "farad": None, "tolerance": 0.07, "load_id": 2048}
    assert [row["contact"] for row in report["contacts"]] == ["contact 1", "contact 2"]
    assert report["contacts"][0]["ohm"] == pytest.approx(1000, rel=0.02)
    assert report["contacts"][0]["farad"] is None


def test_the_command_measures_each_pair_of_the_two_sides() -> None:
    result = run("--pairs")
    assert result.exit_code == 0, result.output
    assert result.output.count("501 Ω") + result.output.count("500 Ω") >= 16  # four by four
    assert "identification reads 2815, declared 2815" in result.output
    report = json.loads(run("--pairs", "--from", "E1,E3", "--to", "E2", "--json").output)
    assert [(row["from"], row["to"]) for row in report["pairs"]] == [("E1", "E2"), ("E3", "E2")]
    assert all(row["verdict"] == "good" and row["ok"] for row in report["pairs"])
    assert report["pairs"][0]["ohm"] == pytest.approx(500, rel=0.02)


def test_a_pair_that_is_open_ends_it_with_1_and_is_named() -> None:
    result = run("--pairs", "--from", "E1", "--to", "E2,E4", "--fault", "open_lead@0")
    assert result.exit_code == 1
    assert result.output.count("open") == 2
    report = json.loads(
        run("--pairs", "--from", "E1", "--to", "E2", "--fault", "open_lead@0", "--json").output
    )
    assert (report["ok"], report["pairs"][0]["verdict"], report["pairs"][0]["ohm"]) == (
        False,
        "open",
        None,
    )


def test_the_command_refuses_a_contact_that_is_none() -> None:
    result = run("--from", "E1", "--to", "Q")
    assert result.exit_code == 2
    assert "no contact is called 'Q'" in result.output


def test_req_57_arming_measures_by_itself_and_says_what_it_found() -> None:
    with Stimulator("sim") as stim:
        stim.load(Profile.read(TONIC))
        load = stim.arm()
        assert load is not None and load.ok
        assert [contact.contact for contact in load.contacts] == ["E2", "E3", "E4"]
        assert stim.status().state == "ARMED"
        assert stim.arm() is None  # armed already: the measurement of a moment ago will do


def test_req_57_without_a_measurement_the_device_refuses() -> None:
    with Stimulator("sim") as stim:
        stim.load(Profile.read(TONIC))
        with pytest.raises(DeviceRefused, match="has not been measured since the device started"):
            stim.arm(measure=False)
        stim.measure()
        assert stim.arm(measure=False) is None


def test_req_57_a_broken_lead_is_told_with_its_contacts() -> None:
    with Stimulator("sim", faults="open_lead@0") as stim:
        stim.load(Profile.read(TONIC))
        with pytest.raises(DeviceRefused, match=r"open circuit.*at E2; look for a broken wire"):
            stim.arm()


def test_req_57_a_run_says_what_it_measured_and_is_refused_on_another_load() -> None:
    result = CliRunner().invoke(app, ["run", str(TONIC), "--for", "1s"])
    assert result.exit_code == 0
    assert "load measured before arming: E2 " in result.output
    as_json = CliRunner().invoke(app, ["run", str(TONIC), "--for", "1s", "--json"])
    report = json.loads(as_json.output)
    assert [row["verdict"] for row in report["load"]] == ["good"] * 3
    refused = CliRunner().invoke(app, ["run", str(TONIC), "--fault", "drifted_load@0"])
    assert refused.exit_code == 1
    assert "resistance is outside the declared tolerance" in refused.output
