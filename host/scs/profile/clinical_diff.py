"""Describe a profile in clinical terms and list the differences between two profiles.

Role: facts() converts the device's integers and the measured thresholds to quantities with units;
compare() lists differences. Invariant: two profiles without a difference give the device the same
integers, apart from the order of programs; names are not compared.
Requirements: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stimcore.program import RECHARGE_PASSIVE, RECHARGE_PASSIVE_BURST, TONIC, Program

from ..documents import units
from . import waveforms
from .profile import Profile

Value = float | str | None
# grid of the integers: (unit shown, how many of the grid make one)
_SCALES = {
    "uA": ("mA", 1e3),
    "ns": ("us", 1e3),
    "ms": ("s", 1e3),
    "mHz": ("Hz", 1e3),
}
_RECHARGES = {
    RECHARGE_PASSIVE: "passive after each pulse",
    RECHARGE_PASSIVE_BURST: "passive after each burst",
}


@dataclass(frozen=True)
class Fact:
    """One quantity: `text` for display; `value` in `unit`, or the text if it has no unit."""

    name: str
    text: str
    value: Value
    unit: str = ""


@dataclass(frozen=True)
class Difference:
    """A quantity that differs between two profiles.

    program: "" for the whole profile; only: "a" or "b" if the other has no such program; a, b:
    values in `unit` (texts if it is ""), None if absent; a_text, b_text: for display.
    """

    program: str
    only: str
    quantity: str
    a: Value
    b: Value
    unit: str
    a_text: str
    b_text: str


def compare(a: Profile, b: Profile) -> list[Difference]:
    """Return all differences: those of the whole profile first, then program by program."""
    rows = list(_differences("", "", facts(a), facts(b)))
    for first, second in _pairs(a.program_names, b.program_names):
        names = [a.program_names[first]] if first is not None else []
        names += [b.program_names[second]] if second is not None else []
        only = "b" if first is None else "a" if second is None else ""
        label = " / ".join(dict.fromkeys(names))
        rows += _differences(label, only, of_program(a, first), of_program(b, second))
    return rows


def _pairs(a: tuple[str, ...], b: tuple[str, ...]) -> Iterator[tuple[int | None, int | None]]:
    """Pair the programs of two profiles by name, then the rest in file order."""
    left = list(range(len(b)))
    match: dict[int, int] = {}
    for at, name in enumerate(a):
        same = next((where for where in left if b[where] == name), None)
        if same is not None:
            match[at] = same
            left.remove(same)
    for at in range(len(a)):
        yield at, match[at] if at in match else (left.pop(0) if left else None)
    yield from ((None, where) for where in left)


def _differences(label: str, only: str, a: list[Fact], b: list[Fact]) -> Iterator[Difference]:
    mine, theirs = ({fact.name: fact for fact in facts} for facts in (a, b))
    for name in {**mine, **theirs}:
        absent = Fact(name, "none", None, (mine.get(name) or theirs[name]).unit)
        first, second = mine.get(name, absent), theirs.get(name, absent)
        if first != second:
            values, texts = (first.value, second.value), (first.text, second.text)
            yield Difference(label, only, name, *values, first.unit, *texts)


# --- facts of a profile ----------------------------------------------------------------------
def _quantity(name: str, steps: int, grid: str) -> Fact:
    unit, size = _SCALES[grid]
    return Fact(name, units.text(steps, grid), steps / size, unit)


def _percent(name: str, percent: float) -> Fact:
    return Fact(name, f"{percent:g} %", percent, "%")


def _count(name: str, count: int) -> Fact:
    return Fact(name, str(count), count)


def _word(name: str, text: str) -> Fact:
    return Fact(name, text, text)


def facts(profile: Profile) -> list[Fact]:
    """Return the facts common to all programs; absent ones (cycle, session) are left out."""
    header = profile.group.header
    rows = [
        _word("lead", profile.lead.name),
        _word("output", "sync" if profile.sync_only else "stimulation"),
        _quantity("ramp up", header.ramp_up_ms, "ms"),
        _quantity("ramp down", header.ramp_down_ms, "ms"),
    ]
    if header.discharge_permille != 1000:
        rows.append(_percent("discharge permitted", header.discharge_permille / 10))
    if header.cycle_on_ms:
        rows.append(_quantity("cycle on", header.cycle_on_ms, "ms"))
        rows.append(_quantity("cycle off", header.cycle_off_ms, "ms"))
    if header.session_ms:
        rows.append(_quantity("session", header.session_ms, "ms"))
    if header.session_pulses:
        rows.append(_count("session, pulses", header.session_pulses))
    rows.append(_word("stand alone", "yes" if profile.stands_alone else "no"))
    return rows if profile.stands_alone else [*rows, _quantity("lease", header.lease_ms, "ms")]


def of_program(profile: Profile, number: int | None) -> list[Fact]:
    """Return the facts of one program; [] for None."""
    if number is None:
        return []
    program = profile.group.programs[number]
    first_phase_ns, recharge_ns = waveforms.phase_widths_ns(program)
    rows = [
        _word("cathodes", _contacts(profile, program.cathodes)),
        _word("anodes", _contacts(profile, program.anodes)),
    ]
    if program.other_count:
        rows.append(_word("other cathodes", _contacts(profile, program.other_cathodes)))
        rows.append(_word("other anodes", _contacts(profile, program.other_anodes)))
        rows.append(_percent("split", 100 * program.other_count / program.count))
    rows += [
        _word("polarity", "alternating" if program.alternating else "cathodic"),
        _word("waveform", "tonic" if program.waveform == TONIC else _burst(program)),
        _quantity("rate", program.rate_millihz, "mHz"),
        _quantity("pulse width", first_phase_ns, "ns"),
        _quantity("amplitude", program.amplitude_ua, "uA"),
        _quantity("ceiling", program.ceiling_ua, "uA"),
        *_settings(profile, number),
        _word("shape", _shape(program)),
        _word("recharge", _recharge(program)),
    ]
    if program.segments:
        rows.append(_quantity("recharge width", recharge_ns, "ns"))
    if not profile.sync_only:
        microcoulombs = _charge_uc(program)
        rows.append(Fact("charge per phase", f"{microcoulombs:.4g} µC", microcoulombs, "uC"))
    if program.gap_ns:
        rows.append(_quantity("interphase gap", program.gap_ns, "ns"))
    rows.append(_quantity("first pulse at", program.offset_ns, "ns"))
    rows.append(_count("turns in a period", program.count))
    if program.rate_dither or program.width_dither or program.seed != 1:
        rows.append(_percent("rate dither", program.rate_dither / 10))
        rows.append(_percent("width dither", program.width_dither / 10))
        rows.append(_count("seed", program.seed))
    return rows


def _settings(profile: Profile, number: int) -> list[Fact]:
    """Return the measured thresholds, and the amplitude's share of perception."""
    settings = profile.settings[number]
    measured = {
        "perception": settings.perception_ua,
        "comfort": settings.comfort_ua,
        "discomfort": settings.discomfort_ua,
        "step": settings.step_ua,
    }
    rows = [_quantity(name, ua, "uA") for name, ua in measured.items() if ua]
    return [*rows, _percent("of perception", settings.permille / 10)] if settings.permille else rows


def _contacts(profile: Profile, mask: int) -> str:
    return " ".join(name for at, name in enumerate(profile.contact_names) if mask >> at & 1)


def _burst(program: Program) -> str:
    return f"burst of {program.pulses} at {units.text(program.intra_rate_millihz, 'mHz')}"


def _shape(program: Program) -> str:
    steps = (f"{share / 10:g} % {units.text(ns, 'ns')}" for share, ns in program.segments)
    return ", ".join(steps) or "square"


def _recharge(program: Program) -> str:
    passive = _RECHARGES.get(program.recharge)
    if program.segments:
        return f"of the shape, then {passive}"
    return passive or f"active, 1:{program.ratio}"


def _charge_uc(program: Program) -> float:
    """Return the requested charge per phase; for a shape, that of its largest phase."""
    most = run = 0
    for share, ns in program.segments or ((-1000, program.width_ns),):
        run = run + share * ns if share * run > 0 else share * ns
        most = max(most, abs(run))
    return float(program.amplitude_ua * most / 1e12)
