"""`scs shift --port` that ends half-way: what then stands on the device and in the file."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import (
    INTERRUPTED,
    LEASED,
    NO_DEVICE,
    REFUSED,
    USAGE,
    left_alone,
    moved_by,
    scs,
    shift,
)

from scs import Stimulator
from scs.cli import interrupts
from scs.device.session import Session
from scs.sim_bridge import SimBoard


# --- ended half-way ------------------------------------------------------------------------------
def test_req_57_a_load_that_is_refused_at_the_new_contacts_leaves_it_off_and_says_so(
    alone: str, running: str, board: SimBoard
) -> None:
    board.inject("wrong_load")
    done, found = shift(alone, running, "--by", "1")
    assert (done.exit_code, found["stopped"]) == (REFUSED, "stop")
    assert "identification resistor" in done.stderr
    assert "the output is off until a program is started" in done.stderr
    assert f"{alone} was not written" in done.stderr
    assert found["delivered"]["pulses"] > 0  # at the old contacts
    assert "identification resistor" in found["errors"][0]["message"]
    left_alone(running, alone, state="LOADED")


def test_a_refusal_at_a_later_place_keeps_the_file_at_the_one_before(leased: str) -> None:
    # it runs from 0.2 s on, is held for 1 s, and ramps down for another
    expected = moved_by(leased, 1)
    options = ["--by", "1", "--by", "1", "--for", "1s", "--fault", "wrong_load@1.5"]
    done, found = shift(leased, "sim", *options)
    assert (done.exit_code, found["stopped"], len(found["moves"])) == (REFUSED, "stop", 1)
    assert "identification resistor" in done.stderr
    assert set(found["delivered"]["contacts"]) == {"E4", "E5"}
    assert Path(leased).read_text() == expected


def test_req_61_a_link_lost_in_mid_move_says_what_stands_on_the_device(leased: str) -> None:
    expected = moved_by(leased, 1)
    options = (
        "--by",
        "1",
        "--by",
        "1",
        "--for",
        "1s",
        "--fault",
        "link_cut@1.8",
    )  # while it ramps down
    done, found = shift(leased, "sim", *options)
    assert (done.exit_code, found["stopped"]) == (NO_DEVICE, "link lost")
    assert "STOP was sent; the output is off or ramping down" in done.stderr
    assert f"{leased} was not written" in done.stderr
    assert "stops when its lease expires" in done.stderr
    assert 40 <= found["delivered"]["pulses"] <= 60
    assert Path(leased).read_text() == expected


def test_a_file_that_cannot_be_written_is_told_beside_what_runs(alone: str, running: str) -> None:
    done, _ = shift(alone, running, "--by", "1", "-o", "/no/such/folder/x.yaml")
    assert done.exit_code == USAGE
    assert "the device made the shift and keeps running at the new contacts" in done.stderr
    left_alone(running, alone)


def test_a_watched_run_is_halted_where_its_file_cannot_be_written(
    alone: str, leased: str, running: str
) -> None:
    nowhere = ("--by", "1", "--for", "9s", "-o", "/no/such/folder/x.yaml")
    done, _ = shift(alone, running, *nowhere)  # it ran before
    assert (done.exit_code, "the device made the shift and is halted" in done.stderr) == (
        USAGE,
        True,
    )
    left_alone(running, alone, state="LOADED")
    done, _ = shift(leased, running, *nowhere)  # nothing ran
    assert done.exit_code == USAGE
    left_alone(running, leased, LEASED, state="LOADED")


# --- Ctrl-C --------------------------------------------------------------------------------------
def test_a_wish_to_end_before_the_move_leaves_all_as_it_is(
    alone: str, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(self: interrupts.Interrupts) -> interrupts.Interrupts:
        self.code = 128 + signal.SIGINT
        return self

    with monkeypatch.context() as patched:
        patched.setattr(interrupts.Interrupts, "__enter__", at_once)
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
    done, found = shift(alone, running, "--by", "1")
    assert (done.exit_code, found["stopped"]) == (INTERRUPTED, "stop")  # at the old place
    assert "the move was cancelled and the output halted" in done.stderr
    left_alone(running, alone, state="LOADED")


def test_req_32_a_wish_to_end_while_a_place_is_held_halts(
    leased: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = moved_by(leased, 1)
    settled: list[int] = []
    status_of = Stimulator.status

    def interrupted(self: Stimulator) -> Any:
        found = status_of(self)
        if found.pulses > 20 and not settled:
            settled.append(found.pulses)
            os.kill(os.getpid(), signal.SIGINT)
        return found

    monkeypatch.setattr(Stimulator, "status", interrupted)
    done, found = shift(leased, "sim", *["--by", "1", "--by", "1", "--for", "5s"])
    assert (done.exit_code, found["stopped"]) == (INTERRUPTED, "halt")
    assert found["delivered"]["pulses"] <= settled[0] + 5
    assert "the remaining shifts were not made: by 1" in done.stderr
    assert Path(leased).read_text() == expected
