"""Fuzz the link: the frame decoder, and a whole Device that is sent anything.

Role: an input is a script of operations, a byte each with its arguments behind it, so that any
bytes are a script: commands with random fields, with fitting ones, whole programs, frames that are
cut or flipped, rubbish, time. Invariant: which frames are valid is decided here by another COBS
decoder and another CRC than the device's. Requirements: REQ-40 to REQ-42, REQ-32,
REQ-70.
"""

import binascii
import pickle
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from cobs import cobs
from hypothesis import strategies as st
from tests.support import programs
from tests.support.signing import KEY, NONCE, Signer
from tests.vm.fakehal import FakeHal
from tests.vm.scenario import bench_board

from stimcore import (
    board,
    commands,
    dialogue,
    errors,
    frame,
    journal,
    output,
    packing,
    program,
    states,
)
from stimcore.device import Device

from .fuzz_properties import Broken, Target

COMMAND, ODD_COMMAND, APT_COMMAND, PROGRAM, ANY_FRAME, RUBBISH, BROKEN_FRAME, TIME = range(8)
JOINED, SPLIT = 0x80, 0x40  # of an operation: sent with the next one; in two halves
STEPS_US = (1_000, 5_000, 20_000, 100_000, 500_000, 2_500_000)
MOST_STEPS = 32  # of time in one script, then fewer: its frames are what it is for
FLOOD_BYTES = 10_000_000
FLOOD_MOST = 65_536  # bytes by which memory may grow meanwhile
BOARD = bench_board(board.STAGE_MCP4922_8)
HELLO = struct.pack("<H", commands.PROTOCOL)
BLOBS = tuple(
    program.pack(group)
    for group in (
        programs.group(programs.TONIC, ramp_up_ms=200, ramp_down_ms=2_000),
        programs.group(programs.TONIC, session_pulses=20),
        programs.group(programs.TONIC, cycle_on_ms=1_000, cycle_off_ms=1_000, flags=1),
        programs.group(programs.BURST, ramp_up_ms=1_000, ramp_down_ms=100, session_ms=3_000),
        programs.group(programs.TONIC, flags=program.FLAG_SYNC_ONLY),
    )
)


class Script:
    """Bytes read as operations; where they end, zeros follow."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece + bytes(count - len(piece))

    def operations(self) -> Iterator[int]:
        """Yield operations until the bytes end."""
        while self.at < len(self.data):
            yield self.byte()

    def command(self) -> tuple[int, bytes]:
        """Return the opcode of a command, and any payload of the right length."""
        row = commands.TABLE[self.byte() % len(commands.TABLE)]
        _form, size, has_tail = packing._form(row[2])
        size += self.byte() if has_tail else 0
        return row[0], self.take(size)

    def any_frame(self) -> bytes:
        """Return a frame of any number, opcode and payload."""
        sequence, opcode, size = self.take(3)
        return bytes(frame.encode(sequence, opcode, self.take(size)))

    def broken_frame(self, sequence: int) -> bytes:
        """Return a command's frame with one bit flipped, or cut short."""
        data = bytearray(frame.encode(sequence, *self.command()))
        bit, cut = self.take(2)
        data[1 + bit // 8 % (len(data) - 2)] ^= 1 << bit % 8
        return bytes(data[: 1 + cut % len(data)] if cut & 1 else data)

    def rubbish(self) -> bytes:
        """Return up to 4 kB of a pattern of up to 16 bytes."""
        count, length = self.take(2)
        return (self.take(1 + length % 16) * (count * 16))[: count * 16]


class Wire:
    """Frames that a receiver must find in bytes: by cobs and zlib, not by stimcore.frame."""

    def __init__(self) -> None:
        self.block = bytearray()
        self.blocks = 0  # that ended, empty ones not counted

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Return the valid frames that end in these bytes."""
        frames = []
        *ended, rest = data.split(b"\0")
        for piece in ended:
            block = bytes(self.block) + piece
            self.block.clear()
            self.blocks += len(block) > 0
            frames += self.frame(block)
        # one byte more than can be valid is as good as all of them
        self.block += rest[: frame.MAX_ENCODED + 1 - len(self.block)]
        return frames

    @staticmethod
    def frame(block: bytes) -> list[tuple[int, int, bytes]]:
        """Return the frame of a block, or nothing."""
        if len(block) > frame.MAX_ENCODED:
            return []
        try:
            body = cobs.decode(block)
        except cobs.DecodeError:
            return []
        if len(body) < 6 or zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
            return []
        return [(body[0], body[1], body[2:-4])]


# --- the decoder alone ---------------------------------------------------------------------------
def decode(data: bytes) -> int:
    """Compare the decoder with Wire; return the frames and the pieces of rubbish sent."""
    script, wire, decoder = Script(data), Wire(), frame.Decoder()
    held, good, sent = b"", 0, 0
    for operation in script.operations():
        sent += 1
        kind = operation % 8
        if kind in (RUBBISH, TIME):
            held += script.rubbish()
        elif kind == BROKEN_FRAME:
            held += script.broken_frame(operation)
        else:
            held += script.any_frame()
        if operation & JOINED:
            continue
        half = len(held) // 2 if operation & SPLIT else 0
        for piece in (held[:half], held[half:]):
            frames, expected = decoder.feed(piece), wire.feed(piece)
            if frames != expected:
                raise Broken(f"the decoder makes {frames} of what holds {expected}")
            good += len(frames)
            if len(decoder._buffer) > frame.MAX_ENCODED:
                raise Broken(f"the decoder holds {len(decoder._buffer)} bytes")
        held = b""
    if decoder.errors != wire.blocks - good:
        raise Broken(f"{decoder.errors} errors counted of {wire.blocks - good}")
    return sent


# --- a whole device ------------------------------------------------------------------------------
class QuickHal(FakeHal):  # type: ignore[misc]  # what tests share is not annotated
    """FakeHal that makes the samples of a stream once: they were a third of the time."""

    def _samples(self, at_us: int) -> Any:
        key = (self.live.crc, at_us, self.gain_permille, self.ohm)
        if key not in _sampled:
            if len(_sampled) > 1_000:
                _sampled.clear()
            _sampled[key] = super()._samples(at_us)
        return _sampled[key][:]


_sampled: dict[tuple[int, int, int, int], Any] = {}


class Bench:
    """A Device on the hal of two hundred lines, and a host that may send anything."""

    def __init__(self, hal: Any = None) -> None:
        self.hal: Any = hal or QuickHal()
        self.device = Device(BOARD, self.hal)
        self.wire = Wire()
        self.frames = self.steps = 0  # sent, and of time
        self.replies: list[tuple[int, int, bytes]] = []
        self.signer = Signer(bytes(commands.NONCE))
        self.role = commands.PROGRAMMER  # that OPEN asked for last
        self.signed: set[bytes] = set()  # payloads that this host made
        self.send(b"\0" + frame.encode(0, commands.HELLO, HELLO))

    @property
    def sequence(self) -> int:
        """The number that the device expects next."""
        return (self.device.dialogue._sequence + 1) & 255

    def step(self) -> None:
        """Run one turn of the loop, and check what holds after each."""
        device = self.device
        device.step()
        if not device.dialogue.waits() and device.journal.queue:
            calm = (states.OFF, states.LOADED, states.FAULT)
            if device.state in calm:  # as turn() does
                device.journal.settle()
        if self.hal.status == output.RUNNING and device.state not in states.OUTPUT:
            raise Broken(f"the stream runs in {states.NAMES[device.state]}")
        if device.fault[0] == errors.FAULT_INTERNAL:
            raise Broken("an exception was latched as FAULT_INTERNAL")

    def send(self, data: bytes | bytearray) -> None:
        """Send bytes, handle them all, and check what they changed."""
        expected = self.wire.feed(bytes(data))
        before = self.condition()
        self.hal.inbox = data
        self.step()
        while self.device.dialogue.waits():
            self.step()
        self.replies = Wire().feed(self.hal.outbox)
        self.hal.outbox = b""
        for _sequence, opcode, payload in self.replies:
            if opcode == commands.OPEN | commands.REPLY and payload[0] == errors.OK:
                self.signer = Signer(payload[1:], KEY, self.role)
        self.judge(expected, before)

    def judge(self, expected: list[tuple[int, int, bytes]], before: tuple[Any, ...]) -> None:
        """Check that nothing changed without a valid frame, or by one that was refused."""
        after = self.condition()
        if len(self.replies) != min(len(expected), dialogue.WAITING_MOST):
            raise Broken(f"{len(self.replies)} replies to {len(expected)} valid frames")
        if not expected and after != before:
            raise Broken(f"without a valid frame {before} became {after}")
        only = expected[0][1] if len(expected) == 1 else commands.HALT  # which halts in any form
        refused = only != commands.HALT and self.replies[0][2][0] != errors.OK
        if refused and _without_lease(after) != _without_lease(before):
            raise Broken(f"a refused {expected[0]} made {after} of {before}")
        if before[0] and not any(payload in self.signed for _, _, payload in expected):
            kept = [row[:_OF_HOLDER] for row in (before, after)]
            if kept[0] != kept[1]:
                raise Broken(f"what nobody signed made {kept[1]} of {kept[0]}: {expected}")
            if after[_OF_STREAM] == output.RUNNING != before[_OF_STREAM]:
                raise Broken(f"what nobody signed started output: {expected}")
        self.bounded()
        if after != before:  # what a command set off is over before the next one is judged
            self.step()
            self.step()

    def bounded(self) -> None:
        """Check that no buffer is larger than it may be."""
        device = self.device
        for what, size, most in (
            ("the decoder", len(device.dialogue.decoder._buffer), frame.MAX_ENCODED),
            ("the inbox", len(device.dialogue.inbox._frames), dialogue.WAITING_MOST),
            ("the staged program", len(device.staged), program.LONGEST),
            ("the journal's queue", len(device.journal.queue), journal.QUEUE + 1),
        ):
            if size > most:
                raise Broken(f"{what} holds {size}, at most {most}")

    def condition(self) -> tuple[Any, ...]:
        """Return what no bad frame may change; the first _OF_REFUSED no refused one either, but
        for the lease; the first _OF_HOLDER of a paired board none that is not signed."""
        device, train = self.device, self.device.output and self.device.output.train
        return (
            device.access.kept,
            device.access._key,
            device.hash,
            bytes(device.staged),
            device.staged_length,
            device.staged_crc,
            device.leaving,
            device.calibration,
            train and tuple(train.targets_ua),
            device.lease_ends_ms,
            device.state,
            device.fault,
            train and train.phase,
            device.load,
            self.hal.status,
            dict(self.hal.cells),
        )

    def command(self, opcode: int, payload: bytes) -> None:
        """Send a command in its turn."""
        self.frames += 1
        self.send(bytes(frame.encode(self.sequence, opcode, payload)))

    def load(self, blob: bytes) -> None:
        """Stage a whole program, and commit it."""
        head = struct.pack("<HI", len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
        self.command(commands.STAGE_BEGIN, head)
        for at in range(0, len(blob), commands.PIECE_BYTES):
            piece = struct.pack("<H", at) + blob[at : at + commands.PIECE_BYTES]
            self.command(commands.STAGE_DATA, piece)
        self.command(commands.COMMIT, b"")

    def pass_time(self, kind: int) -> None:
        """Let up to eight steps of time pass."""
        for _ in range(1 + kind // 8 % 8 if self.steps < MOST_STEPS else 1):
            self.steps += 1
            self.hal.us += STEPS_US[kind % 8 % len(STEPS_US)]
            self.step()
        self.step()

    def answers(self) -> None:
        """Check that the device answers HELLO, whatever it was sent before."""
        self.send(b"\0" + frame.encode(self.sequence, commands.HELLO, HELLO))
        last = self.replies[-1] if self.replies else (0, 0, b"")
        if last[1] != commands.HELLO | commands.REPLY or last[2][0] != errors.OK:
            raise Broken(f"HELLO was answered with {last}")

    def fitting(self, opcode: int, payload: bytes) -> bytes:
        """Return fields that the device accepts, where a random one would not be."""
        if opcode == commands.ARM:
            return struct.pack("<I", self.device.hash)
        if opcode == commands.AMPLITUDE:
            return struct.pack("<BI", 0, int.from_bytes(payload[:2], "little") % 4_100)
        if opcode == commands.MEASURE:
            return bytes(2)
        if opcode == commands.PAIR:
            return bytes(KEY if len(payload) % 2 else b"")
        if opcode == commands.OPEN:
            self.role = 1 + payload[0] % 2
            return bytes((self.role, *NONCE))
        if opcode == commands.SIGNED:
            row = commands.TABLE[payload[4] % len(commands.TABLE)]
            inner = bytes(packing._form(row[2])[1] + 16 * (row[0] == commands.OPEN))
            if row[0] != commands.SIGNED:
                inner = self.fitting(row[0], inner)
            self.signed.add(made := bytes(self.signer.signed(row[0], inner)))
            return made
        if opcode == commands.CALIBRATE:
            return struct.pack("<hihi", payload[0], -payload[1], payload[2], payload[3])
        return bytes(value % 8 for value in payload)


_OF_REFUSED, _OF_HOLDER, _OF_STREAM = 12, 10, 14
_LEASE = 9


def _without_lease(condition: tuple[Any, ...]) -> tuple[Any, ...]:
    return condition[:_LEASE] + condition[_LEASE + 1 : _OF_REFUSED]


@cache
def _benches() -> tuple[bytes, ...]:
    """Return a pickled bench in each state of states.NAMES, then one that is paired and LOADED."""
    bench = Bench()
    kept = {states.OFF: bench}

    def keep(state: int) -> None:
        if bench.device.state != state:
            raise RuntimeError(f"{states.NAMES[state]} was not reached")
        kept[state] = pickle.loads(pickle.dumps(bench, 5))

    def wait() -> None:
        for _ in range(200):
            bench.pass_time(1)

    keep(states.OFF)
    bench.load(BLOBS[0])
    keep(states.LOADED)
    bench.command(commands.MEASURE, bytes(2))
    keep(states.MEASURING)
    wait()
    bench.command(commands.ARM, struct.pack("<I", bench.device.hash))
    keep(states.ARMED)
    bench.command(commands.START, b"")
    bench.pass_time(0xFB)
    keep(states.RUNNING)
    bench.command(commands.STOP, b"")
    keep(states.STOPPING)
    bench.hal.die(output.STARVED)
    bench.step()
    keep(states.FAULT)
    every = [pickle.dumps(kept[state], 5) for state in range(len(states.NAMES))]
    bench = pickle.loads(every[states.LOADED])
    bench.command(commands.PAIR, KEY)
    return (*every, pickle.dumps(bench, 5))


def talk(data: bytes) -> int:
    """Run a script with a device in the state that the first byte names; return the frames sent."""
    script = Script(data)
    every = _benches()
    bench: Bench = pickle.loads(every[script.byte() % len(every)])
    bench.frames = bench.steps = 0
    held = b""
    for operation in script.operations():
        kind = operation % 8
        if kind == TIME:
            bench.pass_time(script.byte())
        elif kind == PROGRAM:
            bench.load(BLOBS[script.byte() % len(BLOBS)])
        else:
            held += WIRED[kind](bench, script)
            bench.frames += 1
            if operation & JOINED:
                continue
            half = len(held) // 2 if operation & SPLIT else 0
            if half:
                bench.send(held[:half])
            bench.send(held[half:])
            held = b""
    bench.answers()
    return bench.frames


def _command(bench: Bench, script: Script) -> bytes:
    return bytes(frame.encode(bench.sequence, *script.command()))


def _odd_command(bench: Bench, script: Script) -> bytes:
    """Return a command of a wrong number, or of a wrong length."""
    more, sequence = script.take(2)
    opcode, payload = script.command()
    number = sequence if more & 1 else bench.sequence
    return bytes(frame.encode(number, opcode, payload + bytes(more // 64)))


def _apt_command(bench: Bench, script: Script) -> bytes:
    opcode, payload = script.command()
    return bytes(frame.encode(bench.sequence, opcode, bench.fitting(opcode, payload)))


WIRED: dict[int, Callable[[Bench, Script], bytes]] = {
    COMMAND: _command,
    ODD_COMMAND: _odd_command,
    APT_COMMAND: _apt_command,
    ANY_FRAME: lambda _bench, script: script.any_frame(),
    RUBBISH: lambda _bench, script: script.rubbish(),
    BROKEN_FRAME: lambda bench, script: script.broken_frame(bench.sequence),
}


def flood(seed: int, size: int = FLOOD_BYTES) -> int:
    """Send a device so many bytes of rubbish; return by how many bytes its memory grew at most."""
    rubbish = random.Random(seed)  # noqa: S311
    bench: Bench = pickle.loads(_benches()[states.LOADED])
    for _ in range(8):  # whatever is made once
        bench.send(rubbish.randbytes(4_096))
    tracemalloc.start()
    begun, _peak = tracemalloc.get_traced_memory()
    for at in range(0, size, 4_096):
        piece = rubbish.randbytes(4_096)
        bench.send(piece if at & 4_096 else piece.replace(b"\0", b"\1"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if peak - begun > FLOOD_MOST:
        raise Broken(f"memory grew by {peak - begun} bytes in {size} bytes of rubbish")
    bench.answers()
    return peak - begun


# --- inputs --------------------------------------------------------------------------------------
def _index(opcode: int) -> int:
    return [row[0] for row in commands.TABLE].index(opcode)


def seeds() -> list[bytes]:
    """Return a script of a session, and every command in each state, long ones: a frame costs less
    than a new device."""
    apt = {
        opcode: bytes((APT_COMMAND, _index(opcode)))
        + bytes(packing._form(commands.by_opcode(opcode)[2])[1])
        for opcode in (row[0] for row in commands.TABLE)
    }
    wait = bytes((TIME, 0x3B)) * 3
    session = bytes((states.OFF, PROGRAM, 0)) + apt[commands.MEASURE] + wait
    for opcode in (commands.ARM, commands.START, commands.AMPLITUDE):
        session += apt[opcode]
    every = list(apt.values())
    shuffled = random.Random(0)  # noqa: S311
    scripts = [session + wait]
    opened = bytes((len(states.NAMES), APT_COMMAND, _index(commands.OPEN), 0, 1))
    kinds = (APT_COMMAND, _index(commands.SIGNED), 0, 0, 0, 0, 0)
    scripts.append(opened + b"".join(bytes((*kinds, at)) for at in range(len(commands.TABLE))))
    for state in range(len(states.NAMES) + 1):
        for _ in range(4):
            shuffled.shuffle(every)
            plain = [bytes((COMMAND,)) + command[1:] for command in every]
            mixed = [command for pair in zip(every, plain, strict=True) for command in pair]
            scripts.append(bytes((state,)) + b"".join(mixed))
    return scripts


def _operations() -> st.SearchStrategy[bytes]:
    """Return a strategy of operations with arguments that fit them."""
    numbers = st.integers(0, 255)
    marks = st.sampled_from((0, 0, 0, 0, SPLIT, JOINED))
    command = st.tuples(numbers, st.binary(max_size=12)).map(lambda row: bytes((row[0],)) + row[1])
    kinds = st.sampled_from((COMMAND, APT_COMMAND, APT_COMMAND, ODD_COMMAND, ANY_FRAME, RUBBISH))
    sent = st.tuples(kinds, marks, command).map(lambda row: bytes((row[0] | row[1],)) + row[2])
    other = st.tuples(st.sampled_from((PROGRAM, TIME, TIME, BROKEN_FRAME)), numbers).map(bytes)
    return st.one_of(sent, sent, other)


def scripts() -> st.SearchStrategy[bytes]:
    """Return a strategy of scripts: structured ones, and any bytes."""
    structured = st.tuples(
        st.integers(0, len(states.NAMES)).map(lambda state: bytes((state,))),
        st.lists(_operations(), min_size=10, max_size=60).map(b"".join),
    ).map(b"".join)
    return st.one_of(structured, structured, st.binary(max_size=1_024))


TARGETS = (
    Target("frame", decode, seeds, scripts),
    Target("dialogue", talk, seeds, scripts, flood),
)
