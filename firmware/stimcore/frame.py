"""The bytes on the link: COBS(sequence, opcode, payload, CRC-32) and a zero.

Role: encode one frame; decode a stream of bytes that may be cut, flipped or noise.
Invariant: the decoder never raises on bytes and never holds more than one frame; it finds the
next frame at the next zero. Requirements: REQ-40, REQ-42.
"""

import binascii
import struct

from . import cobs

MAX_PAYLOAD = 1024
_OVERHEAD = 6  # sequence, opcode, CRC
# COBS adds one byte in 254, and one
MAX_ENCODED = MAX_PAYLOAD + _OVERHEAD + (MAX_PAYLOAD + _OVERHEAD) // 254 + 1
_GOOD = 0x2144DF1C  # CRC-32 of any bytes with their own CRC-32, little-endian, behind them


def encode(sequence: int, opcode: int, payload: bytes) -> bytes | bytearray:
    """Encode one frame, a zero at either end: the first ends whatever noise came before."""
    body = bytes((sequence, opcode)) + payload
    body += struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)
    if len(body) < 254:  # nearly every frame
        return cobs.enclosed(body)
    return b"\0" + cobs.encode(body) + b"\0"


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
            body = cobs.decode(piece)
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
