"""A board that another process serves: watched, stopped, interrupted, lost."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.host.cli.support import (
    GOOD,
    INTERRUPTED,
    NO_DEVICE,
    REFUSED,
    USAGE,
    as_json,
    asked,
    environment,
    interrupt_at_once,
    process,
    scs,
)
from tests.support.serving import serving

from scs import sim_bridge
from scs.cli import interrupts


def test_a_wish_to_end_halts_and_is_exit_130(alone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at_once(monkeypatch)
    done, answer = asked("run", alone, "--for", "60s")
    assert (done.exit_code, answer["stopped"]) == (INTERRUPTED, "halt")


def test_a_detached_device_is_watched_changed_and_stopped(alone: str, served: str) -> None:
    port = {"SCS_PORT": served}
    assert scs("run", alone, "--detach", **port).exit_code == GOOD
    seen = as_json("status", **port)
    assert seen["state"] == "RUNNING"
    assert seen["lease_left_s"] is None
    assert "RUNNING" in scs("status", **port).stdout
    changed = as_json("amplitude", "1", "2 mA", **port)
    assert (changed["requested_ma"], changed["actual_ma"]) == (2.0, 2.0)
    named = scs("amplitude", "low back", "1.5 mA", "--profile", alone, **port)
    assert named.output.startswith("requested 1.5 mA, actual 1.5 mA")
    refused = scs("amplitude", "1", "3.5 mA", **port)
    assert refused.exit_code == REFUSED
    assert "3.5 mA against 3 mA" in refused.stderr
    assert "no fault is latched" in scs("faults", **port).output
    stopped = as_json("stop", **port)
    assert stopped["stopped"] == "stop"
    assert stopped["delivered"]["pulses"] > 0


def test_halt_works_where_hello_is_refused(
    alone: str, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stimcore import commands, handlers

    assert scs("run", alone, "--detach", "--port", served).exit_code == GOOD
    monkeypatch.setitem(
        handlers.TABLE, commands.HELLO, lambda *_: (1, 0, 0, 3, 0, 0, 0, b"9 other")
    )
    refused = scs("status", "--port", served)
    assert refused.exit_code == REFUSED
    assert "reflash" in refused.stderr
    assert scs("halt", "--port", served).output == "halted: the output is off\n"
    monkeypatch.undo()
    seen = as_json("status", "--port", served)
    assert (seen["state"], seen["delivered"]["pulses"] > 0) == ("LOADED", True)


@pytest.mark.parametrize("name", ["status", "stop", "halt", "faults"])
def test_a_device_needs_a_port_of_its_own(name: str) -> None:
    for options in ([], ["--port", "sim"]):
        done = scs(name, *options, SCS_PORT="")
        assert done.exit_code == USAGE
        assert "--port is needed" in done.stderr


def test_a_run_over_a_pty_ends_by_ctrl_c_and_the_server_goes_on(alone: str) -> None:
    with process("sim", "--pty", "--until-eof") as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            with process("run", alone, "--port", address, "--for", "60s", "--json") as running:
                wait_until_open(address, running)
                time.sleep(1.0)
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=60)
            assert running.returncode == INTERRUPTED, err
            assert json.loads(out)["stopped"] == "halt"
            seen = as_json("status", "--port", address)
            assert seen["state"] == "LOADED"
            assert seen["delivered"]["pulses"] == json.loads(out)["delivered"]["pulses"] > 0
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == GOOD


def wait_until_open(address: str, running: subprocess.Popen[str]) -> None:
    """Wait until the process has the tty among its files."""
    files = Path(f"/proc/{running.pid}/fd")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if address in [str(file.readlink()) for file in files.iterdir()]:
                return
        time.sleep(0.05)


DYING = """
import os, threading, time
from scs import sim_bridge
board = sim_bridge.make()
server = sim_bridge.listen(board)
def die():
    while board.device.state != 3:
        time.sleep(0.02)
    time.sleep(1.0)
    os._exit(9)
threading.Thread(target=die, daemon=True).start()
print(server.address, flush=True)
server.stop_at_eof()
server.run()
"""


def test_req_61_a_server_that_dies_in_mid_run_is_exit_3(alone: str) -> None:
    command, pipe = [sys.executable, "-c", DYING], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment()) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with process("run", alone, "--port", address, "--for", "60s", "--json") as running:
            out, err = running.communicate(timeout=60)
    assert running.returncode == NO_DEVICE, err
    assert json.loads(out)["stopped"] == "link lost"
    assert json.loads(out)["delivered"]["pulses"] > 0
    assert "Traceback" not in err


PARENT = """
import subprocess, sys, time
command = [sys.executable, "-m", "scs", "sim", "--listen", "127.0.0.1:0", "--until-eof"]
subprocess.Popen(command, stdin=subprocess.PIPE)
time.sleep(60)
"""


def test_a_server_ends_with_the_process_that_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment()
    ) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        assert scs("status", "--port", address).exit_code == GOOD
        parent.kill()
        assert parent.stdout.read() == ""  # the server held it too, and has ended
    assert scs("status", "--port", address).exit_code == NO_DEVICE


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], USAGE),
        (["--pty", "--listen", "127.0.0.1:0"], USAGE),
        (["--listen", "here"], USAGE),
        (["--listen", "127.0.0.1:99999"], USAGE),
        (["--listen", "192.0.2.1:7000"], NO_DEVICE),
        (["--pty", "--speed", "-1"], USAGE),
        (["--pty", "--fault", "opn"], USAGE),
    ],
)
def test_sim_wrong_usage(options: list[str], code: int) -> None:
    refused = scs("sim", *options)
    assert refused.exit_code == code
    assert "while attempting" not in refused.output  # Python's own text


def test_req_36_for_is_time_of_the_device(alone: str) -> None:
    """50 Hz for 1 s of the device are 50 pulses, though they take 2 s here."""
    with serving(sim_bridge.listen(sim_bridge.make(), speed=0.5)) as server:
        done, report = asked("run", alone, "--for", "1s", "--port", server.address)
    assert done.exit_code == GOOD
    assert report["delivered"]["pulses"] >= 50


def test_a_second_signal_is_an_interrupt() -> None:
    with interrupts.Interrupts() as wish:
        assert not wish
        os.kill(os.getpid(), signal.SIGTERM)
        assert wish
        assert wish.code == 143
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
