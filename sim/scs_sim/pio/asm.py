"""Assembles firmware/rp2_port/pio_programs.py, the very file the board runs, on CPython.

Role: a stand-in for MicroPython's module `rp2`, just large enough for @rp2.asm_pio.
Invariant: the opcodes, wrap and configuration equal those MicroPython makes (RP2040 data sheet,
3.4; the tests compare them with adafruit-circuitpython-pioasm). Like MicroPython it hides the
module's globals from the assembled function.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

MAX_INSTRUCTIONS = 32  # the PIO's instruction memory
JOIN_TX = 1
JOIN_RX = 2


class AssemblyError(ValueError):
    """A program the assembler refuses: name, place and reason in the message."""


@dataclass(frozen=True)
class Program:
    """One assembled program and the configuration its decorator asked for.

    `*_init` hold one value per pin, bit 0 the level and bit 1 the direction (1 = output).
    Addresses count from the program's start. Thresholds are 1 to 32 bits.
    """

    name: str
    opcodes: tuple[int, ...]
    wrap_target: int
    wrap: int
    sideset_bits: int = 0  # pins, without the enable bit
    sideset_optional: bool = False
    side_pindir: bool = False
    out_init: tuple[int, ...] = ()
    set_init: tuple[int, ...] = ()
    sideset_init: tuple[int, ...] = ()
    in_shift_right: bool = False
    out_shift_right: bool = False
    autopush: bool = False
    autopull: bool = False
    push_thresh: int = 32
    pull_thresh: int = 32
    fifo_join: int = 0
    status_n: int = 0


@dataclass
class _Instruction:
    """An instruction being written; `.side(v)` and `[delay]` add to it, as in MicroPython."""

    word: int
    label: str | None = None
    side_value: int | None = None
    delay: int = 0

    def side(self, value: int) -> _Instruction:
        self.side_value = value
        return self

    def __getitem__(self, delay: int) -> _Instruction:
        self.delay = delay
        return self


@dataclass
class _Listing:
    """Instructions and labels that one run of a program's function emitted."""

    instructions: list[_Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    wrap_target: int = 0
    wrap: int | None = None

    def word(self, word: int, label: str | None = None) -> _Instruction:
        self.instructions.append(_Instruction(word, label))
        return self.instructions[-1]

    def mark(self, name: str) -> None:
        if name in self.labels:
            raise AssemblyError(f"label {name!r} stands twice")
        self.labels[name] = len(self.instructions)

    def start_wrap(self) -> None:
        self.wrap_target = len(self.instructions)

    def end_wrap(self) -> None:
        self.wrap = len(self.instructions) - 1


_NAMES: dict[str, Any] = {
    **{"gpio": 0, "pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "status": 5},
    **{"isr": 6, "pin": 6, "osr": 7, "exec": 8},
    **{"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "not_osre": 7},
    **{"noblock": 0x01, "block": 0x21, "iffull": 0x40, "ifempty": 0x40, "clear": 0x40},
    "invert": lambda source: source | 0x08,
    "reverse": lambda source: source | 0x10,
    "rel": lambda index: index | 0x10,
}


def _bits(count: int) -> int:
    if not 1 <= count <= 32:
        raise AssemblyError(f"bit count {count} is not in 1 to 32, for example out(x, 30)")
    return count & 0x1F


def _fifo_word(base: int, first: int, second: int) -> int:
    options = first | second
    return base | (options & 0x60) | (0 if options & 1 else 0x20)  # blocks unless told not to


def _wait_word(level: int, source: Any) -> int:
    kind = {0: 0, 6: 1}.get(source, 2) if isinstance(source, int) else 2  # irq is a function
    return 0x2000 | level << 7 | kind << 5


def _namespace(listing: _Listing) -> dict[str, Any]:
    """Return the names a program's function sees: instructions, directives, operands."""
    emit = listing.word

    def jmp(condition: int | str, label: str | None = None) -> _Instruction:
        if isinstance(condition, str):
            return emit(0x0000, condition)
        return emit(condition << 5, label)

    def irq(first: int, index: int | None = None) -> _Instruction:
        return emit(0xC000 | first if index is None else 0xC000 | first & 0x60 | index)

    return {
        **_NAMES,
        **{"label": listing.mark, "wrap_target": listing.start_wrap, "wrap": listing.end_wrap},
        **{"word": emit, "jmp": jmp, "irq": irq, "nop": lambda: emit(0xA042)},
        "wait": lambda level, source, index: emit(_wait_word(level, source) | index),
        "in_": lambda source, count: emit(0x4000 | source << 5 | _bits(count)),
        "out": lambda dest, count: emit(0x6000 | (7 if dest == 8 else dest) << 5 | _bits(count)),
        "push": lambda a=0, b=0: emit(_fifo_word(0x8000, a, b)),
        "pull": lambda a=0, b=0: emit(_fifo_word(0x8080, a, b)),
        "mov": lambda dest, source: emit(0xA000 | (4 if dest == 8 else dest) << 5 | source),
        "set": lambda dest, data: emit(0xE000 | dest << 5 | data),
    }


def _encode(name: str, listing: _Listing, sideset_bits: int, *, optional: bool) -> tuple[int, ...]:
    """Encode the opcodes: labels resolved, side-set and delay packed into bits 12:8."""
    delay_bits = 5 - sideset_bits - optional
    opcodes = []
    for address, instruction in enumerate(listing.instructions):
        place = f"{name}, instruction {address}"
        if not 0 <= instruction.delay < 1 << delay_bits:
            raise AssemblyError(f"{place}: delay {instruction.delay} > {(1 << delay_bits) - 1}")
        field_value = instruction.delay
        if instruction.side_value is not None:
            if not 0 <= instruction.side_value < 1 << sideset_bits:
                raise AssemblyError(f"{place}: side {instruction.side_value} needs more pins")
            field_value |= instruction.side_value << delay_bits | optional << 4
        target = 0
        if instruction.label is not None:
            if instruction.label not in listing.labels:
                raise AssemblyError(f"{place}: no label {instruction.label!r}")
            target = listing.labels[instruction.label]
        opcodes.append(instruction.word | field_value << 8 | target)
    return tuple(opcodes)


def asm_pio(
    *,
    out_init: Any = None,
    set_init: Any = None,
    sideset_init: Any = None,
    in_shiftdir: int = 0,
    out_shiftdir: int = 0,
    **config: Any,
) -> Callable[[FunctionType], Program]:
    """Turn a function of PIO instructions into a Program, as MicroPython's decorator does.

    Raise AssemblyError for an unknown or doubled label, a delay or side-set value that does
    not fit, and more than 32 instructions; TypeError for an option MicroPython does not have.
    """
    for name, pins in (("out", out_init), ("set", set_init), ("sideset", sideset_init)):
        values = (pins,) if isinstance(pins, int) else pins or ()
        config[f"{name}_init"] = tuple(values)
    config.update(in_shift_right=bool(in_shiftdir), out_shift_right=bool(out_shiftdir))
    empty = Program("", (), 0, 0, **config)
    return lambda function: _assembled(function, empty)


def _assembled(function: FunctionType, config: Program) -> Program:
    """Run the program's function once and encode what it wrote down."""
    listing = _Listing()
    FunctionType(function.__code__, _namespace(listing))()
    name, count = function.__name__, len(listing.instructions)
    if not 1 <= count <= MAX_INSTRUCTIONS:
        raise AssemblyError(f"{name}: {count} instructions, the memory holds 1 to 32")
    sideset_bits = len(config.sideset_init)
    sided = sum(i.side_value is not None for i in listing.instructions)
    optional = sideset_bits > 0 and sided != count
    return replace(
        config,
        name=name,
        opcodes=_encode(name, listing, sideset_bits, optional=optional),
        wrap_target=listing.wrap_target,
        wrap=count - 1 if listing.wrap is None else listing.wrap,
        sideset_bits=sideset_bits,
        sideset_optional=optional,
    )


class PIO:
    """The constants of MicroPython's rp2.PIO."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = range(4)
    SHIFT_LEFT, SHIFT_RIGHT = range(2)
    JOIN_NONE, JOIN_TX, JOIN_RX = range(3)


rp2 = ModuleType("rp2", "A stand-in for MicroPython's rp2: asm_pio and the constants of PIO.")
vars(rp2).update(asm_pio=asm_pio, PIO=PIO)


@cache
def firmware_programs() -> ModuleType:
    """Import the module pio_programs, with the stand-in where MicroPython has rp2."""
    before = sys.modules.get("rp2")
    sys.modules["rp2"] = rp2
    try:
        return importlib.import_module("rp2_port.pio_programs")
    finally:
        del sys.modules["rp2"]
        if before is not None:
            sys.modules["rp2"] = before


@cache
def assemble(name: str) -> Program:
    """Assemble the program `name` of firmware/rp2_port/pio_programs.py, with its STATUS_N.

    Raise KeyError naming the programs there are.
    """
    module = firmware_programs()
    programs = {key: value for key, value in vars(module).items() if isinstance(value, Program)}
    if name not in programs:
        raise KeyError(f"no PIO program {name!r}; there are {', '.join(sorted(programs))}")
    return replace(programs[name], status_n=module.STATUS_N)
