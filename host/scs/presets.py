"""Table of the shipped therapies, with safety figures and supported stages.

Role: Preset is a row of `scs presets` and of profiles.md, from the check of the profile;
text() is the file that `scs new` copies. Invariant: every figure is the kernel's, of its words.
Requirements: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from stimcore import program

from . import resources
from .catalog import boards
from .documents import units
from .documents.problem import nearest
from .errors import WrongUsage
from .profile.profile import Profile
from .safety.check import Judgement, judge

STAGES = ("mcp4922-8", "r2r-1")
LOAD = "resistor-1k"  # for which the voltage needed is given


@dataclass(frozen=True)
class Preset:
    """Shipped therapy. Figures are the largest of any contact; None if no current flows.

    charge_uc, density_uc_cm2, shannon_k: of one phase; dc_na: worst case; volts: needed at 1 kOhm.
    stages: by stage, "" if it supports the therapy, else the reason why not.
    """

    name: str
    title: str
    rate: str
    width: str
    amplitude: str
    charge_uc: float | None
    density_uc_cm2: float | None
    shannon_k: float | None
    dc_na: float | None
    volts: float | None
    stages: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


def names() -> list[str]:
    """Return the names of the shipped therapies, sorted."""
    return resources.stems("profiles")


def text(name: str) -> str:
    """Return the file of a shipped therapy with comments; raise WrongUsage if unknown."""
    if name not in names():
        hint = nearest(name, names()).rstrip("?") or "; write for example tonic_50hz"
        raise WrongUsage(f"{name}: no such preset{hint} (`scs presets` lists them)")
    return resources.path(f"profiles/{name}.yaml").read_text(encoding="utf-8")


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
        rate=_joined(rate(one) for one in programs),
        width=_joined(units.text(one.width_ns, "ns") for one in programs),
        amplitude="none"
        if profile.sync_only
        else _joined(units.text(one.amplitude_ua, "uA") for one in programs),
        charge_uc=_figure(verdicts[main], "phase_charge"),
        density_uc_cm2=_figure(verdicts[main], "density"),
        shannon_k=_figure(verdicts[main], "shannon"),
        dc_na=_figure(verdicts[main], "dc"),
        volts=_figure(loaded, "compliance"),
        stages={stage: _reason(verdicts[stage]) for stage in STAGES},
    )


def rate(one: program.Program) -> str:
    """Format a program's rate; for a burst, pulses, intra-burst rate and burst rate."""
    often = units.text(one.rate_millihz, "mHz")
    if one.pulses == 1:
        return often
    return f"{one.pulses} at {units.text(one.intra_rate_millihz, 'mHz')}, {often}"


def _joined(texts: Iterator[str]) -> str:
    return " + ".join(dict.fromkeys(texts))


def _figure(verdict: Judgement, name: str) -> float | None:
    return next((one.value for one in verdict.figures if one.name == name), None)


def _reason(verdict: Judgement) -> str:
    """Return the first reason for a refusal with value and limit, or an empty text."""
    if not verdict.errors:
        return ""
    why = verdict.errors[0]
    said = why.id.replace("-", " ")
    return said if why.id == "stage-contacts" else f"{said}: {why.value}, limit {why.limit}"
