"""The schema of boards.yaml: boards, output stages and dummy loads, and what they must obey.

Role: Catalogue.read gives the checked tables. A stage may be tighter than stimcore.limits and
never looser; the refusal names the limit. Invariant: quantities are integers on their grid.
Requirements: REQ-19. Next: boards.py, which derives what the device and the simulator need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from stimcore import limits

from .checking import validate
from .complaints import Complaint, FileRefused, Place, path_text
from .fields import Quantity, Strict, Text, Whole, Word, absent
from .partsfile import Wiring, miswired
from .yamltext import Document, parse, read_bytes

VOLTS_NV = (1, 100_000_000_000)
OHMS = (1, 100_000_000)
COUNT = 1_000_000


class BoardError(FileRefused):
    """boards.yaml, or the combination asked of it, cannot be used."""


def _ohm(example: str, about: str) -> Quantity:
    return Quantity("ohm", *OHMS, example, about)


AboutText = Annotated[str, Text(200, "Raspberry Pi Pico (RP2040)", "one line for people")]
PinNumber = Annotated[int, Whole(0, 29, "2", "a GPIO")]


class Adc(Strict):
    """The converter, and the divider that tells the loads apart."""

    bits: Annotated[int, Whole(8, 16, "12", "resolution")]
    reference: Annotated[int, Quantity("mV", 1000, 5000, "3.3 V", "full scale")]
    id_divider: Annotated[int, _ohm("10 kohm", "from the pin load_id to the reference")]
    id_tolerance: Annotated[int, Whole(1, 200, "40", "ADC codes either side of a load's own")]


class BoardModel(Strict):
    """A microcontroller board."""

    about: AboutText
    chip: Annotated[str, Word(("rp2040", "rp2350"), "rp2040", "the microcontroller")]
    clock: Annotated[int, Quantity("MHz", 1, 300, "125 MHz", "one tick is one cycle of it")]
    micropython: Annotated[str, Text(80, "RPI_PICO-20260406-v1.28.0", "the pinned image")]
    adc: Adc


class Code(Strict):
    """The DAC's codes, offset binary."""

    bits: Annotated[int, Whole(4, 16, "12", "resolution")]
    mid: Annotated[int, Whole(1, 65535, "2048", "the code that gives no current")]
    span: Annotated[int, Whole(1, 32767, "2047", "largest distance of a code from mid")]


class Sense(Strict):
    """What one ADC code means."""

    current_per_lsb: Annotated[int, Quantity("nA", 1, COUNT, "12.5 uA", "current of one code")]
    voltage_per_lsb: Annotated[int, Quantity("uV", 1, COUNT, "8 mV", "load voltage of one code")]
    zero_code: Annotated[int, Whole(0, 65535, "2048", "the code of no current, no voltage")]


class Sequencer(Strict):
    """The PIO program that plays the records, and its own cycles."""

    program: Annotated[str, Word(("serial", "parallel"), "serial", "also the stage's encoding")]
    overhead_ticks: Annotated[int, Whole(0, 1000, "139", "length of a record of hold 0")]
    min_record_ticks: Annotated[int, Whole(0, 10_000, "250", "shortest record")]


class Max(Strict):
    """What the stage can do; the absolute ceilings hold as well."""

    amplitude: Annotated[
        int,
        Quantity("uA", 1, limits.AMPLITUDE_UA, "12.5 mA", "largest current", "limits.AMPLITUDE_UA"),
    ]
    rate: Annotated[
        int,
        Quantity(
            "mHz",
            limits.RATE_MIN_MHZ,
            limits.RATE_MAX_MHZ,
            "10 kHz",
            "highest rate",
            "limits.RATE_MAX_MHZ",
        ),
    ]


class StageModel(Strict):
    """An output stage."""

    about: AboutText
    kind: Annotated[str, Word(("current", "ladder"), "current", "what a code sets")]
    contacts: Annotated[int, Whole(2, limits.CONTACTS, "8", "how many", "limits.CONTACTS")]
    code: Code = Field(examples=[{"bits": 12, "mid": 2048, "span": 2047}])
    current_per_code: Annotated[
        int | None, Quantity("nA", 1, COUNT, "6.25 uA", "of a current stage")
    ] = Field(default_factory=absent)
    voltage_per_code: Annotated[
        int | None, Quantity("nV", *VOLTS_NV, "12890625 nV", "of a ladder")
    ] = Field(default_factory=absent)
    source_resistance: Annotated[int | None, _ohm("1 kohm", "of a ladder")] = Field(
        default_factory=absent
    )
    compliance: Annotated[int, Quantity("mV", 1, 100_000, "15 V", "largest voltage it can set")]
    settle: Annotated[int, Quantity("ns", 0, limits.WIDTH_MIN_NS, "1 us", "of a new code")]
    switch_resistance: Annotated[int, _ohm("100 ohm", "of the discharge path")]
    bleed: Annotated[int, _ohm("10 kohm", "across the load while it is disconnected")]
    blocking_capacitance: Annotated[
        int | None, Quantity("nF", 1, COUNT, "1.5 uF", "in series with the load; none if left out")
    ] = Field(default_factory=absent)
    discharge_time_constant: Annotated[
        int, Quantity("us", 1, COUNT, "2 ms", "the slowest it may be; a slower load is refused")
    ]
    gain_mismatch: Annotated[int, Quantity("ppm", 0, 100_000, "5000 ppm", "between polarities")]
    offset: Annotated[int, Quantity("nA", 0, COUNT, "2 uA", "largest current at the mid code")]
    inl: Annotated[int, Whole(0, 100, "2", "codes from a straight line, at most")]
    sense: Sense
    sequencer: Sequencer
    max: Max = Field(examples=[{"amplitude": "12.5 mA", "rate": "10 kHz"}])
    pins: dict[str, PinNumber] = Field(examples=[{"active": 6, "sync": 7}])


class LoadModel(Strict):
    """A dummy load: a resistance, alone or in series with a leaky capacitance."""

    about: AboutText
    resistance: Annotated[int, _ohm("500 ohm", "in series")]
    lead_resistance: Annotated[int | None, _ohm("10 ohm", "of each contact's wire")] = Field(
        default_factory=absent
    )
    capacitance: Annotated[
        int | None, Quantity("nF", 1, COUNT, "2.5 uF", "in series; none if left out")
    ] = Field(default_factory=absent)
    leak: Annotated[int | None, _ohm("100 kohm", "parallel to the capacitance")] = Field(
        default_factory=absent
    )
    cpe_exponent: Annotated[
        int | None,
        Quantity(
            "permille", 500, 1000, "85 %", "of a constant-phase element; a capacitor has 100 %"
        ),
    ] = Field(default_factory=absent)
    tolerance: Annotated[int, Quantity("permille", 1, 200, "5 %", "of resistance and capacitance")]
    id_resistor: Annotated[int, _ohm("22 kohm", "tells this load from the others")]


class Defaults(Strict):
    """The combination that is meant where nothing is said."""

    board: Annotated[str, Text(40, "pico", "a row of boards")]
    stage: Annotated[str, Text(40, "mcp4922-8", "a row of stages")]
    load: Annotated[str, Text(40, "randles-500", "a row of loads")]


class FileModel(Strict):
    """boards.yaml."""

    defaults: Defaults
    boards: Annotated[dict[str, BoardModel], Field(min_length=1)]
    stages: Annotated[dict[str, StageModel], Field(min_length=1)]
    loads: Annotated[dict[str, LoadModel], Field(min_length=1)]
    wiring: dict[str, Wiring]


@dataclass(frozen=True)
class Catalogue:
    """A checked boards.yaml; `document` knows the line of each value."""

    model: FileModel
    document: Document

    @classmethod
    def read(cls, path: str | Path) -> Catalogue:
        """The catalogue in a file; BoardError with every complaint about it."""
        return cls.from_text(read_bytes(path, BoardError), str(path))

    @classmethod
    def from_text(cls, text: bytes | str, name: str = "boards.yaml") -> Catalogue:
        """The catalogue in a text; BoardError as read."""
        document = parse(text, name, BoardError)
        model, complaints = validate(FileModel, document)
        complaints = document.complaints + complaints
        if model is not None:
            for place, message in conflicts(model):
                line = document.line(place)
                complaints.append(Complaint("conflict", path_text(place), line, message))
        if model is None or complaints:
            raise BoardError(name, complaints)
        return cls(model, document)


Wrong = tuple[Place, str]
# pins every stage has, then those of its encoding; the last group must be successive GPIOs
COMMON_PINS = ("active", "sync", "run", "gate", "sense_current", "sense_voltage", "load_id")
OWN_PINS = {
    "serial": ("sck", "ncs", "sdi_dac", "sdi_switch"),
    "parallel": tuple(f"data{bit}" for bit in range(8)),
}
# PIO shifts and sets groups of neighbours; each group in the order of its bits
NEIGHBOURS = {
    "serial": (("sdi_dac", "sdi_switch"), ("sck", "ncs"), ("active", "sync", "run")),
    "parallel": (OWN_PINS["parallel"], ("active", "sync", "run")),
}
SHAPES = {"serial": ("current", 12, 8), "parallel": ("ladder", 8, 2)}  # kind, bits, contacts


def conflicts(model: FileModel) -> Iterator[Wrong]:
    """All that rows, each good by itself, forbid one another."""
    tables: dict[str, Any] = {
        "board": model.boards,
        "stage": model.stages,
        "load": model.loads,
    }
    for part, rows in tables.items():
        wanted = getattr(model.defaults, part)
        if wanted not in rows:
            yield ("defaults", part), f"{wanted} is none of {', '.join(rows)}"
    for name, stage in model.stages.items():
        for place, message in _of_stage(stage):
            yield ("stages", name, *place), message
    for name, load in model.loads.items():
        for field, message in _of_load(load):
            yield ("loads", name, field), message
    yield from _look_alike(model)
    yield from miswired({name: stage.pins for name, stage in model.stages.items()}, model.wiring)


def _of_load(load: LoadModel) -> Iterator[tuple[str, str]]:
    if load.leak is not None and load.capacitance is None:
        yield "leak", "a leak stands parallel to a capacitance; give one"
    if load.cpe_exponent is not None and (load.capacitance is None or load.leak is None):
        yield "cpe_exponent", "a constant-phase element needs capacitance and leak; give both"


def _of_stage(stage: StageModel) -> Iterator[Wrong]:
    kind, bits, most = SHAPES[stage.sequencer.program]
    if (stage.kind, stage.code.bits) != (kind, bits) or stage.contacts > most:
        message = f"{stage.sequencer.program} plays a {kind} of {bits} bits and {most} contacts"
        yield ("sequencer", "program"), message
    low, high = stage.code.mid - stage.code.span, stage.code.mid + stage.code.span
    if low < 0 or high >= 1 << stage.code.bits:
        message = f"codes {low} to {high} do not fit in {stage.code.bits} bits"
        yield ("code", "span"), message
    if stage.sequencer.min_record_ticks < stage.sequencer.overhead_ticks:
        yield ("sequencer", "min_record_ticks"), "a record cannot be shorter than its overhead"
    needed = {"current": ("current_per_code",), "ladder": ("voltage_per_code", "source_resistance")}
    for owner, names in needed.items():
        for name in names:
            if (getattr(stage, name) is not None) != (owner == stage.kind):
                verb = "needs" if owner == stage.kind else "has no"
                yield (name,), f"a stage of kind {stage.kind} {verb} {name}"
    yield from _of_pins(stage)


def _of_pins(stage: StageModel) -> Iterator[Wrong]:
    needed = {*COMMON_PINS, *OWN_PINS[stage.sequencer.program]}
    given = set(stage.pins)
    for name in sorted(needed ^ given):
        word = "is missing" if name in needed else "is no pin of this stage"
        yield ("pins", name), f"{name} {word}"
    if needed != given:
        return
    owners: dict[int, str] = {}
    for name, number in stage.pins.items():
        if owners.setdefault(number, name) != name:
            yield ("pins", name), f"GPIO {number} is already {owners[number]}"
    for group in NEIGHBOURS[stage.sequencer.program]:
        for before, after in pairwise(group):
            if stage.pins[after] != stage.pins[before] + 1:
                yield ("pins", after), f"{after} must be the GPIO after {before}"


def id_code(load: LoadModel, adc: Adc) -> int:
    """ADC code at the load's id resistor, rounded: full scale x R / (R + divider)."""
    full, total = (1 << adc.bits) - 1, load.id_resistor + adc.id_divider
    return (2 * full * load.id_resistor + total) // (2 * total)


def _look_alike(model: FileModel) -> Iterator[Wrong]:
    """Loads whose windows of ADC codes overlap could be taken for one another."""
    for board, row in model.boards.items():
        codes = sorted((id_code(load, row.adc), name) for name, load in model.loads.items())
        for (low, before), (high, after) in pairwise(codes):
            if high - low <= 2 * row.adc.id_tolerance:
                message = f"{after} (code {high}) and {before} (code {low}) look alike to {board}"
                yield ("loads", after, "id_resistor"), message
