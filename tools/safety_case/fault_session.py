"""One session of the real host with the real firmware on the simulated board, and a fault in it.

Role: Host opens the board with what is stored there, hands it to whoever spoils it, and goes
through all that a session has; after it the bench goes on alone for as long as the lease may last.
What the load saw is returned contact by contact. Invariant: the host never halts the output when it
leaves, so that whatever ends it is the device.
"""

import functools
import struct
import zlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from scs.device.link import Link
from scs.device.session import Session, hello
from scs.errors import DeviceFault, Failure
from scs.profile.profile import Profile
from scs_sim.bench import board as simulated
from scs_sim.bench.nvstore import NvStore
from scs_sim.circuit.stage import even_bits
from scs_sim.circuit.trace import Trace
from stimcore import commands

from .monitor import Rows
from .therapies import BOARD, DOWN_S, LEASE_S, THERAPIES, Therapy

KEPT, SAVED, ERASED = 2, 1, 3  # slots of the store: left alone, written and emptied by the session
CALIBRATION_SLOT = 8
CALIBRATED = (3, 1_000, -2, -500), (4, 1_000, -2, -500)  # before, and by the session
STOPS_S = 1.0
PATIENT_S = 8.0  # of a session of 3 s at most; then the cable is pulled
TAIL_S = LEASE_S + DOWN_S + 0.5
Cells = dict[int, bytearray]
Frames = tuple[list[tuple[int, int]], list[tuple[int, int]]]


class SpoiledLink(simulated.Link):
    """A link that notes its frames; each of `spoils` may return other bytes, or none.

    frames: from the host and from the device, (us since power-on, bytes so far) of each.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__()
        self._now_s = now_s
        self.frames: Frames = ([], [])
        self.spoils: list[Callable[[int, int, bytes], bytes]] = []
        self.cut_at: tuple[int, int] | None = None  # (direction, bytes that still arrive)

    def host_write(self, data: bytes) -> None:
        super().host_write(self._passed(0, data))
        self._cut_if_due()

    def device_write(self, data: bytes) -> None:
        super().device_write(self._passed(1, bytes(data)))
        self._cut_if_due()

    def late(self, direction: int, data: bytes) -> None:
        """Let bytes arrive that were held back."""
        if direction == 0:
            super().host_write(data)
        else:
            super().device_write(data)

    def _passed(self, direction: int, data: bytes) -> bytes:
        number = len(self.frames[direction])
        self.frames[direction].append(
            (int(1e6 * self._now_s()), self._bytes(direction) + len(data))
        )
        if self.cut_at and self.cut_at[0] == direction and self._bytes(direction) > self.cut_at[1]:
            return data[: len(data) - (self._bytes(direction) - self.cut_at[1])]
        for spoil in self.spoils:
            data = spoil(direction, number, data)
        return data

    def _cut_if_due(self) -> None:
        overdue = self._now_s() > PATIENT_S
        if overdue or (self.cut_at and self._bytes(self.cut_at[0]) > self.cut_at[1]):
            self.is_cut = True  # what has arrived is read, as from a cable that is pulled

    def _bytes(self, direction: int) -> int:
        return self.frames[direction][-1][1] if self.frames[direction] else 0


class SpoiledStore(NvStore):
    """A store whose power fails within a given write.

    writes: (us since power-on, bytes) of each.
    """

    def __init__(self, cells: Cells, now_s: Callable[[], float]) -> None:
        super().__init__()
        self._now_s = now_s
        self.cells = {index: bytearray(data) for index, data in cells.items()}
        self.writes: list[tuple[int, int]] = []
        self.cut: tuple[int, int] | None = None  # (number of the write, bytes that arrive)

    def write(self, index: int, data: bytes) -> None:
        self.writes.append((int(1e6 * self._now_s()), len(data)))
        if self.cut and self.cut[0] == len(self.writes) - 1:
            self.cut_after = self.cut[1]
        super().write(index, data)


class Host(Session):
    """The host of one run; `spoil` gets the bench before the first byte."""

    def __init__(self, cells: Cells, spoil: Callable[[Any], None]):
        super().__init__(f"sim://?board={BOARD}&noise=1", halt_on_exit=False)
        self._cells, self._spoil = cells, spoil
        self.marks: dict[str, float] = {}
        self.bench: Any = None
        self.boots = 0

    def open(self) -> None:
        """Power the bench on with what is in its store, and say HELLO."""
        self._link = Link(self.port, patience_s=0.7)
        self.bench = self._link.bench
        self.bench.link, self.bench.store = (
            SpoiledLink(self._link.bench.now_s),
            SpoiledStore(self._cells, self._link.bench.now_s),
        )
        self.bench.brown_out()  # boots from that store
        self._spoil(self.bench)
        self.boots = self.bench.resets
        self._board, self.version, self.unique_id = hello(self._link)

    def session(self, therapy: Therapy) -> None:
        """Load, store, arm, start, set an amplitude, stop, and read the ledger."""
        self.load(profile(therapy.name, therapy.text))
        self.save(SAVED)
        self.erase(ERASED)
        self.link.request(commands.CALIBRATE, *CALIBRATED[1])
        self.arm()
        self.mark("start")
        self.start()
        if self.watch(therapy.runs_s / 2):
            self.amplitude(1, therapy.amplitude)
        if self.watch(therapy.runs_s / 2):
            self.mark("stop")
            self.stop(wait=False)
        if self.watch(STOPS_S):  # a user who sees that STOP does not end it
            self.halt()
            self.mark("halted")
        self.ledger()

    def watch(self, for_s: float) -> bool:
        """Poll for so long by the bench's clock; return whether it still runs.

        Raises DeviceFault.
        """
        until_s = self.bench.now_s() + for_s
        for status in self.poll():
            if status.fault is not None:
                raise DeviceFault(status.fault, self.told(status.fault))
            if self.bench.now_s() >= until_s:
                break
        return status.running

    def mark(self, name: str) -> None:
        """Note when the session got so far."""
        self.marks[name] = self.bench.now_s()


class Played(NamedTuple):
    """Outcome of one run; times in seconds since power-on."""

    reason: str  # why the host's session ended, "" for its own end
    halted: bool  # the host had to send HALT, for STOP did not end the output
    start_s: float  # when the host sent START; infinite if it never did
    stop_s: float  # and STOP
    silent_s: float  # when the host's last frame was sent
    end_s: float
    rows: dict[int, Rows]
    latched: int  # code of the device's fault
    state: int
    resets: int
    gate: bool
    before: Cells  # in the store
    cells: Cells
    blob: bytes  # the program that the host stores
    frames: Frames  # of the link
    writes: list[tuple[int, int]]  # of the store


@functools.cache
def profile(_name: str, text: str) -> Profile:
    """Return a therapy's profile, read once."""
    return Profile.from_text(text)


def play(therapy: Therapy, cells: Cells, spoil: Callable[[Any], None]) -> Played:
    """Run a session with a fault, then let the bench go on without a host."""
    host = Host(cells, spoil)
    reason = ""
    try:
        with host:
            host.session(therapy)
    except Failure as failure:
        reason = f"{type(failure).__name__}: {failure}"
    bench = host.bench
    silent_s = bench.now_s()
    bench.advance_us(round(TAIL_S * 1e6))
    device = bench.device
    return Played(
        reason,
        "halted" in host.marks,
        host.marks.get("start", float("inf")),
        host.marks.get("stop", float("inf")),
        silent_s,
        bench.now_s(),
        by_contact(bench.scope(), bench.sequencer.latched, bench.board.clock_hz),
        device.fault[0],
        device.state,
        bench.resets - host.boots,
        bench.gate,
        cells,
        bench.store.cells,
        profile(therapy.name, therapy.text).to_blob(),
        bench.link.frames,
        bench.store.writes,
    )


def by_contact(scope: Trace, latched: Iterable[tuple[int, int]], clock_hz: int) -> dict[int, Rows]:
    """Return (seconds, amperes) of each contact, from the load's current and the switches' bits.

    latched: (tick, frame). What is joined for a discharge stays on the side on which it was last
    driven.
    """
    seen = scope.rows(scope.start_s(), scope.end_s())
    lasts = np.flatnonzero(np.diff(seen.time_s) > 0)
    stretches = np.column_stack((lasts, lasts + 1)).ravel()  # two rows each, as beside a step
    time_s, current_a = seen.time_s[stretches], seen.current_a[stretches]
    sides = _sides(latched)
    at = np.array([row[0] for row in sides]) / clock_hz
    # a row at the instant of a latch belongs to the piece it begins or ends: the middle decides
    middle = (time_s[::2] + time_s[1::2]) / 2
    which = np.repeat(np.searchsorted(at, middle, side="right") - 1, 2)
    rows = {}
    masks = np.array([(row[1], row[2]) for row in sides])
    for bit in range(8):
        sign = (masks[:, 1] >> bit & 1) - (masks[:, 0] >> bit & 1)
        if sign.any():
            rows[bit + 1] = (time_s, -current_a * sign[which])
    return rows


def _sides(latched: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return (tick, cathodes, anodes) at each change; those of before where none is driven."""
    sides, last = [(0, 0, 0)], (0, 0)
    for tick, frame in latched:
        switches = even_bits(frame >> 1)
        cathodes, anodes = switches >> 8, switches & 0xFF
        if cathodes and anodes and not cathodes & anodes and (cathodes, anodes) != last:
            last = (cathodes, anodes)
            sides.append((tick, *last))
    return sides


# --- what is stored, read by a few lines of its own -------------------------------------------
def stored(cells: Cells, slot: int) -> bytes:
    """Return what a slot holds: the newest of its halves that is whole; b"" if none is."""
    newest, data = -1, b""
    for half in (0, 1):
        record = bytes(cells.get(2 * slot + half, b""))
        if len(record) < 15 or zlib.crc32(record[:-4]) != struct.unpack("<I", record[-4:])[0]:
            continue
        sequence = struct.unpack_from("<I", record, 7)[0]
        if record[:4] == b"SCSN" and sequence > newest:
            newest, data = sequence, record[11:-4]
    return data


@functools.cache
def filled() -> Cells:
    """Return a store with three programs and a calibration, written by a session of its own."""
    other = Profile.from_text(OTHER)
    host = Host({}, lambda _bench: None)
    with host:
        host.load(other)
        for slot in (KEPT, SAVED, ERASED):
            host.save(slot)
        host.link.request(commands.CALIBRATE, *CALIBRATED[0])
    cells: Cells = host.bench.store.cells
    return cells


OTHER = """\
name: kept
lead: octrode-3mm
programs:
  - {cathodes: [E7], anodes: [E8], rate: 100 Hz, pulse_width: 100 us, amplitude: 1 mA}
"""


@functools.cache
def healthy(name: str) -> Played:
    """Return the run of a therapy without any fault."""
    return play(THERAPIES[name], filled(), lambda _bench: None)
