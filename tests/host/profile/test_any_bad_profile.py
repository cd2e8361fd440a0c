"""Any valid profile made invalid in one field: one error, which names it and what would do."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.drawn_profiles import KINDS, Drawn, Row, profiles
from tests.support.exploring import examples

from scs.documents.problem import Problem
from scs.profile.profile import Profile, ProfileError

Place = tuple[str | int, ...]
OF_ALL = ("limits", "ramp", "cycle", "session")
SECOND: Place = ("shape", "segments", 1)
SUM = "segments[1]"  # it is the segment that is named, not one of its fields
# (the field's place within its program, what stands there): out of range, of another unit, no value
WRONG: list[tuple[Place, Any]] = [
    (("rate",), "0.999 Hz"),
    (("rate",), "10.001 kHz"),
    (("rate",), "50"),
    (("rate",), "50 us"),
    (("rate",), None),
    (("pulse_width",), "9.999 us"),
    (("pulse_width",), "1000.001 us"),
    (("pulse_width",), "200 mA"),
    (("pulse_width",), None),
    (("amplitude",), "0 mA"),
    (("amplitude",), "25.501 mA"),
    (("amplitude",), "2 mV"),
    (("amplitude",), "60 %"),
    (("amplitude",), "201 % of perception"),
    (("amplitude",), None),
    (("interphase_gap",), "1000.001 us"),
    (("interphase_gap",), "30 mA"),
    (("cathodes",), []),
    (("cathodes",), None),
    (("anodes",), "E2"),
    (("waveform",), "tonik"),
    (("waveform", "burst", "pulses"), 11),
    (("waveform", "burst", "pulses"), 1),
    (("waveform", "burst", "intra_rate"), "11 kHz"),
    (("waveform", "burst", "intra_rate"), None),
    (("recharge",), "pasive"),
    (("recharge", "active", "ratio"), 0),
    (("recharge", "active", "ratio"), 11),
    (("recharge", "passive", "after"), "all"),
    (("shape",), "round"),
    (("shape", "segments", 0, "width"), "0.9 us"),
    (("shape", "segments", 0, "amplitude"), "100.1 %"),
    (("shape", "segments", 1, "width"), None),
    (("polarity",), "anodic"),
    (("offset",), "1.1 s"),
    (("dither", "rate"), "50.1 %"),
    (("dither", "pulses"), 65),
    (("dither", "seed"), 0),
    (("thresholds", "perception"), "26 mA"),
    (("ceiling",), "25.6 mA"),
    (("step",), "1.1 mA"),
    (("step",), "1 V"),
]
OF_THE_PROFILE: list[tuple[Place, Any]] = [
    (("name",), ""),
    (("name",), None),
    (("lead",), "octrod"),
    (("lead",), None),
    (("limits", "amplitude"), "25.6 mA"),
    (("ramp", "up"), "61 s"),
    (("ramp", "down"), "-1 s"),
    (("cycle", "on"), "0.999 s"),
    (("cycle", "off"), "0 s"),
    (("cycle", "off"), None),
    (("session", "duration"), "24.1 h"),
    (("session", "duration"), "10 mA"),
    (("lease",), "199 ms"),
    (("stand_alone",), "yes"),
    (("output",), "both"),
]
BURST = {"burst": {"pulses": 3, "intra_rate": "900 Hz"}}
ROWS = [{"amplitude": "-100 %", "width": "200 us"}, {"amplitude": "50 %", "width": "400 us"}]
SHARE = {"amplitude": "60 % of perception", "thresholds": {"perception": "1 mA"}}
HOLDERS: Row = {  # what a field stands in, in a profile that is good
    "burst": {"waveform": BURST},
    "active": {"recharge": {"active": {"ratio": 2}}},
    "passive": {"recharge": {"passive": {"after": "pulse"}}},
    "segments": {"shape": {"segments": ROWS}, "pulse_width": None},
    "dither": {"dither": {"rate": "1 %", "pulses": 2, "seed": 3}},
    "thresholds": {"thresholds": {}},
    "limits": {"limits": {"amplitude": "25 mA"}},
    "ramp": {"ramp": {"up": "1 s", "down": "1 s"}},
    "cycle": {"cycle": {"on": "9 s", "off": "9 s"}},
    "session": {"session": {"duration": "9 min"}},
}
LOW = {"amplitude": "100 uA"}
# (what is good in the program, and in the profile; the place, what is wrong there, what is named)
FORBIDDEN: list[tuple[Row, Row, Place, Any, str]] = [
    (LOW, {"limits": {"amplitude": "1 mA"}}, ("amplitude",), "1.001 mA", ""),
    ({**LOW, "ceiling": "1 mA"}, {}, ("amplitude",), "1.001 mA", ""),
    ({**LOW, "thresholds": {"discomfort": "1 mA"}}, {}, ("amplitude",), "1.001 mA", ""),
    ({**SHARE, "ceiling": "1 mA"}, {}, ("amplitude",), "100.1 % of perception", ""),
    ({**LOW, "ceiling": "1 mA"}, {"limits": {"amplitude": "1 mA"}}, ("ceiling",), "2 mA", ""),
    ({**LOW, "thresholds": {"comfort": "2 mA"}}, {}, ("thresholds", "discomfort"), "1 mA", ""),
    ({"thresholds": {"perception": "2 mA"}, **LOW}, {}, ("thresholds", "comfort"), "1 mA", ""),
    (SHARE, {}, ("thresholds", "perception"), None, ""),
    ({"shape": {"segments": ROWS}, "pulse_width": None}, {}, (*SECOND, "width"), "401 us", SUM),
    ({"shape": {"segments": ROWS}, "pulse_width": None}, {}, (*SECOND, "amplitude"), "40 %", SUM),
    ({"shape": {"segments": ROWS}, "pulse_width": None}, {}, ("pulse_width",), "200 us", ""),
    ({"shape": "sine", "pulse_width": "200 us"}, {}, ("pulse_width",), "201 us", ""),
    ({"shape": "triphasic"}, {}, ("recharge",), "active", ""),
    ({"shape": "triphasic"}, {}, ("interphase_gap",), "30 us", ""),
    ({"waveform": BURST}, {}, ("waveform", "burst", "intra_rate"), "1 Hz", ""),
    ({"recharge": {"passive": {}}}, {}, ("recharge", "passive", "after"), "burst", ""),
    (HOLDERS["dither"] | {"polarity": "alternating"}, {}, ("dither", "width"), "1 %", ""),
    (HOLDERS["dither"] | {"pulse_width": "11 us"}, {}, ("dither", "width"), "40 %", ""),
    ({}, {"session": {"duration": "2 s"}, "ramp": {}}, ("ramp", "up"), "2.001 s", ""),
    ({}, {"cycle": {"on": "2 s", "off": "1 s"}, "ramp": {}}, ("cycle", "on"), "1.499 s", ""),
    ({}, {"stand_alone": True}, ("lease",), "2 s", ""),
    ({}, {}, ("colour",), "red", ""),
    ({}, {"limits": {"amplitude": "25 mA"}}, ("limits", "width"), "1 ms", ""),
]


def changed(values: Row, number: int, program: Row, profile: Row) -> Row:
    """Return the profile with other fields, None taking one away; all else of it is plain."""
    new = copy.deepcopy(values)
    for member in new["programs"]:
        for field in set(member) - {"cathodes", "anodes", "rate"}:
            del member[field]
        member.update({"pulse_width": "100 us", "amplitude": "800 uA"})
    for field in set(new) - {"name", "lead", "programs"}:
        del new[field]
    for inner, fields in ((new["programs"][number], program), (new, profile)):
        inner.update(copy.deepcopy(fields))
        for field in [name for name, value in inner.items() if value is None]:
            del inner[field]
    return new


def with_value(values: Row, place: Place, value: Any) -> str:
    """Return the file with another value at a place; None takes the field away."""
    new = copy.deepcopy(values)
    inner: Any = new
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    if value is None:
        del inner[place[-1]]
    return text_of(new)


def text_of(values: Row) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def good(values: Row) -> None:
    """Assert that the profile is valid before a change; skip one whose pulses do not fit."""
    try:
        Profile.from_text(text_of(values))
    except ProfileError as reason:
        rows = reason.rows
    else:
        return
    assert all("collide" in row.message or "common period" in row.message for row in rows), rows
    assume(False)


def one_error(text: str, place: Place) -> Problem:
    """Return the one complaint about a file: it names the place, its line, and a remedy."""
    with pytest.raises(ProfileError) as caught:
        Profile.from_text(text, "bad.yaml")
    (row,) = caught.value.rows
    assert row.path == path_of(place), row
    assert row.id != "field", row  # the host says it, before the device would
    assert row.message.isprintable(), row
    hints = ("leave out", "list it once", "choose one of the two", "the fields here are")
    assert row.limit or row.example or any(hint in row.message for hint in hints), row
    if row.id not in (
        "field-missing",
        "lead-unknown",
        "width-missing",
        "perception-missing",
    ) and isinstance(place[-1], str):
        assert place[-1] in text.splitlines()[row.line - 1], row
    return row


def path_of(place: Place) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).removeprefix(".")


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_req_60_a_field_that_is_wrong_is_the_one_that_is_named(place: Place, value: Any) -> None:
    @examples(3)
    @given(st.sampled_from(KINDS).flatmap(profiles), st.data())
    def search(drawn: Drawn, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(drawn.wanted) - 1))
        holder = next((HOLDERS[part] for part in place if part in HOLDERS), {})
        values = changed(drawn.values, number, holder, {})
        good(values)
        whole = ("programs", number, *place)
        row = one_error(with_value(values, whole, value), whole)
        assert value is not None or row.id in (
            "field-missing",
            "width-missing",
            "perception-missing",
        )

    search()


@pytest.mark.parametrize(("place", "value"), OF_THE_PROFILE)
def test_req_60_a_wrong_field_of_the_whole_profile_is_named(place: Place, value: Any) -> None:
    @examples(3)
    @given(st.sampled_from(KINDS).flatmap(profiles))
    def search(drawn: Drawn) -> None:
        values = changed(drawn.values, 0, {}, HOLDERS.get(str(place[0]), {}))
        good(values)
        one_error(with_value(values, place, value), place)

    search()


@pytest.mark.parametrize(("program", "profile", "place", "value", "named"), FORBIDDEN)
def test_req_60_of_two_fields_that_forbid_one_another_the_one_to_change_is_named(
    program: Row, profile: Row, place: Place, value: Any, named: str
) -> None:
    @examples(3)
    @given(st.sampled_from(KINDS).flatmap(profiles), st.data())
    def search(drawn: Drawn, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(drawn.wanted) - 1))
        values = changed(drawn.values, number, program, profile)
        good(values)
        of_all = place[0] in (*OF_ALL, "lease")
        whole = place if of_all else ("programs", number, *place)
        row = one_error(with_value(values, whole, value), whole[:-1] if named else whole)
        if row.example and not named:
            good(yaml.safe_load(with_value(values, whole, row.example)))

    search()


@examples(15)
@given(st.sampled_from(KINDS).flatmap(profiles), st.data())
def test_req_11_a_contact_is_on_the_lead_once_and_in_one_role(
    drawn: Drawn, data: st.DataObject
) -> None:
    values = changed(drawn.values, 0, {}, {})
    good(values)
    number = data.draw(st.integers(0, len(drawn.wanted) - 1))
    member = values["programs"][number]
    where: Place = ("programs", number, "cathodes")
    names = member["cathodes"]
    off = one_error(with_value(values, (*where, 0), "E9"), (*where, 0))
    again = one_error(with_value(values, where, [*names, names[0]]), (*where, len(names)))
    assert (off.id, again.id) == ("contact-not-on-lead", "contact-repeated")
    where = ("programs", number, "anodes")
    both = one_error(
        with_value(values, where, [*member["anodes"], names[0]]), (*where, len(member["anodes"]))
    )
    assert both.id == "contact-polarity"
