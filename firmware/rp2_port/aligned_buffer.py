"""Memory aligned to its own size, as a DMA channel needs it to write in a ring.

Role: aligned(). Invariant: the buffer is aligned, or so long that it contains an aligned part.
"""

from uctypes import addressof

_TRIES = 6


def aligned(size: int) -> bytearray:
    """Allocate room for a ring of `size` bytes, a power of two.

    MicroPython allocates upwards. After a misaligned block, and a filler as long as what it lacks,
    the next block is aligned, unless the filler went into a hole: then try again.
    """
    passed = []
    for _ in range(_TRIES):
        room = bytearray(size)
        lacks = -addressof(room) & (size - 1)
        if not lacks:
            return room
        passed.append(room)
        passed.append(bytearray(lacks))
    return bytearray(2 * size)
