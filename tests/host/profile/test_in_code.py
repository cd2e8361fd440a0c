"""Profiles built and changed in code are those of a file, with its checks and its errors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scs import Profile, ProfileError, resources
from scs.profile.in_code import ProfileFields, ProgramFields
from scs.profile.schema import ProfileModel, ProgramModel

LOW_BACK: ProgramFields = {
    "name": "low back",
    "cathodes": ["E3"],
    "anodes": ("E2", "E4"),
    "rate": "50 Hz",
    "pulse_width": "200 us",
    "amplitude": "2 mA",
    "interphase_gap": "30 us",
    "recharge": {"active": {"ratio": 4}},
}
TONIC = Path(resources.path("profiles/tonic_50hz.yaml"))


def built(**changes: Any) -> Profile:
    fields: dict[str, Any] = {"limits": {"amplitude": "4 mA"}, "ramp": {"up": "2 s", "down": "1 s"}}
    return Profile.build("mine", "octrode-3mm", [{**LOW_BACK, **changes}], **fields)


def test_a_built_profile_is_the_one_of_the_file() -> None:
    profile = built()
    assert profile.group == Profile.read(TONIC).group
    assert profile.to_blob() == Profile.read(TONIC).to_blob()


def test_what_is_built_reads_back_as_itself() -> None:
    profile = built()
    again = Profile.from_text(profile.to_yaml())
    assert again.to_blob() == profile.to_blob()
    assert "cathodes: [E3]" in profile.to_yaml()


def test_the_typed_fields_are_those_of_the_schema() -> None:
    assert set(ProgramFields.__annotations__) == set(ProgramModel.model_fields)
    others = set(ProfileModel.model_fields) - {"name", "lead", "programs"}
    assert set(ProfileFields.__annotations__) == others


def test_an_error_names_the_field_and_no_line() -> None:
    with pytest.raises(ProfileError) as caught:
        built(pulse_width="200", rate="2 mA")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["profile", "programs[0].pulse_width"],
        ["profile", "programs[0].rate"],
    ]


def test_a_value_that_no_file_can_hold_is_named() -> None:
    with pytest.raises(ProfileError, match=r"programs\[0\].rate: a complex cannot be in a profile"):
        built(rate=50j)


@pytest.mark.parametrize("number", [np.float64(50.0), np.int64(50), np.str_("50")])
def test_a_number_of_numpy_is_judged_as_one_of_python(number: Any) -> None:
    with pytest.raises(ProfileError) as caught:
        built(rate=number)
    assert [row.path for row in caught.value.rows] == ["programs[0].rate"]
    assert built(rate=np.str_("50 Hz")).group == built().group


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def test_a_value_that_holds_itself_is_named() -> None:
    with pytest.raises(
        ProfileError, match=r"^profile: programs\[0\]\.thresholds.*: nested deeper than \d+ levels"
    ):
        built(thresholds={"perception": endless()})


def test_a_change_keeps_the_comments_and_touches_one_line() -> None:
    profile = Profile.read(TONIC)
    other = profile.with_(amplitude="1.5 mA")
    assert other.group.programs[0].amplitude_ua == 1_500
    before, after = profile.to_yaml().splitlines(), other.to_yaml().splitlines()
    assert [pair for pair in zip(before, after, strict=True) if len(set(pair)) > 1] == [
        ("    amplitude: 2 mA", "    amplitude: 1.5 mA")
    ]
    assert profile.group.programs[0].amplitude_ua == 2_000


def test_other_contacts_a_field_removed_and_a_field_of_the_profile() -> None:
    profile = Profile.read(TONIC)
    moved = profile.with_(cathodes=["E5", "E6"], anodes=["E4"], interphase_gap=None, lease="3 s")
    program = moved.group.programs[0]
    assert (program.cathodes, program.anodes, program.gap_ns) == (0b110000, 0b1000, 0)
    assert moved.group.header.lease_ms == 3_000
    assert Profile.from_text(moved.to_yaml()).to_blob() == moved.to_blob()


def two() -> Profile:
    leg: ProgramFields = {**LOW_BACK, "name": "leg", "cathodes": ["E6"], "anodes": ["E7"]}
    return Profile.build("two", "octrode-3mm", [LOW_BACK, leg])


@pytest.mark.parametrize("which", ["leg", 2])
def test_one_of_several_programs_is_named_or_numbered(which: str | int) -> None:
    changed = two().with_(which, amplitude="1 mA")
    assert [program.amplitude_ua for program in changed.group.programs] == [2_000, 1_000]
    assert two().with_(which, name="left leg").program_names == ("low back", "left leg")
    assert two().with_(name="pair").name == "pair"


@pytest.mark.parametrize(
    ("which", "fields", "message"),
    [
        (None, {"amplitude": "1 mA"}, "programs: name one of the programs 1 'low back', 2 'leg'"),
        ("arm", {"amplitude": "1 mA"}, "there is no program 'arm', or several: name one of"),
        (3, {"amplitude": "1 mA"}, "there is no program 3, or several: name one of"),
        (2, {"amplitud": "1 mA"}, r"programs\[1\].amplitud: .*did you mean amplitude\?"),
        (2, {"amplitude": "30 mA"}, r"programs\[1\].amplitude: .*30 mA"),
        (2, {"amplitude": object()}, "amplitude: a object cannot be in a profile"),
    ],
)
def test_a_wrong_change_is_one_error_and_changes_nothing(
    which: str | int | None, fields: dict[str, Any], message: str
) -> None:
    profile = two()
    blob = profile.to_blob()
    with pytest.raises(ProfileError, match=message) as caught:
        profile.with_(which, **fields)
    assert len(caught.value.rows) == 1
    assert profile.to_blob() == blob


def test_a_profile_shows_what_it_is() -> None:
    assert repr(two()) == (
        "<Profile 'two' on octrode-3mm: low back 50 Hz 200 us 2 mA, leg 50 Hz 200 us 2 mA>"
    )
