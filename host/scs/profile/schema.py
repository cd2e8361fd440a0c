"""Schema of a profile: every field with its unit, range and default.

Role: the one table of a profile's fields; profiles.md explains it and editors get it
as JSON Schema. Ranges come from stimcore.limits, never from here.
Invariant: a validated ProfileModel holds integers only: mHz, ns, uA, ms. Requirements: REQ-60.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, model_validator

from stimcore import limits

from ..documents.field_types import Flag, Given, Quantity, Strict, Text, Whole, Word, absent, refuse
from ..documents.model_validation import MAPPING, WORD, word_or_mapping
from . import ratios
from .amplitude import Amplitude, Dose

LONGEST_NAME = 80
RATES = (limits.RATE_MIN_MILLIHZ, limits.RATE_MAX_MILLIHZ)
WIDTHS = (limits.WIDTH_MIN_NS, limits.WIDTH_MAX_NS)
GAPS = (0, limits.GAP_MAX_NS)
AMPLITUDES = (1, limits.AMPLITUDE_UA)
RAMPS = (0, limits.RAMP_MAX_MS)
CYCLES = (limits.CYCLE_MIN_MS, limits.CYCLE_MAX_MS)
SESSIONS = (1, limits.SESSION_MAX_MS)
STEPS = (1, 1_000)  # uA; implants have 25 uA to 0.5 mA
LEASES = (limits.LEASE_MIN_MS, limits.LEASE_MAX_MS)
SEGMENT_NS = (1_000, limits.WIDTH_MAX_NS)
SHARES = (-1000, 1000)
PHASES = (0, limits.PERIOD_MAX_NS)
DISCHARGES = (limits.DISCHARGE_LEAST_PERMILLE, limits.DISCHARGE_PERMILLE)
DITHERS = (0, limits.DITHER_PERMILLE)
BURST_PULSES = (limits.BURST_PULSES_MIN, limits.BURST_PULSES_MAX)
RATIOS = (1, limits.RECHARGE_RATIO_MAX)

BURST_EXAMPLE: dict[str, Any] = {"burst": {"pulses": 5, "intra_rate": "500 Hz"}}
SEGMENT_EXAMPLE: list[dict[str, Any]] = [
    {"amplitude": "-100 %", "width": "200 us"},
    {"amplitude": "50 %", "width": "400 us"},
]
INTERLEAVE_EXAMPLE: dict[str, Any] = {
    "cathodes": ["E5"],
    "anodes": ["E4", "E6"],
    "split": "30 %",
}
DITHER_EXAMPLE: dict[str, Any] = {"rate": "20 %", "pulses": 16}
THRESHOLDS_EXAMPLE: dict[str, Any] = {
    "perception": "1.2 mA",
    "comfort": "2 mA",
    "discomfort": "3 mA",
}
PROGRAM_EXAMPLE: dict[str, Any] = {
    "cathodes": ["E3"],
    "anodes": ["E2", "E4"],
    "rate": "50 Hz",
    "pulse_width": "200 us",
    "amplitude": "2 mA",
}
PROFILE_EXAMPLE: dict[str, Any] = {
    "name": "Tonic 50 Hz",
    "lead": "octrode-3mm",
    "programs": [PROGRAM_EXAMPLE],
}
ONE_FIELD = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


def default(text: Any) -> Any:
    """Return a field whose default is written as in a file, and validated the same way."""
    return Field(default=text, validate_default=True)


def one_of(model: Strict, example: str) -> None:
    """Check that exactly one of a mapping's fields is given."""
    names = list(type(model).model_fields)
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "neither"
        message = f"takes one of {' or '.join(names)}, not {found}; write for example {example}"
        raise refuse("type", message, " or ".join(names), example)


class Burst(Strict):
    pulses: Annotated[int, Whole(*BURST_PULSES, "5", "pulses in a burst")]
    intra_rate: Annotated[int, Quantity("mHz", *RATES, "500 Hz", "rate of a burst's pulses")]


class BurstBox(Strict):
    burst: Burst = Field(examples=[BURST_EXAMPLE["burst"]])


AFTER = "when the contacts are discharged; default: burst for a burst waveform, else pulse"


class Passive(Strict):
    after: Annotated[str | None, Word(("pulse", "burst"), "pulse", AFTER)] = Field(
        default_factory=absent
    )


class Active(Strict):
    ratio: Annotated[
        int, Whole(*RATIOS, "4", "the recharge has 1/ratio of the amplitude, ratio times as long")
    ] = 1


class RechargeBox(Strict):
    model_config = ONE_FIELD
    passive: Annotated[Passive | None, Given(Passive)] = Field(
        default_factory=absent, examples=[{"after": "pulse"}]
    )
    active: Annotated[Active | None, Given(Active)] = Field(
        default_factory=absent, examples=[{"ratio": 4}]
    )

    @model_validator(mode="after")
    def one(self) -> RechargeBox:
        one_of(self, "{active: {ratio: 4}}")
        return self


class Segment(Strict):
    amplitude: Annotated[
        int, Quantity("permille", *SHARES, "-100 %", "of the amplitude; negative is cathodic")
    ]
    width: Annotated[int, Quantity("ns", *SEGMENT_NS, "200 us", "duration of the segment")]


class SegmentsBox(Strict):
    segments: Annotated[list[Segment], Field(min_length=2, max_length=limits.SEGMENTS)] = Field(
        examples=[SEGMENT_EXAMPLE]
    )


class Dither(Strict):
    rate: Annotated[
        int, Quantity("permille", *DITHERS, "20 %", "largest delay of a pulse, of its interval")
    ] = default("0 %")
    width: Annotated[
        int, Quantity("permille", *DITHERS, "10 %", "largest deviation of the pulse width")
    ] = default("0 %")
    pulses: Annotated[
        int, Whole(2, limits.PERIOD_TIMES, "16", "pulses, or bursts, until the pattern repeats")
    ]
    seed: Annotated[int, Whole(1, 65535, "1", "seed of the random sequence")] = 1


Threshold = Annotated[int | None, Quantity("uA", *AMPLITUDES, "1.2 mA", "measured amplitude")]
ContactName = Annotated[str, Text(20, "E3", "a contact of the lead")]
Contacts = Annotated[list[ContactName], Field(min_length=1, max_length=limits.CONTACTS)]
Tonic = Word(("tonic",), "tonic", "single pulses", "{burst: {pulses: 5, intra_rate: 500 Hz}}")
Waveform = Annotated[
    Annotated[str, Tonic, WORD] | Annotated[BurstBox, MAPPING], Discriminator(word_or_mapping)
]
RechargeWord = Word(
    ("passive", "active"), "passive", "method of charge recovery", "{active: {ratio: 4}}"
)
ShapeWord = Word(
    ("square", "triphasic", "sine", "gaussian"),
    "square",
    "shape of a pulse",
    "{segments: [...]}",
)
ShapeOf = Annotated[
    Annotated[str, ShapeWord, WORD] | Annotated[SegmentsBox, MAPPING],
    Discriminator(word_or_mapping),
]
Recharge = Annotated[
    Annotated[str, RechargeWord, WORD] | Annotated[RechargeBox, MAPPING],
    Discriminator(word_or_mapping),
]


class Thresholds(Strict):
    """Thresholds measured for one patient (or the bench load)."""

    perception: Threshold = Field(default_factory=absent)
    comfort: Threshold = Field(default_factory=absent)
    discomfort: Threshold = Field(default_factory=absent)


class Interleave(Strict):
    """Second set of contacts that receives a share of the pulses."""

    cathodes: Contacts = Field(examples=[["E5"]])
    anodes: Contacts = Field(examples=[["E4", "E6"]])
    split: Annotated[
        int, Quantity("permille", ratios.LEAST, ratios.MOST, "30 %", "of the pulses, at these")
    ]


class ProgramModel(Strict):
    """One pulse train on one set of contacts, or interleaved on two."""

    name: Annotated[str, Text(LONGEST_NAME, "low back", "name of the program")] = ""
    cathodes: Contacts = Field(
        examples=[["E3"]], description="contacts that are negative in the first phase"
    )
    anodes: Contacts = Field(
        examples=[["E2", "E4"]], description="contacts that are positive in the first phase"
    )
    waveform: Waveform = Field(default="tonic", examples=["tonic", BURST_EXAMPLE])
    rate: Annotated[int, Quantity("mHz", *RATES, "50 Hz", "pulses, or bursts, a second")]
    pulse_width: Annotated[
        int | None, Quantity("ns", *WIDTHS, "200 us", "length of the first phase")
    ] = Field(default_factory=absent)
    amplitude: Annotated[Dose, Amplitude(*AMPLITUDES, "2 mA", "current of the first phase")]
    thresholds: Annotated[Thresholds | None, Given(Thresholds)] = Field(
        default_factory=absent, examples=[THRESHOLDS_EXAMPLE]
    )
    ceiling: Annotated[
        int | None, Quantity("uA", *AMPLITUDES, "3 mA", "ceiling of its amplitude")
    ] = Field(default_factory=absent)
    step: Annotated[
        int | None, Quantity("uA", *STEPS, "100 uA", "step in which its amplitude is raised")
    ] = Field(default_factory=absent)
    interphase_gap: Annotated[
        int, Quantity("ns", *GAPS, "30 us", "gap between the first phase and its recharge")
    ] = default("0 us")
    recharge: Recharge = Field(default="passive", examples=["passive", {"active": {"ratio": 4}}])
    shape: ShapeOf = Field(default="square", examples=["triphasic", {"segments": SEGMENT_EXAMPLE}])
    polarity: Annotated[
        str, Word(("cathodic", "alternating"), "alternating", "polarity of the first phase")
    ] = "cathodic"
    interleave: Annotated[Interleave | None, Given(Interleave)] = Field(
        default_factory=absent, examples=[INTERLEAVE_EXAMPLE]
    )
    phase: Annotated[
        int | None, Quantity("ns", *PHASES, "5 ms", "offset of its first pulse in the period")
    ] = Field(default_factory=absent)
    dither: Annotated[Dither | None, Given(Dither)] = Field(
        default_factory=absent, examples=[DITHER_EXAMPLE]
    )


DISCHARGE = "limit of the discharge current, as a share of the contact's ceiling"
Programs = Annotated[list[ProgramModel], Field(min_length=1, max_length=limits.PROGRAMS)]


class Limits(Strict):
    amplitude: Annotated[
        int | None,
        Quantity("uA", *AMPLITUDES, "4 mA", "ceiling of every amplitude, also for live changes"),
    ] = Field(default_factory=absent)
    discharge: Annotated[
        int, Quantity("permille", *DISCHARGES, "150 %", DISCHARGE, "limits.DISCHARGE_PERMILLE")
    ] = default("100 %")


UP = "from zero to the amplitude; longer by default if steps of 500 uA per period need longer"


class Ramp(Strict):
    up: Annotated[int, Quantity("ms", *RAMPS, "2 s", UP)] = default("1 s")
    down: Annotated[int, Quantity("ms", *RAMPS, "1 s", "from the amplitude to zero")] = default(
        "500 ms"
    )


class Cycle(Strict):
    on: Annotated[int, Quantity("ms", *CYCLES, "30 s", "duration of stimulation")]
    off: Annotated[int, Quantity("ms", *CYCLES, "90 s", "duration of the pause")]


class Session(Strict):
    model_config = ONE_FIELD
    duration: Annotated[
        int | None, Quantity("ms", *SESSIONS, "10 min", "duration until it stops")
    ] = Field(default_factory=absent)
    pulses: Annotated[
        int | None, Whole(1, limits.SESSION_PULSES_MAX, "48", "number of pulses until it stops")
    ] = Field(default_factory=absent)

    @model_validator(mode="after")
    def one(self) -> Session:
        one_of(self, "{duration: 10 min}")
        return self


class ProfileModel(Strict):
    """Therapy: programs on the contacts of one lead, their limits and their timing."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROFILE_EXAMPLE]})
    name: Annotated[str, Text(LONGEST_NAME, "Tonic 50 Hz", "name of the profile")]
    lead: Annotated[str, Text(LONGEST_NAME, "octrode-3mm", "a file of leads/, without .yaml")]
    programs: Programs = Field(
        examples=[[PROGRAM_EXAMPLE]], description="programs, whose pulses never overlap"
    )
    limits: Annotated[Limits | None, Given(Limits)] = Field(
        default_factory=absent, examples=[{"amplitude": "4 mA"}]
    )
    ramp: Ramp = Field(default_factory=Ramp, examples=[{"up": "2 s", "down": "1 s"}])
    cycle: Annotated[Cycle | None, Given(Cycle)] = Field(
        default_factory=absent, examples=[{"on": "30 s", "off": "90 s"}]
    )
    session: Annotated[Session | None, Given(Session)] = Field(
        default_factory=absent, examples=[{"duration": "10 min"}, {"pulses": 48}]
    )
    lease: Annotated[
        int, Quantity("ms", *LEASES, "2 s", "it stops if the host is silent for this long")
    ] = default("2 s")
    output: Annotated[
        str, Word(("stimulation", "sync"), "sync", "sync: only marks on SYNC, no current")
    ] = "stimulation"
    stand_alone: Annotated[bool, Flag("it runs on without a host, with no lease")] = False
