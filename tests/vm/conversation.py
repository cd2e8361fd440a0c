"""Whole conversations with the device, on a hal of two hundred lines: every reply in hex.

Role: like scenario.py, for stimcore.device and all it drives: commit, measure, arm, start, live
change, stop, halt, lease, counted pulses, faults, refusals, replays. Invariant: time moves only
in turns().
"""

import binascii
import struct

from fakehal import FakeHal
from scenario import PLAIN, Lcg, bench_board, line
from stimcore import board, commands, errors, frame, output, packing, program, session
from stimcore.device import Device

US_A_TURN = 5_000


class Talk:
    """A host of a few lines: numbers its frames, prints every byte that comes back."""

    def __init__(self, cause: int = 0, cells: dict | None = None) -> None:
        self.hal = FakeHal(cause)
        self.hal.cells.update(cells or {})
        self.device = Device(bench_board(board.STAGE_MCP4922_8), self.hal)
        self.sequence = 0
        self.say(commands.HELLO, commands.PROTOCOL)

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.hal.us += US_A_TURN
            self.device.step()
            if self.hal.outbox:
                line(f"reply {self.device.now_ms}", self.hal.outbox)
                self.hal.outbox = b""

    def send(self, sequence: int, opcode: int, payload: bytes) -> None:
        self.hal.inbox += frame.encode(sequence, opcode, payload)
        self.turns(1)

    def say(self, opcode: int, *values: object) -> None:
        fields = commands.by_opcode(opcode)[2]
        self.sequence = (self.sequence + 1) & 255
        self.send(self.sequence, opcode, packing.pack(fields, values))

    def load(self, group: program.Group) -> int:
        blob = program.pack(group)
        self.say(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
        for at in range(0, len(blob), 50):
            self.say(commands.STAGE_DATA, at, blob[at : at + 50])
        self.say(commands.COMMIT)
        return program.digest(blob)

    def run(self, group: program.Group) -> None:
        digest = self.load(group)
        self.say(commands.MEASURE, 0, 0)
        self.turns(120)
        self.say(commands.ARM, digest)
        self.say(commands.START)

    def watch(self, times: int, turns: int) -> None:
        for _ in range(times):
            self.turns(turns)
            self.say(commands.STATUS)

    def books(self) -> None:
        self.say(commands.STATUS)
        self.say(commands.LEDGER)


def tonic(session_pulses: int = 0, ramp_ms: int = 100, cycle_ms: int = 0) -> program.Group:
    header = program.Header(0, 400, ramp_ms, ramp_ms, cycle_ms, cycle_ms, 0, session_pulses, 1_000)
    member = program.Program(4, 10, 0, 0, 4, 1, 50_000, 0, 2_000, 4_000, 200_000, 30_000, *PLAIN)
    return program.Group(header, (12_440_000,) * 8, (member,))


# --- the conversations -----------------------------------------------------------------------
def ordinary() -> None:
    """Load, arm, start, change the amplitude, stop softly, read the ledger."""
    talk = Talk()
    talk.run(tonic())
    talk.watch(6, 10)
    talk.say(commands.AMPLITUDE, 0, 3_500)
    talk.say(commands.AMPLITUDE, 0, 4_001)
    talk.say(commands.AMPLITUDE, 1, 100)
    talk.say(commands.FIGURES)
    talk.watch(6, 10)
    talk.say(commands.STOP)
    talk.watch(4, 20)
    talk.books()


def measuring() -> None:
    """Measure the load with and without a program, halted, broken, shorted, of another size."""
    talk = Talk()
    talk.say(commands.MEASURE, 0b0001, 0b1010)
    talk.watch(12, 9)
    talk.say(commands.IMPEDANCE)
    talk.load(tonic())
    for ohm, gain in ((500, 1000), (450, 1000), (50, 1000), (3, 1000), (500, 3)):
        talk.hal.ohm, talk.hal.gain_permille = ohm, gain
        talk.say(commands.MEASURE, 0, 0)
        talk.watch(9, 9)
        talk.say(commands.IMPEDANCE)
    talk.say(commands.MEASURE, 1, 1)
    for way_out in (commands.HALT, commands.STOP):
        talk.say(commands.MEASURE, 0, 0)
        talk.turns(9)
        talk.say(way_out)
        talk.watch(2, 20)
        talk.say(commands.IMPEDANCE)


def calibrated() -> None:
    """Calibrate the sense path: as it is, corrected, too far off, and damaged in the store."""
    talk = Talk()
    talk.say(commands.CALIBRATION)
    for values in ((0, 0, 0, 0), (20, -38_461, -64, 41_667), (513, 0, 0, 0), (0, 0, 0, -50_001)):
        talk.say(commands.CALIBRATE, *values)
        talk.say(commands.MEASURE, 0b01, 0b10)
        talk.watch(12, 9)
        talk.say(commands.IMPEDANCE)
        talk.say(commands.CALIBRATION)
    cells = talk.hal.cells
    cells[17] = cells[17][:-1]
    talk = Talk(0, cells)
    talk.say(commands.ARM, talk.load(tonic()))
    talk.say(commands.CALIBRATION)
    talk.say(commands.CALIBRATE, 0, 0, 0, 0)
    talk.say(commands.CALIBRATION)


def looked_at() -> None:
    """Use the oscilloscope: samples, the words that flow, and what is refused."""
    talk = Talk()
    talk.run(tonic(0, 0))
    talk.turns(40)
    talk.say(commands.WORDS, 0)
    for delay_us in (0, 15_000, 2_000_001):
        talk.say(commands.SCOPE_ARM, delay_us)
        talk.turns(20)
        talk.say(commands.SCOPE_READ, 0)
        talk.say(commands.SCOPE_READ, 4_000)
    talk.say(commands.HALT)
    talk.say(commands.SCOPE_READ, 480)
    talk.say(commands.WORDS, 0)


def halted() -> None:
    """Halt in the middle of a first phase: one pulse is truncated."""
    talk = Talk()
    talk.run(tonic(0, 0))
    talk.watch(4, 10)
    talk.hal.us += (-talk.hal.us + talk.hal.began_us - US_A_TURN + 100) % 20_000
    talk.say(commands.HALT)
    talk.books()


def counted() -> None:
    """Count 48 pulses: exactly 48 are delivered."""
    talk = Talk()
    talk.run(tonic(48))
    talk.watch(25, 9)
    talk.books()


def lonely() -> None:
    """Let the host fall silent: the lease of 400 ms runs out."""
    talk = Talk()
    talk.run(tonic())
    talk.turns(200)
    talk.books()


def cycling() -> None:
    """Cycle one second on, one second off, on again."""
    talk = Talk()
    talk.run(tonic(0, 40, 1_000))
    talk.watch(60, 9)
    talk.say(commands.HALT)
    talk.books()


def faulty() -> None:
    """Latch each fault; nothing but CLEAR_FAULT leaves it."""
    for fault in ("starved", "sentinel", "stream", "sense", "open", "watchdog"):
        talk = Talk(1 if fault == "watchdog" else 0)
        talk.run(tonic(0, 0))
        talk.turns(30)
        if fault in ("starved", "sentinel"):
            talk.hal.die(output.STARVED if fault == "starved" else output.SENTINEL)
        talk.hal.words_flip = 4 if fault == "stream" else 0
        talk.hal.gain_permille = {"sense": 700, "open": 5}.get(fault, 1000)
        print("fault", fault)
        talk.watch(3, 20)
        talk.say(commands.START)
        talk.books()
        talk.say(commands.CLEAR_FAULT)
        talk.say(commands.STATUS)


def refused() -> None:
    """Refuse every command in every state that forbids it, replays, wrong sums, a wrong load."""
    talk = Talk()
    for row in commands.TABLE:
        talk.send(talk.sequence + 1 & 255, row[0], b"\0" * 7)
        talk.sequence += 1
    blob = program.pack(tonic())
    talk.say(commands.STAGE_BEGIN, len(blob), 1)
    talk.say(commands.STAGE_DATA, 0, blob)
    talk.say(commands.STAGE_DATA, 1, blob[:9])
    talk.say(commands.COMMIT)
    digest = talk.load(tonic())
    talk.say(commands.ARM, digest ^ 1)
    talk.hal.load_code = 900
    talk.say(commands.ARM, digest)
    talk.send(talk.sequence, commands.ARM, struct.pack("<I", digest))
    talk.send(talk.sequence, commands.STATUS, b"")
    talk.send(talk.sequence + 7 & 255, commands.STATUS, b"")
    talk.say(commands.START)
    talk.books()


def stored() -> None:
    """Save, list, recall, erase; a damaged half, a deaf store, slots that are not there."""
    talk = Talk()
    for pulses in (0, 48, 96):
        talk.load(tonic(pulses))
        talk.say(commands.SAVE, 7)
    talk.say(commands.SAVE, 0)
    for index in sorted(talk.hal.cells):
        line("cell", talk.hal.cells[index])
    talk.hal.cells[0] = talk.hal.cells[0][:40]
    talk.hal.cells[14] = talk.hal.cells[14][:-1] + b"?"
    for slot in (0, 1, 7, 8):
        talk.say(commands.SLOTS)
        talk.say(commands.RECALL, slot)
    talk.hal.deaf = True
    talk.say(commands.SAVE, 2)
    talk.hal.deaf = False
    talk.say(commands.ERASE, 7)
    talk.say(commands.SLOTS)
    talk.say(commands.UNLOAD)
    talk.books()


def paired() -> None:
    """Pair, open a session, run signed; replay, forge, a second host, a damaged and a lost key."""
    talk = Talk()
    key = bytes(range(32))
    for message in (b"", b"Hi There", bytes(150)):
        line("hmac", session.hmac(session.pads(b"\x0b" * 20), message))
    talk.say(commands.PAIR, key[:-1])
    talk.say(commands.PAIR, key)
    talk.say(commands.START)
    of_role = session.hmac(session.pads(key), b"programmer")
    own = bytes(range(1, 17))  # what FakeHal draws first
    talk.say(commands.OPEN, 2, bytes(16))
    blocks = session.pads(session.hmac(session.pads(of_role), own + bytes(16)))
    for counter, opcode, fields in (
        (1, commands.MEASURE, bytes(2)),
        (1, commands.MEASURE, bytes(2)),
        (3, commands.STATUS, b""),
        (2, commands.STATUS, b""),
        (3, commands.PAIR, b"x"),
        (4, commands.SIGNED, bytes(30)),
    ):
        message = struct.pack("<IB", counter, opcode) + fields
        tag = session.hmac(blocks, message)[: session.TAG]
        for payload in (message + tag[:-1] + b"?", message + tag):
            talk.sequence = (talk.sequence + 1) & 255
            talk.send(talk.sequence, commands.SIGNED, payload)
    talk.say(commands.OPEN, 1, bytes(16))
    talk.turns(2_100)
    talk.say(commands.OPEN, 1, bytes(16))
    for index in sorted(talk.hal.cells):
        line("cell", talk.hal.cells[index])
    cells = {index: data[:-1] + b"?" for index, data in talk.hal.cells.items()}
    talk = Talk(0, cells)
    talk.say(commands.OPEN, 1, bytes(16))
    talk.hal.is_pressed = True
    for now_ms in (0, 2_900, 3_000, 6_000):
        talk.device.access.look(now_ms, talk.device.state)
        print("kept", talk.device.access.kept)
    talk.say(commands.PAIR, b"")


def noisy() -> None:
    """Send noise and cut frames between good ones."""
    lcg = Lcg(99)
    talk = Talk()
    for at in range(40):
        talk.hal.inbox += lcg.raw(lcg.below(30))
        cut = frame.encode(at, lcg.below(256), lcg.raw(lcg.below(40)))
        talk.hal.inbox += cut[: lcg.below(len(cut))]
        talk.say(commands.STATUS)
    print("code", errors.BAD_COMMAND, talk.device.dialogue.decoder.errors)


TALKS = (
    ordinary,
    measuring,
    calibrated,
    looked_at,
    halted,
    counted,
    lonely,
    cycling,
    faulty,
    refused,
    stored,
    paired,
    noisy,
)
STEPS = len(TALKS)


def step(number: int) -> None:
    """Print the lines of one conversation."""
    print("talk", number)
    TALKS[number]()


def main() -> None:
    for number in range(STEPS):
        step(number)


if __name__ == "__main__":
    main()
