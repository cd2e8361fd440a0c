"""Two traces held against each other: what differs, by how much, where; and what cannot be."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.traces import train
from typer.testing import CliRunner, Result

from scs.cli import app as cli
from scs.errors import WrongUsage
from scs.recordings import writers
from scs.traces.compare import compare
from scs.traces.trace import Trace, stepped
from scs.traces.waveform_analysis import edges

AGREE, DIFFER, TROUBLE = 0, 1, 2


def scs(*arguments: object) -> Result:
    return CliRunner().invoke(
        cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "120"}
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    writers.write(tmp_path / "a.csv", train(5))
    writers.write(tmp_path / "a.npz", train(5))
    writers.write(tmp_path / "late.csv", train(5, late_s=0.003002))
    writers.write(tmp_path / "more.csv", train(5, amplitude_a=1.02e-3))
    return tmp_path


# --- what is found ---------------------------------------------------------------------------
def test_edges_are_where_the_current_passes_half() -> None:
    at = np.array([0.0, 1.0, 1.2, 2.0, 2.4, 3.0])
    times, signs = edges(at, np.array([0.0, 0.0, -2.0, -2.0, 0.0, 0.0]), 0.1)
    assert times.tolist() == pytest.approx([1.1, 2.2])
    assert signs.tolist() == [-1.0, 1.0]
    assert len(edges(at, np.array([0.0, 0.0, -2.0, -2.0, 0.0, 0.0]), 3.0)[0]) == 0


def test_the_same_is_no_difference() -> None:
    comparison = compare(train(5), train(5))
    assert comparison.ok
    assert (
        comparison.time.difference,
        comparison.current.difference,
        comparison.voltage.difference,
    ) == (0, 0, 0)
    assert comparison.edges == 15  # three a pulse: a beginning, a reversal, an end
    assert comparison.share == pytest.approx(1 - 15 * 2e-6 / 0.053)  # 15 instants, 1 us either side


def test_a_late_edge_is_a_difference_in_time_and_not_one_of_current() -> None:
    late = train(5, late_s=0.003002)
    comparison = compare(train(5), late, time_s=5e-6)
    assert comparison.ok
    assert comparison.time.difference == pytest.approx(2e-6)
    assert comparison.current.difference == 0
    strict = compare(train(5), late, time_s=1e-6)
    assert not strict.ok
    assert not strict.time.ok
    assert strict.current.ok


def test_a_larger_current_is_found_where_it_is() -> None:
    other = train(5)
    changed = other.current_a.copy()
    changed[14:16] *= 1.05  # the first phase of the third pulse
    comparison = compare(train(5), Trace(other.time_s, changed, other.voltage_v), share=0.02)
    assert not comparison.current.ok
    assert comparison.voltage.ok
    assert comparison.current.difference == pytest.approx(-5e-5)
    assert comparison.current.limit == pytest.approx(0.02 * 1.05e-3)
    assert 0.023 <= comparison.current.at_s <= 0.024


def test_a_pulse_that_is_missing_is_told_by_its_edges() -> None:
    comparison = compare(train(5), train(5).window(0.0, 0.053), share=0.5)
    assert comparison.ok
    short = train(3)
    longer = Trace(
        np.append(short.time_s, 0.053),
        *(np.append(values, 0.0) for values in (short.current_a, short.voltage_v)),
    )
    comparison = compare(train(5), longer)
    assert not comparison.ok
    assert comparison.edges == 9
    assert (comparison.only_a * 1e3).tolist() == pytest.approx([33, 34, 35, 43, 44, 45])
    assert len(comparison.only_b) == 0
    loose = compare(train(5), longer, share=1.0)
    assert loose.current.ok
    assert not loose.ok


def test_an_edge_that_is_far_is_another_edge() -> None:
    comparison = compare(train(2), train(1, late_s=0.021))  # pulses at 3 and 13 ms; one at 21 ms
    assert comparison.edges == 0
    assert (comparison.only_a * 1e3).tolist() == pytest.approx([3, 4, 5, 13, 14, 15])
    assert (comparison.only_b * 1e3).tolist() == pytest.approx([21, 22])


def test_samples_are_compared_as_far_as_they_can_tell() -> None:
    whole = train(5)
    sampled = stepped(whole, 50_000.0, 2650)
    comparison = compare(whole, sampled, time_s=1e-6)
    assert comparison.ok
    assert comparison.time.limit == pytest.approx(21e-6)
    assert abs(comparison.time.difference) <= 20e-6
    assert comparison.current.difference == 0
    with pytest.raises(WrongUsage, match="sampled too coarsely"):
        compare(whole, stepped(whole, 90.0, 5))


def test_what_an_adc_saw_agrees_with_the_model() -> None:
    """A sample of each every 8 us, the voltage 4 us later and told as it was with the current."""
    model = train(5)
    for begins_s in (0.0, 2e-6, 5e-6):
        time_s = begins_s + 8e-6 * np.arange(6_200)
        current_a = np.interp(time_s, model.time_s, model.current_a)
        later_v = np.interp(time_s + 4e-6, model.time_s, model.voltage_v)
        voltage_v = np.interp(time_s, time_s + 4e-6, later_v)
        comparison = compare(model, Trace(time_s - begins_s + 1e-6, current_a, voltage_v))
        assert comparison.ok, begins_s


def test_a_gap_of_about_a_sample_is_no_difference() -> None:
    """30 us between two phases, looked at every 20 us: two edges in one trace, one in the other."""
    step = [(0.0, 0.0), (1e-3, 0.0), (1e-3, -1e-3), (2e-3, -1e-3), (2e-3, 0.0), (2.03e-3, 0.0)]
    step += [(2.03e-3, 1e-3), (3e-3, 1e-3), (3e-3, 0.0), (5e-3, 0.0)]
    at, current = np.array(step).T
    for late_s in (0.0, 3e-6, 8e-6, 13e-6):
        whole = Trace(np.concatenate(([0.0], at[1:] + late_s)), current, current)
        comparison = compare(whole, stepped(whole, 50_000.0, 250))
        assert comparison.ok, late_s
        assert len(comparison.only_a) == len(comparison.only_b) == 0


def test_aligned_by_their_first_edges() -> None:
    late = train(5, late_s=0.0045)
    assert not compare(train(5), late).ok
    comparison = compare(train(5), late, align=True)
    assert comparison.ok
    assert comparison.shift_s == pytest.approx(-1.5e-3)


def test_only_the_common_time_is_compared() -> None:
    comparison = compare(train(5), train(2))
    assert comparison.ok
    assert comparison.span_s == pytest.approx(0.023)
    assert comparison.edges == 6


def test_no_common_time() -> None:
    other = train(2)
    later = Trace(other.time_s + 1.0, other.current_a, other.voltage_v)
    with pytest.raises(WrongUsage, match="no time in common"):
        compare(train(2), later)


def test_two_flat_lines_agree() -> None:
    flat = Trace(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2))
    assert compare(flat, flat).ok


# --- the command -----------------------------------------------------------------------------
def test_exit_0_1_2_as_diff(files: Path) -> None:
    assert scs("compare", files / "a.csv", files / "a.npz").exit_code == AGREE
    assert scs("compare", files / "a.csv", files / "more.csv").exit_code == DIFFER
    relaxed = scs("compare", files / "a.csv", files / "more.csv", "--tolerance", "3 %")
    assert relaxed.exit_code == AGREE
    late = (files / "a.csv", files / "late.csv")
    assert scs("compare", *late).exit_code == DIFFER
    assert scs("compare", *late, "--time-tolerance", "3us").exit_code == AGREE
    assert scs("compare", *late, "--align").exit_code == AGREE


def test_it_prints_the_largest_differences(files: Path) -> None:
    done = scs("compare", files / "a.csv", files / "more.csv")
    assert "current" in done.stdout
    assert "20 µA" in done.stdout  # 2 % of 1 mA
    assert "FAIL" in done.stdout
    assert "15 edges in both, 0 only in A, 0 only in B" in done.stdout


def test_its_json(files: Path) -> None:
    report = json.loads(scs("compare", files / "a.csv", files / "late.csv", "--json").stdout)
    assert report["ok"] is False
    assert report["edges"] == {
        "both": 15,
        "only_a": 0,
        "only_b": 0,
        "first_only_a_s": None,
        "first_only_b_s": None,
    }
    assert report["time_s"]["difference"] == pytest.approx(2e-6)
    assert report["time_s"]["ok"] is False
    assert set(report["current_a"]) == {"difference", "at_s", "limit", "scale", "ok"}


def test_its_picture(files: Path) -> None:
    for ending in ("png", "svg"):
        path = files / f"both.{ending}"
        done = scs("compare", files / "a.csv", files / "late.csv", "-o", path)
        assert done.exit_code == DIFFER
        assert path.stat().st_size > 5_000
    refused = scs("compare", files / "a.csv", files / "a.csv", "-o", files / "both.html")
    assert refused.exit_code == TROUBLE
    assert "known are .png, .svg" in refused.stderr


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.csv", None, "there is no such file"),
        ("x.txt", "a", "known are .csv, .npz and the folder of a recording"),
        ("x.csv", "", "x.csv:1: there is no column time_s; a trace begins with time_s,current_a"),
        ("x.csv", "time_s,current_a\n0,1\n", "there is no column voltage_v"),
        ("x.csv", "time_s,current_a,voltage_v\n", "two rows or more, this one has 0"),
        ("x.csv", "time_s,current_a,voltage_v\n0,1,2\n1,2,3\n2,3\n", "x.csv:4: incomplete row"),
        ("x.csv", "time_s,current_a,voltage_v\n0,1,2\n1,2,\n", "x.csv:3: incomplete row"),
        (
            "x.csv",
            "time_s,current_a,voltage_v\n1,1,2\n0,1,2\n",
            "its times are not in ascending order",
        ),
        ("x.csv", "time_s,current_a,voltage_v\n0,nan,2\n1,1,2\n", "a value is not a number"),
        ("x.csv", b"\xff\xfe\x00", "cannot be read"),
        ("x.npz", "not a zip", "truncated, or not an NPZ file"),
        ("run", {}, "is not a recording: it has no run.json; it holds nothing"),
        ("run", {"samples.csv": ""}, "incomplete recording: run.json, which is written last"),
        ("run", {"run.json": "{"}, "incomplete, or not a recording"),
        ("run", {"run.json": '{"format": 7}'}, "unknown format 7; this scs reads format 1"),
        ("run", {"run.json": '{"format": 1, "files": {}}'}, "account: Field required"),
    ],
)
def test_what_is_no_trace_is_one_sentence(
    files: Path, name: str, text: str | bytes | dict[str, str] | None, message: str
) -> None:
    path = files / name
    if isinstance(text, dict):
        path.mkdir()
        for inner, content in text.items():
            (path / inner).write_text(content)
    elif text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = scs("compare", files / "a.csv", path)
    assert done.exit_code == TROUBLE
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.output


def test_an_npz_that_was_cut_or_has_other_arrays(files: Path) -> None:
    data = (files / "a.npz").read_bytes()
    for size in (len(data) - 10, len(data) // 2, 30):
        (files / "cut.npz").write_bytes(data[:size])
        done = scs("compare", files / "cut.npz", files / "a.csv")
        assert done.exit_code == TROUBLE
        assert "truncated, or not an NPZ file" in done.stderr
    np.savez(files / "other.npz", time_s=np.arange(3), amps=np.arange(3))
    assert "no array current_a" in scs("compare", files / "other.npz", files / "a.csv").stderr
    np.savez(
        files / "odd.npz", **{name: np.arange(3 + at) for at, name in enumerate(writers.COLUMNS)}
    )
    assert "differ in length" in scs("compare", files / "odd.npz", files / "a.csv").stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tolerance", "much"], "--tolerance: much is not a share"),
        (["--tolerance", "0"], "try 1%"),
        (["--tolerance", "200%"], "up to 100%"),
        (["--time-tolerance", "1"], "--time-tolerance"),
        (["-o", "no/such/x.png"], "there is no folder"),
    ],
)
def test_wrong_usage(files: Path, options: list[str], message: str) -> None:
    done = scs("compare", files / "a.csv", files / "a.npz", *options)
    assert done.exit_code == TROUBLE
    assert message in done.stderr
