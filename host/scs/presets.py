"""Table of the shipped therapies, with safety figures and supported stages.

Role: Preset is a row of `scs presets` and of profiles.md, from the check of the profile;
text() is the file that `scs new` copies. Invariant: every figure is the kernel's, of its words.
Requirements: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from stimcore import program

from . import resources
from .catalog import boards
from .documents import units
from .documents.problem import nearest
from .errors import WrongUsage
from .profile.waveforms import phase_widths_ns
from .recordings.profile import Profile
from .safety.check import Judgement, judge

STAGES = ("mcp4922-8", "r2r-1")
SCHEMA = "profile.schema.json"  # beside a profile, for editors
LOAD = "resistor-1k"  # for which the voltage needed is given


@dataclass(frozen=True)
class Preset:
    """Shipped therapy. Figures are the largest of any contact; None if no current flows.

    width: of the first phase; recharge: its width if the source drives it, else "passive".
    charge_uc, density_uc_cm2, shannon_k: of one phase; dc_na: worst case; volts: needed at 1 kOhm.
    stages: by stage, "" if it supports the therapy, else the reason why not.
    """

    name: str
    title: str
    rate: str
    width: str
    recharge: str
    amplitude: str
    charge_uc: float | None
    density_uc_cm2: float | None
    shannon_k: float | None
    dc_na: float | None
    volts: float | None
    stages: dict[str, str]


def names() -> list[str]:
    """Return the names of the shipped therapies, sorted."""
    return resources.stems("profiles")


def text(name: str) -> str:
    """Return the file of a shipped therapy with comments; raise WrongUsage if unknown."""
    if name not in names():
        hint = nearest(name, names()).rstrip("?") or "; e.g. tonic_50hz"
        raise WrongUsage(f"{name}: no such preset{hint} (`scs presets` lists them)")
    return resources.path(f"profiles/{name}.yaml").read_text(encoding="utf-8")


def schema() -> str:
    """Return the JSON Schema that the first line of each shipped therapy names, SCHEMA."""
    return resources.path(f"profiles/{SCHEMA}").read_text(encoding="utf-8")


def read(name: str) -> Profile:
    """Read the profile of a shipped therapy."""
    return Profile.read(resources.path(f"profiles/{name}.yaml"))


def rows() -> Iterator[Preset]:
    """Return the rows of all shipped therapies."""
    return (preset(name) for name in names())


@lru_cache(maxsize=64)
def preset(name: str) -> Preset:
    """Return the row of one therapy, checked on every stage."""
    profile = read(name)
    verdicts = {stage: judge(profile, boards.board(stage=stage)) for stage in STAGES}
    main = min(STAGES, key=lambda stage: (not verdicts[stage].figures, STAGES.index(stage)))
    loaded = judge(profile, boards.board(stage=main, load=LOAD))
    programs = profile.group.programs
    return Preset(
        name=name,
        title=profile.name,
        rate=_joined(map(rate, programs)),
        width=_joined(units.text(phase_widths_ns(row)[0], "ns") for row in programs),
        recharge="none" if profile.sync_only else _joined(map(recharge, programs)),
        amplitude="none"
        if profile.sync_only
        else _joined(units.text(row.amplitude_ua, "uA") for row in programs),
        charge_uc=_figure(verdicts[main], "phase_charge"),
        density_uc_cm2=_figure(verdicts[main], "density"),
        shannon_k=_figure(verdicts[main], "shannon"),
        dc_na=_figure(verdicts[main], "dc"),
        volts=_figure(loaded, "compliance"),
        stages={stage: _reason(verdicts[stage]) for stage in STAGES},
    )


def rate(train: program.Program) -> str:
    """Format a program's rate; for a burst, pulses, intra-burst rate and burst rate."""
    often = units.text(train.rate_millihz, "mHz")
    if train.pulses == 1:
        return often
    return f"{train.pulses} at {units.text(train.intra_rate_millihz, 'mHz')}, {often}"


def recharge(train: program.Program) -> str:
    """Format the width of a program's recharge, or that it is passive."""
    recharge_ns = phase_widths_ns(train)[1]
    return units.text(recharge_ns, "ns") if recharge_ns else "passive"


def _joined(texts: Iterator[str]) -> str:
    return " + ".join(dict.fromkeys(texts))


def _figure(verdict: Judgement, name: str) -> float | None:
    return next((row.value for row in verdict.figures if row.name == name), None)


def _reason(verdict: Judgement) -> str:
    """Return the first reason for a refusal with value and limit, or an empty text."""
    if not verdict.errors:
        return ""
    why = verdict.errors[0]
    text = why.id.replace("-", " ")
    return text if why.id == "stage-contacts" else f"{text}: {why.value}, limit {why.limit}"
