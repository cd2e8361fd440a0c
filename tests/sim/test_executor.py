"""The executor against rp2040-pio-emulator on random programs, and by hand where that has gaps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.pio_support import pio

from scs_sim import machine
from scs_sim.asm import Program
from scs_sim.executor import MEMO_LIMIT, Executor, Words, run
from scs_sim.instructions import PioError
from scs_sim.machine import Edge
from scs_sim.operations import State, Wiring
from scs_sim.oracle import emulate, outcome
from scs_sim.timeline import Timeline

LENGTH, UNTIL_TICK = 10, 300
INPUTS = range(12, 16)
WORD = st.integers(0, 2**32 - 1)

SOURCES = ["pins", "x", "y", "null", "isr", "osr"]
STATEMENTS = {
    "jmp({}, '{}')": (
        ["not_x", "x_dec", "not_y", "y_dec", "x_not_y", "pin", "not_osre", "0"],
        range(LENGTH),
    ),
    "wait({}, gpio, {})": (range(2), INPUTS),
    "in_({}, {})": (SOURCES, range(1, 33)),
    "out({}, {})": (["pins", "x", "y", "null", "isr"], range(1, 33)),
    "push({}, {})": (["block", "noblock"], [0]),
    "push(iffull, {}{})": (["block", "noblock"], [""]),
    "pull({}, {})": (["block", "noblock"], [0]),
    "pull(ifempty, {}{})": (["block", "noblock"], [""]),
    "mov({}, {})": (["x", "y", "isr", "osr"], [*SOURCES, *(f"invert({s})" for s in SOURCES)]),
    "set({}, {})": (["pins", "x", "y"], range(32)),
}


REGISTERS = SOURCES[1:]
NO_PINS = {  # for programs that read none, and never stall but at a pull
    "in_({}, {})": (REGISTERS, range(1, 33)),
    "out({}, {})": (["pins", "x", "y", "null", "isr"], range(1, 33)),
    "push({}, {})": (["noblock"], [0]),
    "mov({}, {})": (["x", "y", "isr", "osr"], [*REGISTERS, "status", "invert(x)", "invert(y)"]),
    "set({}, {})": (["pins", "x", "y"], range(32)),
}


@st.composite
def statement(draw: st.DrawFn, table: dict, sideset_bits: int) -> str:
    """One random instruction, with its side-set and delay."""
    form = draw(st.sampled_from(list(table)))
    first, second = table[form]
    text = form.format(draw(st.sampled_from(first)), draw(st.sampled_from(second)))
    if sideset_bits:
        text += f".side({draw(st.integers(0, (1 << sideset_bits) - 1))})"
    # Theirs drops the delay of a pull or push with nothing to do; see scs_sim.oracle.
    longest = 0 if "(if" in form else (1 << 5 - sideset_bits) - 1
    return f"{text}[{draw(st.integers(0, longest))}]"


@st.composite
def program(draw: st.DrawFn) -> Program:
    """A random program: pins 2-6 by out, 4-6 by set, up to two by side-set from 6 on."""
    sideset_bits = draw(st.integers(0, 2))
    lines = []
    for address in range(LENGTH):
        lines += [f"label('{address}')", draw(statement(STATEMENTS, sideset_bits))]
    return pio(
        "\n".join(lines),
        out_init=[2] * 5,
        set_init=[3] * 3,
        sideset_init=[2] * sideset_bits or None,
        in_shiftdir=draw(st.integers(0, 1)),
        out_shiftdir=draw(st.integers(0, 1)),
    )


WIRING = Wiring(out_base=2, set_base=4, sideset_base=6, jmp_pin=13, sync_ticks=0)
SIGNAL = st.lists(st.integers(1, 40), max_size=8)


@given(program(), st.lists(WORD, max_size=6), st.tuples(*[SIGNAL] * len(INPUTS)))
def test_random_programs_make_the_emulators_edges(
    random: Program, stream: list[int], signals: tuple[list[int], ...]
) -> None:
    timeline = Timeline((0, pin, 0) for pin in INPUTS)
    for pin, spans in zip(INPUTS, signals, strict=True):
        for index in range(len(spans)):
            timeline.append(sum(spans[: index + 1]), pin, 1 - index % 2)

    def levels(tick: int) -> int:
        return sum(timeline.level(pin, tick) << pin for pin in INPUTS)

    executor = Executor(random, **WIRING._asdict(), inputs=timeline)
    ours = executor.advance(UNTIL_TICK, Words(stream))
    theirs, registers = outcome(random, stream, UNTIL_TICK, WIRING, levels)
    assert list(ours) == theirs
    assert executor.state == registers


@st.composite
def record_loop(draw: st.DrawFn) -> Program:
    """A random program that pulls again and again, with hold loops between."""
    lines = []
    for index in range(draw(st.integers(1, 3))):
        lines += ["pull(block)", draw(statement(NO_PINS, 0)), "out(y, 5)", "out(x, 5)"]
        lines += [f"label('a{index}')", f"jmp(x_dec, 'a{index}')[{draw(st.integers(0, 3))}]"]
        lines += [draw(statement(NO_PINS, 0)), f"jmp(not_y, 'b{index}')", "out(pins, 5)"]
        lines += [f"label('b{index}')"]
    return pio("\n".join([*lines, "nop()"]), out_init=[2] * 5, set_init=[3] * 3)


@given(record_loop(), st.lists(st.sampled_from([0, 0x12345678, 2**32 - 1]), max_size=24))
def test_remembered_segments_are_those_worked_out_anew(random: Program, stream: list[int]) -> None:
    wiring = {"out_base": 2, "set_base": 4}
    executor, plain = Executor(random, **wiring), Executor(random, **wiring)
    for _ in range(2):  # the second time round all of it is remembered
        executor.restart()
        supply, edges = Words(stream), list[Edge]()
        segment = executor.step(supply)
        while segment.end == "pull":
            start = executor.tick - segment.length
            edges += [(start + tick, pin, level) for tick, pin, level in segment.edges]
            segment = executor.step(supply)
        plain.restart()
        assert tuple(edges) == plain.advance(executor.tick + 1, Words(stream))
        assert executor.state == plain.state
    oracle = emulate(random, stream, executor.tick, Wiring(**wiring))
    assert run(random, stream, **wiring).tolist() == [list(edge) for edge in oracle]


def edges_of(text: str, stream: tuple[int, ...] = (), until_tick: int = 100, **config: object):
    """The edges of a program given as text; out, set and side-set pins from 0, 8 and 16 on."""
    executor = Executor(pio(text, **config), out_base=0, set_base=8, sideset_base=16)
    return executor.advance(until_tick, Words(stream)), executor


def test_status_tells_whether_the_fifo_is_low() -> None:
    text = "mov(y, status); mov(pins, y); label('e'); jmp('e')"
    low, _ = edges_of(text, (1,), out_init=[2])
    assert low == ()  # STATUS_N is 0 unless the firmware sets it
    checked = replace(pio(text, out_init=[2]), status_n=2)
    for count, edges in ((0, ((1, 0, 1),)), (1, ((1, 0, 1),)), (2, ())):
        assert Executor(checked).advance(50, Words([7] * count)) == edges


def test_irq_raises_and_clears_the_flag_relative_to_the_machine() -> None:
    program = pio("irq(rel(2)); irq(1); irq(clear, rel(2)); label('e'); jmp('e')")
    for ticks, flags in ((1, 1 << 1), (2, 1 << 1 | 1 << 1), (3, 0)):
        executor = Executor(program, number=3)  # (2 + 3) mod 4 = 1
        executor.advance(ticks, Words())
        assert executor.state.irq == flags
    segment = Executor(program).step(Words())
    assert (segment.irq, segment.end, segment.length) == (True, "dead", 3)


def test_a_machine_waits_for_a_flag_and_takes_it_away() -> None:
    _, executor = edges_of("irq(4); wait(1, irq, 4); wait(0, irq, 4); wait(1, irq, 4)")
    assert (executor.state.pc, executor.state.irq) == (3, 0)


def test_mov_pins_goes_by_base_and_count_and_can_reverse() -> None:
    text = "set(x, 1); mov(pins, reverse(x)); mov(pins, invert(x)); label('e'); jmp('e')"
    executor = Executor(pio(text, out_init=[2] * 3), out_base=30)  # pins 30, 31 and 0
    assert executor.advance(9, Words()) == ((2, 0, 1), (2, 31, 1))
    _, executor = edges_of("set(x, 3); mov(y, reverse(x)); label('e'); jmp('e')")
    assert executor.state.y == 0xC000_0000


def test_an_optional_side_set_leaves_the_pins_alone_where_it_is_not_given() -> None:
    edges, _ = edges_of(
        "nop().side(1)[2]; nop(); nop().side(0); nop()", sideset_init=2, until_tick=7
    )
    assert edges == ((0, 16, 1), (4, 16, 0), (6, 16, 1))


def test_side_set_prevails_over_set_at_one_pin() -> None:
    program = pio("set(pins, 1).side(0); nop().side(1)", set_init=2, sideset_init=2)
    assert Executor(program).advance(2, Words()) == ((1, 0, 1),)


def test_a_stalled_pull_has_set_its_side_pins_and_goes_on_when_words_come() -> None:
    program = pio("pull(block).side(1); out(pins, 1).side(0)", out_init=2, sideset_init=2)
    executor, supply = Executor(program, out_base=0, sideset_base=16), Words()
    segment = executor.step(supply)
    assert (segment.end, segment.length, segment.edges) == ("stalled", 0, ((0, 16, 1),))
    supply.left.append(1 << 31)
    executor.tick = 40
    assert executor.step(supply).edges == ((1, 0, 1), (1, 16, 0))


def test_data_can_be_a_destination_address() -> None:
    edges, _ = edges_of("set(x, 3); mov(pc, x); nop(); set(pins, 1); mov(pc, x)", set_init=2)
    assert edges == ((2, 8, 1),)
    edges, _ = edges_of("pull(); out(pc, 2); nop(); set(pins, 1)", (3 << 30,), set_init=2)
    assert edges == ((2, 8, 1),)
    with pytest.raises(PioError, match="jumps to 9, outside the program"):
        edges_of("set(x, 9); mov(pc, x)")


def test_a_conditional_pull_or_push_with_nothing_to_do_still_takes_its_time() -> None:
    edges, _ = edges_of("pull(); pull(ifempty)[4]; set(pins, 1); wait(1, irq, 0)", (5,), set_init=2)
    assert edges == ((6, 8, 1),)
    edges, _ = edges_of("push(iffull)[4]; set(pins, 1); wait(1, irq, 0)", set_init=2)
    assert edges == ((5, 8, 1),)


def test_pushed_words_pile_up_until_the_fifo_is_full() -> None:
    for join, depth in ((0, 4), (1, 0), (2, 8)):
        _, executor = edges_of("in_(x, 32); push(block)", fifo_join=join)
        assert (len(executor.state.rx), executor.state.pc) == (depth, 1)


def test_directions_are_kept_beside_levels() -> None:
    _, executor = edges_of("set(pindirs, 2); label('e'); jmp('e')", set_init=[2, 0, 3])
    assert executor.state == State(pc=1, pins=1 << 10, pindirs=1 << 9)
    _, executor = edges_of("pull(); out(pindirs, 32); label('e'); jmp('e')", (6,), out_init=[2] * 3)
    assert executor.state.pindirs == 6


def test_an_input_is_seen_two_ticks_late() -> None:
    program = pio("wait(1, pin, 1); set(pins, 1); wait(0, gpio, 5); set(pins, 0)", set_init=2)
    timeline = Timeline([(50, 5, 1), (70, 5, 0)])
    executor = Executor(program, in_base=4, inputs=timeline)
    assert executor.advance(200, Words()) == ((53, 0, 1), (73, 0, 0))


def test_all_pins_are_read_from_the_input_base_on() -> None:
    program = pio("mov(x, pins); in_(pins, 4); set(pins, 1)", set_init=2)
    timeline = Timeline([(0, 6, 1), (0, 7, 0), (0, 9, 1), (0, 3, 1)])
    executor = Executor(program, in_base=6, set_base=8, inputs=timeline)
    executor.advance(5, Words())  # the second time round 3, 6 and 9 are seen high, and its own 8
    assert (executor.state.x, executor.state.isr) == (1 << 29 | 0b1101, 0b1101)


def test_the_longest_hold_ends_on_its_tick() -> None:
    program = pio("pull(); out(x, 32); label('h'); jmp(x_dec, 'h')[31]; set(pins, 1)", set_init=2)
    edges = run(program, [0xFFFF_FFFF])
    assert edges.tolist() == [[2 + 32 * 2**32, 0, 1]]


def test_what_is_not_modelled_is_refused_and_not_ignored() -> None:
    for text, config, reason in (
        ("out(exec, 16)", {}, "executing data"),
        ("mov(exec, x)", {}, "executing data"),
        ("irq(block, 1)", {}, "waiting until a flag is cleared"),
        ("nop()", {"autopull": True}, "autopull and autopush"),
        ("nop().side(1)", {"sideset_init": 2, "side_pindir": True}, "side-set of pin directions"),
        ("word(0xA080)", {}, "executing data"),
        ("word(0x4080)", {}, "reserved source"),
        ("word(0xA018)", {}, "opcode 0xa018: a reserved operation"),
        ("word(0xE060)", {}, "reserved destination"),
        ("word(0x8010)", {}, "RP2350"),
        ("word(0x0005)", {}, "jumps out of the program"),
        ("nop(); wrap(); nop()", {}, "runs off its end"),
    ):
        with pytest.raises(PioError, match=reason):
            Executor(pio(text, **config))


def test_a_program_that_reads_pins_is_not_remembered_and_one_without_end_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "BUDGET", 1_000)
    with pytest.raises(PioError, match="run it by advance"):
        Executor(pio("wait(1, pin, 0)")).step(Words())
    with pytest.raises(PioError, match="without a pull or an end"):
        Executor(pio("nop()")).step(Words())


def test_the_same_again_is_the_same_object_and_the_memory_is_bounded() -> None:
    program = pio("pull(); out(pins, 8); mov(osr, null)", out_init=[2] * 8)
    executor, supply = Executor(program), Words([5, 5, 5, 5, *range(2 * MEMO_LIMIT)])
    executor.step(supply)
    a, b, c = (executor.step(supply) for _ in range(3))
    assert b is c
    assert a.array.shape == (0, 3)
    while executor.step(supply).end == "pull":
        assert len(executor._memo) <= MEMO_LIMIT


def test_a_timeline_alternates_and_forgets() -> None:
    timeline = Timeline([(5, 1, 1), (9, 1, 1), (20, 1, 0), (20, 1, 1), (30, 1, 0), (40, 1, 1)])
    assert [timeline.level(1, tick) for tick in (4, 5, 25, 29, 30, 39, 40)] == [0, 1, 1, 1, 0, 0, 1]
    assert [timeline.next_change(1, tick) for tick in (0, 5, 30, 40)] == [5, 30, 40, None]
    timeline.forget(35)
    assert [timeline.level(1, tick) for tick in (35, 40)] == [0, 1]
    assert timeline.next_change(1, 30) == 40
    with pytest.raises(ValueError, match="tick 39 comes after tick 40"):
        timeline.append(39, 1, 0)
