"""Self-test of the board, run once at boot.

Role: gate, PIO programs, sense inputs, clock and watchdog, one finding each.
Invariant: a finding is (index, value, least, most), measured and not assumed.
Requirements: REQ-50 to REQ-52.
"""

import time

from stimcore import errors
from stimcore.board import STAGE_MCP4922_8

from . import pio_programs as programs
from . import registers as at
from .pio_golden import PINNED

# the index in the row of a failed self-test
GATE, WORDS_SEQUENCER, WORDS_SENTINEL, CURRENT, VOLTAGE, CLOCK, WATCHDOG = range(7)

_ZERO_CODES = 40  # the sense inputs' zero: the same share of the ADC's errors as id_tolerance
_CLOCK_PERMILLE = 5


def row(board, parts: tuple) -> tuple:
    """Return the row (code, index, value, limit) of the first failed check, or ().

    parts: (the gate's pin, whether it was low at first, the sequencer's program, Sense, the chip).
    """
    for index, value, least, most in _findings(board, parts):
        if not least <= value <= most:
            return (errors.FAULT_SELF_TEST, index, value, most if value > most else least)
    return ()


def _findings(board, parts: tuple) -> list:
    gate, was_low, sequencer, sense, chip = parts
    zero = board.adc_zero
    khz = board.clock_hz // 1000
    off = khz * _CLOCK_PERMILLE // 1000
    name = "serial" if board.stage == STAGE_MCP4922_8 else "parallel"
    return [
        (GATE, int(not was_low) + 2 * gate.value(), 0, 0),
        (WORDS_SEQUENCER, _differ(sequencer, PINNED["sequencer_" + name]), -1, -1),
        (WORDS_SENTINEL, _differ(programs.sentinel, PINNED["sentinel"]), -1, -1),
        (CURRENT, sense.read(0), zero - _ZERO_CODES, zero + _ZERO_CODES),
        (VOLTAGE, sense.read(1), zero - _ZERO_CODES, zero + _ZERO_CODES),
        (CLOCK, _measured_hz() // 1000, khz - off, khz + off),
        (WATCHDOG, at.peek(chip[5]) >> 30 & 1, 1, 1),
    ]


def _differ(program, pinned: tuple) -> int:
    """Return the index of the first instruction that is not the pinned one; -1 if none."""
    words = program[0]
    for number in range(max(len(words), len(pinned))):
        if number >= len(words) or number >= len(pinned) or words[number] != pinned[number]:
            return number
    return -1


def _measured_hz() -> int:
    """Measure the processor's clock: SysTick counted over 2 ms of the microsecond timer."""
    at.poke(0xE000E014, 0xFFFFFF)
    at.poke(0xE000E018, 0)
    at.poke(0xE000E010, 5)
    since = time.ticks_us()
    before = at.peek(0xE000E018)
    while time.ticks_diff(time.ticks_us(), since) < 2000:
        pass
    passed_us = time.ticks_diff(time.ticks_us(), since)
    counted = before - at.peek(0xE000E018) & 0xFFFFFF
    at.poke(0xE000E010, 0)
    return counted * 1000 // passed_us * 1000
