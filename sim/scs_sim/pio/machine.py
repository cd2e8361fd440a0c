"""One PIO state machine in time, with two kinds of loop it never steps through.

Role: runs decoded instructions exact to the tick. `jmp(x_dec)` to itself, and the pair
`jmp(x_dec)` / `jmp(pin)` that counts while a pin is high, are crossed in one move.
Invariant: it stops before an instruction that needs to know something from outside (a word, the
FIFO's status); from the same state, with the same answers, it does the same again. The
executor's memo rests on that. An edge carries the tick of the instruction that makes it.
"""

from __future__ import annotations

from .asm import Program
from .instructions import ALWAYS, JMP, PIN, WAIT, X_DEC, Y_DEC, Op, PioError, rotate_left
from .operations import PERFORM, STALLED, Registers, State, Wiring, waited_pin
from .timeline import Timeline

Edge = tuple[int, int, int]  # tick, pin, level

BUDGET = 1_000_000  # instructions in one go; a program that neither pulls nor ends is a mistake
NEVER = 1 << 62


class Machine(Registers):
    """Runs from the state and the tick it was given; appends to `edges`."""

    def __init__(self, program: Program, wiring: Wiring, inputs: Timeline | None) -> None:
        super().__init__(program, wiring, inputs)
        self.edges: list[Edge] = []
        self.partners = tuple(self._partner(address) for address in range(len(self.ops)))

    def initial(self) -> State:
        """Return the state after StateMachine.init: levels and directions as the decorator says."""
        program, wiring = self.program, self.wiring
        pins = pindirs = 0
        for base, values in (
            (wiring.out_base, program.out_init),
            (wiring.set_base, program.set_init),
            (wiring.sideset_base, program.sideset_init),
        ):
            for offset, value in enumerate(values):
                bit = rotate_left(1, base + offset)
                pins = pins & ~bit | bit * (value & 1)
                pindirs = pindirs & ~bit | bit * (value >> 1)
        return State(pins=pins, pindirs=pindirs)

    def run(self, limit: int = NEVER) -> str:
        """Run the instructions that begin before tick `limit`; returns why it stopped.

        "pull" or "status": a question. "limit". "stalled": without a limit, it waits for what
        will not come. "dead": a jump to itself. Raises PioError when none of it comes to pass.
        """
        for _ in range(BUDGET if limit == NEVER else limit - self.tick + 1):
            if self.tick >= limit:
                return "limit"
            op = self.ops[self.pc]
            question = self.question()
            if question:
                return question
            partner = self.partners[self.pc]
            if partner and self._cross(op, partner, limit):
                continue
            following = PERFORM[op.kind](self, op)
            self.answer = None
            self.show(op)
            if following == STALLED:
                stopped = self._await(op, limit)
                if stopped:
                    return stopped
            elif following == self.pc and op.kind == JMP and op.select == ALWAYS:
                return "dead"
            else:
                self.pc = following
                self.tick += 1 + op.delay_ticks
        raise PioError(f"{self.program.name}: {BUDGET} instructions without a pull or an end")

    def question(self) -> str:
        """Return the input that the next instruction needs first: "pull", "status" or ""."""
        op = self.ops[self.pc]
        if self.answer is not None:
            return ""
        if op.reads_status:
            return "status"
        asks = op.is_pull and (not op.select & 2 or self.osr_count >= self.program.pull_thresh)
        return "pull" if asks else ""

    def show(self, op: Op) -> None:
        """Put the pins as `op` leaves them on record; its side-set prevails."""
        levels = self.driven & ~op.side_mask | op.side_value
        changed = levels ^ self.pins
        while changed:
            bit = changed & -changed
            self.edges.append((self.tick, bit.bit_length() - 1, int(bool(levels & bit))))
            changed ^= bit
        self.pins = self.driven = levels

    def _await(self, op: Op, limit: int) -> str:
        """Go, stalled at `op`, to the tick at which its pin has the level, or to `limit`."""
        if op.kind == WAIT and op.reads_pins:
            change = self._next_change(waited_pin(self, op), self.tick)
            if change < limit:
                self.tick = change
                return ""
        if limit == NEVER:
            return "stalled"
        self.tick = limit
        return "limit"

    def _next_change(self, pin: int, tick: int) -> int:
        """Return the first tick after `tick` at which an instruction sees `pin` change."""
        sync_ticks = self.wiring.sync_ticks
        change = self.inputs.next_change(pin, tick - sync_ticks)
        return NEVER if change is None else change + sync_ticks

    def _partner(self, address: int) -> Op | None:
        """Return the second instruction of the loop that begins at `address`, or its only one."""
        op = self.ops[address]
        if op.kind != JMP or op.select not in (X_DEC, Y_DEC):
            return None
        other = self.ops[op.operand]
        if op.operand == address:
            return op
        back = (other.kind, other.select, other.operand) == (JMP, PIN, address)
        quiet = (op.side_mask, op.side_value) == (other.side_mask, other.side_value)
        return other if back and quiet else None

    def _cross(self, op: Op, other: Op, limit: int) -> bool:
        """Take all turns of the loop at once that surely go round; False when there are none."""
        look = self.tick + 1 + op.delay_ticks
        turn_ticks = look - self.tick + (0 if other is op else 1 + other.delay_ticks)
        count = self.x if op.select == X_DEC else self.y
        turns = min(count, (limit - self.tick) // turn_ticks)
        if other is not op:
            turns = min(turns, self._turns_while_high(look, turn_ticks))
        if turns <= 0:
            return False
        self.show(op)
        if op.select == X_DEC:
            self.x -= turns
        else:
            self.y -= turns
        self.tick += turns * turn_ticks
        return True

    def _turns_while_high(self, first_look: int, turn_ticks: int) -> int:
        """Return the number of looks at the jump pin, `turn_ticks` apart, that find it high."""
        now, pin = self.tick, self.wiring.jmp_pin
        self.tick = first_look
        high = self.pin(pin)
        self.tick = now
        if not high:
            return 0
        fall = self._next_change(pin, first_look) if pin in self.inputs else NEVER
        return -((first_look - fall) // turn_ticks)
