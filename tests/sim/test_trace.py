"""The oscilloscope: rows at steps, even samples, exact charge, bounded memory."""

import math

import numpy as np
import pytest

from scs_sim.circuit.load import Piece
from scs_sim.circuit.trace import BLOCK, Trace

HZ = 125_000_000


def two_pieces() -> Trace:
    """Return 1 mA for 1 ms, then 2 mA dying with 1 ms for 2 ms; 500 ohm."""
    trace = Trace(HZ)
    trace.begin(0, Piece("driven", 1e-3, 0.5, (0.0,), (0.0,), (0.0,)))
    trace.begin(125_000, Piece("clamped", 2e-3, 1.0, (1e3,), (-2.0,), (-1000.0,)))
    trace.end_tick = 375_000
    return trace


def test_a_step_has_a_row_on_either_side() -> None:
    rows = two_pieces().rows()
    ends = [0, 1, 2, -1]
    assert rows.time_s[ends] == pytest.approx([0, 1e-3, 1e-3, 3e-3])
    assert rows.current_a[ends] == pytest.approx([1e-3, 1e-3, 2e-3, 2e-3 * math.exp(-2)])
    assert rows.voltage_v[ends] == pytest.approx([0.5, 0.5, 1.0, math.exp(-2)])


def test_the_ends_are_one_row_a_piece() -> None:
    rows = two_pieces().ends()
    assert rows.time_s == pytest.approx([0, 1e-3])
    assert rows.current_a == pytest.approx([1e-3, 2e-3 * math.exp(-2)])
    assert rows.voltage_v == pytest.approx([0.5, math.exp(-2)])


def test_a_window_cuts_the_pieces_it_touches() -> None:
    rows = two_pieces().rows(0.5e-3, 2e-3)
    assert rows.time_s[[0, 1, 2, -1]] == pytest.approx([0.5e-3, 1e-3, 1e-3, 2e-3])
    assert rows.current_a[-1] == pytest.approx(2e-3 * math.exp(-1))


def test_samples_are_even_and_take_the_value_after_a_step() -> None:
    rows = two_pieces().sampled(2_000)
    assert rows.time_s == pytest.approx([0, 0.5e-3, 1e-3, 1.5e-3, 2e-3, 2.5e-3])
    assert rows.current_a[:4] == pytest.approx([1e-3, 1e-3, 2e-3, 2e-3 * math.exp(-0.5)])


def test_charge_is_the_exact_integral() -> None:
    # 1 uC, then 2 uC x (1 - e^-2)
    expected = 1e-6 + 2e-6 * (1 - math.exp(-2))
    assert two_pieces().charge_c() == pytest.approx(expected, rel=1e-12)
    assert two_pieces().charge_c(0.25e-3, 0.75e-3) == pytest.approx(0.5e-6, rel=1e-12)


def test_a_piece_without_length_is_replaced() -> None:
    trace = two_pieces()
    trace.begin(125_000, Piece("open", 0.0, 0.25, (0.0,), (0.0,), (0.0,)))
    assert len(trace) == 2
    assert trace.rows().voltage_v[-1] == 0.25


def test_memory_is_bounded_and_what_is_dropped_is_told() -> None:
    trace = Trace(HZ, maximum=3 * BLOCK)
    for at in range(10 * BLOCK):
        trace.begin(at * 1000, Piece("driven", at * 1e-6, 0.0))
    assert len(trace) <= 3 * BLOCK + 1
    assert trace.dropped + len(trace) == 10 * BLOCK
    first = trace.rows().current_a[0]
    assert round(first * 1e6) == trace.dropped  # the oldest went, and nothing else
    assert trace.start_s() == pytest.approx(trace.dropped * 1000 / HZ)


def test_a_window_outside_is_an_error_that_says_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no trace from 5 s to 6 s: it holds 0.0 s to 0.003 s"):
        two_pieces().rows(5, 6)


def test_blocks_and_loose_rows_give_one_trace() -> None:
    trace = Trace(HZ)
    for at in range(3 * BLOCK + 7):
        trace.begin(at * 125, Piece("driven", float(at), 0.0))
    rows = trace.sampled(1e6)
    assert np.array_equal(rows.current_a, np.arange(3 * BLOCK + 6))


def test_a_window_across_blocks_is_that_part_of_the_whole() -> None:
    trace = Trace(HZ)
    for at in range(5 * BLOCK):
        trace.begin(at * 125, Piece("driven", float(at), 0.0))
    whole = trace.rows()
    for t0, t1 in ((0.0, 1e-3), (4e-3, 4.2e-3), (8.191e-3, 8.193e-3), (16e-3, 20e-3)):
        part = trace.rows(t0, t1)
        inside = (whole.time_s >= t0 + 1e-9) & (whole.time_s <= t1 - 1e-9)
        assert set(whole.current_a[inside]) <= set(part.current_a)
        assert (part.time_s[0], part.time_s[-1]) == pytest.approx((t0, t1))
        # a staircase: the charge is the sum of its steps
        steps = part.current_a[::2] * (part.time_s[1::2] - part.time_s[::2])
        assert trace.charge_c(t0, t1) == pytest.approx(steps.sum(), rel=1e-9)
        assert np.all(np.diff(part.time_s) >= 0)


# --- rows --------------------------------------------------------------------------------------
def test_rows_on_a_curve_are_so_close_that_lines_follow_it() -> None:
    rows = two_pieces().rows(0.0, 3e-3)
    steps = np.flatnonzero(np.diff(rows.time_s) == 0)
    assert rows.time_s[steps].tolist() == [1e-3]  # before and after the step
    assert rows.time_s[0] == 0.0
    assert rows.time_s[-1] == pytest.approx(3e-3)
    at_s = np.linspace(1e-3, 3e-3, 10_000)[1:]
    drawn = np.interp(at_s, rows.time_s[2:], rows.current_a[2:])
    assert np.max(np.abs(drawn - 2e-3 * np.exp(1 - at_s * 1e3))) < 0.5e-7
    ticks = rows.time_s * HZ
    assert np.max(np.abs(ticks - np.rint(ticks))) < 1e-6


def test_rows_do_not_show_where_a_window_was_cut() -> None:
    trace = two_pieces()
    whole, begun_s = trace.rows(0.0, 3e-3), trace.begun_s(1.2e-3)
    assert begun_s == 1e-3
    parts = trace.rows(0.0, begun_s, followed=True), trace.rows(begun_s, 3e-3)
    for column, quantity in zip(zip(*parts, strict=True), whole, strict=True):
        assert np.array_equal(np.concatenate(column), quantity)


def test_where_two_pieces_join_without_a_step_there_is_one_row() -> None:
    trace = Trace(HZ)
    trace.begin(0, Piece("open", 0.0, 0.5, (0.0,), (0.0,), (0.0,)))
    trace.begin(1000, Piece("shorted", 0.0, 0.5, (0.0,), (0.0,), (1.0,)))
    trace.end_tick = 2000
    assert (trace.rows(0.0, 16e-6).time_s * HZ).tolist() == [0, 1000, 2000]


def test_the_tail_of_a_fast_curve_ends_before_a_long_straight_line() -> None:
    """0.5 us to 1 mA within 1 ms: the charge of the drawn line is right within 10 pC of 1 uC."""
    trace = Trace(HZ)
    trace.begin(0, Piece("driven", 0.0, 0.0, (2e6,), (2e3,), (0.0,)))
    trace.end_tick = 125_000
    rows = trace.rows(0.0, 1e-3)
    assert len(rows.time_s) < 25
    drawn = float(np.sum(np.diff(rows.time_s) * (rows.current_a[1:] + rows.current_a[:-1]) / 2))
    assert drawn == pytest.approx(trace.charge_c(), abs=1e-11)
