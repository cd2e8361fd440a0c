"""Describe a profile in clinical terms and list the differences between two profiles.

Role: facts() converts the device's integers and the measured thresholds to quantities with units;
compare() lists differences. Invariant: two profiles without a difference give the device the same
integers, apart from the order of programs; names are not compared.
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

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


def compare(one: Profile, other: Profile) -> list[Difference]:
    """Return all differences: those of the whole profile first, then program by program."""
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
    """Pair the programs of two profiles by name, then the rest in file order."""
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


# --- facts of a profile ----------------------------------------------------------------------
def _quantity(name: str, steps: int, grid: str) -> Fact:
    unit, size = _SCALES[grid]
    return Fact(name, units.text(steps, grid), steps / size, unit)


def _word(name: str, text: str) -> Fact:
    return Fact(name, text, text)


def facts(profile: Profile) -> list[Fact]:
    """Return the facts common to all programs; absent ones (cycle, session) are left out."""
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
    """Return the facts of one program; [] for None."""
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
    """Return the interleave contacts and their share of the pulses."""
    if not one.other_count:
        return []
    percent = 100 * one.other_count / one.count
    return [
        _word("other cathodes", _contacts(profile, one.other_cathodes)),
        _word("other anodes", _contacts(profile, one.other_anodes)),
        Fact("split", f"{percent:g} %", percent, "%"),
    ]


def _person(found: Settings) -> list[Fact]:
    """Return the measured thresholds, and the amplitude's share of perception."""
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
        _quantity("first pulse at", one.offset_ns, "ns"),
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
    """Return the requested charge per phase; for a shape, that of its largest phase."""
    most = run = 0
    for share, ns in one.segments or ((-1000, one.width_ns),):
        run = run + share * ns if share * run > 0 else share * ns
        most = max(most, abs(run))
    picocoulombs = one.amplitude_ua * most / 1e6
    return Fact("charge per phase", f"{picocoulombs / 1e6:.4g} µC", picocoulombs / 1e6, "uC")
