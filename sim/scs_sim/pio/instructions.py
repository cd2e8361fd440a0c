"""Decoding of PIO opcodes into their fields, before anything runs.

Role: opcode -> Op, with side-set and delay already turned into pin masks and ticks.
Invariant: whatever this executor does not do (autopush, autopull, exec, side-set of directions)
is refused here, once, and never ignored. Source: RP2040 data sheet, chapter 3.4.
"""

from __future__ import annotations

from typing import NamedTuple

from .asm import Program

JMP, WAIT, IN, OUT, PUSH_PULL, MOV, IRQ, SET = range(8)  # bits 15:13
ALWAYS, NOT_X, X_DEC, NOT_Y, Y_DEC, X_NOT_Y, PIN, NOT_OSRE = range(8)  # conditions of JMP
STATUS = 5  # MOV's source
_EXEC_OUT, _EXEC_MOV = 7, 4  # destinations
_MOV_RESERVED, _MOV_RESERVED_SOURCE, _MOV_RESERVED_OPERATION = 3, 4, 3
MASK_32 = 0xFFFF_FFFF


class PioError(Exception):
    """A program that this executor cannot run truthfully; the message says what and where."""


class Op(NamedTuple):
    """One decoded instruction. Masks are over the 32 pins."""

    opcode: int
    kind: int  # JMP ... SET
    select: int  # bits 7:5: condition, source, destination or options
    operand: int  # bits 4:0: address, count, index, data, or MOV's operation and source
    delay_ticks: int
    side_mask: int
    side_value: int

    @property
    def is_pull(self) -> bool:
        return self.kind == PUSH_PULL and bool(self.select & 4)

    @property
    def reads_status(self) -> bool:
        return self.kind == MOV and self.operand & 7 == STATUS

    @property
    def reads_pins(self) -> bool:
        """Return True if its outcome depends on input pins."""
        by_kind = {
            JMP: self.select == PIN,
            WAIT: self.select & 3 < 2,
            IN: self.select == 0,
            MOV: self.operand & 7 == 0,
        }
        return by_kind.get(self.kind, False)


def rotate_left(value: int, count: int) -> int:
    """Rotate `value` (32 bits): a base pin maps bit 0 to a pin."""
    count &= 31
    return (value << count | value >> (32 - count)) & MASK_32


def bit_mask(base: int, count: int) -> int:
    """Return the mask of pins `base` ... `base + count - 1`, wrapping after pin 31."""
    return rotate_left((1 << count) - 1, base)


def _refusal(kind: int, select: int, operand: int) -> str:
    """Return the reason the instruction cannot be run here; empty if it can."""
    refusals = {
        OUT: [(select == _EXEC_OUT, "executing data as an instruction is not modelled")],
        MOV: [
            (select == _EXEC_MOV, "executing data as an instruction is not modelled"),
            (select == _MOV_RESERVED, "a reserved destination"),
            (operand & 7 == _MOV_RESERVED_SOURCE, "a reserved source"),
            (operand >> 3 == _MOV_RESERVED_OPERATION, "a reserved operation"),
        ],
        IN: [(select in (4, 5), "a reserved source")],
        WAIT: [(select & 3 == 3, "a reserved source")],
        SET: [(select not in (0, 1, 2, 4), "a reserved destination")],
        PUSH_PULL: [(operand != 0, "an instruction of the RP2350 alone")],
        IRQ: [(select & 5 != 0, "waiting until a flag is cleared is not modelled")],
    }
    return next((reason for refused, reason in refusals.get(kind, []) if refused), "")


def decode(opcode: int, program: Program, sideset_base: int) -> Op:
    """Decode one opcode; raise PioError for an instruction that is not modelled."""
    kind, select, operand = opcode >> 13, opcode >> 5 & 7, opcode & 31
    reason = _refusal(kind, select, operand)
    if kind == JMP and operand >= len(program.opcodes):
        reason = "jumps out of the program"
    if reason:
        raise PioError(f"{program.name}: opcode {opcode:#06x}: {reason}")
    bits, optional = program.sideset_bits, program.sideset_optional
    delay_bits = 5 - bits - optional
    field = opcode >> 8 & 31
    sided = bits > 0 and (not optional or bool(field & 16))
    side = field >> delay_bits & ((1 << bits) - 1)
    return Op(
        opcode=opcode,
        kind=kind,
        select=select,
        operand=operand,
        delay_ticks=field & ((1 << delay_bits) - 1),
        side_mask=bit_mask(sideset_base, bits) if sided else 0,
        side_value=rotate_left(side, sideset_base) if sided else 0,
    )


def decode_all(program: Program, sideset_base: int) -> tuple[Op, ...]:
    """Decode the whole program; raise PioError for a configuration or instruction not modelled."""
    if program.autopull or program.autopush:
        raise PioError(f"{program.name}: autopull and autopush are not modelled")
    if program.side_pindir:
        raise PioError(f"{program.name}: side-set of pin directions is not modelled")
    ops = tuple(decode(opcode, program, sideset_base) for opcode in program.opcodes)
    last = ops[-1]
    if program.wrap != len(ops) - 1 and (last.kind, last.select) != (JMP, ALWAYS):
        raise PioError(f"{program.name}: runs off its end; close it with wrap() or jmp()")
    return ops
