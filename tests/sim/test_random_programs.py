"""The executor against rp2040-pio-emulator: random programs, edges and registers."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.pio import pio

from scs_sim.pio.asm import Program
from scs_sim.pio.executor import Executor, Words, run
from scs_sim.pio.machine import Edge
from scs_sim.pio.operations import Wiring
from scs_sim.pio.timeline import Timeline
from sim_validation.oracle import outcome

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
    """Draw one random instruction, with its side-set and delay."""
    form = draw(st.sampled_from(list(table)))
    first, second = table[form]
    text = form.format(draw(st.sampled_from(first)), draw(st.sampled_from(second)))
    if sideset_bits:
        text += f".side({draw(st.integers(0, (1 << sideset_bits) - 1))})"
    # Theirs drops the delay of a pull or push with nothing to do; see sim_validation.oracle.
    longest = 0 if "(if" in form else (1 << 5 - sideset_bits) - 1
    return f"{text}[{draw(st.integers(0, longest))}]"


@st.composite
def program(draw: st.DrawFn) -> Program:
    """Draw a random program: pins 2-6 by out, 4-6 by set, up to two by side-set from 6 on."""
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
    """Draw a random program that pulls again and again, with hold loops between."""
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
    oracle, _state = outcome(random, stream, executor.tick, Wiring(**wiring))
    assert run(random, stream, **wiring).tolist() == [list(edge) for edge in oracle]
