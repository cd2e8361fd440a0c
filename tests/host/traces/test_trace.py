"""Traces cut to whole periods, taken from a bench, and written to files."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.support.traces import train

from scs import resources, sim_bridge
from scs.device.stimulator import Stimulator
from scs.documents import atomic_write
from scs.errors import Failure, WrongUsage
from scs.profile.profile import Profile
from scs.recordings import writers
from scs.traces import trace
from scs.traces.trace import Trace
from scs_sim.circuit import trace as scope
from scs_sim.circuit.load import Piece


def test_a_window_begins_after_a_step_and_ends_before_one() -> None:
    cut = train(3).window(0.003, 0.013)
    assert cut.time_s[0] == 0.0
    assert cut.time_s[-1] == pytest.approx(0.01)
    assert cut.current_a[0] == -1e-3
    assert cut.current_a[-1] == 0.0
    assert cut.voltage_v[0] == -1.0


def test_a_window_between_rows_is_interpolated() -> None:
    ramp = Trace(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([4.0, 0.0]))
    cut = ramp.window(0.25, 0.5)
    assert cut.time_s == pytest.approx([0.0, 0.25])
    assert cut.current_a == pytest.approx([0.5, 1.0])
    assert cut.voltage_v == pytest.approx([3.0, 2.0])


@pytest.mark.parametrize("stem", ["tonic_50hz", "tonic_passive", "burst_dr"])
def test_a_period_begins_with_the_first_phase_to_the_tick(stem: str) -> None:
    """The bench's own oscilloscope has no trigger; where a period begins follows from the words."""
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    with Stimulator("sim") as stim:
        stim.load(profile)
        stim.arm()
        stim.start()
        for pause_s in (0.0, 0.0101, 0.00777):
            stim.link.sleep(pause_s)
            seen = stim.scope(1)
            # it rises from nothing, with the 0.5 us in which the output settles
            assert seen.time_s[0] == seen.current_a[0] == 0
            assert 0 < seen.time_s[1] < 0.1e-6
            assert seen.current_a[1] < 0
            assert seen.time_s[-1] == pytest.approx(0.025 if stem == "burst_dr" else 0.02)


def test_nothing_runs_there_is_no_period() -> None:
    with pytest.raises(Failure, match="nothing runs"):
        trace.next_period(sim_bridge.make())


class Bench:
    """A bench whose load saw one exponential: 1 mA, 1 ms, 1 V, from 0 to 20 ms; then nothing."""

    def __init__(self) -> None:
        self.trace = scope.Trace(125_000_000)
        self.trace.begin(0, Piece("shorted", 1e-3, 1.0, (1e3,), (-1.0,), (-1e3,)))
        self.trace.begin(2_500_000, Piece("open", 0.0, 0.0, (0.0,), (0.0,), (0.0,)))
        self.trace.end_tick = 5_000_000

    def scope(self) -> scope.Trace:
        return self.trace


def test_a_curve_gets_rows_where_it_bends_and_a_line_none() -> None:
    seen = trace.from_bench(Bench(), 0.0, 0.04)
    assert 100 < len(seen) < 600
    assert np.sum(seen.time_s > 0.0201) == 1  # the end of the straight piece
    area = float(np.sum(np.diff(seen.time_s) * (seen.current_a[1:] + seen.current_a[:-1]) / 2))
    assert area == pytest.approx(1e-6, rel=1e-4)  # 1 mA x 1 ms
    assert np.all(np.diff(seen.time_s) >= 0)


def test_sampled_evenly_there_is_a_row_at_every_tick() -> None:
    seen = trace.from_bench(Bench(), 0.0, 0.04, 1000.0)
    assert seen.time_s == pytest.approx(np.arange(40) / 1000)


def test_what_the_bench_forgot_is_said() -> None:
    bench = sim_bridge.make()
    bench.advance_us(1000)
    with pytest.raises(Failure, match="memory"):
        trace.from_bench(bench, -1.0, 0.001)


# --- files -----------------------------------------------------------------------------------
def test_a_csv_has_exactly_the_three_columns(tmp_path: Path) -> None:
    writers.write(tmp_path / "x.csv", train(2))
    with (tmp_path / "x.csv").open() as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["time_s", "current_a", "voltage_v"]
    assert [float(cell) for cell in rows[3]] == [0.003, -1e-3, -1.0]
    assert len(rows) == 1 + len(train(2))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_an_npz_has_arrays_of_the_same_names(tmp_path: Path) -> None:
    writers.write(tmp_path / "x.npz", train(2))
    with np.load(tmp_path / "x.npz") as columns:
        assert sorted(columns.files) == ["current_a", "time_s", "voltage_v"]
        assert columns["current_a"] == pytest.approx(train(2).current_a)


@pytest.mark.parametrize(
    ("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("vcd", b"$timescale")]
)
def test_pictures_and_vcd(tmp_path: Path, ending: str, begins: bytes) -> None:
    path = tmp_path / f"x.{ending}"
    writers.write(path, train(2), "A title")
    assert path.read_bytes().startswith(begins)


def test_a_vcd_holds_each_change_at_its_nanosecond(tmp_path: Path) -> None:
    writers.write(tmp_path / "x.vcd", train(1))
    text = (tmp_path / "x.vcd").read_text()
    assert "#3000000\nr-0.001 " in text


def test_whoever_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")
    with path.open() as reader:
        writers.write(path, train(2))
        assert reader.read() == "old"
    assert path.read_text().startswith("time_s")


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "x.foo", "known are .csv, .npz, .vcd, .png, .svg, .html, .wav, .mat"),
        (tmp_path / "x", "without an ending"),
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "x.csv", "there is no folder"),
        (Path("/proc/x.csv"), "cannot write /proc/x.csv"),
    ):
        with pytest.raises(WrongUsage, match=message):
            writers.write(path, train(1))


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")

    def half(part: Path) -> None:
        part.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(WrongUsage, match="No space left"):
        atomic_write.aside(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
