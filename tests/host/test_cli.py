"""The command line: what it prints, what a script reads, and its exit codes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scs import bench, resources
from scs.cli import app as cli
from scs.cli import interrupts
from scs.cli import profiles as profile_commands

TONIC = str(resources.path("profiles/tonic_50hz.yaml"))
COUNTED = str(resources.path("profiles/tonic_48_pulses.yaml"))
ROOT = Path(__file__).resolve().parents[2]
GOOD, REFUSED, USAGE, NO_DEVICE, INTERRUPTED = 0, 1, 2, 3, 130

ALONE = """\
name: alone
lead: octrode-3mm
programs:
  - name: low back
    cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 1 mA
    recharge: active
limits: {amplitude: 3 mA}
ramp: {up: 0 s, down: 0 s}
stand_alone: true
"""


def scs(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120", **environment})


def environment() -> dict[str, str]:
    """What a process needs to find the packages of this tree."""
    paths = [str(ROOT / name) for name in ("firmware", "host", "sim")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scs.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.fixture
def alone(tmp_path: Path) -> str:
    path = tmp_path / "alone.yaml"
    path.write_text(ALONE)
    return str(path)


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a board on a socket."""
    server = bench.listen(bench.make())
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.address
    server.stop()
    thread.join(5)


# --- help ------------------------------------------------------------------------------------
LOOK = ("demo", "check", "trace", "report", "compare", "sim")
DRIVE = ("run", "status", "amplitude", "stop", "halt", "faults", "store", "flash")
STORE = ("list", "save", "recall", "erase")
NAMES = (*LOOK, *DRIVE, "boards", "wiring", "ports", "schema")


def test_every_command_has_a_line_and_an_example() -> None:
    overview = scs("--help").output
    for name in NAMES:
        assert re.search(rf"\b{name} +\w", overview), name
        for command in [f"store {one}" for one in STORE] if name == "store" else [name]:
            text = scs(*command.split(), "--help")
            assert text.exit_code == GOOD
            assert f"scs {command}" in text.output.split("Example")[-1]


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from scs.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'numpy', 'pydantic', 'pint', 'serial', 'yaml', 'matplotlib', 'scs_sim'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == ""


def test_version() -> None:
    assert scs("--version").output.strip() == "scs 0.1.0"


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run"], ["check", TONIC, "--bord", "pico"]])
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    assert scs(*arguments).exit_code == USAGE


# --- check -----------------------------------------------------------------------------------
def test_check_shows_figures_beside_limits() -> None:
    done = scs("check", TONIC)
    assert done.exit_code == GOOD
    assert re.search(r"charge density.*E\d, low back.*3\.216 µC/cm².*≤.*30 µC/cm².*ok", done.stdout)
    assert re.search(r"low back.*amplitude.*2 mA.*2 mA", done.stdout)
    assert "will take this profile" in done.stdout


def test_check_json_has_the_promised_form() -> None:
    done = scs("check", TONIC, "--json")
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert found["errors"] == []
    density = next(one for one in found["figures"] if one["name"] == "density")
    assert set(density) >= {"name", "program", "contact", "value", "unit", "limit", "ok"}
    assert density["value"] == 3.216
    assert density["limit"] == 30.0
    assert density["unit"] == "uC/cm2"
    assert {"program", "name", "requested", "actual", "unit"} == set(found["actual"][0])


def test_check_tells_requested_from_actual(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(ALONE.replace("1 mA", "1.003 mA").replace("200 us", "200.003 us"))
    found = json.loads(scs("check", str(path), "--json").stdout)
    actual = {one["name"]: one for one in found["actual"]}
    assert actual["amplitude"]["requested"] == 1.003
    assert actual["amplitude"]["actual"] == pytest.approx(1.0)  # 160.48 codes of 6.25 uA
    assert actual["pulse_width"]["requested"] == 200.003
    assert actual["pulse_width"]["actual"] == pytest.approx(200.0)  # 25000.375 ticks of 8 ns


def test_req_60_check_names_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(ALONE.replace("50 Hz", "50 s").replace("anodes", "anode"))
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert done.stdout == ""
    assert f"{path}:7: programs[0].rate: " in done.stderr
    assert f"{path}:6: programs[0].anode: " in done.stderr
    found = json.loads(scs("check", str(path), "--json").stdout)
    assert found["ok"] is False
    assert {"rate", "anodes", "anode"} <= {row["path"].split(".")[-1] for row in found["errors"]}
    assert set(found["errors"][0]) >= {"id", "path", "line", "message"}


def test_req_60_check_refuses_what_the_kernel_would(tmp_path: Path) -> None:
    path = tmp_path / "much.yaml"
    path.write_text(ALONE.replace("1 mA", "12 mA").replace("3 mA", "12 mA"))
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert re.search(r"Shannon k.*1\.66\d.*≤.*1\.5.*TOO FAR", done.stdout)
    assert f"{path}:9: programs[0].amplitude: the phase lies beyond Shannon k" in done.stderr
    errors = json.loads(scs("check", str(path), "--json").stdout)["errors"]
    assert "shannon" in {row["id"] for row in errors}


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no such file"), ("", "empty"), (b"\xff\xfe", "UTF-8")]
)
def test_check_of_no_profile(tmp_path: Path, text: str | bytes | None, said: str) -> None:
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert said in done.stderr
    assert json.loads(scs("check", str(path), "--json").stdout)["ok"] is False


def test_check_of_a_directory(tmp_path: Path) -> None:
    done = scs("check", str(tmp_path))
    assert done.exit_code == REFUSED
    assert "directory" in done.stderr


def test_an_unknown_board_is_wrong_usage_with_a_hint() -> None:
    for option in ("--board", "--stage", "--load"):
        done = scs("check", TONIC, option, "mcp4922-9")
        assert done.exit_code == USAGE
        assert "is called mcp4922-9" in done.stderr
    assert "did you mean mcp4922-8?" in scs("check", TONIC, "--stage", "mcp4922-9").stderr


# --- trace -----------------------------------------------------------------------------------
def test_trace_writes_whole_pulses_at_full_amplitude(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = scs("trace", TONIC, "--for", "100ms", "-o", str(path))
    assert done.exit_code == GOOD
    lines = path.read_text().splitlines()
    assert lines[0] == "time_s,current_a,voltage_v"
    times, current, _ = zip(*(map(float, line.split(",")) for line in lines[1:]), strict=True)
    assert times[0] == 0.0
    assert times[-1] == 0.1
    assert min(current) == pytest.approx(-2e-3, rel=0.01)
    falls = sum(after < -1e-3 < before for before, after in zip(current, current[1:], strict=False))
    assert falls + (current[0] < -1e-3) == 5


def test_trace_from_start_shows_the_soft_start(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert scs("trace", TONIC, "--for", "100ms", "--from-start", "-o", str(path)).exit_code == GOOD
    current = [float(line.split(",")[1]) for line in path.read_text().splitlines()[1:]]
    assert -0.2e-3 < min(current) < 0  # 2 s from nothing to 2 mA: 0.1 mA after 100 ms


def test_trace_of_a_counted_session_holds_all_its_pulses(tmp_path: Path) -> None:
    from scs.measure import pulses

    path = tmp_path / "x.csv"
    assert scs("trace", COUNTED, "--for", "2s", "-o", str(path)).exit_code == GOOD
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    times, current, _ = zip(*(map(float, row) for row in rows), strict=True)
    assert len(pulses(times, current)) == 48
    assert times[-1] == 2.0  # the silence after them too


def test_trace_evenly_sampled_goes_on_after_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = scs("trace", COUNTED, "--for", "2s", "--rate", "1000", "-o", str(path))
    assert done.exit_code == GOOD
    assert len(path.read_text().splitlines()) == 1 + 2000


def test_trace_evenly_sampled(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = scs("trace", TONIC, "--for", "50ms", "--rate", "20 kHz", "-o", str(path))
    assert done.exit_code == GOOD
    times = [float(line.split(",")[0]) for line in path.read_text().splitlines()[1:]]
    assert len(times) == 1000
    assert times[7] == 0.00035


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "x.foo"], "known are .csv, .npz, .vcd, .png, .svg, .html, .wav, .mat"),
        (["-o", "."], "is a folder"),
        (["-o", "no/such/x.csv"], "there is no folder"),
        (["-o", "x.csv", "--for", "10"], "--for: 10 has no unit; write for example 10s"),
        (["-o", "x.csv", "--for", "0s"], "no length of time"),
        (["-o", "x.csv", "--for", "-5 us"], "no length of time"),
        (["-o", "x.csv", "--for", "2h"], "longer than 3600 s"),
        (["-o", "x.csv", "--rate", "fast"], "--rate"),
        (["-o", "x.csv", "--rate", "0"], "no rate"),
        (["-o", "x.csv", "--rate", "1 GHz"], "--rate"),
        (["-o", "x.csv", "--rate", "900 MHz"], "more than"),
        (["-o", "x.csv", "--rate", "200 MHz", "--for", "1ms"], "finer than a tick"),
        (["-o", "x.csv", "--rate", "3 Hz", "--for", "100ms"], "does not fit into 0.1 s"),
        (["-o", "x.csv", "--for", "0.5 us"], "shorter than 1 us"),
        (["-o", "x.csv", "-o", "x.csv"], "named twice"),
        (["-o", "x.csv", "-o", "x.foo"], "unknown ending .foo"),
        (["-o", "x.csv", "--fault", "opn@1"], "no fault 'opn'"),
        (["-o", "x.csv", "--fault", "open_lead@never"], "in seconds"),
    ],
)
def test_trace_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = scs("trace", TONIC, *options)
    assert done.exit_code == USAGE
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_trace_of_a_train_that_fails_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = scs("trace", TONIC, "--for", "1s", "-o", str(path), "--fault", "open_lead@3.2")
    assert done.exit_code == REFUSED
    assert "open_load" in done.stderr
    assert not path.exists()


# --- run -------------------------------------------------------------------------------------
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
    assert "last that is known" in done.stderr
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


def test_a_wish_to_end_halts_and_is_exit_130(alone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(self: interrupts.Interrupts) -> interrupts.Interrupts:
        self.code = 128 + signal.SIGINT
        return self

    monkeypatch.setattr(interrupts.Interrupts, "__enter__", at_once)
    done = scs("run", alone, "--for", "60s", "--json")
    assert done.exit_code == INTERRUPTED
    assert json.loads(done.stdout)["stopped"] == "halt"


# --- a device that is served -----------------------------------------------------------------
def test_a_detached_device_is_watched_changed_and_stopped(alone: str, served: str) -> None:
    port = {"SCS_PORT": served}
    assert scs("run", alone, "--detach", **port).exit_code == GOOD
    seen = json.loads(scs("status", "--json", **port).stdout)
    assert seen["state"] == "RUNNING"
    assert seen["lease_left_s"] is None
    assert "RUNNING" in scs("status", **port).stdout
    changed = json.loads(scs("amplitude", "1", "2 mA", "--json", **port).stdout)
    assert (changed["requested_ma"], changed["actual_ma"]) == (2.0, 2.0)
    named = scs("amplitude", "low back", "1.5 mA", "--profile", alone, **port)
    assert named.output.startswith("asked 1.5 mA, gives 1.5 mA")
    refused = scs("amplitude", "1", "3.5 mA", **port)
    assert refused.exit_code == REFUSED
    assert "3.5 mA against 3 mA" in refused.stderr
    assert "no fault is latched" in scs("faults", **port).output
    stopped = json.loads(scs("stop", "--json", **port).stdout)
    assert stopped["stopped"] == "stop"
    assert stopped["delivered"]["pulses"] > 0


def test_halt_works_where_hello_is_refused(
    alone: str, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stimcore import commands, handlers

    assert scs("run", alone, "--detach", "--port", served).exit_code == GOOD
    monkeypatch.setitem(handlers.TABLE, commands.HELLO, lambda *_: (1, 0, 0, 3, 0, 0, b"9 other"))
    refused = scs("status", "--port", served)
    assert refused.exit_code == REFUSED
    assert "reflash" in refused.stderr
    assert scs("halt", "--port", served).output == "halted: the output is off\n"
    monkeypatch.undo()
    seen = json.loads(scs("status", "--json", "--port", served).stdout)
    assert (seen["state"], seen["delivered"]["pulses"] > 0) == ("LOADED", True)


@pytest.mark.parametrize("name", ["status", "stop", "halt", "faults"])
def test_a_device_needs_a_port_of_its_own(name: str) -> None:
    for options in ([], ["--port", "sim"]):
        done = scs(name, *options, SCS_PORT="")
        assert done.exit_code == USAGE
        assert "--port is needed" in done.stderr


# --- tables ----------------------------------------------------------------------------------
def test_boards_ports_and_faults_for_scripts() -> None:
    rows = json.loads(scs("boards", "--json").stdout)
    assert {"kind": "board", "name": "pico"}.items() <= rows[0].items()
    assert isinstance(json.loads(scs("ports", "--json").stdout), list)
    assert "open_lead" in json.loads(scs("faults", "--simulated", "--json").stdout)
    for table in (["boards"], ["ports"], ["faults", "--simulated"]):
        assert scs(*table).exit_code == GOOD


def test_schema_to_stdout_and_to_a_file(tmp_path: Path) -> None:
    found = json.loads(scs("schema").stdout)
    assert found["properties"]["programs"]
    path = tmp_path / "schema.json"
    assert scs("schema", "-o", str(path)).exit_code == GOOD
    assert json.loads(path.read_text()) == found
    assert scs("schema", "-o", str(tmp_path)).exit_code == USAGE


# --- processes -------------------------------------------------------------------------------
def test_a_run_over_a_pty_ends_by_ctrl_c_and_the_server_goes_on(alone: str) -> None:
    with process("sim", "--pty") as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            with process("run", alone, "--port", address, "--for", "60s", "--json") as running:
                wait_until_open(address, running)
                time.sleep(1.0)
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=10)
            assert running.returncode == INTERRUPTED, err
            assert json.loads(out)["stopped"] == "halt"
            seen = json.loads(scs("status", "--json", "--port", address).stdout)
            assert seen["state"] == "LOADED"
            assert seen["delivered"]["pulses"] == json.loads(out)["delivered"]["pulses"] > 0
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(10) == GOOD


def wait_until_open(address: str, running: subprocess.Popen[str]) -> None:
    """Until the process has the tty among its files."""
    files = Path(f"/proc/{running.pid}/fd")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if address in [str(one.readlink()) for one in files.iterdir()]:
                return
        time.sleep(0.05)


DYING = """
import os, threading, time
from scs import bench
made = bench.make()
server = bench.listen(made)
def die():
    while made.device.state != 3:
        time.sleep(0.02)
    time.sleep(1.0)
    os._exit(9)
threading.Thread(target=die, daemon=True).start()
print(server.address, flush=True)
server.run()
"""


def test_req_61_a_server_that_dies_in_mid_run_is_exit_3(alone: str) -> None:
    command = [sys.executable, "-c", DYING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with process("run", alone, "--port", address, "--for", "60s", "--json") as running:
            out, err = running.communicate(timeout=30)
    assert running.returncode == NO_DEVICE, err
    assert json.loads(out)["stopped"] == "link lost"
    assert json.loads(out)["delivered"]["pulses"] > 0
    assert "Traceback" not in err


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
    assert scs("sim", *options).exit_code == code


def test_a_second_signal_is_an_interrupt() -> None:
    with interrupts.Interrupts() as wish:
        assert not wish
        os.kill(os.getpid(), signal.SIGTERM)
        assert wish
        assert wish.code == 143
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(profile_commands.options, "board_name", broken)
    assert isinstance(scs("check", TONIC).exception, RuntimeError)
