"""`scs run --slot`: a stored program runs without its profile, and what is then missing."""

import re
from pathlib import Path

import pytest
from tests.host.cli.support import (
    ALONE,
    GOOD,
    INTERRUPTED,
    NO_DEVICE,
    REFUSED,
    TONIC,
    USAGE,
    as_json,
    asked,
    interrupt_at_once,
    scs,
)


@pytest.fixture
def leased(tmp_path: Path) -> str:
    path = tmp_path / "leased.yaml"
    text = ALONE.replace("stand_alone: true", "session: {pulses: 48}\nlease: 500 ms")
    path.write_text(text.replace("amplitude: 1 mA", "amplitude: 500 uA"))
    return str(path)


def kept(served: str, file: str, slot: str = "3") -> str:
    """Save a program and load another one; return the hash of the saved one."""
    saved, answer = asked("store", "save", slot, file, "--port", served)
    assert saved.exit_code == GOOD, saved.output
    assert scs("store", "save", "8", TONIC, "--port", served).exit_code == GOOD
    return str(answer["hash"])


def test_a_kept_program_runs_to_the_end_of_its_session_and_is_accounted_for(
    leased: str, served: str
) -> None:
    digest = kept(served, leased)
    done, answer = asked("run", "--slot", "3", "--port", served)
    assert done.exit_code == GOOD, done.stderr
    assert (answer["slot"], answer["hash"], answer["stopped"]) == (3, digest, "pulses")
    assert "profile" not in answer
    assert answer["delivered"]["pulses"] == 48
    assert answer["delivered"]["charge_nc"] == 4800.0  # 48 of 0.5 mA for 200 us
    assert set(answer["delivered"]["contacts"]) == {"contact 3", "contact 4"}
    assert {row["contact"] for row in answer["load"]} == {"contact 3", "contact 4"}
    shown = scs("run", "--slot", "3", "--port", served)
    assert f"slot 3, hash {digest} on pico/mcp4922-8" in shown.stdout
    assert re.search(r"^ contact 3 +│ +[0-9.]+ [nµ]C │", shown.stdout, re.MULTILINE)


def test_a_kept_program_is_stopped_after_the_time_asked_for(alone: str, served: str) -> None:
    kept(served, alone)
    answer = as_json("run", "--slot", "3", "--for", "1s", "--port", served)
    assert answer["stopped"] == "stop"
    # a board on a socket runs as fast as this computer lets it
    assert answer["delivered"]["pulses"] == round(50 * answer["delivered"]["seconds"]) > 10


def test_a_kept_program_that_stands_alone_is_left_running(alone: str, served: str) -> None:
    digest = kept(served, alone)
    done, answer = asked("run", "--slot", "3", "--detach", "--port", served)
    assert (done.exit_code, answer["stopped"], answer["hash"]) == (GOOD, "running", digest)
    seen = as_json("status", "--port", served)
    assert (seen["state"], seen["lease_left_s"]) == ("RUNNING", None)
    running = scs("run", "--slot", "3", "--port", served)
    assert running.exit_code == REFUSED
    assert (
        "loading a stored program is not allowed while the device is RUNNING: stop it first"
        in running.stderr
    )


def test_req_34_a_kept_program_with_a_lease_is_not_left_running(leased: str, served: str) -> None:
    kept(served, leased)
    done = scs("run", "--slot", "3", "--detach", "--port", served)
    assert done.exit_code == USAGE
    assert "the program of slot 3 has a lease" in done.stderr
    seen = as_json("status", "--port", served)
    assert (seen["state"], seen["delivered"]["pulses"]) == ("LOADED", 0)


def test_a_wish_to_end_halts_a_kept_program(
    alone: str, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(served, alone)
    interrupt_at_once(monkeypatch)
    done, answer = asked("run", "--slot", "3", "--port", served)
    assert (done.exit_code, answer["stopped"]) == (INTERRUPTED, "halt")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), USAGE, "give either PROFILE or --slot, e.g. scs run my.yaml or scs run --slot 3"),
        ((TONIC, "--slot", "3"), USAGE, "give either PROFILE or --slot"),
        (("--slot", "9"), USAGE, "there is no slot 9; allowed are 1 to 8"),
        (("--slot", "0"), USAGE, "there is no slot 0"),
        (("--slot", "two"), USAGE, "Invalid value for '--slot'"),
        (("--slot", "3"), REFUSED, "slot 3: the slot is empty; `scs store list` shows"),
        (("--slot", "3", "--detach"), USAGE, "--detach needs a real port"),
        (("--slot", "3", "--record", "monday"), USAGE, "--record needs the profile's text"),
        (("--slot", "3", "--port", "socket://127.0.0.1:9"), NO_DEVICE, "cannot open"),
    ],
)
def test_what_cannot_be_is_one_message(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = scs("run", *arguments)
    assert done.exit_code == code
    assert message in " ".join(done.stderr.split())


def test_an_empty_slot_is_told_to_scripts_as_well() -> None:
    answer = as_json("run", "--slot", "3")
    assert (answer["stopped"], answer["delivered"]["pulses"]) == ("refused", 0)
    assert "slot 3: the slot is empty" in answer["errors"][0]["message"]
