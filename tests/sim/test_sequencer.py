"""The sequencers' promises, measured at the pins of the executor and of rp2040-pio-emulator."""

from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pio import (
    ACTIVE,
    DRIVE,
    FIRST,
    IDLE,
    NCS,
    PARALLEL,
    PARALLEL_PINS,
    RUN,
    SCK,
    SDI_DAC,
    SDI_SWITCH,
    SERIAL,
    SERIAL_PINS,
    SYNC,
    falls,
    latches,
    rises,
    words,
)

from scs_sim.bench import decode
from scs_sim.bench.decode import SerialPins
from scs_sim.pio.asm import assemble
from scs_sim.pio.executor import Executor, Words, run
from sim_validation.oracle import outcome

CHIPS = SerialPins(SDI_DAC, SDI_SWITCH, SCK, NCS)
PROGRAMS = {
    "sequencer_serial": (SERIAL, SERIAL_PINS, 139, 136),  # overhead, first latch
    "sequencer_parallel": (PARALLEL, PARALLEL_PINS, 12, 9),
}
RECORD = st.tuples(
    st.integers(0, 60), st.sampled_from([IDLE, DRIVE, FIRST]), st.integers(0, 2**32 - 1)
)


def decode_parallel(
    edges: list[tuple[int, int, int]], value: int
) -> tuple[list[tuple[int, int]], int]:
    return decode.decode_parallel(edges, value, 10)


def recorded(name: str, stream: list[int], until_tick: int = 1 << 62) -> list[tuple[int, int, int]]:
    edges = run(assemble(name), stream, until_tick=until_tick, **PROGRAMS[name][1])
    return [tuple(edge) for edge in edges.tolist()]


def latch_ticks(name: str, edges: list[tuple[int, int, int]]) -> list[int]:
    """Return the ticks at which frames took effect; the ladder's must differ one from the next."""
    if name == "sequencer_serial":
        return [tick for tick, _ in latches(edges, CHIPS)]
    return [tick for tick, _ in decode_parallel(edges, 128)[0]]


def codes(count: int) -> list[int]:
    """Return frames, each unlike the one before, for either program, none mid-scale."""
    return [(3 + 5 * index % 97) << 24 | index for index in range(count)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_phase_lasts_its_hold_plus_the_overhead_whatever_the_flags(name: str) -> None:
    flags = [IDLE, DRIVE, FIRST]
    neighbours = [pair for pairs in product(flags, flags) for pair in pairs]  # every transition
    holds = [0, 1, 2, 3, 149, 150, 24_861, 2**30 - 1, *range(4, 14)]
    overhead, first = PROGRAMS[name][2:]
    frames = codes(len(holds) + 1)
    records = list(zip(holds, neighbours, frames, strict=False))
    edges = recorded(name, words(*records, (0, IDLE, frames[-1])))
    ticks = latch_ticks(name, edges)[:19]  # a starved ladder then goes to mid-scale
    assert len(records) == 18
    assert ticks[0] == first
    assert [b - a for a, b in pairwise(ticks)] == [hold + overhead for hold in holds]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_emulator_measures_the_same_overhead_and_boards_yaml_states_it(name: str) -> None:
    wiring, _, overhead, first = PROGRAMS[name]
    stream = words(*((7, flag, frame) for flag, frame in zip([2, 1, 0, 1], codes(4), strict=True)))
    edges, _state = outcome(assemble(name), stream, 3 * (overhead + 7) + first + 1, wiring)
    assert [b - a for a, b in pairwise(latch_ticks(name, edges))] == [overhead + 7] * 3

    stages = yaml.safe_load((Path(__file__).parents[2] / "boards.yaml").read_text())["stages"]
    rows = {f"sequencer_{row['sequencer']['program']}": row["sequencer"] for row in stages.values()}
    assert rows[name]["overhead_ticks"] == overhead
    # At the fastest clock, 150 MHz, the output has settled (`settle` of the stage: 4.5 us are 675
    # ticks, 1 us is 150) before the next frame's clock and data begin to toggle beside it.
    settle = {"sequencer_serial": ("4.5 us", 675), "sequencer_parallel": ("1 us", 150)}[name]
    assert rows[name]["min_record_ticks"] == overhead + settle[1]
    settles = {f"sequencer_{row['sequencer']['program']}": row["settle"] for row in stages.values()}
    assert settles[name] == settle[0]


@pytest.mark.parametrize("name", PROGRAMS)
@given(records=st.lists(RECORD, min_size=1, max_size=6))
def test_the_edges_equal_those_of_the_emulator(
    name: str, records: list[tuple[int, int, int]]
) -> None:
    wiring, _, overhead, first = PROGRAMS[name]
    length = first + sum(hold + overhead for hold, _, _ in records)
    stream = words(*records, (0, IDLE, 0), (0, IDLE, 0))  # stocked to the end
    assert recorded(name, stream, length) == outcome(assemble(name), stream, length, wiring)[0]


def test_the_frame_arrives_bit_by_bit_as_it_was_written() -> None:
    frames = [0x0000_0000, 0xFFFF_FFFF, 0xAAAA_AAAA, 0x5555_5555, 0x8000_0001, 0x1234_5678]
    edges = recorded("sequencer_serial", words(*((200, IDLE, frame) for frame in frames)))
    assert [frame for _, frame in latches(edges, CHIPS)] == frames


def test_the_dac_and_the_switches_get_a_line_each_most_significant_bit_first() -> None:
    dac, switch = 0x3C05, 0x0A81
    frame = sum((dac >> n & 1) << 2 * n | (switch >> n & 1) << 2 * n + 1 for n in range(16))
    edges = recorded("sequencer_serial", words((200, IDLE, frame)))
    lines = {SDI_DAC: 0, SDI_SWITCH: 0}
    levels = dict.fromkeys(range(32), 0)
    for _, pin, level in edges:
        levels[pin] = level
        if pin == SCK and level:
            lines = {line: lines[line] << 1 | levels[line] for line in lines}
    assert lines == {SDI_DAC: dac, SDI_SWITCH: switch}


def test_the_ladder_gets_the_top_eight_bits() -> None:
    edges = recorded("sequencer_parallel", words((20, DRIVE, 0xA5 << 24), (20, IDLE, 0x80 << 24)))
    assert decode_parallel(edges, 128) == ([(9, 0xA5), (41, 0x80)], 0x80)


def test_the_serial_timing_keeps_to_the_data_sheet_of_the_mcp4922_at_150_mhz() -> None:
    ns = 1000 / 150
    edges = recorded("sequencer_serial", words(*((200, IDLE, 0x6666_9999) for _ in range(3))))
    sck, low = rises(edges, SCK), falls(edges, SCK)
    select, release = falls(edges, NCS), rises(edges, NCS)
    data = [tick for tick, pin, _ in edges if pin in (SDI_DAC, SDI_SWITCH)]
    assert len(sck) == 48
    assert min(b - a for a, b in pairwise(sck)) * ns >= 50  # 20 MHz
    assert min(b - a for a, b in zip(sck, low, strict=True)) * ns >= 15
    assert min(b - a for a, b in zip(low, sck[1:], strict=False)) * ns >= 15
    for clock in sck:
        assert min(clock - tick for tick in data if tick < clock) * ns >= 15  # set-up
        assert min((tick - clock for tick in data if tick >= clock), default=99) * ns >= 10  # hold
    for chosen, given_up, clock in zip(select, release, range(0, 48, 16), strict=True):
        assert (sck[clock] - chosen) * ns >= 40
        assert (given_up - sck[clock + 15]) * ns >= 15
    assert min(b - a for a, b in zip(release, select[1:], strict=False)) * ns >= 40  # SCK idle


def test_active_and_sync_change_with_the_latch_and_only_with_it() -> None:
    stream = words(
        (300, FIRST, 1), (300, DRIVE, 2), (300, IDLE, 3), (300, FIRST, 4), (300, IDLE, 5)
    )
    edges = recorded("sequencer_serial", stream)
    at = [tick for tick, _ in latches(edges, CHIPS)]
    assert rises(edges, RUN) == at[:1]
    assert rises(edges, ACTIVE) == rises(edges, SYNC) == [at[0], at[3]]
    assert falls(edges, SYNC) == [at[1], at[4]]
    assert falls(edges, ACTIVE) == [at[2], at[4]]  # high from the drive into its recharge


def test_the_ladders_active_leads_its_code_by_one_tick_both_ways() -> None:
    edges = recorded("sequencer_parallel", words((50, FIRST, 1 << 24), (50, IDLE, 128 << 24)))
    (on, _), (off, _) = decode_parallel(edges, 128)[0]
    assert rises(edges, ACTIVE) == rises(edges, SYNC) == rises(edges, RUN) == [on - 1]
    assert falls(edges, ACTIVE)[0] == off - 1


def played(executor: Executor, supply: Words) -> Iterator[tuple[int, int, int]]:
    """Return its edges until it is dead."""
    while not executor.dead:
        start = executor.tick
        for tick, pin, level in executor.step(supply).edges:
            yield start + tick, pin, level


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("count", range(13))
def test_req_50_starving_after_any_word_drops_run_and_active_and_never_holds_a_phase(
    name: str, count: int
) -> None:
    records = [
        (400, flags, code << 24) for flags, code in zip([2, 1, 1, 0, 2, 1], range(6), strict=True)
    ]
    executor, supply = Executor(assemble(name), **PROGRAMS[name][1]), Words(words(*records)[:count])
    edges = list(played(executor, supply))
    levels = {pin: level for _, pin, level in edges}
    assert executor.state.irq == 1
    assert [levels.get(pin, 0) for pin in (ACTIVE, SYNC, RUN)] == [0, 0, 0]
    whole, overhead, first = count // 2, *PROGRAMS[name][2:]
    if whole:  # cut 5 ticks after its hold, sooner than a whole phase would have ended
        assert falls(edges, RUN) == [first + (whole - 1) * (400 + overhead) + 400 + 5]
    planned = sum(400 + overhead for _, flags, _ in records[:whole] if flags)
    high = sum(falls(edges, ACTIVE)) - sum(rises(edges, ACTIVE))
    assert high <= planned
    if name == "sequencer_serial":
        assert levels.get(NCS, 1) == 1
    else:
        assert decode_parallel(edges, 128)[1] == 128  # nothing else disconnects a ladder


@pytest.mark.parametrize("name", PROGRAMS)
def test_req_50_a_record_after_an_odd_word_is_never_begun(name: str) -> None:
    executor = Executor(assemble(name), **PROGRAMS[name][1])
    supply = Words([*words((400, FIRST, 1 << 24)), 400 << 2 | DRIVE])
    assert list(played(executor, supply))
    late = Words([0xFFFF_FFFF, *words((400, DRIVE, 2 << 24), (400, IDLE, 3 << 24))])
    for _ in range(5):
        segment = executor.step(late)
        assert (segment.length, segment.edges, segment.end) == (0, (), "dead")
    assert len(late.left) == 5

    executor.restart(1_000_000)
    supply = Words(words((400, IDLE, 0x7F00_0000), (400, IDLE, 0x7E00_0000)))
    edges = list(played(executor, supply))
    overhead, first = PROGRAMS[name][2:]
    began = 1_000_000 + first
    assert latch_ticks(name, edges)[:2] == [began, began + 400 + overhead]
    assert min(tick for tick, _, _ in edges) >= 1_000_000


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_second_of_a_50_hz_biphasic_train_is_exact_to_the_tick(name: str) -> None:
    overhead, first = PROGRAMS[name][2:]
    phases = [(25_000, FIRST), (3_750, IDLE), (25_000, DRIVE), (2_446_250, IDLE)]  # 20 ms, 125 MHz
    period = words(
        *(
            (ticks - overhead, flags, code << 24)
            for (ticks, flags), code in zip(phases, (64, 127, 192, 128), strict=True)
        )
    )
    edges = recorded(name, period * 50, first + 125_000_000)
    starts = [first + 2_500_000 * pulse for pulse in range(50)]
    lead = 0 if name == "sequencer_serial" else 1
    assert latch_ticks(name, edges) == [
        start + offset for start in starts for offset in (0, 25_000, 28_750, 53_750)
    ]
    assert rises(edges, SYNC) == [start - lead for start in starts]
    assert falls(edges, SYNC) == [start + 25_000 - lead for start in starts]
    assert rises(edges, ACTIVE) == [s + o - lead for s in starts for o in (0, 28_750)]
    assert falls(edges, ACTIVE)[:100] == [s + o - lead for s in starts for o in (25_000, 53_750)]
