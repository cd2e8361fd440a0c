"""Consistent overhead byte stuffing: bytes without a zero, so that zeros stand between frames.

Role: the loops over single bytes, which a board has as native code. Invariant: what is decoded is
what was encoded, and of noise it is what the rules give, or nothing. Requirements: REQ-40.
"""


def encode(data: bytes) -> bytes:
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


def enclosed(data: bytes) -> bytearray:
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


def decode(data: bytes) -> bytes:
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
