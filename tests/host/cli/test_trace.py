"""`scs trace`: what is written, evenly sampled or not, and what is refused."""

import json
from pathlib import Path

import pytest
from tests.host.cli.support import COUNTED, GOOD, REFUSED, TONIC, USAGE, scs


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
    from scs.traces.waveform_analysis import pulses

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
    ("options", "message"),
    [
        (["-o", "x.foo"], "known are .csv, .npz, .vcd, .png, .svg, .html, .wav, .mat"),
        (["-o", "."], "is a folder"),
        (["-o", "no/such/x.csv"], "there is no folder"),
        (["-o", "x.csv", "--for", "10"], "--for: 10 has no unit; e.g. 10s"),
        (["-o", "x.csv", "--for", "0s"], "not a duration above 0"),
        (["-o", "x.csv", "--for", "-5 us"], "not a duration above 0"),
        (["-o", "x.csv", "--for", "2h"], "longer than 3600 s"),
        (["-o", "x.csv", "--rate", "fast"], "--rate"),
        (["-o", "x.csv", "--rate", "0"], "not a rate above 0"),
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = scs("trace", TONIC, *options)
    assert done.exit_code == USAGE
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_trace_of_a_train_that_fails_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = scs("trace", TONIC, "--for", "1s", "-o", str(path), "--fault", "open_lead@3.2")
    assert done.exit_code == REFUSED
    assert "open_load" in done.stderr
    assert not path.exists()


def test_trace_says_which_fidelity_ran(tmp_path: Path) -> None:
    path = str(tmp_path / "x.npz")
    for options, used in (([], "model"), (["--fidelity", "board"], "board")):
        done = scs("trace", TONIC, "--for", "20ms", "-o", path, *options)
        assert done.exit_code == GOOD
        assert done.stdout.endswith(f" rows, {used}\n")
    done = scs("trace", TONIC, "--for", "20ms", "-o", path, "--json")
    report = json.loads(done.stdout)
    assert report["fidelity"] == "model"
    assert report["files"] == [path]
    assert report["seconds"] == 0.02


def test_trace_of_a_report_runs_on_the_board(tmp_path: Path) -> None:
    done = scs("trace", TONIC, "--for", "20ms", "-o", str(tmp_path / "x.html"))
    assert done.stdout.endswith(", board\n")
    done = scs("trace", TONIC, "--fidelity", "model", "-o", str(tmp_path / "y.html"))
    assert done.exit_code == USAGE
    assert "a report (.html) is of a whole run on the board" in done.stderr


def test_trace_by_the_model_is_refused_where_the_train_changes(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    done = scs("trace", COUNTED, "--for", "20ms", "--fidelity", "model", "-o", str(path))
    assert done.exit_code == USAGE
    assert "it begins with the soft start; take fidelity board" in done.stderr
    assert not path.exists()
