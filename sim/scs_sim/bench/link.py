"""The byte link between host and device: two queues, and their faults.

Role: carries bytes with no delay; a real USB link adds up to a millisecond each way.
Invariant: order is kept; after cut() nothing goes in or comes out.
"""

import numpy as np

NOISE = 1 / 200  # of all bytes, in each direction: half are flipped, half followed by a stray one
STRAY_US = 5_000  # a noisy link also carries bytes that nobody sent, so often and so many at most
STRAY_BYTES = 16


class Link:
    """Both ends of the link."""

    def __init__(self) -> None:
        self.is_cut = False
        self._to_device = bytearray()
        self._to_host = bytearray()
        self._noise: np.random.Generator | None = None

    def make_noisy(self, random: np.random.Generator) -> None:
        """Damage bytes from now on at the rate of NOISE; stray ones appear."""
        self._noise = random

    def cut(self) -> None:
        """Pull the cable: bytes on their way are lost."""
        self.is_cut = True
        self._to_device.clear()
        self._to_host.clear()

    def reset(self) -> None:
        """Drop the bytes that the restarting device has not read."""
        self._to_device.clear()

    def stray(self) -> None:
        """Add a burst of noise while nobody sends; the board calls it every STRAY_US."""
        if self._noise is not None and not self.is_cut:
            for queue in (self._to_device, self._to_host):
                queue += self._noise.bytes(int(self._noise.integers(1, STRAY_BYTES + 1)))

    @property
    def pending(self) -> bool:
        """Return True if bytes wait for the device."""
        return bool(self._to_device)

    @property
    def waiting(self) -> int:
        """Return the number of bytes that wait for the host."""
        return len(self._to_host)

    def host_write(self, data: bytes) -> None:
        """Write bytes from the host."""
        if not self.is_cut:
            self._to_device += self._spoiled(data)

    def device_write(self, data: bytes) -> None:
        """Write bytes from the device."""
        if not self.is_cut:
            self._to_host += self._spoiled(data)

    def host_read(self, most: int | None = None) -> bytes:
        """Read all bytes that arrived at the host, or no more than `most`."""
        return _taken(self._to_host, most)

    def device_read(self) -> bytes:
        """Read all bytes that arrived at the device."""
        return _taken(self._to_device, None)

    def _spoiled(self, data: bytes) -> bytes:
        if self._noise is None:
            return data
        hits = self._noise.random(len(data)) < NOISE
        out = bytearray()
        for byte, hit in zip(data, hits, strict=True):
            if not hit:
                out.append(byte)
            elif self._noise.random() < 0.5:
                out.append(byte ^ 1 << int(self._noise.integers(8)))
            else:
                out += bytes((byte, int(self._noise.integers(256))))
        return bytes(out)


def _taken(queue: bytearray, most: int | None) -> bytes:
    out = bytes(queue if most is None else queue[:most])
    del queue[: len(out)]
    return out
