"""The bytes on the link: COBS(sequence, opcode, payload, CRC-32) and a zero.

Role: encode one frame; decode a stream of bytes that may be cut, flipped or noise.
Invariant: the decoder never raises on bytes and never holds more than one frame; it finds the
next frame at the next zero. The loops over single bytes are native code on a board
(firmware_files.py). Requirements: REQ-40, REQ-42.
"""

import binascii
import struct

MAX_PAYLOAD = 1024
_OVERHEAD = 6  # sequence, opcode, CRC
# COBS adds one byte in 254, and one
MAX_ENCODED = (MAX_PAYLOAD + _OVERHEAD) * 255 // 254 + 1
_GOOD = 0x2144DF1C  # CRC-32 of any bytes with their own CRC-32, little-endian, behind them


def encode(sequence: int, opcode: int, payload: bytes) -> bytes | bytearray:
    """Encode one frame, a zero at either end: the first ends whatever noise came before."""
    body = bytes((sequence, opcode)) + payload
    body += struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)
    if len(body) < 254:  # nearly every frame
        return _enclosed(body)
    return b"\0" + stuff(body) + b"\0"


class Decoder:
    """Decoder of bytes into whole frames; `errors` counts the blocks dropped."""

    def __init__(self) -> None:
        self.errors = 0
        self._buffer = bytearray()
        self._overrun = False

    def feed(self, data: bytes) -> list:
        """Return the (sequence, opcode, payload) of every frame that ends in `data`."""
        frames = []
        pieces = data.split(b"\0")
        rest = pieces.pop()
        for piece in pieces:
            if self._buffer or self._overrun or len(piece) > MAX_ENCODED:
                self._keep(piece)
                piece = b"\1" if self._overrun else bytes(self._buffer)  # b"\1": no frame
                self._buffer = bytearray()
                self._overrun = False
            if not piece:
                continue
            body = unstuff(piece)
            if len(body) < _OVERHEAD or binascii.crc32(body) != _GOOD:
                self.errors += 1
            else:
                frames.append((body[0], body[1], body[2:-4]))
        self._keep(rest)
        return frames

    def _keep(self, piece: bytes) -> None:
        if len(self._buffer) + len(piece) > MAX_ENCODED:
            self._overrun = True
            self._buffer = bytearray()
        if piece and not self._overrun:
            self._buffer.extend(piece)


# native on a board
def stuff(data: bytes) -> bytes:
    """Encode by consistent overhead byte stuffing (Cheshire and Baker 1999): no zero results."""
    out = bytearray()
    pieces = bytes(data).split(b"\0")
    last = len(pieces) - 1
    for number in range(len(pieces)):
        piece = pieces[number]
        while len(piece) >= 254:
            out.append(255)
            out.extend(piece[:254])
            piece = piece[254:]
            if not piece and number == last:
                return bytes(out)
        out.append(len(piece) + 1)
        out.extend(piece)
    return bytes(out)


# native on a board
def _enclosed(data: bytes) -> bytearray:
    """Encode data without runs too long for one code, with a zero at either end.

    Each zero of the data, and one put before all, becomes the distance to the next. Most of a
    reply is zeros in a row, and they are 1 at once; a run of others sets the code before it.
    """
    out = bytearray(b"\1" * (len(data) + 3))
    at, run = 1, 0
    for byte in data:
        at += 1
        if byte:
            out[at] = byte
            run += 1
        elif run:
            out[at - 1 - run] = run + 1
            run = 0
    out[at - run] = run + 1
    out[0] = out[at + 1] = 0
    return out


# native on a board
def unstuff(data: bytes) -> bytes:
    """Return the bytes that were stuffed; empty if `data` is not a COBS block."""
    out = bytearray()
    at = 0
    end = len(data)
    while at < end:
        code = data[at]
        stop = at + code
        if code == 0 or stop > end:
            return b""
        out.extend(data[at + 1 : stop])
        at = stop
        if code < 255 and at < end:
            out.append(0)
    return bytes(out)
