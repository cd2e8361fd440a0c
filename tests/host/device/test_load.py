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
        found = stim.measure()
        assert stim.status().state == "LOADED"
    assert [one.contact for one in found.contacts] == ["E2", "E3", "E4"]
    assert found.ok and found.identified and found.load_id == 2815
    for one in found.contacts:
        assert one.verdict == "good"
        assert one.ohm == pytest.approx(500, rel=0.02)
        assert one.farad == pytest.approx(2.5e-6, rel=0.02)
    assert found.age_s < 1


def test_measure_takes_names_and_numbers() -> None:
    with Stimulator("sim") as stim:
        found = stim.measure(["E1"], [8])
        assert [one.contact for one in found.contacts] == ["contact 1", "contact 8"]
        for wrong in ("E9", "x", "0", ""):
            with pytest.raises(WrongUsage, match="; for example E1"):
                stim.measure([wrong])
        with pytest.raises(DeviceRefused, match="name contacts on both sides, none of them twice"):
            stim.measure(["E1"])
    assert impedance.mask(["b", 1], ("a", "b")) == 0b11


def test_an_open_lead_is_no_load() -> None:
    with Stimulator("sim", faults="open_lead@0") as stim:
        found = stim.measure(["E1"], ["E2"])
    assert not found.ok
    assert {(one.verdict, one.ohm, one.farad) for one in found.contacts} == {("open", None, None)}


def test_a_load_without_its_identification_is_not_ok() -> None:
    with Stimulator("sim", faults="wrong_load@0") as stim:
        found = stim.measure(["E1"], ["E2"])
    assert {one.verdict for one in found.contacts} == {"good"}
    assert not found.identified and not found.ok


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
    said = run("--from", "E1", "--to", "E2")
    assert said.exit_code == 0, said.output
    assert said.output.count("good") == 2
    assert "declared" in said.output and "2.5 µF" in said.output
    assert "identification reads 2815, declared 2815" in said.output


@pytest.mark.parametrize(
    ("fault", "word"),
    [("open_lead@0", "open"), ("short@0", "short"), ("wrong_load@0", "does not match the load")],
)
def test_the_command_ends_with_1_where_it_is_not_the_load(fault: str, word: str) -> None:
    said = run("--from", "E1", "--to", "E2", "--fault", fault)
    assert said.exit_code == 1
    assert word in said.output


def test_the_command_as_json() -> None:
    said = run("--from", "E1", "--to", "E2", "--json", "--stage", "r2r-1", "--load", "resistor-1k")
    found = json.loads(said.output)
    assert said.exit_code == 0 and found["ok"] is True
    assert found["declared"] == {"ohm": 1000, "farad": None, "tolerance": 0.07, "load_id": 2048}
    assert [one["contact"] for one in found["contacts"]] == ["contact 1", "contact 2"]
    assert found["contacts"][0]["ohm"] == pytest.approx(1000, rel=0.02)
    assert found["contacts"][0]["farad"] is None


def test_the_command_measures_each_pair_of_the_two_sides() -> None:
    said = run("--pairs")
    assert said.exit_code == 0, said.output
    assert said.output.count("501 Ω") + said.output.count("500 Ω") >= 16  # four by four
    assert "identification reads 2815, declared 2815" in said.output
    found = json.loads(run("--pairs", "--from", "E1,E3", "--to", "E2", "--json").output)
    assert [(one["from"], one["to"]) for one in found["pairs"]] == [("E1", "E2"), ("E3", "E2")]
    assert all(one["verdict"] == "good" and one["ok"] for one in found["pairs"])
    assert found["pairs"][0]["ohm"] == pytest.approx(500, rel=0.02)


def test_a_pair_that_is_open_ends_it_with_1_and_is_named() -> None:
    said = run("--pairs", "--from", "E1", "--to", "E2,E4", "--fault", "open_lead@0")
    assert said.exit_code == 1
    assert said.output.count("open") == 2
    told = json.loads(
        run("--pairs", "--from", "E1", "--to", "E2", "--fault", "open_lead@0", "--json").output
    )
    assert (told["ok"], told["pairs"][0]["verdict"], told["pairs"][0]["ohm"]) == (
        False,
        "open",
        None,
    )


def test_the_command_refuses_a_contact_that_is_none() -> None:
    said = run("--from", "E1", "--to", "Q")
    assert said.exit_code == 2
    assert "no contact is called 'Q'" in said.output


def test_req_57_arming_measures_by_itself_and_says_what_it_found() -> None:
    with Stimulator("sim") as stim:
        stim.load(Profile.read(TONIC))
        found = stim.arm()
        assert found is not None and found.ok
        assert [one.contact for one in found.contacts] == ["E2", "E3", "E4"]
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
    said = CliRunner().invoke(app, ["run", str(TONIC), "--for", "1s"])
    assert said.exit_code == 0
    assert "load measured before arming: E2 " in said.output
    told = CliRunner().invoke(app, ["run", str(TONIC), "--for", "1s", "--json"])
    found = json.loads(told.output)
    assert [one["verdict"] for one in found["load"]] == ["good"] * 3
    refused = CliRunner().invoke(app, ["run", str(TONIC), "--fault", "drifted_load@0"])
    assert refused.exit_code == 1
    assert "resistance is outside the declared tolerance" in refused.output
