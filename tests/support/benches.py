"""Shared by the tests of the simulated bench: a bench by hand, streams, minimal devices.

The board's figures stand here a second time, on purpose: 125 MHz, 6.25 uA per code, 139 and 12
ticks of overhead.
"""

import struct
from typing import NamedTuple

from scs_sim.bench.board import SimBoard, SimHal
from scs_sim.bench.stream import RUNNING
from stimcore.board import Board

US = 125  # ticks
CURRENT = dict(
    kind="current",
    amps_per_code=6.25e-6,
    volts_per_code=0.0,
    source_ohm=0.0,
    code_mid=2048,
    code_span=2047,
    compliance_v=15.0,
    switch_ohm=100.0,
    gain_mismatch_ppm=0.0,
    offset_a=0.0,
    settle_tau_s=0.0,
    inl_codes=0.0,
    bleed_ohm=10_000.0,
    blocking_f=0.0,
)
LADDER = {
    **CURRENT,
    **dict(kind="ladder", amps_per_code=0.0, volts_per_code=0.0125, source_ohm=1000.0),
    **dict(code_mid=128, code_span=127, compliance_v=1.65, switch_ohm=1000.0),
}
SERIAL_PINS = dict(sdi_dac=2, sdi_switch=3, sck=4, ncs=5, active=6, sync=7, run=8)
LADDER_PINS = dict(data0=10, active=6, sync=7, run=8)
RESISTOR = dict(series_ohm=500.0, capacitance_f=0.0, leak_ohm=float("inf"))
RANDLES = dict(series_ohm=500.0, capacitance_f=2.5e-6, leak_ohm=100_000.0)


def board(stage: int = 0) -> Board:
    """Return the pico with the MCP4922 stage (0) or the ladder (1)."""
    return Board(
        name="by/hand/here",
        clock_hz=125_000_000,
        stage=stage,
        contacts=2 if stage else 8,
        na_per_code=8333 if stage else 6250,
        code_mid=128 if stage else 2048,
        code_span=127 if stage else 2047,
        overhead_ticks=12 if stage else 139,
        min_record_ticks=12 if stage else 139,
        compliance_mv=1650 if stage else 15_000,
        rest_tau_us=2_000,
        discharge_tau_us=2_000,
        discharge_least_us=0,
        soft_tau_us=0,
        soft_least_us=0,
        bleed_least_us=0,
        gain_mismatch_ppm=5_000,
        offset_na=2_000,
        adc_zero=2048,
        load_ohm=500,
        load_nf=0,
        seen_ohm=500,
        seen_nf=0,
        load_tolerance_permille=50,
        load_id_code=1309,
        load_id_tolerance=60,
        max_amplitude_ua=12_500,
        max_rate_millihz=10_000_000,
        current_offset=0,
        sense_na_per_lsb=1_000 if stage else 12_500,
        voltage_offset=0,
        sense_uv_per_lsb=1_000 if stage else 8_000,
    )


def frame(code: int, source: int, back: int, head: int = 3) -> int:
    """Return the 32 interleaved bits: even ones head and code of the DAC, odd ones switches."""
    dac, switches = head << 12 | code, source << 8 | back
    return sum((dac >> n & 1) << 2 * n | (switches >> n & 1) << 2 * n + 1 for n in range(16))


class Stream(NamedTuple):
    """A stream that the bench takes for an admitted one."""

    words: bytes
    max_active_ticks: int
    frames: tuple[int, ...]
    ticks: tuple[int, ...]

    @property
    def period(self) -> int:
        return sum(self.ticks)


def stream(*records: tuple[int, int, int], overhead: int = 139) -> Stream:
    """Return (ticks, flags, frame) records as a stream; its longest active run by adding up."""
    words = b"".join(struct.pack("<II", t - overhead << 2 | f, w) for t, f, w in records)
    longest = run = 0
    for ticks, flags, _ in records:
        run = run + ticks if flags else 0
        longest = max(longest, run)
    return Stream(words, longest, tuple(r[2] for r in records), tuple(r[0] for r in records))


def biphasic(code: int = 320, width: int = 25_000, period: int = 125_000) -> Stream:
    """Return 200 us of 2 mA cathodic, 30 us of nothing, 200 us anodic, discharge: 1 kHz."""
    gap = 3_750
    return stream(
        (width, 2, frame(2048 - code, 1, 2)),
        (gap, 0, frame(2048, 0, 0)),
        (width, 1, frame(2048 + code, 1, 2)),
        (period - 2 * width - gap, 0, frame(2048, 0, 3)),
    )


class Idler:
    """A device that only feeds its watchdog, and keeps when; it sleeps 5 ms where nothing runs."""

    def __init__(self, _board: Board, hal: SimHal):
        self.hal = hal
        self.turns_us: list[int] = []

    def turn(self) -> None:
        self.turns_us.append(self.hal.now_us())
        self.hal.feed_watchdog()
        if self.hal.stream_state()[0] != RUNNING:
            self.hal.wait(5)


class Sleeper(Idler):
    """A device that looks at nothing."""

    def turn(self) -> None:
        self.hal.feed_watchdog()
        self.hal.wait(10)


class Echo(Idler):
    """Sends every byte back, one higher."""

    def turn(self) -> None:
        super().turn()
        self.hal.link_write(bytes((byte + 1) % 256 for byte in self.hal.link_read()))


def bench(device: type[Idler] = Idler, ladder: bool = False, load=None, **options) -> SimBoard:
    """Return a bench with a resistor of 500 ohm and, by default, no errors of gain."""
    electrical = dict(
        stage=LADDER if ladder else CURRENT,
        load=load or RESISTOR,
        pins=LADDER_PINS if ladder else SERIAL_PINS,
    )
    return SimBoard(board(int(ladder)), electrical, make_device=device, **options)
