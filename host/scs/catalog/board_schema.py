"""Schema of boards.yaml: boards, output stages and dummy loads, each field with its range.

Role: the schema. A stage may be tighter than stimcore.limits and never looser; the refusal names
the limit. Invariant: quantities are integers on their grid. Requirements: REQ-19.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from stimcore import limits

from ..documents.field_types import Quantity, Strict, Text, Whole, Word, absent
from .wiring_schema import Wiring

VOLTS_NV = (1, 100_000_000_000)
OHMS = (1, 100_000_000)
COUNT = 1_000_000
RATES = (limits.RATE_MIN_MILLIHZ, limits.RATE_MAX_MILLIHZ)


def _absent() -> Any:
    return Field(default_factory=absent)


def _ohm(example: str, about: str) -> Quantity:
    return Quantity("ohm", *OHMS, example, about)


AboutText = Annotated[str, Text(200, "Raspberry Pi Pico (RP2040)", "description")]
PinNumber = Annotated[int, Whole(0, 29, "2", "a GPIO")]


class Adc(Strict):
    """ADC, and the divider that identifies the loads."""

    bits: Annotated[int, Whole(8, 16, "12", "resolution")]
    reference: Annotated[int, Quantity("mV", 1000, 5000, "3.3 V", "full scale")]
    id_divider: Annotated[int, _ohm("10 kohm", "from the pin load_id to the reference")]
    id_tolerance: Annotated[int, Whole(1, 200, "40", "ADC codes either side of a load's own")]


class BoardModel(Strict):
    """Microcontroller board."""

    about: AboutText
    chip: Annotated[str, Word(("rp2040", "rp2350"), "rp2040", "the microcontroller")]
    clock: Annotated[int, Quantity("MHz", 1, 300, "125 MHz", "one tick is one cycle of it")]
    micropython: Annotated[str, Text(80, "RPI_PICO-20260406-v1.28.0", "the pinned image")]
    adc: Adc


class Code(Strict):
    """DAC codes, offset binary."""

    bits: Annotated[int, Whole(4, 16, "12", "resolution")]
    mid: Annotated[int, Whole(1, 65535, "2048", "the code that gives no current")]
    span: Annotated[int, Whole(1, 32767, "2047", "largest distance of a code from mid")]


class Sense(Strict):
    """Scale and zero of the ADC codes."""

    current_per_lsb: Annotated[int, Quantity("nA", 1, COUNT, "12.5 uA", "current of one code")]
    voltage_per_lsb: Annotated[int, Quantity("uV", 1, COUNT, "8 mV", "load voltage of one code")]
    zero_code: Annotated[int, Whole(0, 65535, "2048", "the code of no current, no voltage")]


class Sequencer(Strict):
    """PIO program that plays the records, and its overhead in cycles."""

    program: Annotated[str, Word(("serial", "parallel"), "serial", "also the stage's encoding")]
    overhead_ticks: Annotated[int, Whole(0, 1000, "139", "length of a record of hold 0")]
    min_record_ticks: Annotated[int, Whole(0, 10_000, "250", "shortest record")]


class Max(Strict):
    """Maximum ratings of the stage; the absolute ceilings apply as well."""

    amplitude: Annotated[
        int,
        Quantity("uA", 1, limits.AMPLITUDE_UA, "12.5 mA", "largest current", "limits.AMPLITUDE_UA"),
    ]
    rate: Annotated[
        int, Quantity("mHz", *RATES, "10 kHz", "highest rate", "limits.RATE_MAX_MILLIHZ")
    ]


class StageModel(Strict):
    """Output stage."""

    about: AboutText
    kind: Annotated[str, Word(("current", "ladder"), "current", "quantity that a code sets")]
    contacts: Annotated[int, Whole(2, limits.CONTACTS, "8", "how many", "limits.CONTACTS")]
    code: Code = Field(examples=[{"bits": 12, "mid": 2048, "span": 2047}])
    current_per_code: Annotated[
        int | None, Quantity("nA", 1, COUNT, "6.25 uA", "of a current stage")
    ] = _absent()
    voltage_per_code: Annotated[
        int | None, Quantity("nV", *VOLTS_NV, "12890625 nV", "of a ladder")
    ] = _absent()
    source_resistance: Annotated[int | None, _ohm("1 kohm", "of a ladder")] = _absent()
    compliance: Annotated[int, Quantity("mV", 1, 100_000, "15 V", "largest voltage it can set")]
    settle: Annotated[int, Quantity("ns", 0, limits.WIDTH_MIN_NS, "1 us", "of a new code")]
    switch_resistance: Annotated[int, _ohm("100 ohm", "of the discharge path")]
    discharge_resistor: Annotated[
        int | None, _ohm("5.6 kohm", "in series with a soft discharge; none if left out")
    ] = _absent()
    bleed: Annotated[int, _ohm("10 kohm", "across the load while it is disconnected")]
    blocking_capacitance: Annotated[
        int | None, Quantity("nF", 1, COUNT, "1.5 uF", "in series with the load; a ladder needs it")
    ] = _absent()
    discharge_time_constant: Annotated[
        int, Quantity("us", 1, COUNT, "2 ms", "maximum; a slower load is refused")
    ]
    gain_mismatch: Annotated[int, Quantity("ppm", 0, 100_000, "5000 ppm", "between polarities")]
    offset: Annotated[int, Quantity("nA", 0, COUNT, "2 uA", "largest current at the mid code")]
    inl: Annotated[int, Whole(0, 100, "2", "maximum deviation from a straight line, in codes")]
    sense: Sense
    sequencer: Sequencer
    max: Max = Field(examples=[{"amplitude": "12.5 mA", "rate": "10 kHz"}])
    pins: dict[str, PinNumber] = Field(examples=[{"active": 6, "sync": 7}])


class LoadModel(Strict):
    """Dummy load: a resistance, alone or in series with a leaky capacitance."""

    about: AboutText
    resistance: Annotated[int, _ohm("500 ohm", "in series")]
    lead_resistance: Annotated[int | None, _ohm("10 ohm", "of each contact's wire")] = _absent()
    capacitance: Annotated[
        int | None, Quantity("nF", 1, COUNT, "2.5 uF", "in series; none if left out")
    ] = _absent()
    leak: Annotated[int | None, _ohm("100 kohm", "parallel to the capacitance")] = _absent()
    cpe_exponent: Annotated[
        int | None,
        Quantity(
            "permille", 500, 1000, "85 %", "of a constant-phase element; a capacitor has 100 %"
        ),
    ] = _absent()
    tolerance: Annotated[int, Quantity("permille", 1, 200, "5 %", "of resistance and capacitance")]
    id_resistor: Annotated[int, _ohm("22 kohm", "identifies this load")]


class Defaults(Strict):
    """Default combination of board, stage and load."""

    board: Annotated[str, Text(40, "pico", "a row of boards")]
    stage: Annotated[str, Text(40, "mcp4922-8", "a row of stages")]
    load: Annotated[str, Text(40, "randles-500", "a row of loads")]


class FileModel(Strict):
    """Whole file: boards.yaml."""

    defaults: Defaults
    boards: Annotated[dict[str, BoardModel], Field(min_length=1)]
    stages: Annotated[dict[str, StageModel], Field(min_length=1)]
    loads: Annotated[dict[str, LoadModel], Field(min_length=1)]
    wiring: dict[str, Wiring]
