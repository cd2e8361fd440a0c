"""A run that is kept: what is in the folder, how it is opened again, and one that was cut."""

import hashlib
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.host.cli.support import owned
from tests.host.recordings.test_formats import no_file_above
from tests.support.serving import serving
from typer.testing import CliRunner, Result

from scs import resources, sim_bridge
from scs.cli import app as cli
from scs.device import adc_scope
from scs.device.stimulator import Stimulator
from scs.errors import Failure, WrongUsage
from scs.profile.profile import Profile
from scs.recordings import poll_log, run_folder

COUNTED = str(resources.path("profiles/tonic_48_pulses.yaml"))
TONIC = str(resources.path("profiles/tonic_50hz.yaml"))
GOOD, REFUSED, USAGE, NO_DEVICE = 0, 1, 2, 3


def scs(*arguments: object) -> Result:
    return CliRunner().invoke(
        cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "120"}
    )


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "monday"
    done = scs("run", COUNTED, "--record", folder)
    assert done.exit_code == GOOD, done.output
    assert f"recording  {folder}" in done.stdout
    return folder


@pytest.fixture
def copy(monday: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(monday, tmp_path / "copy"))


# --- what is kept ----------------------------------------------------------------------------
def test_all_of_a_run_is_in_its_folder(monday: Path) -> None:
    names = {path.name for path in monday.iterdir()}
    assert names == {"run.json", "profile.yaml", "samples.csv", "trace.npz"}
    assert [path.name for path in monday.parent.iterdir()] == ["monday"]
    assert (monday / "profile.yaml").read_bytes() == Path(COUNTED).read_bytes()
    info = json.loads((monday / "run.json").read_text())
    assert set(info["files"]) == names - {"run.json"}
    account = info["account"]
    assert account["subject"]["sha256"] == hashlib.sha256(Path(COUNTED).read_bytes()).hexdigest()
    assert account["ending"]["ledger"]["pulses"] == 48
    assert account["ending"]["stopped"] == "pulses"
    assert account["device"]["board"] == "pico/mcp4922-8/randles-500"


def test_it_is_read_back_as_it_was(monday: Path) -> None:
    run = run_folder.read(monday)
    assert run.rows is not None
    measured = run.rows.whole().measure()
    assert len(measured.pulses) == 48
    assert measured.amplitude_a == pytest.approx(-0.5e-3, rel=0.01)
    assert run.account.ending.ledger.charge[2].driven_nc == 4800.0  # E3: 48 of 0.5 mA x 200 us
    assert {figure.name for figure in run.account.figures} >= {"density", "shannon", "dc"}
    command = run.account.command
    assert command is not None
    assert command.current_a == (-0.5e-3, 0.0, 0.125e-3, 0.0)
    assert command.period_s == pytest.approx(0.02)
    at = dict(zip(poll_log.COLUMNS, run.samples.T, strict=True))
    assert at["pulses"][-1] == 48
    assert np.all(np.diff(at["time_s"]) >= 0)
    assert at["level_a"].max() == pytest.approx(0.5e-3)


def test_a_run_that_ends_in_a_fault_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    done = scs("run", TONIC, "--for", "4s", "--fault", "open_lead@3", "--record", folder, "--json")
    assert done.exit_code == REFUSED
    assert json.loads(done.stdout)["recording"] == str(folder)
    run = run_folder.read(folder)
    assert run.account.ending.fault.startswith("open_load")
    assert run.account.injected == "open_lead@3"
    assert run.rows is not None
    assert 2.5 < run.rows.end_s < 4


def test_a_run_whose_link_is_lost_is_kept_as_far_as_it_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "lost"
    done = scs("run", TONIC, "--for", "5s", "--fault", "link_cut@2", "--record", folder)
    assert done.exit_code == NO_DEVICE
    run = run_folder.read(folder)
    assert run.account.ending.stopped == "link lost"
    assert run.account.ending.ledger.pulses > 50


def test_a_run_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    for options in (["--port", "/dev/no-such-port"], ["--fault", "wrong_load@0"]):
        done = scs("run", TONIC, *options, "--record", tmp_path / "x")
        assert done.exit_code in (REFUSED, NO_DEVICE)
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def served() -> Iterator[str]:
    """Yield the address of a board on a socket, four times as fast as time."""
    with serving(sim_bridge.listen(sim_bridge.make(), speed=4.0)) as server:
        yield server.address


def test_at_another_port_what_the_adc_sees_is_kept(
    tmp_path: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model against the board: within 1 % of the largest, edges within a sample of 16 us."""
    monkeypatch.setattr(run_folder, "LOOKS", 100)  # at a server that a busy machine delays
    folder, model, page = tmp_path / "board", tmp_path / "model.csv", tmp_path / "x.html"
    soon = tmp_path / "soon.yaml"  # at its amplitude early, also where the server lags behind
    soon.write_text(Path(TONIC).read_text().replace("up: 2 s", "up: 0.2 s"))
    done = scs("run", soon, "--port", served, "--for", "4s", "--record", folder)
    assert done.exit_code == GOOD, done.output
    run = run_folder.read(folder)
    assert run.account.source == "the device's own ADC"
    assert run.rows is not None
    assert 0.039 < run.rows.end_s < 0.04  # two periods
    assert run.account.command is not None
    assert run.account.command.current_a == (-2e-3, 0.0, 0.5e-3, 0.0)
    assert scs("trace", TONIC, "--for", "40ms", "-o", model).exit_code == GOOD
    held = scs("compare", model, folder, "--time-tolerance", "20us")
    assert held.exit_code == GOOD, held.output
    assert scs("report", folder, "-o", page).exit_code == GOOD
    text = page.read_text()
    assert "As seen by the device's own ADC" in text
    assert text.count("<svg") == 4  # and the extremes at every poll


def test_where_there_was_no_look_the_polls_are_kept(
    tmp_path: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise Failure("nothing runs")

    monkeypatch.setattr(adc_scope, "look", nothing)
    folder = tmp_path / "board"
    done = scs("run", COUNTED, "--port", served, "--record", folder)
    assert done.exit_code == GOOD, done.output
    assert not (folder / "trace.npz").exists()
    run = run_folder.read(folder)
    assert run.rows is None
    assert run.samples[-1][2] == 48
    page = tmp_path / "x.html"
    assert scs("report", folder, "-o", page).exit_code == GOOD
    assert "No trace was recorded" in page.read_text()
    refused = scs("report", folder, "-o", tmp_path / "x.csv")
    assert refused.exit_code == USAGE
    assert "can only be shown as .html" in refused.stderr
    compared = scs("compare", folder, folder)
    assert compared.exit_code == USAGE
    assert "holds no trace" in compared.stderr


def test_a_look_ends_when_the_run_does(served: str) -> None:
    """A wish to stop must not wait for a look: it is asked at every step of it."""
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    with Stimulator(served) as stim:
        stim.load(Profile.read(TONIC))
        stim.arm()
        stim.start()
        with pytest.raises(Failure, match="cancelled"):
            adc_scope.look(stim.link, stim.board, 2, cancelled=cancelled)
        assert len(asked) == 4
        assert stim.status().running


# --- where it cannot be ----------------------------------------------------------------------
def test_a_folder_that_cannot_be_made_is_told_before_the_run(tmp_path: Path, monday: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for folder, message in (
        (monday, "is there already and is not empty"),
        (file, "is a file: name a folder"),
        (tmp_path / "no" / "such", "there is no folder"),
        (Path("/proc/x"), "cannot write /proc/x"),
    ):
        done = scs("run", COUNTED, "--record", folder)
        assert done.exit_code == USAGE
        assert message in done.stderr.replace("\n", " ")
        assert done.stdout == ""


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert scs("run", COUNTED, "--record", tmp_path / "x").exit_code == GOOD
    assert run_folder.read(tmp_path / "x").rows is not None


def test_it_goes_not_with_detach(tmp_path: Path) -> None:
    done = scs("run", COUNTED, "--detach", "--record", tmp_path / "x")
    assert done.exit_code == USAGE
    assert "leave out --detach" in done.stderr


def test_a_full_disk_does_not_stop_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    with no_file_above(20_000):
        done = scs("run", COUNTED, "--record", tmp_path / "x", "--json")
    assert done.exit_code == USAGE
    assert json.loads(done.stdout)["delivered"]["pulses"] == 48
    assert "the run was not recorded" in done.stderr
    assert list(tmp_path.iterdir()) == []


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a run of an hour that is being recorded as x, after its first polls."""
    with owned("run", TONIC, "--for", "1h", "--record", "x", folder=folder) as child:
        deadline = time.monotonic() + 60
        rows = 0
        while rows <= 3 and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
            kept = list(folder.glob(".x.*.part/samples.csv"))
            rows = kept[0].read_text().count("\n") if kept else 0
        assert rows > 3, "the run did not begin"
        yield child


def test_a_process_that_is_killed_leaves_no_recording_but_its_polls(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.kill()
    (left,) = tmp_path.iterdir()
    assert len((left / "samples.csv").read_text().splitlines()) > 3
    done = scs("report", left, "-o", tmp_path / "x.html")
    assert done.exit_code == USAGE
    assert "incomplete recording: run.json, which is written last, is missing" in done.stderr


def test_a_run_of_these_tests_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        assert run.stdin is not None
        run.stdin.close()  # as the end of its holder does, however it came
        assert run.wait(60) == 1


def test_ctrl_c_keeps_what_was_delivered(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130
    assert run_folder.read(tmp_path / "x").account.ending.stopped == "halt"


# --- what was cut or changed since -----------------------------------------------------------
@pytest.mark.parametrize("name", ["trace.npz", "samples.csv", "profile.yaml"])
def test_a_file_that_was_cut_is_recognised(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:-1])
    with pytest.raises(
        WrongUsage, match=f"incomplete recording: {name} has {len(data) - 1} bytes, not"
    ):
        run_folder.read(copy)
    (copy / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(WrongUsage, match=f"changed recording: the hash of {name} differs"):
        run_folder.read(copy)
    (copy / name).unlink()
    with pytest.raises(WrongUsage, match=f"incomplete recording: {name} is missing"):
        run_folder.read(copy)


def listed(copy: Path, **files: bytes | None) -> None:
    """Put files into a recording, or leave them out, and list them with their own hashes."""
    index = json.loads((copy / "run.json").read_text())
    for name, data in files.items():
        path = copy / name.replace("_", ".")
        if data is None:
            del index["files"][path.name]
            path.unlink()
        else:
            path.write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            index["files"][path.name] = {"bytes": len(data), "sha256": digest}
    (copy / "run.json").write_text(json.dumps(index))


def test_polls_that_are_no_text_are_one_sentence(copy: Path) -> None:
    listed(copy, samples_csv=b"\xff\xfe")
    with pytest.raises(WrongUsage, match=r"samples.csv: its first line is not time_s,"):
        run_folder.read(copy)
    listed(
        copy, samples_csv=",".join(poll_log.COLUMNS).encode() + b"\n" + b"1," * 9_000 + b"\xff\n"
    )
    with pytest.raises(WrongUsage, match=r"samples.csv: a row is not 8 numbers"):
        run_folder.read(copy)


def test_an_index_of_other_files_is_one_sentence(copy: Path) -> None:
    listed(copy, samples_csv=None)
    with pytest.raises(WrongUsage, match=r"run.json: it lists profile.yaml, trace.npz; needed are"):
        run_folder.read(copy)


def test_an_index_of_a_name_too_long_is_one_sentence(copy: Path) -> None:
    index = json.loads((copy / "run.json").read_text())
    index["files"]["x" * 300] = {"bytes": 1, "sha256": ""}
    (copy / "run.json").write_text(json.dumps(index))
    with pytest.raises(WrongUsage, match=r"run.json: it lists .*…; needed are"):
        run_folder.read(copy)


def test_an_index_nested_too_deeply_is_one_sentence(copy: Path) -> None:
    (copy / "run.json").write_text("[" * 100_000)
    with pytest.raises(WrongUsage, match=r"run.json: incomplete, or not a recording"):
        run_folder.read(copy)


def test_no_folder_is_told_how_one_is_made(tmp_path: Path) -> None:
    done = scs("report", tmp_path / "none", "-o", tmp_path / "x.html")
    assert done.exit_code == USAGE
    assert "`scs run … --record DIR` makes one" in done.stderr.replace("\n", " ")


# --- as a file -------------------------------------------------------------------------------
def test_a_recording_becomes_every_kind_of_file(monday: Path, tmp_path: Path) -> None:
    for ending in ("csv", "npz", "png", "svg", "html", "wav", "mat"):
        path = tmp_path / f"x.{ending}"
        assert scs("report", monday, "-o", path).exit_code == GOOD
        assert path.stat().st_size > 1000
    done = scs("report", monday, "-o", tmp_path / "x.vcd")
    assert done.exit_code == USAGE
    assert "unknown ending .vcd; known are .csv, .npz, .png, .svg, .html, .wav, .mat" in done.stderr
    assert scs("compare", monday, tmp_path / "x.csv").exit_code == GOOD
