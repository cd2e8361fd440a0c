"""The flash behind the seam's nv_read and nv_write, and the power that fails in mid-write.

Role: one bytearray for each index; it outlasts every reset of the bench.
Invariant: a write is whole, or the power fails within it and PowerCut is raised: so many bytes of
it have arrived, and the rest is as erased (flash is erased before it is written).
"""

ERASED = b"\xff"


class PowerCut(BaseException):
    """The power failed: nothing of the device's code may go on, nor catch this as its own error."""


class NvStore:
    """Stored bytes by index. cut_after: the next write ends in a power cut after so many bytes."""

    def __init__(self) -> None:
        self.cells: dict[int, bytearray] = {}
        self.cut_after: int | None = None

    def read(self, index: int) -> bytes:
        """Return the bytes at an index; b"" if there are none."""
        return bytes(self.cells.get(index, b""))

    def write(self, index: int, data: bytes) -> None:
        """Replace them. Raises PowerCut, once, where that was arranged."""
        if self.cut_after is None:
            self.cells[index] = bytearray(data)
            return
        arrived = data[: self.cut_after]
        self.cut_after = None
        self.cells[index] = bytearray(arrived + ERASED * (len(data) - len(arrived)))
        raise PowerCut
