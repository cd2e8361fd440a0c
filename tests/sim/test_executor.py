"""The executor by hand: where rp2040-pio-emulator has gaps, the loops it crosses, its memo."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pio import pio

from scs_sim.pio import machine
from scs_sim.pio.executor import MEMO_LIMIT, Executor, Words, run
from scs_sim.pio.instructions import PioError
from scs_sim.pio.operations import State
from scs_sim.pio.timeline import Timeline


def edges_of(text: str, stream: tuple[int, ...] = (), until_tick: int = 100, **config: object):
    """Return the edges of a program given as text; out, set and side-set pins from 0, 8, 16 on."""
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


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_a_hold_cut_short_stands_at_the_turn_it_has_reached(delay: int) -> None:
    program = pio(f"set(y, 9); label('h'); jmp(y_dec, 'h')[{delay}]; set(pins, 1)", set_init=2)
    for until_tick in range(1, 12 * (1 + delay)):
        executor = Executor(program)
        executor.advance(until_tick, Words())
        begun = -(-(until_tick - 1) // (1 + delay))  # turns that began before until_tick
        assert executor.state.y == (9 - begun) % 2**32 or begun > 10


def test_a_hold_sets_its_side_pins_when_it_begins() -> None:
    text = "pull().side(0); out(x, 32).side(0); label('h'); jmp(x_dec, 'h').side(1)"
    executor = Executor(pio(text, sideset_init=2))
    supply = Words([50, 60])
    executor.step(supply)
    assert executor.step(supply).edges == ((0, 0, 0), (2, 0, 1))


def test_a_counting_loop_whose_side_pins_toggle_is_stepped_through() -> None:
    text = "set(x, 3).side(0); label('a'); jmp(x_dec, 'b').side(1); label('c'); jmp('c').side(0)"
    program = pio(text + "; label('b'); jmp(pin, 'a').side(0)", sideset_init=2)
    executor = Executor(program, jmp_pin=5, inputs=Timeline([(0, 5, 1)]))
    assert executor.advance(50, Words()) == tuple((tick, 0, tick % 2) for tick in range(1, 9))


@given(st.integers(8, 30), st.lists(st.integers(1, 9), min_size=30, max_size=40))
def test_counting_while_a_pin_is_high_does_not_look_ahead(fall: int, steps: list[int]) -> None:
    text = "wait(1, gpio, 5); set(x, 9); label('a'); jmp(x_dec, 'b'); label('c'); jmp('c')"
    program = pio(text + "; label('b'); jmp(pin, 'a')[1]; set(pins, 1)", set_init=2)
    timeline, known = Timeline([(0, 5, 1)]), Timeline([(0, 5, 1), (fall, 5, 0)])
    whole = Executor(program, jmp_pin=5, inputs=known, sync_ticks=0)
    pieces, edges = Executor(program, jmp_pin=5, inputs=timeline, sync_ticks=0), []
    for step in steps:
        if fall < pieces.tick + step:
            timeline.append(fall, 5, 0)  # not known before
        edges += pieces.advance(pieces.tick + step, Words())
    assert tuple(edges) == whole.advance(pieces.tick, Words())
    assert pieces.state == whole.state


class Asked(Words):
    """A supply that notes when it was asked."""

    def __init__(self, words: list[int]) -> None:
        super().__init__(words)
        self.ticks = list[int]()

    def available(self, tick: int) -> int:
        self.ticks.append(tick)
        return super().available(tick)


def test_the_supply_is_asked_at_the_tick_of_the_instruction() -> None:
    program = pio("mov(y, status)[2]; pull()[4]; mov(y, status)")
    stepped, advanced = Asked([1, 2, 3]), Asked([1, 2, 3])
    executor = Executor(program)
    for _ in range(3):
        executor.step(stepped)
    Executor(program).advance(executor.tick, advanced)
    assert stepped.ticks == advanced.ticks == [0, 3, 8, 9, 12, 17, 18]


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


def test_a_timeline_alternates() -> None:
    timeline = Timeline([(5, 1, 1), (9, 1, 1), (20, 1, 0), (20, 1, 1), (30, 1, 0), (40, 1, 1)])
    assert [timeline.level(1, tick) for tick in (4, 5, 25, 29, 30, 39, 40)] == [0, 1, 1, 1, 0, 0, 1]
    assert [timeline.next_change(1, tick) for tick in (0, 5, 30, 40)] == [5, 30, 40, None]
    with pytest.raises(ValueError, match="tick 39 comes after tick 40"):
        timeline.append(39, 1, 0)
