"""Whole valid profiles drawn at random, each with what it asks for worked out apart from scs.

Role: profiles() is a hypothesis strategy of Drawn: the YAML's values, and for each program a Wanted
in whole units. Every waveform, shape and polarity, dither, several programs, a person's settings.
Invariant: nothing here is read from scs or stimcore.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml
from hypothesis import assume
from hypothesis import strategies as st

Row = dict[str, Any]
COLUMNS = {
    "octrode-3mm": [f"E{at}" for at in range(1, 9)],
    "quad-3mm": [f"E{at}" for at in range(1, 5)],
    "paddle-2x4": [f"{side}{at}" for side in "LR" for at in range(1, 5)],
}
SQUARE = ("passive", "active", "burst", "burst each", "burst active")
SHAPES = {  # permille of the amplitude in equal steps of the width
    "triphasic": (3, (500, -1000, 500)),
    "sine": (2, (-199, -567, -847, -1000, -1000, -847, -567, -199)),
    "gaussian": (2, (-96, -310, -677, -1000, -1000, -677, -310, -96)),
}
KINDS = (*SQUARE, *SHAPES, "segments")
LIGHT = (*SQUARE, "triphasic", "segments")  # of few phases: there is room for several


class Wanted(NamedTuple):
    """Values a program asks for: ns, mHz, uA, permille; pulses: of a burst; ratio 0: passive."""

    cathodes: tuple[str, ...]
    anodes: tuple[str, ...]
    rate_millihz: int
    width_ns: int
    gap_ns: int
    amplitude_ua: int
    ceiling_ua: int
    ratio: int
    pulses: int
    intra_millihz: int
    after_burst: bool
    alternating: bool
    late: int
    spread: int
    segments: tuple[tuple[int, int], ...]
    split: tuple[int, int] = (0, 1)  # so many of so many pulses go to the others
    other_cathodes: tuple[str, ...] = ()
    other_anodes: tuple[str, ...] = ()

    @property
    def contacts(self) -> tuple[str, ...]:
        """Return all contacts that it uses, each once."""
        here, there = self.cathodes + self.anodes, self.other_cathodes + self.other_anodes
        return tuple(dict.fromkeys(here + there))


@dataclass
class Drawn:
    """A profile as YAML holds it, and what its programs want."""

    values: Row
    wanted: list[Wanted]

    @property
    def text(self) -> str:
        """Return the file's text."""
        return yaml.safe_dump(self.values, sort_keys=False, allow_unicode=True)

    def with_(self, *place: str | int, value: Any) -> str:
        """Return the file with another value at a place; None takes the field away."""
        values = copy.deepcopy(self.values)
        inner: Any = values
        for part in place[:-1]:
            inner = inner[part]
        if value is None:
            del inner[place[-1]]
        else:
            inner[place[-1]] = value
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


# --- one program ---------------------------------------------------------------------------------
@st.composite
def free_segments(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Draw two to five segments of 60 to 180 us; the last one makes the sum zero."""
    free = st.tuples(st.integers(-60, 60), st.integers(1, 3))
    rows = draw(st.lists(free, min_size=1, max_size=4).filter(lambda rows: rows[0][0] != 0))
    shares = [(share, width) for share, width in rows]
    shares.append((-sum(share * width for share, width in rows), 1))
    most = 1000 // max(abs(share) for share, _ in shares)
    return tuple((share * most, 60_000 * width) for share, width in shares)


def named_segments(name: str, width_ns: int) -> tuple[tuple[int, int], ...]:
    """Return the table that docs/reference/profiles.md describes for a named shape."""
    phases, steps = SHAPES[name]
    if phases == 3:
        return tuple((share, width_ns) for share in steps)
    step_ns = width_ns // len(steps)
    return tuple((sign * share, step_ns) for sign in (1, -1) for share in steps)


@st.composite
def pulses(draw: st.DrawFn, row: Row, kind: str, *, alone: bool) -> Row:
    """Draw the form of a program's pulses into `row`; return it as fields of Wanted.

    Beside others bursts are quick, that there is room for all.
    """
    want: Row = {"gap_ns": 0, "ratio": 0, "pulses": 1, "intra_millihz": 0, "segments": ()}
    width = draw(st.integers(10_000, 250_000 if alone else 150_000))
    if kind in SHAPES:
        row["shape"], width = kind, 8_000 * draw(st.integers(6, 30))
        want["segments"] = named_segments(kind, width)
    if kind == "segments":
        want["segments"] = draw(free_segments())
        rows = [{"amplitude": f"{a} permille", "width": f"{b} ns"} for a, b in want["segments"]]
        row["shape"] = {"segments": rows}
    else:
        row["pulse_width"] = f"{width} ns"
    if "active" in kind:
        want["ratio"] = draw(st.integers(1, 4 if alone else 2))
        plain = want["ratio"] == 1 and draw(st.booleans())
        row["recharge"] = "active" if plain else {"active": {"ratio": want["ratio"]}}
    if "burst" in kind:
        want["pulses"] = draw(st.integers(2, 4))
        want["intra_millihz"] = draw(st.integers(300_000, 500_000)) * (1 if alone else 3)
        burst = {"pulses": want["pulses"], "intra_rate": f"{want['intra_millihz']} mHz"}
        row["waveform"] = {"burst": burst}
    if kind == "burst each":
        row["recharge"] = {"passive": {"after": "pulse"}}
    if not want["segments"] and draw(st.booleans()):
        want["gap_ns"] = draw(st.integers(2_400, 100_000))
        row["interphase_gap"] = f"{want['gap_ns']} ns"
    return {**want, "width_ns": width, "after_burst": kind == "burst"}


@st.composite
def person(draw: st.DrawFn, row: Row) -> tuple[int, list[int]]:
    """Draw an amplitude into `row`, as current or share; return (uA, the ceilings given)."""
    thresholds, bounds = {}, []
    if draw(st.booleans()):
        perception, share = draw(st.integers(400, 1_500)), draw(st.integers(100, 1_500))
        amplitude = perception * share // 1000  # whole microamperes, never more
        thresholds["perception"] = perception
        row["amplitude"] = f"{share / 10:g} % of perception"
    else:
        amplitude = draw(st.integers(20, 2_500))
        row["amplitude"] = f"{amplitude} uA"
    if draw(st.booleans()):
        low = max(amplitude, thresholds.get("perception", 0))
        thresholds["comfort"] = draw(st.integers(thresholds.get("perception", 1), low))
        thresholds["discomfort"] = draw(st.integers(low, 4_000))
    if draw(st.booleans()):
        bounds.append(draw(st.integers(amplitude, 4_000)))
        row["ceiling"] = f"{bounds[0]} uA"
    if thresholds:
        row["thresholds"] = {name: f"{ua} uA" for name, ua in thresholds.items()}
    if draw(st.booleans()):
        row["step"] = f"{draw(st.integers(1, 1_000))} uA"
    return amplitude, [
        *bounds,
        *[thresholds[name] for name in ("discomfort",) if name in thresholds],
    ]


PLAIN = {True: ["plain"] * 2 + ["interleaved"], False: ["plain"] * 8}  # alone, or not


@st.composite
def trains(draw: st.DrawFn, row: Row, want: Row, *, alone: bool) -> Row:
    """Draw polarity, dither and the split of interleaved contacts into `row`, where allowed."""
    extra: Row = {"alternating": False, "late": 0, "spread": 0}
    kind = draw(st.sampled_from(PLAIN[alone] + ["alternating", "dither"]))
    if kind == "alternating":
        row["polarity"], extra["alternating"] = "alternating", True
    if kind == "interleaved":
        part, whole = extra["split"] = draw(st.sampled_from([(1, 2), (1, 4), (3, 4), (2, 5)]))
        row["interleave"] = {"split": f"{100 * part // whole} %"}
    if kind == "dither":
        extra["late"] = draw(st.integers(0, 100 if alone else 4))
        dither: Row = {
            "rate": f"{extra['late'] / 10:g} %",
            "pulses": draw(st.integers(2, 5 if alone else 2)),
        }
        if not want["segments"] and want["width_ns"] > 20_000:
            extra["spread"] = draw(st.integers(0, 300))
            dither["width"] = f"{extra['spread'] / 10:g} %"
        row["dither"] = {**dither, "seed": draw(st.integers(1, 65_535))}
    return extra


# --- the profile ---------------------------------------------------------------------------------
def sets(names: list[str], count: int) -> st.SearchStrategy[list[tuple[str, ...]]]:
    """Draw one set of contacts for each program, no two alike."""
    some = st.lists(st.sampled_from(names), min_size=1, max_size=5 - count, unique=True)
    return st.lists(some.map(tuple), min_size=count, max_size=count, unique_by=frozenset)


@st.composite
def programs(
    draw: st.DrawFn, kind: str, rate_millihz: int, *, alone: bool
) -> tuple[Row, Row, list[int]]:
    """Draw (a program as YAML, its Wanted but for contacts and ceiling, its ceilings)."""
    row: Row = {"rate": f"{rate_millihz} mHz"}
    want = draw(pulses(row, kind, alone=alone))
    want.update(draw(trains(row, want, alone=alone)))
    want["amplitude_ua"], bounds = draw(person(row))
    return row, {**want, "rate_millihz": rate_millihz}, bounds


@st.composite
def interleaved(
    draw: st.DrawFn, row: Row, program: Wanted, cathodes: list[str], anodes: list[str]
) -> Wanted:
    """Draw other contacts of the same sides into `row`; not quite the program's own."""
    (sources,), (returns,) = draw(sets(cathodes, 1)), draw(sets(anodes, 1))
    assume((set(sources), set(returns)) != (set(program.cathodes), set(program.anodes)))
    row["interleave"].update(cathodes=[*sources], anodes=[*returns])
    return program._replace(other_cathodes=sources, other_anodes=returns)


@st.composite
def profiles(draw: st.DrawFn, kind: str) -> Drawn:
    """Draw a profile that is valid but for what only the schedule or a stage can show.

    Its first program has pulses of this kind, others that are beside it of any light one.
    """
    count = draw(st.sampled_from([1, 2, 3, 4] if kind in LIGHT else [1]))
    roomy = [name for name in sorted(COLUMNS) if len(COLUMNS[name]) >= 2 * count]
    lead = draw(st.sampled_from(roomy))
    names = draw(st.permutations(COLUMNS[lead]))
    split = draw(st.integers(count, len(names) - count))
    sides = [draw(sets(part, count)) for part in (names[:split], names[split:])]
    base = draw(st.integers(5_000, 12_000))  # mHz
    times = [draw(st.sampled_from([1, 2, 3, 6] if count < 3 else [1, 1, 2])) for _ in range(count)]
    kinds = [kind, *[draw(st.sampled_from(LIGHT)) for _ in times[1:]]]
    rates = [base * factor for factor in times]
    drawn = [draw(programs(*pair, alone=count == 1)) for pair in zip(kinds, rates, strict=True)]
    limit = draw(st.one_of(st.none(), st.integers(0, 1_000)))
    highest = max(max([want["amplitude_ua"], *bounds]) for _, want, bounds in drawn)
    values: Row = {"name": "Drawn", "lead": lead, "programs": []}
    wanted = []
    for (row, want, bounds), cathodes, anodes in zip(drawn, *sides, strict=True):
        values["programs"].append({"cathodes": [*cathodes], "anodes": [*anodes], **row})
        default = want["amplitude_ua"] if limit is None else highest + limit
        given = bounds if "ceiling" in row else [default, *bounds]
        asked = Wanted(cathodes=cathodes, anodes=anodes, ceiling_ua=min(given), **want)
        if "interleave" in row:
            asked = draw(interleaved(values["programs"][-1], asked, names[:split], names[split:]))
        wanted.append(asked)
    if limit is not None:
        values["limits"] = {"amplitude": f"{highest + limit} uA"}
    values.update(draw(times_of()))
    return Drawn(values, wanted)


@st.composite
def times_of(draw: st.DrawFn) -> Row:
    """Ramp, cycle, session, lease. 25.5 mA at 1 Hz are 51 s up in steps of 500 uA."""
    fields: Row = {}
    up, down = draw(st.sampled_from([0, 51_000, 60_000])), draw(st.integers(0, 60_000))
    if draw(st.booleans()):
        fields["ramp"] = {"up": f"{up} ms", "down": f"{down} ms"}
    if draw(st.booleans()):
        on = draw(st.integers(120_000, 130_000))
        fields["cycle"] = {"on": f"{on} ms", "off": "1 s"}
    if draw(st.booleans()):
        fields["session"] = {"duration": f"{draw(st.integers(60_000, 99_000))} ms"}
    if draw(st.booleans()):
        fields["output"] = draw(st.sampled_from(["stimulation", "stimulation", "sync"]))
    alone = draw(st.sampled_from(["", "lease", "stand_alone"]))
    return {**fields, **({alone: "700 ms" if alone == "lease" else True} if alone else {})}
