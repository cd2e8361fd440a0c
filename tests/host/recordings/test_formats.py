"""Every format, read back by what others use: numpy, scipy, pyvcd's rules, sigrok-cli."""

import resource
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, wavfile
from tests.support.traces import train

from scs import resources
from scs.errors import WrongUsage
from scs.profile.profile import Profile
from scs.recordings import writers
from scs.recordings.record import Recording, record
from scs.recordings.writers import Taken
from scs.traces.pin_edges import Pins
from scs.traces.trace import Trace

SIGROK = shutil.which("sigrok-cli")
ANNOTATIONS = ("-A", "spi=mosi-data", "--protocol-decoder-samplenum")
TRACE_ENDINGS = [ending for ending in writers.WRITERS if ending != ".html"]


def recorded(stem: str, for_s: float, board: str | None = None) -> Recording:
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    return record(profile, board, for_s, pins=True)


def taken(what: Recording) -> Taken:
    return Taken(what.rows, "A title", None, what.pins, what.run)


@pytest.fixture(scope="module")
def tonic() -> Recording:
    return recorded("tonic_50hz", 0.3)


# --- CSV, NPZ, MAT, WAV ----------------------------------------------------------------------
def test_a_csv_is_read_by_numpy_as_it_stands(tmp_path: Path, tonic: Recording) -> None:
    path = tmp_path / "x.csv"
    writers.save(path, taken(tonic))
    table = np.genfromtxt(path, delimiter=",", names=True)
    assert table.dtype.names == ("time_s", "current_a", "voltage_v")
    assert table["time_s"] == pytest.approx(tonic.trace.time_s, abs=1e-10)
    assert table["current_a"] == pytest.approx(tonic.trace.current_a, rel=1e-8, abs=1e-15)


def test_an_npz_of_many_blocks(
    tmp_path: Path, tonic: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scs.traces import npz, trace_store

    monkeypatch.setattr(trace_store, "BLOCK_ROWS", 1000)
    monkeypatch.setattr(npz, "BLOCK_ROWS", 777)
    path = tmp_path / "x.npz"
    writers.save(path, taken(tonic))
    with np.load(path) as columns:
        assert np.array_equal(columns["voltage_v"], tonic.trace.voltage_v)
    again = npz.read(path)
    assert np.array_equal(again.whole().time_s, tonic.trace.time_s)


def test_a_mat_has_columns_of_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    writers.write(path, train(2), "A title")
    columns = loadmat(path)
    assert columns["current_a"].shape == (len(train(2)), 1)
    assert np.array_equal(columns["time_s"][:, 0], train(2).time_s)
    assert columns["title"][0] == "A title"


def test_without_scipy_a_mat_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "find_spec", lambda _name: None)
    with pytest.raises(WrongUsage, match=r"needs scipy.*pip install 'scs-bench\[matlab\]'"):
        writers.checked(tmp_path / "x.mat")
    writers.checked(tmp_path / "x.npz")


def test_a_wav_is_current_left_and_voltage_right(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    whole = train(2, amplitude_a=2e-3)
    writers.write(path, whole)
    rate, both = wavfile.read(path)
    assert (rate, both.shape, both.dtype) == (48_000, (1104, 2), np.float32)  # 23 ms
    assert both[:, 0].min() == -1.0
    assert both[144:192, 0].tolist() == [-1.0] * 48  # from 3 ms on, for 1 ms
    assert both[143, 0] == 0
    assert both[192, 0] == 1.0
    data = path.read_bytes()
    assert b"left: current, 1.0 is 0.002 A; right: voltage, 1.0 is 2 V\0" in data
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8


def test_a_wav_of_samples_has_their_rate_which_is_whole(tmp_path: Path) -> None:
    at = np.arange(100) / 1000
    path = tmp_path / "x.wav"
    writers.save(path, Taken(Trace(at, at, at), rate_hz=1000.0))
    rate, both = wavfile.read(path)
    assert (rate, len(both)) == (1000, 100)
    assert both[50, 0] == pytest.approx(50 / 99)
    with pytest.raises(WrongUsage, match=r"whole number of hertz, not 0\.5"):
        writers.save(path, Taken(Trace(at, at, at), rate_hz=0.5))


# --- VCD -------------------------------------------------------------------------------------
def test_a_vcd_names_the_pins_and_has_each_change_once(tmp_path: Path, tonic: Recording) -> None:
    path = tmp_path / "x.vcd"
    writers.save(path, taken(tonic))
    text = path.read_text()
    names = ("sdi_dac", "sdi_switch", "sck", "ncs", "active", "sync", "run", "gate")
    for name in names:
        assert f" {name} $end" in text
    assert "sense_current" not in text
    lines = text.splitlines()
    times = [int(line[1:]) for line in lines if line.startswith("#")]
    assert times == sorted(set(times))
    assert times[-1] <= 300_000_000
    falls = [
        int(at[1:])
        for at, what in zip(lines, lines[1:], strict=False)
        if what[0] == "0"
        if at[0] == "#"
    ]
    assert len(falls) > 500
    assert all(at % 8 == 0 for at in falls)  # a tick of 125 MHz


def test_at_150_mhz_an_instant_is_the_nearest_nanosecond(tmp_path: Path) -> None:
    pins = Pins(150_000_000, {8: "run"}, {8: 0})
    pins.table.append(np.array([[1, 8, 1], [2, 8, 0], [3, 8, 1]]))  # 6.67, 13.33 and 20 ns
    path = tmp_path / "x.vcd"
    writers.save(path, Taken(train(1), pins=pins))
    times = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert times[:4] == ["#0", "#7", "#13", "#20"]


@pytest.mark.parametrize(
    ("edge_ticks", "end_ns"),
    # an edge at 1 ms; at 13 and 14 ms, at the end of the rows and after it: a tick more
    [(125_000, 13_000_000), (1_625_000, 13_000_008), (1_750_000, 14_000_008)],
)
def test_a_vcd_begins_with_every_level_and_ends_with_its_trace(
    tmp_path: Path, edge_ticks: int, end_ns: int
) -> None:
    """The rows are 13 ms long, and nothing changes in their last 8 ms."""
    pins = Pins(125_000_000, {8: "run", 9: "gate"}, {8: 0, 9: 1})
    pins.table.append(np.array([[edge_ticks, 8, 1]]))
    path = tmp_path / "x.vcd"
    writers.save(path, Taken(train(1), pins=pins))
    header, levels = path.read_text().split("$enddefinitions $end\n")
    lines = levels.splitlines()
    assert header.count("$var ") == 4
    assert lines[:7] == ["#0", "$dumpvars", "0!", '1"', "r0 #", "r0 $", "$end"]
    assert [line for line in lines if line.startswith("#")][-1] == f"#{end_ns}"


def test_a_vcd_of_one_level_is_as_long_as_its_trace(tmp_path: Path) -> None:
    flat = Trace(np.array([0.0, 0.5]), np.full(2, 1e-3), np.ones(2))
    writers.write(tmp_path / "x.vcd", flat)
    lines = (tmp_path / "x.vcd").read_text().splitlines()
    assert lines[-6:] == ["#0", "$dumpvars", "r0.001 !", 'r1 "', "$end", "#500000000"]


def words(path: Path, line: str) -> list[int]:
    """Return the 16-bit words that sigrok's own SPI decoder reads from one data line."""
    assert SIGROK is not None
    decoder = f"spi:clk=sck:mosi={line}:cs=ncs:wordsize=16"
    done = subprocess.run(
        [SIGROK, "-I", "vcd:downsample=8", "-i", str(path), "-P", decoder, *ANNOTATIONS],
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(row.split()[-1], 16) for row in done.stdout.splitlines()]


needs_sigrok = pytest.mark.skipif(SIGROK is None, reason="no sigrok-cli: make packages installs it")


@needs_sigrok
def test_sigrok_reads_the_words_of_both_data_lines_back(tmp_path: Path, tonic: Recording) -> None:
    """2 mA is 320 codes of 6.25 uA, 0.5 mA 80; E3 is contact 2, E2 and E4 are 1 and 3.

    A DAC word is 0x3000 (channel A, gain 1, on) and the code; a switch word has the contacts to
    source in its high byte, those to return in its low one. The cathode returns what the anodes
    source, and the sign is the DAC's: the contacts stay as they are for the recharge.
    """
    path = tmp_path / "x.vcd"
    writers.save(path, taken(tonic))
    dac = words(path, "sdi_dac")
    switch = words(path, "sdi_switch")
    drive, gap, recharge = 0x3000 | 2048 - 320, 0x3000 | 2048, 0x3000 | 2048 + 80
    # the frame of a phase is shifted before it: the first one of the trace before the trace; the
    # rest of the period ends in seven short records, where another table may take over
    assert dac == ([gap, recharge, *[gap] * 8, drive] * 15)[: len(dac)]
    assert len(dac) in (164, 165)
    assert switch == ([0x0000, 0x040A, *[0x000E] * 8, 0x040A] * 15)[: len(dac)]


@needs_sigrok
@pytest.mark.parametrize("edge_ticks", [[2, 1_625_000], [0, 3, 1_750_000]])
def test_sigrok_reads_every_edge_of_a_pin_back(tmp_path: Path, edge_ticks: list[int]) -> None:
    """An edge at the beginning, and one at the very end; 8 ns a sample."""
    assert SIGROK is not None
    pins = Pins(125_000_000, {8: "run"}, {8: 0})
    pins.table.append(np.array([[at, 8, 1 - number % 2] for number, at in enumerate(edge_ticks)]))
    path = tmp_path / "x.vcd"
    writers.save(path, Taken(train(1), pins=pins))
    command = [SIGROK, "-I", "vcd:downsample=8", "-i", str(path), "-O", "csv:header=false"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    levels = [int(line) for line in done.stdout.splitlines() if line in ("0", "1")]
    falls_and_rises = np.flatnonzero(np.diff([0, *levels])).tolist()
    assert falls_and_rises == edge_ticks


@needs_sigrok
@pytest.mark.parametrize("stem", ["burst_dr", "tonic_passive"])
def test_sigrok_reads_what_the_stage_latched(tmp_path: Path, stem: str) -> None:
    """Word for word, against the words that the device's DMA streamed."""
    from scs.catalog import boards
    from stimcore import output

    what = recorded(stem, 0.3)
    path = tmp_path / "x.vcd"
    writers.save(path, taken(what))
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    levels = tuple(member.amplitude_ua for member in profile.group.programs)
    stream = output.judge(boards.board(), profile.group, levels).stream
    frames = struct.unpack(f"<{len(stream.words) // 4}I", stream.words)[1::2]
    for shift, line in ((0, "sdi_dac"), (1, "sdi_switch")):
        sent = [sum((frame >> 2 * bit + shift & 1) << bit for bit in range(16)) for frame in frames]
        latched = words(path, line)
        periods = len(latched) // len(sent) + 1
        assert len(latched) > 25
        assert latched == ([*sent[1:], sent[0]] * periods)[: len(latched)]


@needs_sigrok
def test_sigrok_reads_current_and_voltage_from_an_even_csv(tmp_path: Path) -> None:
    """10 kHz for 20 ms, a period of 50 Hz: 2 mA cathodic in row 1 (0.1 ms), none in row 2."""
    assert SIGROK is not None
    path = tmp_path / "x.csv"
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    even = record(profile, None, 0.02, rate_hz=10_000)
    writers.save(path, Taken(even.rows, "A title", 10_000, None, even.run))
    command = [SIGROK, "-I", "csv:column_formats=t,2a", "-i", str(path)]
    shown = subprocess.run([*command, "--show"], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == [
        "Samplerate: 10000",
        "Channels: 2",
        "- current_a: analog",
        "- voltage_v: analog",
        "Analog sample count: 200",
    ]
    # 0.7.2 ends with exit code 1 after whole output in this format
    read = subprocess.run([*command, "-O", "analog"], capture_output=True, text=True)
    assert read.stdout.split("\n")[2:4] == ["current_a: -0.002 ", "current_a: 0.000 "]


def test_a_ladder_shows_its_eight_pins(tmp_path: Path) -> None:
    what = recorded("r2r_tonic", 0.1, "pico/r2r-1/resistor-1k")
    path = tmp_path / "x.vcd"
    writers.save(path, taken(what))
    text = path.read_text()
    assert all(f" data{n} $end" in text for n in range(8))
    assert " sck $end" not in text


# --- what cannot be written ------------------------------------------------------------------
@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Limit the size to which the system lets a file grow, so that a write fails half-way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("ending", list(writers.WRITERS))
def test_a_write_that_fails_in_the_middle_leaves_nothing(
    tmp_path: Path, tonic: Recording, ending: str
) -> None:
    path, old = tmp_path / f"x{ending}", tmp_path / f"old{ending}"
    old.write_text("old")
    what = taken(tonic)
    for target in (path, old):
        with no_file_above(2000), pytest.raises(WrongUsage, match=f"cannot write {target}: "):
            writers.save(target, what)
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "old"


@pytest.mark.parametrize("ending", TRACE_ENDINGS)
def test_a_trace_without_a_pulse_can_be_written(tmp_path: Path, ending: str) -> None:
    flat = Trace(np.array([0.0, 1e-6]), np.zeros(2), np.zeros(2))
    writers.write(tmp_path / f"x{ending}", flat)
    assert (tmp_path / f"x{ending}").stat().st_size > 0


def test_how_much_is_written_is_told(tmp_path: Path, tonic: Recording) -> None:
    for ending in writers.WRITERS:
        shares: list[float] = []
        writers.save(tmp_path / f"x{ending}", taken(tonic), shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1.0)
