"""The sentinel: it trips in time, never too early, and holds GATE only while it watches."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pio import ACTIVE, DRIVE, FIRST, GATE, IDLE, SERIAL_PINS, words

from scs_sim.bench import stream
from scs_sim.pio.asm import assemble, firmware_programs
from scs_sim.pio.executor import Executor, Words, run
from scs_sim.pio.operations import Wiring
from scs_sim.pio.timeline import Timeline
from sim_validation.oracle import outcome

turns_for = firmware_programs().sentinel_turns  # the word for a ceiling
MIN_IDLE_TICKS = 6  # then the sentinel is back at its wait when the next run begins
TWO_US_TICKS = 250  # at 125 MHz, where a tick is longest


def watching(runs: list[tuple[int, int]], ceilings: list[int], until_tick: int, **options: object):
    """Return GATE's edges while ACTIVE is high from each rise to its fall."""
    edges = [edge for rise, fall in runs for edge in ((rise, ACTIVE, 1), (fall, ACTIVE, 0))]
    executor = Executor(
        assemble("sentinel"),
        set_base=GATE,
        in_base=ACTIVE,
        jmp_pin=ACTIVE,
        inputs=Timeline(edges),
        **options,
    )
    return executor.advance(until_tick, Words(ceilings)), executor


@pytest.mark.parametrize("ceiling", [5, 6, 50, 51, 25_000, 26_389_877])
def test_req_51_the_gate_falls_soon_after_the_ceiling_and_never_before(
    ceiling: int,
) -> None:
    around = range(ceiling - 2, ceiling + 5)
    for rise, idle, length in product(range(40, 48), (6, 7, 8, 9, 289), around):
        start = rise + length + idle  # a second run, so that the loop comes from every phase
        runs = [(rise, rise + min(length, ceiling)), (start, start + length)]
        gate, executor = watching(runs, [turns_for(ceiling)], start + 2 * length + 100)
        if length <= ceiling:
            assert gate == ((2, GATE, 1),)
            assert not executor.dead
        if length >= ceiling + 2:
            ((_, pin, level),) = gate[1:]
            assert (pin, level, executor.dead, executor.state.irq) == (GATE, 0, True, 1)
            assert start + ceiling < gate[1][0] <= start + ceiling + TWO_US_TICKS


def test_req_51_the_gate_falls_when_active_never_does() -> None:
    gate, executor = watching([(100, 1 << 61)], [turns_for(1_375_000)], 1 << 60)
    assert gate == ((2, GATE, 1), (100 + 1_375_000 + 4, GATE, 0))  # 11 ms, and 32 ns
    assert executor.dead


def test_without_a_ceiling_the_gate_stays_low() -> None:
    gate, executor = watching([(100, 200)], [], 1_000)
    assert (gate, executor.dead) == ((), False)


def test_a_ceiling_of_nothing_trips_at_the_first_run() -> None:
    assert turns_for(0) == turns_for(4) == 0
    gate, _ = watching([(100, 101)], [0], 1_000)
    assert gate == ((2, GATE, 1), (108, GATE, 0))


def test_each_run_takes_the_next_ceiling_and_the_last_one_stays() -> None:
    first, larger, smaller = (turns_for(ticks) for ticks in (50, 500, 20))
    calm = [(1_000 * n, 1_000 * n + length) for n, length in ((1, 50), (2, 500), (3, 20))]
    assert watching(calm, [first, first, larger, smaller], 9_000)[0] == ((2, GATE, 1),)
    for length, trips in ((20, False), (22, True)):  # the smaller one still holds in the fifth run
        later = [*calm, (4_000, 4_020), (5_000, 5_000 + length)]
        gate, _ = watching(later, [first, first, larger, smaller], 9_000)
        assert (len(gate) == 2) == trips
    too_early = [(1_000, 1_050), (2_000, 2_500)]
    assert watching(too_early, [first, first, smaller], 9_000)[0][1][0] == 2_000 + 20 + 4


def test_a_pulse_after_the_trip_does_not_raise_the_gate_again() -> None:
    gate, _ = watching([(100, 300), (400, 420)], [turns_for(50)] * 3, 9_000)
    assert [level for _, _, level in gate] == [1, 0]


@given(
    turns=st.integers(0, 40),
    rise=st.integers(10, 40),
    lengths=st.lists(st.integers(1, 100), min_size=1, max_size=4),
    idle=st.integers(MIN_IDLE_TICKS, 20),
)
def test_the_closed_form_the_opcodes_and_the_emulator_agree(
    turns: int, rise: int, lengths: list[int], idle: int
) -> None:
    runs, start = [], rise
    for length in lengths:
        runs.append((start, start + length))
        start += length + idle
    end = start + 100
    trips = [stream.trip_tick(r, turns) for r, f in runs if stream.outlasts(f - r, turns)]
    gate, _ = watching(runs, [turns], end)
    assert gate == ((2, GATE, 1), *((tick, GATE, 0) for tick in trips[:1]))

    # Theirs has no synchroniser and reads `wait pin` as a GPIO number: ACTIVE is GPIO 0 here.
    def active(tick: int) -> int:
        return int(any(r <= tick - stream.SENTINEL_SYNC_TICKS < f for r, f in runs))

    wiring = Wiring(set_base=GATE, in_base=0, jmp_pin=0)
    assert tuple(outcome(assemble("sentinel"), [turns], end, wiring, active)[0]) == gate


@pytest.mark.parametrize("turns", [0, 1, 2, 9])
def test_the_closed_form_is_exact_about_which_run_trips(turns: int) -> None:
    for length in range(max(1, 2 * turns + 1), 2 * turns + 9):
        gate, _ = watching([(100, 100 + length)], [turns], 200)
        assert stream.outlasts(length, turns) == (len(gate) == 2)
        if turns:
            assert stream.outlasts(length, turns) == (length >= 2 * turns + 5)


def test_req_51_beside_the_sequencer_its_ceiling_is_that_of_the_longest_active_run() -> None:
    table = words(
        (2_000, FIRST, 1), (300, IDLE, 0), (900, DRIVE, 2), (1_100, DRIVE, 3), (300, IDLE, 0)
    )
    edges = run(assemble("sequencer_serial"), table * 3, **SERIAL_PINS).tolist()
    longest = 900 + 1_100 + 2 * 139  # a drive and the recharge that follows it at once
    for ceiling, trips in ((longest, False), (longest - 2, True)):
        executor = Executor(
            assemble("sentinel"),
            set_base=GATE,
            in_base=ACTIVE,
            jmp_pin=ACTIVE,
            inputs=Timeline((tick, pin, level) for tick, pin, level in edges if pin == ACTIVE),
        )
        executor.advance(edges[-1][0] + 100, Words([turns_for(ceiling)]))
        assert executor.dead == trips


def test_piecewise_it_does_what_it_does_in_one_go() -> None:
    runs = [(100, 151), (200, 251), (400, 900)]
    whole, _ = watching(runs, [turns_for(60)], 2_000)
    timeline, supply = Timeline(), Words([turns_for(60)])
    executor = Executor(
        assemble("sentinel"), set_base=GATE, in_base=ACTIVE, jmp_pin=ACTIVE, inputs=timeline
    )
    pieces = []
    for tick in range(0, 2_000, 7):  # the future is not known yet
        for rise, fall in runs:
            for change, level in ((rise, 1), (fall, 0)):
                if tick <= change < tick + 7:
                    timeline.append(change, ACTIVE, level)
        pieces += executor.advance(tick + 7, supply)
    assert tuple(pieces) == whole
    assert len(whole) == 2
