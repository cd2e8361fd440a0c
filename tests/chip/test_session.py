"""Sessions on the real MicroPython: what the pins do, held against the simulator and the ledger."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
from tests.chip.support import LADDER, MS, SERIAL, ChipTalk
from tests.system.groups import steady
from tests.system.support import Talk

from stimcore import commands, program, states

PERIOD = 2_500_000  # ticks of 50 Hz at 125 MHz
TICK_US = 125


def ladder(**changes: int) -> program.Group:
    shape = {"cathodes": 1, "anodes": 2, "ceiling_ua": 900, "gap_ns": 0, "ratio": 1}
    return steady(**{**shape, **changes})


def passive(**changes: int) -> program.Group:
    """Return a group of two records a period: the fewest."""
    return steady(recharge=program.RECHARGE_PASSIVE, amplitude_ua=100, **changes)


def fast(rate_millihz: int) -> program.Group:
    """Return a fast group, small enough for the ceiling of direct current."""
    return steady(
        rate_millihz=rate_millihz, width_ns=10_000, gap_ns=10_000, ratio=1, amplitude_ua=100
    )


def test_it_boots_with_the_output_off_and_nothing_to_complain_of(talk: ChipTalk) -> None:
    status = talk.status()
    assert (status["state"], status["fault"]) == (states.OFF, 0)
    assert not talk.rises("gate") and not talk.rises("run")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        pytest.param(steady(), SERIAL, marks=pytest.mark.board(SERIAL)),
        pytest.param(ladder(), LADDER, marks=pytest.mark.board(LADDER)),
    ],
    ids=["mcp4922-8", "r2r-1"],
)
def test_latches_are_the_simulators_to_the_tick_and_the_bit(
    talk: ChipTalk, what: program.Group, name: str
) -> None:
    talk.running(what).pass_ms(210)
    chip = talk.latches()
    simulated = Talk(name).running(what)
    simulated.keep(0.4)
    board = simulated.latches()[: len(chip)]
    assert len(chip) >= 10 * len({frame for _cycle, frame in chip})
    assert [(cycle - chip[0][0], frame) for cycle, frame in chip] == [
        (tick - board[0][0], frame) for tick, frame in board
    ]


@pytest.mark.parametrize(
    ("rate_millihz", "width_ns", "pulses"), [(50_000, 200_000, 7), (2_000_000, 10_000, 600)]
)
def test_req_35_a_counted_session_ends_after_exactly_its_pulses(
    talk: ChipTalk, rate_millihz: int, width_ns: int, pulses: int
) -> None:
    shape = {"rate_millihz": rate_millihz, "width_ns": width_ns, "gap_ns": 10_000, "ratio": 1}
    shape["amplitude_ua"] = 100  # so that 2 kHz stays below the ceiling of direct current
    program_group = steady(**shape)
    header = program_group.header._replace(session_pulses=pulses)
    talk.running(program_group._replace(header=header)).pass_ms(pulses * 1e6 / rate_millihz + 40)
    ledger = talk.send(commands.LEDGER)
    assert (ledger["pulses"], ledger["truncated"], ledger["periods"]) == (pulses, 0, pulses)
    assert ledger["stopped"] == commands.STOP_PULSES
    starts = talk.rises("sync")
    assert len(starts) == pulses
    assert {b - a for a, b in pairwise(starts)} == {125_000_000_000 // rate_millihz}
    assert not talk.chip.levels()[talk.pins["gate"]]


def test_req_33_new_amplitudes_lose_double_and_cut_no_pulse(talk: ChipTalk) -> None:
    """Change to amplitudes whose recharge has a trim, one record more, and back."""
    talk.running(steady(amplitude_ua=1_000))
    for amplitude_ua in (1_963, 600, 1_506, 500):
        talk.pass_ms(90)
        assert talk.send(commands.AMPLITUDE, 0, amplitude_ua).status == 0
    talk.pass_ms(90)
    starts = talk.rises("sync")
    assert {b - a for a, b in pairwise(starts)} == {PERIOD}
    active = [(edge.cycle, edge.level) for edge in talk.edges("active")]
    widths = [end - start for (start, _), (end, _) in pairwise(active)][::2]
    assert set(widths[::2]) == {25_000}
    records = per_period(talk, starts)
    # as trimmed or not; its rest in eight
    assert {len(record) for record in records} == {4 + 7, 5 + 7}
    assert all(sum(code * ticks for code, ticks in record) == 0 for record in records)
    assert talk.status()["fault"] == 0


def per_period(talk: ChipTalk, starts: list[int]) -> list[list[tuple[int, int]]]:
    """Return (signed code, ticks) of each record of each whole period, from the pins' frames."""
    frames = talk.chip.frames()
    spans = [
        (frame.cycle, (frame.dac & 0xFFF) - 2048, after.cycle - frame.cycle)
        for frame, after in pairwise(frames)
    ]
    return [
        [(code, ticks) for cycle, code, ticks in spans if start <= cycle < end]
        for start, end in pairwise(starts)
    ]


def test_req_32_halt_drops_the_gate_and_the_ledger_says_what_was_delivered(
    talk: ChipTalk,
) -> None:
    talk.running(steady(rate_millihz=200_000)).pass_ms(101)
    sent = talk.cycle
    assert talk.send(commands.HALT).status == 0
    fell = [edge.cycle for edge in talk.edges("gate") if not edge.level]
    assert 0 < fell[-1] - sent < 3 * 125_000  # 3 ms
    ledger = talk.send(commands.LEDGER)
    assert ledger["pulses"] + ledger["truncated"] == len(talk.rises("sync"))
    assert ledger["stopped"] == commands.STOP_HALT
    since = talk.rises("run")[0]
    assert abs(ledger["output_ms"] - (fell[-1] - since) / 125_000) <= 1


@pytest.mark.parametrize("at_us", [300, 4_000, 18_800])
@pytest.mark.parametrize(
    "what",
    [
        pytest.param(steady, marks=pytest.mark.board(SERIAL)),
        pytest.param(passive, marks=pytest.mark.board(SERIAL)),
        pytest.param(partial(ladder, amplitude_ua=200), marks=pytest.mark.board(LADDER)),
    ],
    ids=["active", "passive", "ladder"],
)
def test_req_33_stop_ends_with_the_period_that_is_played(
    talk: ChipTalk, what: Callable[..., program.Group], at_us: int
) -> None:
    """Neither is a period begun after it, nor does a contact stay joined after the period."""
    talk.running(what()).pass_ms(60)
    talk.chip.step(40 * MS, until=(talk.pins["sync"], 1))
    talk.chip.step(at_us * 1_000)
    assert talk.send(commands.STOP).status == 0
    replied = talk.cycle
    talk.pass_ms(45)
    last = talk.rises("sync")[-1]
    assert last < replied  # no period was begun after it
    end = min(talk.falls("gate")[-1], talk.falls("run")[-1])  # either of them opens the output
    assert -700 * TICK_US < end - last - PERIOD <= 0  # and the last one is whole
    ledger = talk.send(commands.LEDGER)
    assert (ledger["truncated"], ledger["stopped"]) == (0, commands.STOP_COMMAND)
    assert ledger["pulses"] == ledger["periods"] == len(talk.rises("sync"))


def test_req_33_stop_of_a_fast_train_ends_on_a_whole_period(talk: ChipTalk) -> None:
    talk.running(fast(2_000_000)).pass_ms(20)
    assert talk.send(commands.STOP).status == 0
    talk.pass_ms(30)
    ledger = talk.send(commands.LEDGER)
    assert (ledger["truncated"], ledger["stopped"]) == (0, commands.STOP_COMMAND)
    assert ledger["pulses"] == ledger["periods"] == len(talk.rises("sync"))
    end = [edge.cycle for edge in talk.edges("run") if not edge.level][-1]
    assert -700 * TICK_US < end - talk.rises("sync")[-1] - 62_500 <= 0


@pytest.mark.board(LADDER)
def test_req_32_halt_of_a_ladder_drives_its_middle(talk: ChipTalk) -> None:
    """Nothing disconnects a ladder but the transistor that the gate drives: its code goes too."""
    talk.running(ladder(rate_millihz=20_000, amplitude_ua=100, width_ns=1_000_000))
    talk.pass_ms(40)
    assert talk.chip.step(20 * MS, until=(talk.pins["active"], 1)).met
    talk.raw(talk.framed(commands.HALT), 5_000)
    levels = talk.chip.levels()[talk.pins["data0"] : talk.pins["data0"] + 8]
    assert sum(level << bit for bit, level in enumerate(levels)) == 128
    assert not talk.level("gate") and not talk.level("active") and not talk.level("run")


def test_req_52_pulses_need_no_processor_until_the_watchdog_ends_them(talk: ChipTalk) -> None:
    period = 62_500  # 2 kHz
    talk.running(fast(2_000_000)).pass_ms(30)
    talk.chip.fault("stop_cpu")
    since = talk.cycle
    talk.pass_ms(260)
    end = talk.falls("gate")[0]
    assert 200_000 * TICK_US < end - since <= 250_000 * TICK_US
    starts = [rise for rise in talk.rises("sync") if rise < end]
    assert {later - start for start, later in pairwise(starts)} == {period}
    assert end - starts[-1] <= period
