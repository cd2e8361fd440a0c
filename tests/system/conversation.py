"""A conversation with a device, whichever fidelity it has: frames in, frames out, faults by name.

Role: what a test may do and see on the simulated board and on the emulated chip alike; so that a
test can also send what no good host would. A test asks for the fixture `talk`; tests/system gives
it a board, tests/chip a chip. Invariants: nothing here knows what the device should answer; time
passes in exchange() alone.
"""

import binascii
import struct
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

from tests.support.signing import KEY, NONCE, PROGRAMMER, Signer
from tests.system.groups import group

from scs.messages import error_texts
from stimcore import commands, errors, frame, packing, program, states
from stimcore.board import Board

PATIENCE_MS = 500  # for one reply
ATTEMPT_MS = 50  # for one reply that may never come
ATTEMPTS = 40
MEASURING_US = 20_000  # between two looks whether a measurement is done
KEEP_US = 100_000  # between two STATUS of a host that keeps its lease


class Reply:
    """A reply of the device: status, the rows of a refusal, or its fields by name."""

    def __init__(self, opcode: int, payload: bytes):
        self.status = payload[0]
        self.raw = payload
        self.rows: list[tuple[int, ...]] = []
        self.fields: dict[str, Any] = {}
        if self.status:
            size = struct.calcsize(commands.REFUSAL)
            self.rows = [
                struct.unpack_from(commands.REFUSAL, payload, at)
                for at in range(1, len(payload), size)
            ]
        else:
            row = commands.by_opcode(opcode)
            values = packing.unpack(row[3], payload[1:])
            self.fields = dict(
                zip((name for name, _ in packing.columns(row[3])), values, strict=True)
            )

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class Pulse(NamedTuple):
    """One stretch of cathodic current at the load: from, to, amperes (negative)."""

    start_s: float
    end_s: float
    current_a: float

    @property
    def width_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def charge_c(self) -> float:
        return self.width_s * self.current_a


class Conversation(ABC):
    """One host that may misbehave, and the device it speaks with."""

    SLICE_US: int  # how often it looks whether an answer has come

    def __init__(self, row: Board):
        self.row = row
        self.sequence = 255  # so that the first is 0, as the device awaits it
        self.took_ms = 0.0  # from the last command to its reply
        self.decoder = frame.Decoder()
        self.signer: Signer | None = None  # of all that send() sends

    # --- what each fidelity has in its own way --------------------------------------------
    @abstractmethod
    def exchange(self, data: bytes, us: int) -> bytes:
        """Send bytes to the device, pass so many microseconds, and return the bytes that came."""

    @abstractmethod
    def now_us(self) -> float:
        """Return the microseconds since the bench was switched on."""

    @abstractmethod
    def hello(self) -> Reply:
        """Send HELLO until the device answers; return its reply."""

    @property
    @abstractmethod
    def gate(self) -> bool:
        """Return True if the stage is connected to the load: GATE and RUN both high."""

    @property
    @abstractmethod
    def current_a(self) -> float:
        """Return the present current through the load."""

    @abstractmethod
    def mark(self) -> None:
        """Mark the instant at which steps() and latches() begin."""

    @abstractmethod
    def steps(self) -> list[tuple[float, float]]:
        """Return (seconds, amperes from there on) at each change of the current since the mark."""

    @abstractmethod
    def latches(self) -> list[tuple[int, int]]:
        """Return (tick, frame) of each latch since the mark, the frame as in a stream's words."""

    @abstractmethod
    def words(self) -> list[int]:
        """Return the live words, as DMA reads them."""

    @abstractmethod
    def flip(self, word: int, mask: int) -> None:
        """Turn bits of one of the live words."""

    @abstractmethod
    def inject(self, name: str) -> None:
        """Inject a fault of scs_sim.bench.faults now; skip the test if this fidelity has no such
        fault."""

    def hidden(self) -> tuple[Any, ...]:
        """Return the device's condition as far as it is visible here and not over the link."""
        return ()

    # --- bytes and frames -----------------------------------------------------------------
    @property
    def next_sequence(self) -> int:
        return (self.sequence + 1) & 255

    def pass_us(self, us: int) -> None:
        """Let time pass; what comes meanwhile is lost."""
        self.decoder.feed(self.exchange(b"", us))

    def raw(self, data: bytes, us: int = 20_000) -> list[tuple[int, int, bytes]]:
        """Send bytes as they are; return the frames that came back in exactly this time."""
        frames: list[tuple[int, int, bytes]] = self.decoder.feed(self.exchange(data, us))
        return frames

    def ask(self, data: bytes, patience_ms: float = PATIENCE_MS) -> list[tuple[int, int, bytes]]:
        """Send bytes as they are; return the first frames that came back, [] if none did."""
        since_us = self.now_us()
        frames = self.raw(data, self.SLICE_US)
        while not frames and self.now_us() - since_us < 1_000 * patience_ms:
            frames = self.raw(b"", self.SLICE_US)
        self.took_ms = (self.now_us() - since_us) / 1_000
        return frames

    def framed(self, opcode: int, payload: bytes = b"") -> bytes:
        """Return the bytes of the next frame, whatever it holds."""
        self.sequence = self.next_sequence
        return bytes(frame.encode(self.sequence, opcode, payload))

    def send(
        self,
        opcode: int,
        *values: Any,
        sequence: int | None = None,
        patience_ms: float = PATIENCE_MS,
    ) -> Reply:
        """Send one command; return its reply. Takes the next sequence number by default."""
        if sequence is None:
            self.sequence = sequence = self.next_sequence
        payload = packing.pack(commands.by_opcode(opcode)[2], values)
        sent = opcode
        if self.signer is not None:
            sent, payload = commands.SIGNED, self.signer.signed(opcode, payload)
        frames = self.ask(frame.encode(sequence, sent, payload), patience_ms)
        assert len(frames) == 1, f"{len(frames)} replies to {opcode:#x} within {patience_ms} ms"
        assert frames[0][:2] == (sequence, sent | commands.REPLY)
        return Reply(opcode, frames[0][2])

    def insist(self, opcode: int, payload: bytes = b"") -> Reply:
        """Repeat a frame until it is answered, as a host does on a bad link."""
        data = self.framed(opcode, payload)
        for _ in range(ATTEMPTS):
            for number, kind, body in self.ask(b"\0" + data, ATTEMPT_MS):
                if (number, kind) == (self.sequence, opcode | commands.REPLY):
                    self._settle()
                    return Reply(opcode, body)
        raise AssertionError(f"{opcode:#x} was not answered in {ATTEMPTS} x {ATTEMPT_MS} ms")

    def _settle(self) -> None:
        """Wait until no reply to an earlier attempt comes any more."""
        while self.raw(b""):
            pass

    def paired(self) -> Self:
        """Pair the board with KEY; nothing is signed yet."""
        reply = self.send(commands.PAIR, KEY, patience_ms=2_000)  # two writes of the flash
        assert reply.status == 0, reply.rows
        return self

    def opened(self, role: int = PROGRAMMER, key: bytes = KEY) -> Self:
        """Open a session, which is not proven yet: all that follows is signed."""
        self.signer = None
        reply = self.send(commands.OPEN, role, NONCE)
        assert reply.status == 0, reply.rows
        self.signer = Signer(reply["nonce"], key, role)
        return self

    # --- the usual way --------------------------------------------------------------------
    def stage(self, what: program.Group | bytes) -> Reply:
        """Begin, pieces, commit; the reply to the commit."""
        blob = what if isinstance(what, bytes) else program.pack(what)
        begun = self.send(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
        assert begun.status == 0, begun.rows
        for at in range(0, len(blob), commands.PIECE_BYTES):
            piece = blob[at : at + commands.PIECE_BYTES]
            assert self.send(commands.STAGE_DATA, at, piece).status == 0
        return self.send(commands.COMMIT)

    def armed(self, what: program.Group | None = None) -> Self:
        reply = self.stage(what or group())
        assert reply.status == 0, reply.rows
        armed = self.arm(reply["hash"])
        assert armed.status == 0, armed.rows
        return self

    def arm(self, digest: int) -> Reply:
        """Arm, after a measurement of the load if the device wants one."""
        reply = self.send(commands.ARM, digest)
        if reply.status in (errors.LOAD_UNKNOWN, errors.LOAD_OLD):
            self.measured()
            reply = self.send(commands.ARM, digest)
        return reply

    def measured(self, sources: int = 0, returns: int = 0) -> dict[int, tuple[int, int, int]]:
        """Measure the load: contact -> (verdict, ohm, nF)."""
        assert self.send(commands.MEASURE, sources, returns).status == 0
        while self.state() == "MEASURING":
            self.pass_us(MEASURING_US)
        reply = self.send(commands.IMPEDANCE)
        assert reply["measured"] == 1, self.fault_name()
        rows = struct.iter_unpack(commands.CONTACT, reply["contacts"])
        return {row[0]: row[1:] for row in rows}

    def running(self, what: program.Group | None = None) -> Self:
        self.armed(what)
        self.mark()
        assert self.send(commands.START).status == 0
        return self

    def keep(self, seconds: float) -> None:
        """Let time pass with a host that asks for the status every 100 ms."""
        until_us = self.now_us() + 1e6 * seconds
        while (left_us := until_us - self.now_us()) >= 1:
            if left_us < KEEP_US:
                self.pass_us(int(left_us))
            else:
                self.status()
                left_us = min(KEEP_US - 1_000 * self.took_ms, until_us - self.now_us())
                self.pass_us(max(0, int(left_us)))

    # --- what can be read over the link ---------------------------------------------------
    def status(self) -> Reply:
        return self.send(commands.STATUS)

    def ledger(self) -> Reply:
        return self.send(commands.LEDGER)

    def state(self) -> str:
        """Return the state's name; asking renews the lease."""
        return states.NAMES[self.status()["state"]]

    def fault(self) -> tuple[int, int, int, int]:
        """Return (code, index, value, limit)."""
        status = self.status()
        return (
            status["fault"],
            status["fault_index"],
            status["fault_value"],
            status["fault_limit"],
        )

    def fault_name(self) -> str:
        """Return the name of the latched fault, "ok" without one."""
        return str(error_texts.ERRORS[self.fault()[0]].name)

    def levels(self) -> list[tuple[int, int]]:
        """Return (level, target) in uA of each program."""
        return list(struct.iter_unpack("<II", self.status()["levels"]))

    def why_it_stopped(self) -> str:
        return str(commands.STOP_REASONS[self.ledger()["stopped"]])

    def charges_pc(self) -> list[tuple[int, int]]:
        """Return (driven, net) of each contact, from the ledger."""
        return list(struct.iter_unpack("<qq", self.ledger()["charge"]))

    # --- what can be read at the load -----------------------------------------------------
    def pulses(self, below_a: float = -20e-6) -> list[Pulse]:
        """Return ended stretches since the mark in which the current was below `below_a`."""
        pulses = []
        begun: tuple[float, float] | None = None
        for at_s, amps in self.steps():
            if begun and (amps >= below_a or amps != begun[1]):
                pulses.append(Pulse(begun[0], at_s, begun[1]))
                begun = None
            if begun is None and amps < below_a:
                begun = (at_s, amps)
        return pulses

    def until_current(self, below_a: float) -> None:
        """Let time pass until so much cathodic current flows; half a second at most."""
        for _ in range(5_000):
            if self.current_a < below_a:
                return
            self.pass_us(100)
        raise AssertionError(f"no current below {below_a} A within half a second")
