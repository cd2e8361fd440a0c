"""The same words run by rp2040-pio-emulator, an independent reading of the data sheet.

Role: what the executor is compared with, in the tests and in the bench; the simulated board
never uses it. It steps every cycle, about 300,000 times slower than the executor.
Its gaps (0.88): `mov(…, status)` and `irq` end it silently; side-set cannot be optional;
mov(pins, …) ignores the pin base and reverse() is a plain move; a pull(ifempty) or push(iffull)
with nothing to do drops its delay. So a status check is run here as mov(…, null), which is what
it reads while the FIFO is stocked: keep it stocked.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from scs_sim.pio.asm import Program
from scs_sim.pio.instructions import MOV, STATUS
from scs_sim.pio.machine import Edge, Machine
from scs_sim.pio.operations import State, Wiring

NULL = 3


def outcome(
    program: Program,
    words: Iterable[int],
    until_tick: int,
    wiring: Wiring,
    inputs: Callable[[int], int] | None = None,
) -> tuple[list[Edge], State]:
    """Return edges before `until_tick`, and the registers then; of the pins, the outputs.

    `inputs` gives all 32 levels at a tick, not delayed. ImportError without rp2040-pio-emulator.
    """
    pioemu: Any = importlib.import_module("pioemu")
    start = Machine(program, wiring, None).initial()
    pins = {"pin_values": start.pins, "pin_directions": start.pindirs}
    after = pioemu.State(transmit_fifo=deque(words), **pins)
    opcodes = [
        opcode & ~7 | NULL if (opcode >> 13, opcode & 7) == (MOV, STATUS) else opcode
        for opcode in program.opcodes
    ]
    states = pioemu.emulate(
        opcodes,
        stop_when=lambda _, state: state.clock >= until_tick,
        initial_state=after,
        **_configuration(program, wiring),
        **({"input_source": _typed(inputs)} if inputs else {}),
    )
    edges, levels = list[Edge](), start.pins
    for before, after in states:
        now = after.pin_values & start.pindirs
        edges += [
            (before.clock, pin, now >> pin & 1) for pin in range(32) if (levels ^ now) >> pin & 1
        ]
        levels = now
    return edges, _registers(after, levels)


def _registers(theirs: Any, levels: int) -> State:
    isr, osr = theirs.input_shift_register, theirs.output_shift_register
    return State(
        pc=theirs.program_counter,
        x=theirs.x_register,
        y=theirs.y_register,
        isr=isr.contents,
        isr_count=isr.counter,
        osr=osr.contents,
        osr_count=osr.counter,
        pins=levels,
        pindirs=theirs.pin_directions,
        rx=tuple(theirs.receive_fifo),
    )


def _configuration(program: Program, wiring: Wiring) -> dict[str, Any]:
    return {
        "pull_threshold": program.pull_thresh,
        "push_threshold": program.push_thresh,
        "shift_isr_right": program.in_shift_right,
        "shift_osr_right": program.out_shift_right,
        "out_base": wiring.out_base,
        "out_count": len(program.out_init),
        "set_base": wiring.set_base,
        "set_count": len(program.set_init),
        "side_set_base": wiring.sideset_base,
        "side_set_count": program.sideset_bits,
        "jmp_pin": wiring.jmp_pin,
        "wrap_target": program.wrap_target,
        "wrap_top": program.wrap,
    }


def _typed(inputs: Callable[[int], int]) -> Callable[[int], int]:
    """Annotate the function with a type, by which the emulator chooses what to pass."""

    def levels(tick: int) -> int:
        return inputs(tick)

    levels.__annotations__["tick"] = int
    return levels
