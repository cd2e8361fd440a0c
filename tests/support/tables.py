"""Shared by the tests of the pure core: a board and an encoder written by hand.

The encoder follows the words' definition, not pio_records.py, and the limits restated in the tests
are never imported: a mistake on one side cannot hide behind the same mistake on the other.
"""

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from scs.messages import error_texts
from stimcore import board, kernel
from stimcore.errors import Refused

# one tick is 8 ns, one DAC code 6.25 uA: 1 code x 1 tick is 0.05 pC
BOARD = board.Board(
    "pico/mcp4922-8/randles-500",
    clock_hz=125_000_000,
    stage=0,
    contacts=8,
    na_per_code=6_250,
    code_mid=2_048,
    code_span=2_047,
    overhead_ticks=139,
    min_record_ticks=289,
    compliance_mv=15_000,
    rest_tau_us=2_000,
    discharge_tau_us=2_000,  # 250,000 ticks
    discharge_least_us=0,  # no current of a discharge is judged
    soft_tau_us=0,
    soft_least_us=0,
    bleed_least_us=0,
    gain_mismatch_ppm=5_000,
    offset_na=2_000,
    adc_zero=2_048,
    load_ohm=500,
    load_nf=2_500,
    seen_ohm=500,
    seen_nf=2_500,
    load_tolerance_permille=50,
    load_id_code=2_816,
    load_id_tolerance=100,
    max_amplitude_ua=12_500,
    max_rate_millihz=10_000_000,
    current_offset=0,
    sense_na_per_lsb=12_500,
    voltage_offset=0,
    sense_uv_per_lsb=8_000,
)
# no mismatch, no offset: figures come out as the plain sums of the words
IDEAL = BOARD._replace(gain_mismatch_ppm=0, offset_na=0)
# the ladder: 8 bit, two contacts, 8.056 uA a code
LADDER = BOARD._replace(
    name="pico/r2r-1/resistor-1k",
    stage=1,
    contacts=2,
    na_per_code=8_056,
    code_mid=128,
    code_span=127,
    overhead_ticks=12,
    min_record_ticks=162,
    compliance_mv=1_650,
    load_ohm=1_000,
    load_nf=0,
    seen_ohm=1_000,
    seen_nf=0,
    max_amplitude_ua=1_000,
    max_rate_millihz=1_000_000,
)

AREA_UM2 = 12_440_000  # a contact of an octrode: 0.1244 cm2
E1, E2, E3, E4, E5, E6, E7, E8 = (1 << at for at in range(8))
ALL = E2 | E3 | E4  # the contacts of tonic() and balanced()
MS = 125_000  # ticks


class Rec(NamedTuple):
    """One record before it is encoded; flags None: what they should be."""

    ticks: int
    source: int = 0
    back: int = 0
    code: int = 0
    flags: int | None = None


Table = Sequence[Rec]


def drive(code: int, ticks: int, source: int = E3, back: int = E2 | E4) -> Rec:
    return Rec(ticks, source, back, code)


def idle(ticks: int) -> Rec:
    return Rec(ticks)


def discharge(ticks: int, back: int = ALL) -> Rec:
    return Rec(ticks, 0, back)


def weave(dac: int, switch: int) -> int:
    """Weave a frame: even bits = DAC word, odd bits = switch word."""
    bits = ((dac >> at & 1) | (switch >> at & 1) << 1 for at in range(16))
    return sum(pair << 2 * at for at, pair in enumerate(bits))


def frame(on: board.Board, one: Rec) -> int:
    if on.stage == 1:
        return 128 + one.code << 24
    return weave(0x3000 | 2048 + one.code, one.source << 8 | one.back)


def words(on: board.Board, *records: Rec) -> bytes:
    """Return the table of words of a period; the first record gets SYNC."""
    out = b""
    for at, one in enumerate(records):
        flags = one.flags
        if flags is None:
            flags = 0 if one.code == 0 else 1 if at else 2
        hold = one.ticks - on.overhead_ticks
        out += struct.pack("<II", hold << 2 | flags, frame(on, one))
    return out


def terms(
    area_um2: int = AREA_UM2,
    ceiling_ua: int = 25_500,
    from_na: list[int] | None = None,
    areas: dict[int, int] | None = None,
) -> kernel.Terms:
    """Return the same area and ceiling for all contacts, but for `areas` (contact number: um2)."""
    every = [(areas or {}).get(at, area_um2) for at in range(8)]
    return kernel.Terms(every, [ceiling_ua] * 8, from_na, 1_000)


def admit(on: board.Board, *records: Rec, under: kernel.Terms | None = None) -> kernel.Verdict:
    return kernel.admit(words(on, *records), on, under or terms())


def tonic(period: int = 20 * MS) -> tuple[Rec, ...]:
    """Return 2 mA x 200 us cathodic at E3, 30 us gap, a quarter four times as long, discharge."""
    rest = period - 25_000 - 3_750 - 100_000
    return drive(-320, 25_000), idle(3_750), drive(80, 100_000), discharge(rest)


def name(code: int) -> str:
    return str(error_texts.ERRORS[code].name)


def refusals(verdict: kernel.Verdict) -> dict[str, tuple[int, int]]:
    """Name of the refusal -> (value, limit), of the first row of each."""
    found: dict[str, tuple[int, int]] = {}
    for row in verdict.errors:
        found.setdefault(name(row[0]), (row[2], row[3]))
    return found


def held(
    inside: Table,
    outside: Table,
    refusal: str,
    numbers: tuple[int, int],
    on: board.Board = IDEAL,
    under: kernel.Terms | None = None,
) -> None:
    """Assert that one table is admitted and the other refused with (value, limit)."""
    good = admit(on, *inside, under=under)
    assert good.errors == []
    assert good.stream is not None
    bad = admit(on, *outside, under=under)
    assert bad.stream is None
    assert refusals(bad).get(refusal) == numbers, refusals(bad)


def figure(verdict: kernel.Verdict, wanted: str) -> int:
    return int(next(row[2] for row in verdict.figures if name(row[0]) == wanted))


def balanced(code: int, ticks: int, rest: int = 20 * MS) -> Table:
    """Return two equal phases of opposite sign and a discharge."""
    return drive(-code, ticks), drive(code, ticks), discharge(rest)


def refused(does: Callable[..., object], *arguments: object) -> tuple[str, int, int, int]:
    """Return (name, index, value, limit) of the refusal that a call ends in."""
    with pytest.raises(Refused) as caught:
        does(*arguments)
    why = caught.value
    assert why.rows[0] == (why.code, why.index, why.value, why.limit)
    return name(why.code), why.index, why.value, why.limit
