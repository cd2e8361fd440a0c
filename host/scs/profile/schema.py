"""Schema of a profile: every field with its default, an example and words about it.

Role: what profiles.md explains and editors get as JSON Schema; ranges come from fields.py.
Invariant: a validated ProfileModel holds integers only: mHz, ns, uA, ms; its lead is one of the
shipped ones. Requirements: REQ-60.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Discriminator, Field

from stimcore import limits

from ..catalog import leads
from ..catalog.leads import Lead
from ..documents.field_types import (
    MAPPING,
    WORD,
    Flag,
    Given,
    Leaf,
    OneOf,
    Shape,
    Strict,
    Text,
    Word,
    absent,
    word_or_mapping,
)
from ..documents.problem import ProblemError, printable
from .amplitude import Amplitude, AmplitudeField
from .fields import quantity, whole

LONGEST_NAME = 80
BURST_EXAMPLE: dict[str, Any] = {"burst": {"pulses": 5, "intra_rate": "500 Hz"}}
SEGMENT_EXAMPLE: list[dict[str, Any]] = [
    {"amplitude": "-100 %", "width": "200 us"},
    {"amplitude": "50 %", "width": "400 us"},
]
INTERLEAVE_EXAMPLE: dict[str, Any] = {"cathodes": ["E5"], "anodes": ["E4", "E6"], "split": "30 %"}
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
UP = "from zero to the amplitude; longer by default if steps of 500 uA per period need longer"
DISCHARGE = "limit of the discharge current, as a share of the contact's ceiling"
AFTER = "when the contacts are discharged"
OTHER = "the other one is given"


def default(text: Any) -> Any:
    """Return a field whose default is written as in a file, and validated the same way."""
    return Field(default=text, validate_default=True)


def optional(unset: str, *examples: Any, about: str = "") -> Any:
    """Return a field that may be left out; `unset` tells an editor's reader what then holds."""

    def describe(shape: Shape) -> None:
        shape["description"] = f"{about or shape['description']}; default: {unset}"

    shown = list(examples) or None
    return Field(default_factory=absent, examples=shown, json_schema_extra=describe)


@dataclass(frozen=True)
class LeadName(Leaf):
    """Field type: the name of a shipped lead, read as that Lead."""

    text: Text

    def read(self, value: Any) -> Lead:
        name = self.text.read(value)
        example = self.text.example
        try:
            return leads.read(name)
        except leads.LeadError as reason:
            known = ", ".join(leads.names())
            message = f"the lead's own file is damaged: {reason.lines()[0]}"
            raise ProblemError("lead-damaged", message, known, example) from None
        except KeyError as reason:
            known = ", ".join(leads.names())
            message = f"{printable(name)}: {reason.args[0]}"
            raise ProblemError("lead-unknown", message, known, example) from None

    def shape(self) -> Shape:
        return self.text.shape()


ContactName = Annotated[str, Text(20, "E3", "a contact of the lead")]
Contacts = Annotated[list[ContactName], Field(min_length=1, max_length=limits.CONTACTS)]
Threshold = Annotated[int | None, quantity("thresholds", "1.2 mA", "measured amplitude")]


class Burst(Strict):
    pulses: Annotated[int, whole("waveform.burst.pulses", "5", "pulses in a burst")]
    intra_rate: Annotated[
        int, quantity("waveform.burst.intra_rate", "500 Hz", "rate of a burst's pulses")
    ]


class BurstBox(Strict):
    burst: Burst = Field(
        examples=[BURST_EXAMPLE["burst"]],
        description="pulses in quick succession, repeated at the rate",
    )


class Passive(Strict):
    after: Annotated[str | None, Word(("pulse", "burst"), "pulse", AFTER)] = optional(
        "burst for a burst waveform, else pulse"
    )


class Active(Strict):
    ratio: Annotated[
        int,
        whole(
            "recharge.active.ratio",
            "4",
            "the recharge has 1/ratio of the amplitude, ratio times as long",
        ),
    ] = 1


class RechargeBox(OneOf):
    example: ClassVar[str] = "{active: {ratio: 4}}"
    passive: Annotated[Passive | None, Given(Passive)] = optional(
        OTHER, {"after": "pulse"}, about="the contacts are joined: the charge flows back by itself"
    )
    active: Annotated[Active | None, Given(Active)] = optional(
        OTHER, {"ratio": 4}, about="the source drives the opposite current"
    )


class Segment(Strict):
    amplitude: Annotated[
        int,
        quantity("shape.segments.amplitude", "-100 %", "of the amplitude; negative is cathodic"),
    ]
    width: Annotated[int, quantity("shape.segments.width", "200 us", "duration of the segment")]


class SegmentsBox(Strict):
    segments: Annotated[list[Segment], Field(min_length=2, max_length=limits.SEGMENTS)] = Field(
        examples=[SEGMENT_EXAMPLE],
        description="steps of a pulse, whose charge sums to zero",
    )


class Dither(Strict):
    rate: Annotated[
        int, quantity("dither.rate", "20 %", "largest delay of a pulse, of its interval")
    ] = default("0 %")
    width: Annotated[
        int, quantity("dither.width", "10 %", "largest deviation of the pulse width")
    ] = default("0 %")
    pulses: Annotated[
        int, whole("dither.pulses", "16", "pulses, or bursts, until the pattern repeats")
    ]
    seed: Annotated[int, whole("dither.seed", "1", "seed of the random sequence")] = 1


Tonic = Word(("tonic",), "tonic", "single pulses", "{burst: {pulses: 5, intra_rate: 500 Hz}}")
RechargeWord = Word(
    ("passive", "active"), "passive", "method of charge recovery", "{active: {ratio: 4}}"
)
ShapeWord = Word(
    ("square", "triphasic", "sine", "gaussian"), "square", "shape of a pulse", "{segments: [...]}"
)
_SLOW = (
    "slower pulses are an on time each, e.g. rate: 1 Hz with cycle: {on: 1 s, off: 4 s} and"
    " ramp: {up: 0 s, down: 0 s} for 0.2 Hz"
)
_SWAPPED = (
    "for an anodic first phase swap the contacts, each side in the other's place; e.g. cathodes:"
    " [E4], anodes: [E3] gives E3 a first phase that is anodic"
)
Polarity = Word(
    ("cathodic", "alternating"),
    "alternating",
    "polarity of the first phase",
    instead=(("anodic", _SWAPPED),),
)
Waveform = Annotated[
    Annotated[str, Tonic, WORD] | Annotated[BurstBox, MAPPING], Discriminator(word_or_mapping)
]
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

    perception: Threshold = optional("not measured")
    comfort: Threshold = optional("not measured")
    discomfort: Threshold = optional("not measured")


class Interleave(Strict):
    """Second set of contacts that receives a share of the pulses."""

    cathodes: Contacts = Field(
        examples=[["E5"]], description="contacts that are negative in the first phase of these"
    )
    anodes: Contacts = Field(
        examples=[["E4", "E6"]],
        description="contacts that are positive in the first phase of these",
    )
    split: Annotated[int, quantity("interleave.split", "30 %", "of the pulses, at these")]


class ProgramModel(Strict):
    """One pulse train on one set of contacts, or interleaved on two."""

    name: Annotated[str, Text(LONGEST_NAME, "low back", "name of the program")] = ""
    cathodes: Contacts = Field(
        examples=[["E3"]], description="contacts that are negative in the first phase"
    )
    anodes: Contacts = Field(
        examples=[["E2", "E4"]], description="contacts that are positive in the first phase"
    )
    waveform: Waveform = Field(
        default="tonic", examples=["tonic", BURST_EXAMPLE], description="single pulses, or bursts"
    )
    rate: Annotated[int, quantity("rate", "50 Hz", "pulses, or bursts, a second", below=_SLOW)]
    pulse_width: Annotated[
        int | None, quantity("pulse_width", "200 us", "length of the first phase")
    ] = optional("none: it is required, except beside segments")
    amplitude: Annotated[
        Amplitude, AmplitudeField(quantity("amplitude", "2 mA", "current of the first phase"))
    ]
    thresholds: Annotated[Thresholds | None, Given(Thresholds)] = optional(
        "none measured", THRESHOLDS_EXAMPLE, about="measured amplitudes, each above the one before"
    )
    ceiling: Annotated[int | None, quantity("ceiling", "3 mA", "ceiling of its amplitude")] = (
        optional("limits.amplitude, else the amplitude")
    )
    step: Annotated[
        int | None, quantity("step", "100 uA", "step in which its amplitude is raised")
    ] = optional("none")
    interphase_gap: Annotated[
        int, quantity("interphase_gap", "30 us", "gap between the first phase and its recharge")
    ] = default("0 us")
    recharge: Recharge = Field(
        default="passive",
        examples=["passive", {"active": {"ratio": 4}}],
        description="how the charge of a pulse is brought back",
    )
    shape: ShapeOf = Field(
        default="square",
        examples=["triphasic", {"segments": SEGMENT_EXAMPLE}],
        description="form of a pulse, by name or in segments",
    )
    polarity: Annotated[str, Polarity] = "cathodic"
    interleave: Annotated[Interleave | None, Given(Interleave)] = optional(
        "none", INTERLEAVE_EXAMPLE, about="other contacts, at which some of the pulses are given"
    )
    offset: Annotated[
        int | None, quantity("offset", "5 ms", "offset of its first pulse in the period")
    ] = optional("a free place in the period")
    dither: Annotated[Dither | None, Given(Dither)] = optional(
        "none",
        {"rate": "20 %", "pulses": 16},
        about="reproducible variation of interval and width from pulse to pulse",
    )


class Limits(Strict):
    amplitude: Annotated[
        int | None,
        quantity("limits.amplitude", "4 mA", "ceiling of every amplitude, also for live changes"),
    ] = optional("each program's own amplitude")
    discharge: Annotated[
        int, quantity("limits.discharge", "150 %", DISCHARGE, "limits.DISCHARGE_PERMILLE")
    ] = default("100 %")


class Ramp(Strict):
    up: Annotated[int, quantity("ramp.up", "2 s", UP)] = default("1 s")
    down: Annotated[int, quantity("ramp.down", "1 s", "from the amplitude to zero")] = default(
        "500 ms"
    )


class Cycle(Strict):
    on: Annotated[int, quantity("cycle.on", "30 s", "duration of stimulation")]
    off: Annotated[int, quantity("cycle.off", "90 s", "duration of the pause")]


class Session(OneOf):
    example: ClassVar[str] = "{duration: 10 min}"
    duration: Annotated[
        int | None, quantity("session.duration", "10 min", "duration until it stops")
    ] = optional(OTHER)
    pulses: Annotated[
        int | None, whole("session.pulses", "48", "number of pulses until it stops")
    ] = optional(OTHER)


Programs = Annotated[list[ProgramModel], Field(min_length=1, max_length=limits.PROGRAMS)]


_RATE = "give the rate, 1 / period, to 1 mHz; e.g. rate: 123.457 Hz for a period of 8.1 ms"
_INTERVALS = (
    "the pulses of a program come at one rate; dither varies their intervals at random, and "
    "programs with an offset repeat a pattern; e.g. offset: 5 ms"
)
_DELAY = "the output begins at START; a program comes later in each period by e.g. offset: 5 ms"
_RAMP = "there is one ramp for all programs, beside them; e.g. ramp: {up: 2 s, down: 1 s}"
_SOFT_START = (
    "the soft start cannot be left out, each step is 0.5 mA at most; the shortest is e.g. "
    "ramp: {up: 0 s}, with which 0.5 mA and less begin at full amplitude"
)
INSTEAD = {  # what published protocols give and a profile cannot say
    **dict.fromkeys(("period", "interval", "interpulse_interval"), _RATE),
    **dict.fromkeys(("intervals", "times", "pattern"), _INTERVALS),
    **dict.fromkeys(("delay", "onset", "start_delay"), _DELAY),
    **dict.fromkeys(("ramp", "ramp_up", "ramp_down"), _RAMP),
    "soft_start": _SOFT_START,
}


class ProfileModel(Strict):
    """Therapy: programs on the contacts of one lead, their limits and their timing."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROFILE_EXAMPLE]})
    instead: ClassVar[dict[str, str]] = INSTEAD
    name: Annotated[str, Text(LONGEST_NAME, "Tonic 50 Hz", "name of the profile")]
    lead: Annotated[
        Lead, LeadName(Text(LONGEST_NAME, "octrode-3mm", "a file of leads/, without .yaml"))
    ]
    programs: Programs = Field(
        examples=[[PROGRAM_EXAMPLE]], description="programs, whose pulses never overlap"
    )
    limits: Annotated[Limits | None, Given(Limits)] = optional(
        "each program's own amplitude",
        {"amplitude": "4 mA"},
        about="ceilings of this profile, below those of device and stage",
    )
    ramp: Ramp = Field(
        default_factory=Ramp,
        examples=[{"up": "2 s", "down": "1 s"}],
        description="rise to the amplitude and fall from it; default: {up: 1 s, down: 500 ms}",
    )
    cycle: Annotated[Cycle | None, Given(Cycle)] = optional(
        "it never pauses", {"on": "30 s", "off": "90 s"}, about="alternation of on and off time"
    )
    session: Annotated[Session | None, Given(Session)] = optional(
        "never",
        {"duration": "10 min"},
        {"pulses": 48},
        about="when it stops by itself: one of duration and pulses",
    )
    lease: Annotated[
        int, quantity("lease", "2 s", "it stops if the host is silent for this long")
    ] = default("2 s")
    output: Annotated[
        str, Word(("stimulation", "sync"), "sync", "sync: only marks on SYNC, no current")
    ] = "stimulation"
    stand_alone: Annotated[bool, Flag("it runs on without a host, with no lease")] = False
