"""Request and reply: bytes -> frame -> row of commands -> handler -> reply.

Role: keeps the order of the frames, one of them a turn, repeats a lost reply, answers a mistake
with a refusal.
Invariants: a HALT is obeyed before anything that stands before it, and what stands before it starts
no output; between two slow commands the output is looked at and the watchdog fed; a command is
carried out once, whatever is sent again; of a paired board nothing renews the lease, and nothing is
done but what an observer may do, unless it was signed. Requirements: REQ-32, REQ-40 to REQ-43,
REQ-52, REQ-70.
"""

import struct

from . import access, commands, errors, handlers
from .errors import Refused
from .frame import Decoder, encode
from .packing import pack, unpack

_GOOD = bytes((errors.OK,))
_ALWAYS = (commands.HALT, commands.STOP)  # whatever their sequence number
WAITING_MOST = 32  # a host waits for the reply to each; any more are dropped
STARTERS = (commands.START, commands.MEASURE)  # commands that let current flow


class Inbox:
    """The frames, in the order in which they came."""

    def __init__(self) -> None:
        self.lost = 0  # frames for which there was no room
        self._frames: list = []
        self._before_halt = 0  # how many of them stand before a HALT

    def put(self, frames: list) -> bool:
        """Queue (sequence, opcode, payload) of each frame; return True if a HALT is among them."""
        halts = False
        for frame in frames:
            if frame[1] == commands.HALT:
                self._before_halt = len(self._frames)
                halts = True
            if len(self._frames) < WAITING_MOST:
                self._frames.append(frame)
            else:
                self.lost += 1
        return halts

    def waits(self) -> bool:
        """Return True if a frame waits: the next iteration must not be slept through."""
        return bool(self._frames)

    def take(self) -> tuple:
        """Return (the next frame, whether it may start output); () if none waits."""
        if not self._frames:
            return ()
        frame = self._frames.pop(0)
        barred = self._before_halt > 0
        if barred:
            self._before_halt -= 1
        return frame, not (barred and _asked(frame) in STARTERS)


def _asked(frame: tuple) -> int:
    """Return the opcode of what a frame asks for, be it signed or not."""
    signed = frame[1] == commands.SIGNED and len(frame[2]) > commands.INNER_AT
    return int(frame[2][commands.INNER_AT] if signed else frame[1])


class Dialogue:
    """Request/reply session of one device with its host."""

    def __init__(self, device) -> None:
        self.device = device
        self.decoder = Decoder()
        self.inbox = Inbox()
        self._sequence = -1
        self._last_opcode = -1
        self._last_reply: bytes | bytearray = b""

    def waits(self) -> bool:
        """Return True if a command waits: the next iteration must not be slept through."""
        return self.inbox.waits()

    def step(self) -> None:
        """Obey a HALT at once, ahead of the commands before it; run one other command."""
        data = self.device.hal.link_read()
        if not data and not self.inbox.waits():
            return
        if self.inbox.put(self.decoder.feed(data)):
            self.device.halt()
        waiting = self.inbox.take()
        if waiting:
            self._handle(*waiting)

    def _handle(self, frame: tuple, may_start: bool) -> None:
        sequence, opcode, payload = frame
        wanted = (self._sequence + 1) & 255
        if opcode not in _ALWAYS and opcode != commands.HELLO:
            if sequence == self._sequence:
                self._again(sequence, opcode)
                return
            if sequence != wanted:
                refusal = Refused(errors.BAD_SEQUENCE, 0, sequence, wanted)
                self._answer(sequence, opcode, _refusal(refusal))
                return
        if sequence == wanted or opcode == commands.HELLO:
            self._sequence = sequence
        device = self.device
        if device.access.kept == access.NONE:
            device.renew_lease()
        reply = self._carry_out(opcode, payload, may_start)
        self._last_opcode = opcode
        self._last_reply = self._answer(sequence, opcode, reply)

    def _again(self, sequence: int, opcode: int) -> None:
        """Repeat the last reply, which the host did not receive; nothing is done twice."""
        if self._last_opcode == opcode:
            self.device.hal.link_write(self._last_reply)
        else:
            self._answer(sequence, opcode, _refusal(Refused(errors.BAD_SEQUENCE)))

    def _carry_out(self, opcode: int, payload: bytes, may_start: bool) -> bytes:
        """Run a command; return the status byte and the reply's fields, or the refusal's rows."""
        device = self.device
        try:
            role = device.access.plain_role
            if opcode == commands.SIGNED:
                sessions = device.access.sessions
                if not sessions:
                    raise Refused(errors.NO_SESSION)
                role, opcode, payload = sessions[0].admit(device.now_ms, payload)
                device.renew_lease()
            row = commands.by_opcode(opcode)
            if role < row[5]:
                raise Refused(errors.NO_ROLE, opcode, role, row[5])
            values = unpack(row[2], payload) if row[2] or payload else ()
            if device.state not in row[4] or not may_start:
                raise Refused(errors.BAD_STATE, opcode, device.state, 0)
            reply = handlers.TABLE[opcode](device, *values)
            return _GOOD + pack(row[3], reply)
        except Refused as refusal:
            if errors.NO_ROLE <= refusal.code <= errors.KEY_DAMAGED:
                device.access.refusals += 1
                device.access.refused = (refusal.code, opcode)
            return _refusal(refusal)

    def _answer(self, sequence: int, opcode: int, reply: bytes) -> bytes | bytearray:
        data = encode(sequence, opcode | commands.REPLY, reply)
        self.device.hal.link_write(data)
        return data


def _refusal(refusal: Refused) -> bytes:
    out = bytes((refusal.code,))
    for row in refusal.rows:
        out += struct.pack(commands.REFUSAL, *row)
    return out
