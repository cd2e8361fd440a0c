"""`scs run`: the ledger, faults, refusals, and its exit codes."""

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
    as_json,
    asked,
    scs,
)

from scs import resources
from scs.device.session import Session


def test_run_json_ends_with_the_ledger(alone: str) -> None:
    done, answer = asked("run", alone, "--for", "1s")
    assert done.exit_code == GOOD
    assert answer["stopped"] == "stop"
    assert set(answer["delivered"]) >= {"pulses", "periods", "seconds", "charge_nc"}
    pulses = answer["delivered"]["pulses"]
    assert pulses == answer["delivered"]["periods"]
    assert 50 <= pulses <= 54  # STOP waits for a step of the ramp and the end of a period
    assert answer["delivered"]["seconds"] == pytest.approx(0.02 * pulses)
    assert answer["fault"] is None


def test_run_counts_48_pulses() -> None:
    answer = as_json("run", COUNTED)
    assert answer["delivered"]["pulses"] == 48
    assert answer["delivered"]["charge_nc"] == 4800.0
    assert answer["stopped"] == "pulses"


def test_run_reports_to_people(alone: str) -> None:
    done = scs("run", alone, "--for", "1s")
    assert done.exit_code == GOOD
    assert re.search(r"pulses +│ +\d\d", done.stdout)
    assert re.search(r"^ E3 +│ +[0-9.]+ [nµ]C │", done.stdout, re.MULTILINE)
    assert re.search(r"stopped by +│ +stop", done.stdout)


def test_run_with_a_fault_is_exit_1_with_value_limit_and_ledger(alone: str) -> None:
    done, answer = asked("run", alone, "--for", "3s", "--fault", "open_lead@1.3")
    assert done.exit_code == REFUSED
    assert answer["stopped"] == "fault"
    assert answer["fault"]["name"] == "open_load"
    assert answer["fault"]["value"] < answer["fault"]["limit"] == pytest.approx(0.1)
    assert 40 <= answer["delivered"]["pulses"] <= 55
    assert "the device latched a fault: open_load" in done.stderr


def test_req_61_a_link_lost_in_mid_run_is_exit_3_with_what_is_known(alone: str) -> None:
    done, answer = asked("run", alone, "--for", "5s", "--fault", "link_cut@2.4")
    assert done.exit_code == NO_DEVICE
    assert answer["stopped"] == "link lost"
    assert 80 <= answer["delivered"]["pulses"] <= 100  # 50 a second, asked every quarter of one
    assert "broke" in done.stderr
    assert "last known values" in done.stderr
    assert "keeps running: use `scs halt`" in done.stderr  # it stands alone
    again = scs("run", alone, "--for", "5s", "--fault", "link_cut@2.4")
    assert again.exit_code == NO_DEVICE
    assert re.search(r"stopped by +│ +link lost", again.stdout)


def test_run_without_a_device_is_exit_3() -> None:
    for port in ("/dev/no-such-port", "socket://127.0.0.1:9"):
        done = scs("run", TONIC, "--port", port)
        assert done.exit_code == NO_DEVICE
        assert done.stderr.startswith(f"error: cannot open {port}: ")
        assert done.stdout == ""
        answer = as_json("run", TONIC, "--port", port)
        assert (answer["stopped"], answer["delivered"]["pulses"]) == ("no device", 0)


def test_run_with_the_wrong_load_is_refused_before_anything_flows() -> None:
    done, answer = asked("run", TONIC, "--fault", "wrong_load@0")
    assert done.exit_code == REFUSED
    assert (answer["stopped"], answer["delivered"]["pulses"]) == ("refused", 0)
    assert "identification resistor" in answer["errors"][0]["message"]


def test_run_of_a_refused_profile_is_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "much.yaml"
    path.write_text(ALONE.replace("1 mA", "12 mA").replace("3 mA", "12 mA"))
    done, answer = asked("run", str(path), "--for", "1s")
    assert done.exit_code == REFUSED
    assert answer["delivered"]["pulses"] == 0
    assert answer["stopped"] == "refused"
    assert "shannon" in {row["id"] for row in answer["errors"]}
    assert f"{path}:9:" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--for", "soon"], "--for"),
        (["--fault", "opn@1"], "known are"),
        (["--port", "socket://h:1", "--fault", "open_lead@1"], "simulated board"),
        (["--detach"], "needs a real port"),
        (["--board", "nano"], "no board is called nano"),
    ],
)
def test_run_wrong_usage(options: list[str], message: str) -> None:
    done = scs("run", TONIC, *options)
    assert done.exit_code == USAGE
    assert message in done.stderr


def test_run_on_another_stage() -> None:
    profile = str(resources.path("profiles/r2r_tonic.yaml"))
    choice = ("--stage", "r2r-1", "--load", "resistor-1k")
    answer = as_json("run", profile, "--for", "1s", *choice)
    assert answer["board"] == "pico/r2r-1/resistor-1k"
    assert answer["stopped"] == "stop"


# --- an end before --for ----------------------------------------------------------------------
def test_req_36_a_session_that_ends_before_the_time_says_so() -> None:
    done, report = asked("run", COUNTED, "--for", "1h")
    assert done.exit_code == GOOD
    assert report["note"].startswith("stopped by pulses after ")
    assert report["note"].endswith(" s, before --for 3600 s")
    assert "ramp_down_s" not in report


def test_req_36_a_run_that_is_stopped_before_the_time_is_an_error(
    alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Session.start

    def start_and_stop(session: Session) -> None:
        start(session)
        session.stop(wait=False)

    monkeypatch.setattr(Session, "start", start_and_stop)
    done = scs("run", alone, "--for", "1h")
    assert done.exit_code == REFUSED
    assert "error: stopped by stop after 0." in done.stderr
    assert " s, before --for 3600 s" in done.stderr


def test_req_36_a_ramp_down_is_told_beside_the_time(leased: str) -> None:
    """Its ramp down is 1 s."""
    done, report = asked("run", leased, "--for", "1s")
    assert done.exit_code == GOOD
    assert report["ramp_down_s"] == pytest.approx(1.0, abs=0.05)
    assert report["delivered"]["seconds"] == pytest.approx(2.0, abs=0.05)
