"""`scs run`: the ledger, faults, refusals, and its exit codes."""

import json
import re
from pathlib import Path

import pytest
from tests.host.cli.support import (
    ALONE,
    COUNTED,
    GOOD,
    NO_DEVICE,
    REFUSED,
    TONIC,
    USAGE,
    scs,
)

from scs import resources


def test_run_json_ends_with_the_ledger(alone: str) -> None:
    done = scs("run", alone, "--for", "1s", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == GOOD
    assert found["stopped"] == "stop"
    assert set(found["delivered"]) >= {"pulses", "periods", "seconds", "charge_nc"}
    pulses = found["delivered"]["pulses"]
    assert pulses == found["delivered"]["periods"]
    assert 50 <= pulses <= 54  # STOP waits for a step of the ramp and the end of a period
    assert found["delivered"]["seconds"] == pytest.approx(0.02 * pulses)
    assert found["fault"] is None


def test_run_counts_48_pulses() -> None:
    found = json.loads(scs("run", COUNTED, "--json").stdout)
    assert found["delivered"]["pulses"] == 48
    assert found["delivered"]["charge_nc"] == 4800.0
    assert found["stopped"] == "pulses"


def test_run_reports_to_people(alone: str) -> None:
    done = scs("run", alone, "--for", "1s")
    assert done.exit_code == GOOD
    assert re.search(r"pulses +│ +\d\d", done.stdout)
    assert re.search(r"charge of first phases, E3 +│", done.stdout)
    assert re.search(r"stopped by +│ +stop", done.stdout)


def test_run_with_a_fault_is_exit_1_with_value_limit_and_ledger(alone: str) -> None:
    done = scs("run", alone, "--for", "3s", "--fault", "open_lead@1", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == REFUSED
    assert found["stopped"] == "fault"
    assert found["fault"]["name"] == "open_load"
    assert found["fault"]["value"] < found["fault"]["limit"] == pytest.approx(0.1)
    assert 40 <= found["delivered"]["pulses"] <= 55
    assert "the device latched a fault: open_load" in done.stderr


def test_req_61_a_link_lost_in_mid_run_is_exit_3_with_what_is_known(alone: str) -> None:
    done = scs("run", alone, "--for", "5s", "--fault", "link_cut@2", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == NO_DEVICE
    assert found["stopped"] == "link lost"
    assert 80 <= found["delivered"]["pulses"] <= 100  # 50 a second, asked every quarter of one
    assert "broke" in done.stderr
    assert "last known values" in done.stderr
    assert "keeps running: use `scs halt`" in done.stderr  # it stands alone
    again = scs("run", alone, "--for", "5s", "--fault", "link_cut@2")
    assert again.exit_code == NO_DEVICE
    assert re.search(r"stopped by +│ +link lost", again.stdout)


def test_run_without_a_device_is_exit_3() -> None:
    for port in ("/dev/no-such-port", "socket://127.0.0.1:9"):
        done = scs("run", TONIC, "--port", port)
        assert done.exit_code == NO_DEVICE
        assert done.stderr.startswith(f"error: cannot open {port}: ")
        assert done.stdout == ""
        found = json.loads(scs("run", TONIC, "--port", port, "--json").stdout)
        assert (found["stopped"], found["delivered"]["pulses"]) == ("no device", 0)


def test_run_with_the_wrong_load_is_refused_before_anything_flows() -> None:
    done = scs("run", TONIC, "--fault", "wrong_load@0", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == REFUSED
    assert (found["stopped"], found["delivered"]["pulses"]) == ("refused", 0)
    assert "identification resistor" in found["errors"][0]["message"]


def test_run_of_a_refused_profile_is_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "much.yaml"
    path.write_text(ALONE.replace("1 mA", "12 mA").replace("3 mA", "12 mA"))
    done = scs("run", str(path), "--for", "1s", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == REFUSED
    assert found["delivered"]["pulses"] == 0
    assert found["stopped"] == "refused"
    assert "shannon" in {row["id"] for row in found["errors"]}
    assert f"{path}:9:" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--for", "soon"], "--for"),
        (["--fault", "opn@1"], "known are"),
        (["--port", "socket://h:1", "--fault", "open_lead@1"], "simulated board"),
        (["--detach"], "needs a real port"),
        (["--board", "nano"], "no board is called nano"),
    ],
)
def test_run_wrong_usage(options: list[str], said: str) -> None:
    done = scs("run", TONIC, *options)
    assert done.exit_code == USAGE
    assert said in done.stderr


def test_run_on_another_stage() -> None:
    profile = str(resources.path("profiles/r2r_tonic.yaml"))
    choice = ("--stage", "r2r-1", "--load", "resistor-1k")
    found = json.loads(scs("run", profile, "--for", "1s", "--json", *choice).stdout)
    assert found["board"] == "pico/r2r-1/resistor-1k"
    assert found["stopped"] == "stop"
