"""Traces that are taken piece by piece: joined without a seam, and kept outside memory."""

import errno
from pathlib import Path

import numpy as np
import pytest
from tests.support.traces import train

from scs import resources
from scs.errors import WrongUsage
from scs.profile.profile import Profile
from scs.recordings.record import record
from scs.traces import decimate, trace_store
from scs.traces.trace import Trace, stepped
from scs.traces.trace_store import Store, Table


def test_blocks_and_windows_of_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_store, "BLOCK_ROWS", 100)
    store = Store()
    at = np.arange(1000) / 1000
    for part in range(10):
        here = at[100 * part : 100 * part + 100]
        store.add(Trace(here, here * 2, here * 3))
    assert len(store) == 1000
    assert store.end_s == 0.999
    assert max(len(block) for block in store.blocks()) == 100
    assert np.array_equal(np.concatenate([block.time_s for block in store.blocks()]), at)
    for begin, end in ((0.0, 0.01), (0.4321, 0.6789), (0.99, 0.999), (0.0, 0.999)):
        cut, same = store.window(begin, end), store.whole().window(begin, end)
        assert np.array_equal(cut.time_s, same.time_s)
        assert np.array_equal(cut.voltage_v, same.voltage_v)


def test_what_is_too_much_says_what_to_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_store, "MOST_ROWS", 50)
    monkeypatch.setattr(trace_store, "IN_MEMORY_ROWS", 20)
    store = Store()
    store.add(train(5))
    with pytest.raises(WrongUsage, match=r"32 rows are too many.*at most 20.*--rate 10kHz"):
        store.whole()
    with pytest.raises(
        WrongUsage, match=r"more than 50 rows: record a shorter time, such as --for"
    ):
        store.add(train(5))


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, *_: int) -> None: ...
        def write(self, _data: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    table = Table()
    monkeypatch.setattr(table, "_file", Full())
    with pytest.raises(WrongUsage, match=r"cannot keep the trace in /.*: No space left on device"):
        table.append(np.zeros((3, 3)))


def test_a_trace_taken_in_pieces_is_that_of_the_whole() -> None:
    """Polls come every 0.25 s; the trace shows none of them."""
    profile = Profile.read(resources.path("profiles/tonic_passive.yaml"))
    trace = record(profile, None, 0.6).trace
    measured = trace.measure()
    assert len(measured.pulses) == 30
    assert measured.period_s == pytest.approx(0.02, abs=1e-9)
    assert np.all(np.diff(trace.time_s) >= 0)
    steps = np.flatnonzero((np.diff(trace.time_s) == 0) & (np.diff(trace.current_a) != 0))
    assert len(steps) == 59  # 30 ends and 29 beginnings of first phases; the first lies at time 0


def test_samples_of_a_trace_taken_in_pieces_are_evenly_spaced() -> None:
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    trace = record(profile, None, 0.7, rate_hz=9_999.0).trace
    assert np.array_equal(trace.time_s, np.arange(7000) / 9_999)
    assert trace.current_a[0] == 0.0  # and 100 us later it has settled
    assert trace.current_a[1] < -1.9e-3


def test_stepped_takes_the_value_after_a_step() -> None:
    samples = stepped(train(1), 2000.0, 14)
    assert samples.time_s[:3].tolist() == [0.0, 0.0005, 0.001]
    assert (samples.current_a * 1e3).tolist() == [0, 0, 0, 0, 0, 0, -1, -1, 1, 1, 0, 0, 0, 0]


def test_a_thinned_line_keeps_every_pulse() -> None:
    whole = train(5000)  # 50 s
    line = decimate.thinned(whole, columns=100)
    assert len(line) <= 4 * 101
    assert np.all(np.diff(line.time_s) >= 0)
    column = (line.time_s / 0.50003).astype(int)
    for number in range(100):
        assert line.current_a[column == number].min() == -1e-3
        assert line.current_a[column == number].max() == 1e-3
    short = train(2)
    assert decimate.thinned(short) is short


def test_a_table_keeps_whole_numbers(tmp_path: Path) -> None:
    table = Table(np.int64, tmp_path)
    table.append(np.array([[1 << 60, 2, 3]]))
    (block,) = table.blocks()
    assert block.tolist() == [[1 << 60, 2, 3]]
    assert list(tmp_path.iterdir()) == []  # it has no name
