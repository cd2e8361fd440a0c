"""The device's own ADC samples: against the exact bench, on a real port, on the terminal."""

import json

import numpy as np
import pytest
from tests.support.serving import serving
from tests.support.stimulators import started
from typer.testing import CliRunner

from scs import Profile, Stimulator, resources, sim_bridge
from scs.cli.app import app
from scs.device import adc_scope
from scs.errors import Failure
from scs.traces import terminal_plot

TONIC = resources.path("profiles/tonic_50hz.yaml")
SPEED = 4.0


@pytest.fixture
def tonic() -> Profile:
    return Profile.read(TONIC)


@pytest.fixture
def served(tonic: Profile):
    """Yield the port of a board that runs tonic stimulation, alone, four times as fast as time."""
    with serving(sim_bridge.listen(sim_bridge.make(), speed=SPEED)) as server:
        yield server.address


def test_sensed_is_the_exact_trace_within_a_code_of_the_adc(tonic: Profile) -> None:
    with Stimulator("sim") as stim:
        started(stim, tonic)
        sensed = stim.sensed(2)
        exact = stim.scope(2)
    time_s = sensed.trace.time_s
    assert sensed.period_s == pytest.approx(0.02)
    assert 0 <= time_s[0] < 16e-6 and 0.0399 < time_s[-1] < 0.04
    assert np.all(np.diff(time_s) > 0)
    away_s = np.min(np.abs(time_s[:, None] - exact.time_s[None, :]), axis=1)
    calm = away_s > 12e-6  # at a step a sample is of one side or the other
    current = np.interp(time_s, exact.time_s, exact.current_a)
    voltage = np.interp(time_s, exact.time_s, exact.voltage_v)
    assert np.max(np.abs(sensed.trace.current_a - current)[calm]) < 6.3e-6
    assert np.max(np.abs(sensed.trace.voltage_v - voltage)[calm]) < 4.5e-3


def test_commanded_is_the_profile(tonic: Profile) -> None:
    with Stimulator("sim") as stim:
        started(stim, tonic)
        sensed = stim.sensed(1)
    # 2 mA for 200 us, 30 us, a quarter for four times as long, discharge to 20 ms
    wanted_a = [-2e-3, -2e-3, 0, 0, 0.5e-3, 0.5e-3, 0, 0]
    wanted_s = [0, 200e-6, 200e-6, 230e-6, 230e-6, 1030e-6, 1030e-6, 20e-3]
    assert sensed.commanded_a == pytest.approx(wanted_a)
    assert sensed.commanded_s == pytest.approx(wanted_s)


def test_of_a_long_period_only_what_changes_is_looked_at() -> None:
    # 1 Hz: 200 us on, 800 us back, the rest of a second; windows are 8.192 ms
    assert adc_scope.plan((200e-6, 800e-6, 0.999), 1) == [0, 8_192, 999_424]
    assert adc_scope.plan((200e-6, 19.8e-3), 1) == [0, 8_192, 16_384]


def test_where_nothing_runs_there_is_nothing_to_see(tonic: Profile) -> None:
    with Stimulator("sim") as stim:
        stim.load(tonic)
        with pytest.raises(Failure, match="nothing runs: the device is LOADED"):
            stim.sensed(1, settled=False)


def test_a_ramp_that_goes_on_is_said_so(tonic: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adc_scope, "_windows", lambda *_: [])
    with Stimulator("sim") as stim:
        started(stim, tonic)
        with pytest.raises(Failure, match="try again when it has been reached"):
            stim.sensed(1)


def test_scope_on_a_real_port_gives_arrays(served: str, tonic: Profile) -> None:
    with Stimulator(served) as stim:
        started(stim, tonic)
        trace = stim.scope(periods=2)
    assert trace.time_s[-1] == pytest.approx(0.04, abs=2e-5)
    assert trace.current_a.min() == pytest.approx(-2e-3, abs=13e-6)
    assert trace.voltage_v.min() == pytest.approx(-1.16, abs=0.02)
    measured = trace.measure()
    assert measured.amplitude_a == pytest.approx(-2e-3, rel=0.02)
    assert measured.width_s == pytest.approx(200e-6, abs=8e-6)
    assert measured.rate_hz == pytest.approx(50, rel=0.001)


def test_the_command_shows_writes_and_tells(served: str, tmp_path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(TONIC.read_text() + "\nstand_alone: true\n")
    with Stimulator(served, halt_on_exit=False) as stim:
        stim.load(Profile.read(alone))
        stim.arm()
        stim.start()
        stim.settle()
    runner, picture = CliRunner(), tmp_path / "look.png"
    shown = runner.invoke(app, ["scope", "--port", served, "--pulse", "-o", str(picture)])
    assert shown.exit_code == 0, shown.output
    assert "from the start of a period of 20 ms" in shown.output
    assert shown.output.count("measured") == 2 and "commanded" in shown.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    report = json.loads(runner.invoke(app, ["scope", "--port", served, "--json"]).output)
    assert report["period_s"] == pytest.approx(0.02)
    assert len(report["time_s"]) == len(report["current_a"]) == len(report["voltage_v"])
    assert report["commanded"]["current_a"][0] == pytest.approx(-2e-3)
    assert min(report["current_a"]) == pytest.approx(-2e-3, abs=13e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "sim"], "--port is needed"),
        (["--port", "socket://127.0.0.1:1", "-o", "x.xyz"], "unknown ending .xyz"),
    ],
)
def test_the_command_refuses_what_cannot_be(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["scope", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_the_terminal_misses_no_spike_and_marks_zero() -> None:
    time_s = np.array([0.0, 0.5, 0.5, 0.5001, 0.5001, 1.0])
    values = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    lines = terminal_plot.draw(time_s, values, 1.0, 10, 3)
    assert [len(line) for line in lines] == [10, 10, 10]
    assert [line.count("\u2800") for line in lines] == [9, 9, 0]  # blank but for the spike; zero
    assert terminal_plot.bounds(np.array([2.0, 3.0])) == (0.0, 3.0)
    assert terminal_plot.bounds(np.array([0.0])) == (-1.0, 1.0)
