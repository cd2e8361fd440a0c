"""Effect of each PIO instruction on the registers of one state machine.

Role: the registers, and one function per kind of instruction.
Invariant: a function returns the next address, or STALLED and then has changed nothing. It
touches neither time nor edges. Source: RP2040 data sheet, chapter 3.4.
"""

from __future__ import annotations

from typing import NamedTuple

from .asm import JOIN_RX, JOIN_TX, Program
from .instructions import MASK_32, Op, PioError, bit_mask, decode_all, rotate_left
from .timeline import Timeline

EMPTY = -1  # the answer to a pull when no word is there
STALLED = -1


class Wiring(NamedTuple):
    """Pins of a state machine, and its number within its block of four."""

    out_base: int = 0
    set_base: int = 0
    sideset_base: int = 0
    in_base: int = 0
    jmp_pin: int = 0
    number: int = 0
    sync_ticks: int = 2  # an input is seen this late: the synchroniser's two flip-flops


class State(NamedTuple):
    """All that a state machine remembers; two equal states act alike."""

    pc: int = 0
    x: int = 0
    y: int = 0
    isr: int = 0
    isr_count: int = 0
    rx: tuple[int, ...] = ()
    osr: int = 0
    osr_count: int = 32
    pins: int = 0
    pindirs: int = 0
    irq: int = 0


class Registers:
    """A program, its wiring, and the state that its instructions work on.

    `answer` is what the outside said when asked: a word or EMPTY for a pull, 0 or 1 for a status
    (1: the TX FIFO holds fewer than STATUS_N words).
    """

    def __init__(self, program: Program, wiring: Wiring, inputs: Timeline | None) -> None:
        self.program, self.wiring, self.inputs = program, wiring, inputs or Timeline()
        self.ops = decode_all(program, wiring.sideset_base)
        self.out_mask = bit_mask(wiring.out_base, len(program.out_init))
        self.set_mask = bit_mask(wiring.set_base, len(program.set_init))
        self.rx_depth = {JOIN_TX: 0, JOIN_RX: 8}.get(program.fifo_join, 4)
        self.tick = 0
        self.answer: int | None
        self.load(State())

    def load(self, state: State) -> None:
        """Take over a saved state."""
        self.pc, self.x, self.y = state.pc, state.x, state.y
        self.isr, self.isr_count, self.rx = state.isr, state.isr_count, state.rx
        self.osr, self.osr_count = state.osr, state.osr_count
        self.pins, self.pindirs, self.irq = state.pins, state.pindirs, state.irq
        self.answer = None
        self.driven = self.pins  # the pins as the running instruction leaves them

    def save(self) -> State:
        """Return the present state."""
        shifters = (self.isr, self.isr_count, self.rx, self.osr, self.osr_count)
        return State(self.pc, self.x, self.y, *shifters, self.pins, self.pindirs, self.irq)

    def following(self) -> int:
        """Return the address after this one."""
        return self.program.wrap_target if self.pc == self.program.wrap else self.pc + 1

    def pin(self, number: int) -> int:
        """Return a pin's level as an instruction at this tick sees it; its own outputs at once."""
        if number in self.inputs:
            return self.inputs.level(number, self.tick - self.wiring.sync_ticks)
        return self.pins >> number & 1

    def drive(self, value: int, base: int, mask: int) -> None:
        self.driven = self.driven & ~mask | rotate_left(value, base) & mask

    def direct(self, value: int, base: int, mask: int) -> None:
        self.pindirs = self.pindirs & ~mask | rotate_left(value, base) & mask

    def source(self, number: int) -> int:
        """Return the 32-bit value that IN or MOV takes; of pins, in_base is bit 0."""
        if number == 0:
            levels = self.pins
            for pin in self.inputs.pins:
                levels = levels & ~(1 << pin) | self.pin(pin) << pin
            return rotate_left(levels, -self.wiring.in_base)
        if number == 5:
            return MASK_32 if self.answer else 0
        return (0, self.x, self.y, 0, 0, 0, self.isr, self.osr)[number]


def _jmp(r: Registers, op: Op) -> int:
    taken = (
        True,
        r.x == 0,
        r.x != 0,
        r.y == 0,
        r.y != 0,
        r.x != r.y,
        op.reads_pins and r.pin(r.wiring.jmp_pin) == 1,
        r.osr_count < r.program.pull_thresh,
    )[op.select]
    if op.select == 2:
        r.x = r.x - 1 & MASK_32
    if op.select == 4:
        r.y = r.y - 1 & MASK_32
    return op.operand if taken else r.following()


def flag_mask(r: Registers, operand: int) -> int:
    """Return the interrupt flag an operand names; bit 4 makes it relative to the state machine."""
    number = operand & 7
    if operand & 16:
        number = operand & 4 | (operand + r.wiring.number) & 3
    return 1 << number


def _wait(r: Registers, op: Op) -> int:
    polarity, source = op.select >> 2, op.select & 3
    if source == 2:
        flag = flag_mask(r, op.operand)
        met = bool(r.irq & flag) == bool(polarity)
        r.irq &= ~flag if met and polarity else -1
    else:
        met = r.pin(waited_pin(r, op)) == polarity
    return r.following() if met else STALLED


def waited_pin(r: Registers, op: Op) -> int:
    """Return the pin that a WAIT on a pin waits for."""
    return op.operand if op.select & 3 == 0 else op.operand + r.wiring.in_base & 31


def _in(r: Registers, op: Op) -> int:
    count = op.operand or 32
    value = r.source(op.select) & ((1 << count) - 1)
    if r.program.in_shift_right:
        r.isr = r.isr >> count | value << (32 - count)
    else:
        r.isr = (r.isr << count | value) & MASK_32
    r.isr_count = min(32, r.isr_count + count)
    return r.following()


def _out(r: Registers, op: Op) -> int:
    count = op.operand or 32
    if r.program.out_shift_right:
        value, r.osr = r.osr & ((1 << count) - 1), r.osr >> count
    else:
        value, r.osr = r.osr >> (32 - count), r.osr << count & MASK_32
    r.osr_count = min(32, r.osr_count + count)
    return _store(r, op.select, value, isr_count=count, pindirs=4)


def _store(r: Registers, destination: int, value: int, isr_count: int, pindirs: int = -1) -> int:
    """Write to OUT's or MOV's destination; returns the next address."""
    if destination == 0:
        r.drive(value, r.wiring.out_base, r.out_mask)
    elif destination == 1:
        r.x = value
    elif destination == 2:
        r.y = value
    elif destination == pindirs:
        r.direct(value, r.wiring.out_base, r.out_mask)
    elif destination == 5:
        if value & 31 >= len(r.ops):
            raise PioError(f"{r.program.name}: jumps to {value & 31}, outside the program")
        return value & 31
    elif destination == 6:
        r.isr, r.isr_count = value, isr_count
    elif destination == 7:
        r.osr, r.osr_count = value, 0
    return r.following()


def _push_or_pull(r: Registers, op: Op) -> int:
    return _pull(r, op) if op.select & 4 else _push(r, op)


def _pull(r: Registers, op: Op) -> int:
    if_empty, block = op.select & 2, op.select & 1
    if if_empty and r.osr_count < r.program.pull_thresh:
        return r.following()
    if r.answer is None:
        raise PioError(f"{r.program.name}: a pull at address {r.pc} went unanswered")
    if r.answer == EMPTY and block:
        return STALLED
    r.osr, r.osr_count = r.x if r.answer == EMPTY else r.answer, 0
    return r.following()


def _push(r: Registers, op: Op) -> int:
    if_full, block = op.select & 2, op.select & 1
    if if_full and r.isr_count < r.program.push_thresh:
        return r.following()
    if len(r.rx) >= r.rx_depth and block:
        return STALLED
    if len(r.rx) < r.rx_depth:
        r.rx = (*r.rx, r.isr)
    r.isr, r.isr_count = 0, 0
    return r.following()


def _mov(r: Registers, op: Op) -> int:
    value, operation = r.source(op.operand & 7), op.operand >> 3
    if operation == 1:
        value ^= MASK_32
    if operation == 2:
        value = int(f"{value:032b}"[::-1], 2)
    return _store(r, op.select, value, isr_count=0)


def _irq(r: Registers, op: Op) -> int:
    flag = flag_mask(r, op.operand)
    r.irq = r.irq & ~flag if op.select & 2 else r.irq | flag
    return r.following()


def _set(r: Registers, op: Op) -> int:
    if op.select == 0:
        r.drive(op.operand, r.wiring.set_base, r.set_mask)
    elif op.select == 1:
        r.x = op.operand
    elif op.select == 2:
        r.y = op.operand
    else:
        r.direct(op.operand, r.wiring.set_base, r.set_mask)
    return r.following()


PERFORM = (_jmp, _wait, _in, _out, _push_or_pull, _mov, _irq, _set)  # by Op.kind
