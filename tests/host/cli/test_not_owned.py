"""REQ-65: who did not start an output does not stop it, by any command, in any state.

A session halts on leaving only what it armed or started; one that looks, or is refused, changes
nothing of what another one left on the device.
"""

from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, TONIC, as_json, scs, status

from scs import sim_bridge
from scs.device import impedance
from scs.device.stimulator import Stimulator
from scs.errors import DeviceRefused, Failure
from scs.profile.profile import Profile

CASES = [
    (("status",), GOOD),
    (("faults",), GOOD),
    (("run", TONIC), REFUSED),
    (("run", "--slot", "2"), REFUSED),
    (("titrate", TONIC), REFUSED),
    (("shift", TONIC, "--by", "1"), REFUSED),
    (("impedance",), REFUSED),
    (("calibrate", "--ohm", "1000"), REFUSED),
    (("calibrate", "--current-gain", "1.01"), REFUSED),
    (("store", "list"), REFUSED),
    (("store", "recall", "2"), REFUSED),
    (("amplitude", "1", "99 mA"), REFUSED),
    (("amplitude", "9", "1 mA"), REFUSED),
]
IDS = [" ".join(command).replace(TONIC, "PROFILE") for command, _code in CASES]


@pytest.mark.parametrize(("command", "code"), CASES, ids=IDS)
def test_req_65_another_sessions_run_goes_on(
    running: str, board: sim_bridge.SimBoard, command: tuple[str, ...], code: int
) -> None:
    before = status(running)
    assert before["state"] == "RUNNING"
    done = scs(*command, "--port", running)
    assert done.exit_code == code, done.output
    after = status(running)
    assert (after["state"], after["hash"]) == ("RUNNING", before["hash"])
    assert after["delivered"]["pulses"] > before["delivered"]["pulses"]
    assert as_json("stop", "--port", running)["stopped"] == "stop"
    assert not board.gate


@pytest.mark.parametrize(("command", "code"), CASES, ids=IDS)
def test_req_65_what_another_session_armed_stays_armed(
    alone: str, served: str, command: tuple[str, ...], code: int
) -> None:
    with Stimulator(served, halt_on_exit=False) as stim:
        stim.load(Profile.read(alone))
        stim.arm()
    done = scs(*command, "--port", served)
    assert done.exit_code == code, done.output
    assert status(served)["state"] == "ARMED"


def test_req_65_a_library_session_that_only_looks_halts_nothing(running: str) -> None:
    with Stimulator(running) as stim:
        assert stim.status().running
    with pytest.raises(DeviceRefused), Stimulator(running) as stim:
        stim.start()
    with pytest.raises(KeyboardInterrupt), Stimulator(running) as stim:
        raise KeyboardInterrupt
    with pytest.raises(Failure, match="nothing was loaded"), Stimulator(running) as stim:
        stim.arm()
    assert status(running)["state"] == "RUNNING"


def test_req_65_a_session_halts_what_it_armed_or_started_itself(
    alone: str, served: str, board: sim_bridge.SimBoard
) -> None:
    for starts in (False, True):
        with Stimulator(served) as stim:
            stim.load(Profile.read(alone))
            stim.arm()
            if starts:
                stim.start()
        assert status(served)["state"] == "LOADED"
        assert not board.gate


def test_req_65_a_session_that_starts_what_another_one_armed_halts_it(
    alone: str, served: str, board: sim_bridge.SimBoard
) -> None:
    with Stimulator(served, halt_on_exit=False) as stim:
        stim.load(Profile.read(alone))
        stim.arm()
    with Stimulator(served) as stim:
        stim.start()
        assert stim.status().running
    assert status(served)["state"] == "LOADED"
    assert not board.gate


def test_req_65_a_session_that_is_interrupted_while_it_stops_a_run_halts_it(
    alone: str, served: str, board: sim_bridge.SimBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ramp down of another session's run is 10 s; who began it does not leave it to itself."""
    path = Path(alone)
    path.write_text(path.read_text().replace("down: 0 s", "down: 10 s"))
    assert scs("run", alone, "--detach", "--port", served).exit_code == GOOD

    def stop() -> None:
        with Stimulator(served) as stim:

            def interrupt(_seconds: float) -> None:
                assert stim.status().state == "STOPPING"
                raise KeyboardInterrupt

            monkeypatch.setattr(stim.link, "sleep", interrupt)
            stim.stop()

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert status(served)["state"] == "LOADED"
    assert not board.gate


def test_req_65_a_measurement_that_is_interrupted_is_halted(
    served: str, board: sim_bridge.SimBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure() -> None:
        with Stimulator(served) as stim:

            def interrupt(_seconds: float) -> None:
                assert stim.status().state == "MEASURING"
                raise KeyboardInterrupt

            monkeypatch.setattr(stim.link, "sleep", interrupt)
            stim.measure(["E1"], ["E2"])

    with pytest.raises(KeyboardInterrupt):
        measure()
    with Stimulator(served) as stim:
        assert stim.status().state == "OFF"
        assert impedance.last(stim.link, stim.board, ()) is None  # it did not come to its end
    assert not board.gate
