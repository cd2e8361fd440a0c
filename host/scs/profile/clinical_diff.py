"""A profile in the words of a clinician's programmer, and where two of them differ.

Role: facts() turns the integers that the device gets, and what was measured, into quantities with
units; compare() sets two profiles side by side. Invariant: two profiles without a difference give
the device the same integers, but for the order of programs; names are no difference.
Requirements: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from stimcore import program

from ..documents import units
from .profile import Profile
from .thresholds import Settings

Value = float | str | None
# grid of the integers: (unit shown, how many of the grid make one)
_SCALES = {"uA": ("mA", 1e3), "ns": ("us", 1e3), "ms": ("s", 1e3), "mHz": ("Hz", 1e3)}
_RECHARGES = {
    program.RECHARGE_PASSIVE: "passive after each pulse",
    program.RECHARGE_PASSIVE_BURST: "passive after each burst",
}


@dataclass(frozen=True)
class Fact:
    """One quantity: `text` as people read it; `value` in `unit`, or the text where it has none."""

    name: str
    text: str
    value: Value
    unit: str = ""


@dataclass(frozen=True)
class Difference:
    """A quantity of two profiles. program: "" for the whole profile; only: "a" or "b" where the
    other has no such program.

    a, b: values in `unit` (texts where it is ""), None for what is not there; a_text, b_text: as
    people read them.
    """

    program: str
    only: str
    quantity: str
    a: Value
    b: Value
    unit: str
    a_text: str
    b_text: str

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON carries it."""
        return asdict(self)


def compare(one: Profile, other: Profile) -> list[Difference]:
    """All differences: the profile's own first, then program by program."""
    found = _differences("", "", facts(one), facts(other))
    for first, second in _pairs(one.program_names, other.program_names):
        named = [one.program_names[first]] if first is not None else []
        named += [other.program_names[second]] if second is not None else []
        label = " / ".join(dict.fromkeys(named))
        only = "b" if first is None else "a" if second is None else ""
        sides = (of_program(one, first), of_program(other, second))
        found += _differences(label, only, *sides)
    return found


def _pairs(
    ones: tuple[str, ...], others: tuple[str, ...]
) -> Iterator[tuple[int | None, int | None]]:
    """Programs that belong together: by their names, then what is left in the files' order."""
    left = list(range(len(others)))
    match: dict[int, int] = {}
    for at, name in enumerate(ones):
        same = next((where for where in left if others[where] == name), None)
        if same is not None:
            match[at] = same
            left.remove(same)
    for at in range(len(ones)):
        yield at, match[at] if at in match else (left.pop(0) if left else None)
    yield from ((None, where) for where in left)


def _differences(label: str, only: str, ones: list[Fact], others: list[Fact]) -> list[Difference]:
    mine, theirs = {one.name: one for one in ones}, {one.name: one for one in others}
    found = []
    for name in dict.fromkeys([*mine, *theirs]):
        a, b = mine.get(name), theirs.get(name)
        if a == b:
            continue
        unit = (a or b or Fact("", "", None)).unit
        values = (a.value if a else None, b.value if b else None)
        texts = (a.text if a else "none", b.text if b else "none")
        found.append(Difference(label, only, name, *values, unit, *texts))
    return found


# --- what a profile is -----------------------------------------------------------------------
def _quantity(name: str, steps: int, grid: str) -> Fact:
    unit, size = _SCALES[grid]
    return Fact(name, units.text(steps, grid), steps / size, unit)


def _word(name: str, text: str) -> Fact:
    return Fact(name, text, text)


def facts(profile: Profile) -> list[Fact]:
    """What holds for all programs; what there is not (a cycle, a session) is left out."""
    head = profile.group.header
    found = [
        _word("lead", profile.lead.name),
        _word("output", "sync" if profile.sync_only else "stimulation"),
        _quantity("ramp up", head.ramp_up_ms, "ms"),
        _quantity("ramp down", head.ramp_down_ms, "ms"),
    ]
    if head.discharge_permille != 1000:
        percent = head.discharge_permille / 10
        found.append(Fact("discharge permitted", f"{percent:g} %", percent, "%"))
    if head.cycle_on_ms:
        found.append(_quantity("cycle on", head.cycle_on_ms, "ms"))
        found.append(_quantity("cycle off", head.cycle_off_ms, "ms"))
    if head.session_ms:
        found.append(_quantity("session", head.session_ms, "ms"))
    if head.session_pulses:
        pulses = head.session_pulses
        found.append(Fact("session, pulses", str(pulses), pulses))
    found.append(_word("stand alone", "yes" if profile.stands_alone else "no"))
    return found if profile.stands_alone else [*found, _quantity("lease", head.lease_ms, "ms")]


def of_program(profile: Profile, number: int | None) -> list[Fact]:
    """The facts of one program; [] for None."""
    if number is None:
        return []
    one = profile.group.programs[number]
    found = [
        _word("cathodes", _contacts(profile, one.cathodes)),
        _word("anodes", _contacts(profile, one.anodes)),
        *_others(profile, one),
        _word("polarity", "alternating" if one.alternating else "cathodic"),
        _word("waveform", _waveform(one)),
        _quantity("rate", one.rate_millihz, "mHz"),
        _quantity("pulse width", one.width_ns, "ns"),
        _quantity("amplitude", one.amplitude_ua, "uA"),
        _quantity("ceiling", one.ceiling_ua, "uA"),
        *_person(profile.settings[number]),
        _word("shape", _shape(one)),
        _word("recharge", _RECHARGES.get(one.recharge) or f"active, 1:{one.ratio}"),
    ]
    if not profile.sync_only:
        found.append(_charge(one))
    if one.gap_ns:
        found.append(_quantity("interphase gap", one.gap_ns, "ns"))
    return found + _timing(one)


def _others(profile: Profile, one: program.Program) -> list[Fact]:
    """The contacts that take turns with the program's own, and how many of its pulses they get."""
    if not one.other_count:
        return []
    percent = 100 * one.other_count / one.count
    return [
        _word("other cathodes", _contacts(profile, one.other_cathodes)),
        _word("other anodes", _contacts(profile, one.other_anodes)),
        Fact("split", f"{percent:g} %", percent, "%"),
    ]


def _person(found: Settings) -> list[Fact]:
    """What was measured, and how the amplitude was chosen by it."""
    rows = {
        "perception": found.perception_ua,
        "comfort": found.comfort_ua,
        "discomfort": found.discomfort_ua,
        "step": found.step_ua,
    }
    facts = [_quantity(name, ua, "uA") for name, ua in rows.items() if ua]
    if found.permille:
        percent = found.permille / 10
        facts.append(Fact("of perception", f"{percent:g} %", percent, "%"))
    return facts


def _timing(one: program.Program) -> list[Fact]:
    found = [
        _quantity("first pulse at", one.phase_ns, "ns"),
        Fact("turns in a period", str(one.count), one.count),
    ]
    if one.rate_dither or one.width_dither or one.seed != 1:
        found.append(Fact("rate dither", f"{one.rate_dither / 10:g} %", one.rate_dither / 10, "%"))
        width = one.width_dither / 10
        found.append(Fact("width dither", f"{width:g} %", width, "%"))
        found.append(Fact("seed", str(one.seed), one.seed))
    return found


def _contacts(profile: Profile, mask: int) -> str:
    return " ".join(name for at, name in enumerate(profile.contact_names) if mask >> at & 1)


def _waveform(one: program.Program) -> str:
    if one.waveform == program.TONIC:
        return "tonic"
    return f"burst of {one.pulses} at {units.text(one.intra_rate_millihz, 'mHz')}"


def _shape(one: program.Program) -> str:
    if not one.segments:
        return "square"
    rows = (f"{share / 10:g} % {units.text(ns, 'ns')}" for share, ns in one.segments)
    return ", ".join(rows)


def _charge(one: program.Program) -> Fact:
    """Charge of a phase as it was asked for; of a shape that of the phase with the most."""
    most = run = 0
    for share, ns in one.segments or ((-1000, one.width_ns),):
        run = run + share * ns if share * run > 0 else share * ns
        most = max(most, abs(run))
    picocoulombs = one.amplitude_ua * most / 1e6
    return Fact("charge per phase", f"{picocoulombs / 1e6:.4g} µC", picocoulombs / 1e6, "uC")
