"""`scs shift --port`: what runs is moved, kept or left running; what stands if it ends half-way."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import (
    ALONE,
    GOOD,
    INTERRUPTED,
    LEASED,
    NO_DEVICE,
    REFUSED,
    USAGE,
    as_json,
    interrupt_at_once,
    left_alone,
    moved_by,
    scs,
    shift,
    status,
)

from scs import Stimulator
from scs.cli import options
from scs.device.session import Session
from scs.profile.profile import Profile
from scs.sim_bridge import SimBoard


# --- a program that was left running -----------------------------------------------------------
def test_what_was_left_running_runs_on_at_the_other_contacts(alone: str, running: str) -> None:
    expected = moved_by(alone, 2)
    done = scs("shift", alone, "--by", "2", "--port", running)
    assert done.exit_code == GOOD, done.output
    assert "low back: cathodes E3 -> E5" in done.stdout
    assert "low back: anodes E4 -> E6" in done.stdout
    assert re.search(r"delivered at the previous contacts: \d+ pulses in [\d.]+ s", done.stdout)
    assert re.search(r"the output was off for 0\.\d+ s, then restarted from zero", done.stdout)
    assert f"{alone}: shifted by 2" in done.stdout
    assert Path(alone).read_text() == expected
    answer = status(running)
    assert (answer["state"], answer["lease_left_s"]) == ("RUNNING", None)
    stopped = as_json("stop", "--port", running)
    assert set(stopped["delivered"]["contacts"]) == {"contact 5", "contact 6"}


def test_a_move_is_told_to_scripts(alone: str, running: str) -> None:
    scs("amplitude", "1", "1.5 mA", "--port", running)
    done, answer = shift(alone, running, "--by", "-1")
    assert (done.exit_code, answer["stopped"]) == (GOOD, "running")
    (move,) = answer["moves"]
    assert 0 < move["off_s"] < 5
    assert (move["by"], move["file"], move["amplitudes_ma"]) == (-1, alone, [1.5])
    assert move["changes"] == ["low back: cathodes E3 -> E2", "low back: anodes E4 -> E3"]
    assert move["delivered_before"]["pulses"] > 0
    assert {row["contact"] for row in answer["load"]} == {"E2", "E3"}
    shown = scs("shift", alone, "--by", "1", "--port", running).stdout
    assert "low back: 1.5 mA, as set on the device; the file says 1 mA" in shown


def test_another_file_is_written_and_the_profile_stays(
    alone: str, running: str, tmp_path: Path
) -> None:
    expected, other = moved_by(alone, 1), tmp_path / "other.yaml"
    assert shift(alone, running, "--by", "1", "-o", str(other))[0].exit_code == GOOD
    assert other.read_text() == expected
    assert Path(alone).read_text() == ALONE


def test_with_a_time_it_is_watched_and_stopped_there(alone: str, running: str) -> None:
    done, answer = shift(alone, running, "--by", "1", "--for", "500 ms")
    assert (done.exit_code, answer["stopped"]) == (GOOD, "stop")
    assert set(answer["delivered"]["contacts"]) == {"E4", "E5"}
    assert status(running)["state"] == "LOADED"


def test_a_device_is_touched_only_where_it_is_named(alone: str, running: str) -> None:
    done = scs("shift", alone, "--by", "1", SCS_PORT=running)
    assert (done.exit_code, status(running)["state"]) == (GOOD, "RUNNING")
    wrong, _ = shift(alone, running, "--by", "1")  # the file was moved without the device
    assert wrong.exit_code == REFUSED
    assert "the device does not run" in wrong.stderr


# --- where nothing runs, and several places ------------------------------------------------------
def test_where_nothing_runs_it_is_started_there_and_kept_alive(leased: str) -> None:
    expected = moved_by(leased, 1)
    done, answer = shift(leased, "sim", "--by", "1", "--for", "3 s")  # its lease is 2 s
    assert (done.exit_code, answer["stopped"]) == (GOOD, "stop")
    assert (answer["moves"][0]["off_s"], answer["moves"][0]["delivered_before"]) == (None, None)
    assert set(answer["delivered"]["contacts"]) == {"E4", "E5"}
    assert answer["delivered"]["pulses"] >= 140
    assert Path(leased).read_text() == expected


def test_several_places_are_held_one_after_another(leased: str) -> None:
    done, answer = shift(leased, "sim", "--by", "1", "--by", "3", "--by", "-4", "--for", "1 s")
    assert (done.exit_code, answer["stopped"]) == (GOOD, "stop")
    first, second, third = answer["moves"]
    assert set(second["delivered_before"]["contacts"]) == {"E4", "E5"}
    assert set(third["delivered_before"]["contacts"]) == {"E7", "E8"}
    assert set(answer["delivered"]["contacts"]) == {"E3", "E4"}
    # 1 s held, 1 s of ramp, and what two polls and the end of a period add
    assert 95 <= third["delivered_before"]["pulses"] <= 115
    assert first["off_s"] is None
    assert second["off_s"] == pytest.approx(third["off_s"], abs=0.05)
    assert 0.1 < third["off_s"] < 0.5
    assert Path(leased).read_text() == LEASED
    shown = scs("shift", leased, "--by", "1", "--by", "-1", "--for", "1 s", "--port", "sim").stdout
    assert "no program was running: started at the new contacts" in shown
    assert re.search(r"^ E3 +│ +[0-9.]+ [nµ]C │", shown, re.MULTILINE)


def test_a_session_that_ends_before_the_next_move_is_told(leased: str) -> None:
    text = LEASED + "session: {duration: 1 s}\n"
    Path(leased).write_text(text)
    done, answer = shift(leased, "sim", *["--by", "1", "--by", "1", "--by", "1", "--for", "4s"])
    assert (done.exit_code, answer["stopped"], len(answer["moves"])) == (REFUSED, "session", 1)
    assert "the remaining shifts were not made: by 1, 1" in done.stderr
    assert "[E4]" in Path(leased).read_text().splitlines()[4]


# --- refused, and not touched --------------------------------------------------------------------
def test_what_is_not_the_profile_is_left_running(alone: str, running: str) -> None:
    other = ALONE.replace("200 us", "250 us")
    Path(alone).write_text(other)
    done, answer = shift(alone, running, "--by", "1")
    assert (done.exit_code, answer["stopped"]) == (REFUSED, "refused")
    assert f"the device does not run {alone}: its program has the hash" in done.stderr
    assert "nothing was changed on the device" in done.stderr
    assert f"{alone} was not written" in done.stderr
    left_alone(running, alone, other)


def test_an_unsafe_place_is_refused_before_the_first_move(alone: str, running: str) -> None:
    unsafe = ALONE.replace("amplitude: 1 mA", "amplitude: 12 mA").replace("3 mA", "12 mA")
    Path(alone).write_text(unsafe)
    done, answer = shift(alone, running, "--by", "1", "--by", "1", "--for", "1s")
    assert (done.exit_code, "moves" in answer) == (REFUSED, False)
    assert f"{alone} (shifted by 1):9: programs[0].amplitude: the phase exceeds" in done.stderr
    left_alone(running, alone, unsafe)


def test_a_last_place_off_the_lead_is_found_before_the_first(alone: str, running: str) -> None:
    done, _ = shift(alone, running, *["--by", "1", "--by", "3", "--by", "1", "--for", "1s"])
    assert done.exit_code == USAGE
    assert "E8 would leave the lead" in done.stderr
    left_alone(running, alone)


def test_a_run_with_a_lease_that_is_refused_is_not_halted(leased: str, served: str) -> None:
    with Stimulator(served, halt_on_exit=False) as stim:
        stim.load(Profile.from_text(LEASED.replace("[E3]", "[E1]") + "lease: 10 s\n"))
        stim.arm()
        stim.start()
    done, _ = shift(leased, served, "--by", "1")
    assert done.exit_code == REFUSED
    left_alone(served, leased, LEASED)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            "ARMED",
            "shifting contacts is not allowed while the device is ARMED: stop or halt it first",
        ),
        ("STOPPING", "while the device is STOPPING: it is ramping down"),
        ("FAULT", "a fault is latched: see it with `scs faults`"),
    ],
)
def test_a_device_that_is_neither_idle_nor_running_is_left_as_it_is(
    state: str, message: str, alone: str, served: str, board: SimBoard
) -> None:
    slow = LEASED.replace("down: 1 s", "down: 60 s")
    with Stimulator(served, halt_on_exit=False) as stim:
        stim.load(Profile.from_text(slow + "stand_alone: true\n"))
        stim.arm()
        if state != "ARMED":
            stim.start()
            stim.settle()
        if state == "STOPPING":
            stim.stop(wait=False)
        if state == "FAULT":
            board.inject("open_lead")
            while stim.status().state != "FAULT":
                stim.link.sleep(0.02)
    done, answer = shift(alone, served, "--by", "1")
    assert (done.exit_code, answer["stopped"]) == (REFUSED, "refused")
    assert message in done.stderr
    left_alone(served, alone, state=state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--by", "1", "--by", "1"), "several --by, --for and --fault need a device"),
        (("--by", "1", "--for", "1s"), "several --by, --for and --fault need a device"),
        (("--by", "1", "--fault", "short@1"), "several --by, --for and --fault need a device"),
        (("--by", "1", "--by", "1", "--port", "sim"), "several --by need --for"),
        (("--by", "1", "--for", "soon", "--port", "sim"), "--for"),
        (("--by", "0", "--port", "sim"), "--by 0 moves nothing"),
    ],
)
def test_what_cannot_be_meant_is_one_message(
    alone: str, options: tuple[str, ...], message: str
) -> None:
    done = scs("shift", alone, *options)
    assert done.exit_code == USAGE
    assert message in " ".join(done.stderr.split())
    assert Path(alone).read_text() == ALONE


def test_without_a_device_nothing_is_written(alone: str) -> None:
    done, answer = shift(alone, "socket://127.0.0.1:9", "--by", "1")
    assert (done.exit_code, answer["stopped"]) == (NO_DEVICE, "no device")
    assert Path(alone).read_text() == ALONE


# --- ended half-way ------------------------------------------------------------------------------
def test_req_57_a_load_that_is_refused_at_the_new_contacts_leaves_it_off_and_says_so(
    alone: str, running: str, board: SimBoard
) -> None:
    board.inject("wrong_load")
    done, answer = shift(alone, running, "--by", "1")
    assert (done.exit_code, answer["stopped"]) == (REFUSED, "stop")
    assert "identification resistor" in done.stderr
    assert "the output is off until a program is started" in done.stderr
    assert f"{alone} was not written" in done.stderr
    assert answer["delivered"]["pulses"] > 0  # at the old contacts
    assert "identification resistor" in answer["errors"][0]["message"]
    left_alone(running, alone, state="LOADED")


def test_a_refusal_at_a_later_place_keeps_the_file_at_the_one_before(leased: str) -> None:
    # it runs from 0.2 s on, is held for 1 s, and ramps down for another
    expected = moved_by(leased, 1)
    options = ["--by", "1", "--by", "1", "--for", "1s", "--fault", "wrong_load@1.5"]
    done, answer = shift(leased, "sim", *options)
    assert (done.exit_code, answer["stopped"], len(answer["moves"])) == (REFUSED, "stop", 1)
    assert "identification resistor" in done.stderr
    assert set(answer["delivered"]["contacts"]) == {"E4", "E5"}
    assert Path(leased).read_text() == expected


def test_req_61_a_link_lost_in_mid_move_says_what_stands_on_the_device(leased: str) -> None:
    expected = moved_by(leased, 1)
    cut = "link_cut@1.8"  # while it ramps down
    options = ("--by", "1", "--by", "1", "--for", "1s", "--fault", cut)
    done, answer = shift(leased, "sim", *options)
    assert (done.exit_code, answer["stopped"]) == (NO_DEVICE, "link lost")
    assert "STOP was sent; the output is off or ramping down" in done.stderr
    assert f"{leased} was not written" in done.stderr
    assert "stops when its lease expires" in done.stderr
    assert 40 <= answer["delivered"]["pulses"] <= 60
    assert Path(leased).read_text() == expected


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a file that becomes read-only once it was found writable."""
    monkeypatch.setattr(options, "check_output", lambda _file, *, force: None)
    path = tmp_path / "read_only.yaml"
    path.write_text(ALONE)
    path.chmod(0o444)
    return str(path)


def test_a_file_that_cannot_be_written_is_told_beside_what_runs(
    alone: str, running: str, read_only: str
) -> None:
    done, _ = shift(alone, running, "--by", "1", "--force", "-o", read_only)
    assert done.exit_code == USAGE
    assert "the device made the shift and keeps running at the new contacts" in done.stderr
    left_alone(running, alone)


def test_a_read_only_file_is_refused_before_anything_moves(
    alone: str, running: str, tmp_path: Path
) -> None:
    path = tmp_path / "kept.yaml"
    path.write_text(ALONE)
    path.chmod(0o444)
    done, _ = shift(alone, running, "--by", "1", "--force", "-o", str(path))
    assert done.exit_code == USAGE
    assert f"cannot write {path}: it is read-only" in done.stderr
    assert "the device made the shift" not in done.stderr
    left_alone(running, alone)


def test_a_watched_run_is_halted_where_its_file_cannot_be_written(
    alone: str, leased: str, running: str, read_only: str
) -> None:
    nowhere = ("--by", "1", "--for", "9s", "--force", "-o", read_only)
    done, _ = shift(alone, running, *nowhere)  # it ran before
    assert done.exit_code == USAGE
    assert "the device made the shift and is halted" in done.stderr
    left_alone(running, alone, state="LOADED")
    done, _ = shift(leased, running, *nowhere)  # nothing ran
    assert done.exit_code == USAGE
    left_alone(running, leased, LEASED, state="LOADED")


# --- Ctrl-C --------------------------------------------------------------------------------------
def test_a_wish_to_end_before_the_move_leaves_all_as_it_is(
    alone: str, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupt_at_once(patched)
        assert scs("shift", alone, "--by", "1", "--port", running).exit_code == INTERRUPTED
    left_alone(running, alone)


def test_a_wish_to_end_before_the_start_starts_nothing(
    leased: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = Stimulator.arm

    def interrupted(self: Stimulator) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return arm(self)

    monkeypatch.setattr(Stimulator, "arm", interrupted)
    monkeypatch.delattr(Session, "start")
    assert scs("shift", leased, "--by", "1", "--port", "sim").exit_code == INTERRUPTED
    assert Path(leased).read_text() == LEASED


def test_req_32_a_wish_to_end_in_the_move_halts(
    alone: str, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Stimulator.measure

    def interrupted(self: Stimulator) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return measure(self)

    monkeypatch.setattr(Stimulator, "measure", interrupted)
    done, answer = shift(alone, running, "--by", "1")
    assert (done.exit_code, answer["stopped"]) == (INTERRUPTED, "stop")  # at the old place
    assert "the move was cancelled and the output halted" in done.stderr
    left_alone(running, alone, state="LOADED")


def test_req_32_a_wish_to_end_while_a_place_is_held_halts(
    leased: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = moved_by(leased, 1)
    settled: list[int] = []
    status_of = Stimulator.status

    def interrupted(self: Stimulator) -> Any:
        now = status_of(self)
        if now.pulses > 20 and not settled:
            settled.append(now.pulses)
            os.kill(os.getpid(), signal.SIGINT)
        return now

    monkeypatch.setattr(Stimulator, "status", interrupted)
    done, answer = shift(leased, "sim", *["--by", "1", "--by", "1", "--for", "5s"])
    assert (done.exit_code, answer["stopped"]) == (INTERRUPTED, "halt")
    assert answer["delivered"]["pulses"] <= settled[0] + 5
    assert "the remaining shifts were not made: by 1" in done.stderr
    assert Path(leased).read_text() == expected
