"""Thresholds, ceilings and shares of perception: what the device gets, and what is refused."""

import json
from pathlib import Path

import pytest
from tests.host.cli.support import scs
from tests.support.profile_errors import only, rows_of

from scs.profile.profile import Profile

HEAD = """\
name: One person
lead: octrode-3mm
programs:
  - cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    pulse_width: 200 us
"""
PERSON = (
    HEAD
    + """\
    amplitude: 60 % of perception
    thresholds: {perception: 1.3 mA, comfort: 2 mA, discomfort: 2.5 mA}
    ceiling: 2.2 mA
    step: 100 uA
limits: {amplitude: 4 mA}
"""
)
CEILING, THRESHOLDS, LIMITS = (PERSON.splitlines(keepends=True)[at] for at in (9, 8, 11))


def bounds(text: str) -> tuple[int, int]:
    member = Profile.from_text(text).group.programs[0]
    return member.amplitude_ua, member.ceiling_ua


def test_req_22_a_share_of_perception_is_a_current_for_the_device() -> None:
    assert bounds(PERSON) == (780, 2200)  # 0.6 x 1300 uA
    settings = Profile.from_text(PERSON).settings[0]
    assert (settings.perception_ua, settings.comfort_ua, settings.discomfort_ua) == (
        1300,
        2000,
        2500,
    )
    assert (settings.step_ua, settings.permille) == (100, 600)


@pytest.mark.parametrize(
    ("share", "perception", "ua"),
    [
        ("33.3 %", "1.25 mA", 416),  # 416.25 uA
        ("99.9 %", "1.999 mA", 1997),  # 1997.001
        ("100%", "1.3 mA", 1300),
        ("150 %", "1.3 mA", 1950),
        ("1 %", "100 uA", 1),
    ],
)
def test_req_22_a_share_is_never_rounded_up(share: str, perception: str, ua: int) -> None:
    text = PERSON.replace("60 %", share).replace("1.3 mA", perception)
    assert bounds(text)[0] == ua


@pytest.mark.parametrize(
    ("leave_out", "ceiling"),
    [
        ((), 2200),
        ((CEILING,), 2500),  # discomfort is below limits.amplitude
        ((CEILING, ", discomfort: 2.5 mA"), 4000),
        ((CEILING, ", discomfort: 2.5 mA", LIMITS), 780),  # the amplitude itself
        ((CEILING, LIMITS), 780),
    ],
)
def test_req_22_the_lowest_of_the_ceilings_counts(leave_out: tuple[str, ...], ceiling: int) -> None:
    text = PERSON
    for part in leave_out:
        assert part in text
        text = text.replace(part, "")
    assert bounds(text) == (780, ceiling)


REFUSED = [
    (
        "60 % of perception",
        "60 %",
        "amplitude",
        8,
        "share-form",
        "e.g. 60 % of perception",
    ),
    ("60 % of", "60 % off", "amplitude", 8, "share-form", "60 % of perception"),
    ("60 % of", "60 of", "amplitude", 8, "unit-missing", "60 has no unit"),
    ("60 %", "201 %", "amplitude", 8, "out-of-range", "1 % to 200 %"),
    ("60 %", "0 %", "amplitude", 8, "out-of-range", "1 % to 200 %"),
    ("60 %", "60.05 %", "amplitude", 8, "finer-than-grid", "is not a whole number of"),
    (
        "60 %",
        "170 %",
        "amplitude",
        8,
        "amplitude-range",
        "2.21 mA, is above this program's ceiling, 2.2 mA",
    ),
    (
        "60 % of perception",
        "2.3 mA",
        "amplitude",
        8,
        "amplitude-range",
        "this program's ceiling, 2.2 mA",
    ),
    (
        "perception: 1.3 mA, ",
        "",
        "thresholds.perception",
        9,
        "perception-missing",
        "requires the measured perception threshold",
    ),
    (
        "perception: 1.3",
        "perception: 2.1",
        "thresholds.comfort",
        9,
        "threshold-order",
        "perception, 2.1 mA",
    ),
    (
        "discomfort: 2.5",
        "discomfort: 1.9",
        "thresholds.discomfort",
        9,
        "threshold-order",
        "comfort, 2 mA",
    ),
    (
        "comfort: 2 mA",
        "comfrt: 2 mA",
        "thresholds.comfrt",
        9,
        "field-unknown",
        "did you mean comfort?",
    ),
    ("comfort: 2 mA", "comfort: 2", "thresholds.comfort", 9, "unit-missing", "2 has no unit"),
    ("ceiling: 2.2", "ceiling: 4.1", "ceiling", 10, "ceiling-range", "own limits.amplitude, 4 mA"),
    ("step: 100 uA", "step: 2 mA", "step", 11, "out-of-range", "1 uA to 1 mA"),
]


@pytest.mark.parametrize(("old", "new", "path", "line", "kind", "message"), REFUSED)
def test_req_60_settings_that_cannot_be_are_one_error_with_the_field(
    old: str, new: str, path: str, line: int, kind: str, message: str
) -> None:
    assert old in PERSON
    row = only(PERSON.replace(old, new))
    assert (row.path, row.line, row.id) == (f"programs[0].{path}", line, kind)
    assert message in row.message


def test_req_22_no_amplitude_is_above_the_threshold_of_discomfort() -> None:
    text = PERSON.replace("60 % of perception", "2.6 mA").replace(CEILING, "")
    row = only(text)
    assert (row.path, row.value, row.limit) == ("programs[0].amplitude", "2.6 mA", "2.5 mA")
    assert "the discomfort threshold" in row.message
    assert bounds(text.replace("2.6 mA", "2.5 mA")) == (2500, 2500)


def test_a_share_of_less_than_a_microampere_and_one_of_more_than_any_device_gives() -> None:
    small = HEAD + "    amplitude: 1 % of perception\n    thresholds: {perception: 99 uA}\n"
    assert "less than 1 uA" in only(small).message
    large = HEAD + "    amplitude: 200 % of perception\n    thresholds: {perception: 20 mA}\n"
    assert "40 mA, is above the maximum, 25.5 mA" in only(large).message


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = PERSON.replace("60 %", "199 %").replace("comfort: 2 mA", "comfort: 1 mA")
    text = text.replace("ceiling: 2.2", "ceiling: 4.1")
    paths = [row.path.removeprefix("programs[0].") for row in rows_of(text)]
    assert paths == ["amplitude", "thresholds.comfort", "ceiling"]


def test_check_shows_the_percent_and_the_current(tmp_path: Path) -> None:
    path = tmp_path / "person.yaml"
    path.write_text(PERSON)
    report = json.loads(scs("check", str(path), "--json").stdout)
    actual = {row["name"]: row for row in report["actual"]}
    assert actual["amplitude"]["requested"] == 0.78
    share = actual["amplitude_of_perception"]
    assert (share["requested"], share["unit"]) == (60.0, "%")
    assert share["actual"] == pytest.approx(100 * 0.78125 / 1.3)  # 125 codes of 6.25 uA
    path.write_text(PERSON.replace("60 % of perception", "650 uA"))
    report = json.loads(scs("check", str(path), "--json").stdout)
    shares = [row for row in report["actual"] if row["name"] == "amplitude_of_perception"]
    assert [row["requested"] for row in shares] == [50.0]
    path.write_text(PERSON.replace("60 % of perception", "650 uA").replace(THRESHOLDS, ""))
    assert "of perception" not in scs("check", str(path)).stdout
