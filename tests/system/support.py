"""A conversation with the device on the simulated board, below the host library.

Role: frames in, frames out, virtual time; so that a test can send what no good host would.
Invariant: nothing here knows what the device should answer. Next: test_device.py.
"""

import binascii
import struct

from scs import boards
from scs_sim.board import SimBoard
from stimcore import commands, frame, program

OCTRODE_UM2 = 12_440_000
NAME = "pico/mcp4922-8/randles-500"
TONIC = dict(
    cathodes=0b0100,
    anodes=0b1010,
    waveform=program.TONIC,
    recharge=program.RECHARGE_ACTIVE,
    ratio=4,
    pulses=1,
    rate_mhz=50_000,
    intra_rate_mhz=0,
    amplitude_ua=2_000,
    ceiling_ua=4_000,
    width_ns=200_000,
    gap_ns=30_000,
)
HEADER = dict(
    flags=0,
    lease_ms=2_000,
    ramp_up_ms=0,
    ramp_down_ms=0,
    cycle_on_ms=0,
    cycle_off_ms=0,
    session_ms=0,
    session_pulses=0,
)


def group(header: dict | None = None, **changes: int) -> program.Group:
    """One tonic program of 50 Hz, 200 us, 2 mA, with changes."""
    one = program.Program(**{**TONIC, **changes})
    areas = (OCTRODE_UM2,) * 8
    return program.Group(program.Header(**{**HEADER, **(header or {})}), areas, (one,))


class Reply:
    """A reply of the device: status, the rows of a refusal, or its fields by name."""

    def __init__(self, opcode: int, payload: bytes):
        self.status = payload[0]
        self.raw = payload
        self.rows: list[tuple[int, ...]] = []
        self.fields: dict[str, object] = {}
        if self.status:
            size = struct.calcsize(commands.REFUSAL)
            self.rows = [
                struct.unpack_from(commands.REFUSAL, payload, at)
                for at in range(1, len(payload), size)
            ]
        else:
            row = commands.by_opcode(opcode)
            values = commands.unpack_fields(row[3], payload[1:])
            self.fields = dict(zip((name for name, _ in row[3]), values, strict=True))

    def __getitem__(self, name: str):
        return self.fields[name]


class Talk:
    """The simulated board and one host that may misbehave."""

    def __init__(self, name: str = NAME, **options):
        self.board = SimBoard(boards.board(name), boards.electrical(name), **options)
        self.sequence = 0
        self.decoder = frame.Decoder()
        self.replies: list[tuple] = []

    @property
    def device(self):
        return self.board.device

    def raw(self, data: bytes, wait_us: int = 20_000) -> list[tuple]:
        """Bytes as they are; the frames that came back within a while."""
        self.board.host_write(data)
        out: list[tuple] = []
        for _ in range(max(1, wait_us // 500)):
            self.board.advance_us(500)
            out += self.decoder.feed(self.board.host_read())
            if out and wait_us <= 20_000:
                break
        return out

    def send(self, opcode: int, *values, sequence: int | None = None) -> Reply:
        """One command and its reply; the next sequence number unless one is given."""
        if sequence is None:
            self.sequence = sequence = (self.sequence + 1) & 255
        payload = commands.pack_fields(commands.by_opcode(opcode)[2], values)
        return self._reply(self.raw(frame.encode(sequence, opcode, payload)), opcode)

    def _reply(self, frames: list[tuple], opcode: int) -> Reply:
        assert len(frames) == 1, f"{len(frames)} replies to one command"
        assert frames[0][1] == opcode | commands.REPLY
        return Reply(opcode, frames[0][2])

    def hello(self) -> Reply:
        return self.send(commands.HELLO, commands.PROTOCOL)

    def stage(self, what: program.Group | bytes) -> Reply:
        """Begin, pieces, commit; the reply to the commit."""
        blob = what if isinstance(what, bytes) else program.pack(what)
        begun = self.send(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
        assert begun.status == 0
        for at in range(0, len(blob), commands.PIECE_BYTES):
            piece = blob[at : at + commands.PIECE_BYTES]
            assert self.send(commands.STAGE_DATA, at, piece).status == 0
        return self.send(commands.COMMIT)

    def armed(self, what: program.Group | None = None) -> "Talk":
        self.hello()
        digest = self.stage(what or group())["hash"]
        assert self.send(commands.ARM, digest).status == 0
        return self

    def running(self, what: program.Group | None = None) -> "Talk":
        self.armed(what)
        assert self.send(commands.START).status == 0
        return self

    def status(self) -> Reply:
        return self.send(commands.STATUS)

    def keep(self, seconds: float) -> None:
        """Let time pass with a host that asks for the status every 100 ms."""
        for _ in range(round(seconds * 10)):
            self.board.advance_us(100_000)
            self.status()

    def ledger(self) -> Reply:
        return self.send(commands.LEDGER)
