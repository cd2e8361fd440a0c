"""`scs diff`: two therapies in clinical terms, and what diff's exit codes mean."""

from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import ALONE, GOOD, REFUSED, TONIC, USAGE, as_json, asked, scs
from tests.support.profile_errors import FULL

from scs.profile import clinical_diff
from scs.profile.profile import Profile


def differences(a: str, b: str) -> dict[tuple[str, str], tuple[Any, Any, str]]:
    rows = clinical_diff.compare(Profile.from_text(a), Profile.from_text(b))
    return {(row.program, row.quantity): (row.a, row.b, row.unit) for row in rows}


# what is changed in FULL: the rows that must come of it
CHANGES = [
    ("cathodes: [E3]", "cathodes: [E5]", {("one", "cathodes"): ("E3", "E5", "")}),
    ("[E2, E4]", "[E2]", {("one", "anodes"): ("E2 E4", "E2", "")}),
    ("intra_rate: 500 Hz", "intra_rate: 450 Hz", None),
    ("pulses: 5", "pulses: 3", None),
    (
        "pulse_width: 200 us",
        "pulse_width: 100 us",
        # 2 mA x 200 us = 0.4 uC
        {
            ("one", "pulse width"): (200.0, 100.0, "us"),
            ("one", "charge per phase"): (0.4, 0.2, "uC"),
        },
    ),
    (
        "amplitude: 350 uA",
        "amplitude: 300 uA",
        {
            ("two", "amplitude"): (0.35, 0.3, "mA"),
            ("two", "charge per phase"): (0.35, 0.3, "uC"),
        },
    ),
    (
        "interphase_gap: 30 us",
        "interphase_gap: 0 us",
        {("one", "interphase gap"): (30, None, "us")},
    ),
    ("ratio: 4", "ratio: 2", {("one", "recharge"): ("active, 1:4", "active, 1:2", "")}),
    ("after: burst", "after: pulse", None),
    (
        "limits:\n  amplitude: 4 mA",
        "limits:\n  amplitude: 3 mA",
        {("one", "ceiling"): (4.0, 3.0, "mA"), ("two", "ceiling"): (4.0, 3.0, "mA")},
    ),
    ("up: 2 s", "up: 3 s", {("", "ramp up"): (2.0, 3.0, "s")}),
    ("down: 1 s", "down: 2 s", {("", "ramp down"): (1.0, 2.0, "s")}),
    ("off: 90 s", "off: 60 s", {("", "cycle off"): (90.0, 60.0, "s")}),
    ("pulses: 48", "pulses: 54", {("", "session, pulses"): (48, 54, "")}),
    ("lease: 500 ms", "lease: 2 s", {("", "lease"): (0.5, 2.0, "s")}),
    ("stand_alone: false", "output: sync", None),
    (
        "lease: 500 ms\nstand_alone: false",
        "stand_alone: true",
        {("", "stand alone"): ("no", "yes", ""), ("", "lease"): (0.5, None, "s")},
    ),
    ("cycle:\n  on: 30 s\n  off: 90 s\n", "", None),
]


@pytest.mark.parametrize(("old", "new", "rows"), CHANGES, ids=[row[1] or "-" for row in CHANGES])
def test_each_field_of_a_therapy_is_a_difference_of_its_own(
    old: str, new: str, rows: dict[tuple[str, str], Any] | None
) -> None:
    changed = FULL.replace(old, new)
    assert changed != FULL
    changes = differences(FULL, changed)
    besides = {key: row for key, row in changes.items() if key[1] != "first pulse at"}
    assert besides == rows if rows is not None else besides


@pytest.mark.parametrize(
    "line",
    [
        "polarity: alternating",
        "offset: 3 ms",
        "shape: triphasic",
        "dither: {rate: 20 %, pulses: 16}",
        "dither: {width: 10 %, pulses: 16}",
        "dither: {pulses: 2, seed: 7}",
    ],
)
def test_fields_that_are_not_there_by_default_are_differences_too(line: str) -> None:
    plain = ALONE.replace("    recharge: active\n", "")
    assert differences(plain, plain.replace("    rate:", f"    {line}\n    rate:"))


def test_what_was_measured_is_a_difference_though_no_device_gets_it() -> None:
    measured = ALONE.replace("    recharge:", "    thresholds: {perception: 1 mA}\n    recharge:")
    assert differences(ALONE, measured) == {("low back", "perception"): (None, 1.0, "mA")}


def test_names_and_comments_are_no_difference_and_the_order_of_programs_is_none() -> None:
    renamed = ALONE.replace("alone\n", "another\n", 1).replace("low back", "leg")
    assert differences(ALONE, f"# for friday\n{renamed}") == {}
    first, second = FULL.index("  - name: one"), FULL.index("  - name: two")
    end = FULL.index("limits:")
    swapped = FULL[:first] + FULL[second:end] + FULL[first:second] + FULL[end:]
    assert {where for _, where in differences(FULL, swapped)} <= {"first pulse at"}


def test_a_program_that_one_has_alone_stands_with_all_it_is(tmp_path: Path) -> None:
    more = ALONE.replace(
        "limits:",
        "  - {name: leg, cathodes: [E6], anodes: [E7], rate: 50 Hz, pulse_width: 100 us,"
        " amplitude: 1 mA}\nlimits:",
    )
    (tmp_path / "a.yaml").write_text(ALONE)
    (tmp_path / "b.yaml").write_text(more)
    done, answer = asked("diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"))
    assert done.exit_code == REFUSED
    assert (answer["same"], answer["errors"]) == (False, [])
    leg = {row["quantity"]: row for row in answer["differences"] if row["program"] == "leg"}
    assert {row["only"] for row in leg.values()} == {"b"}
    assert leg["charge per phase"] == {
        "program": "leg",
        "only": "b",
        "quantity": "charge per phase",
        "a": None,
        "b": 0.1,
        "unit": "uC",
        "a_text": "none",
        "b_text": "0.1 µC",
    }
    shown = scs("diff", str(tmp_path / "b.yaml"), str(tmp_path / "a.yaml")).stdout
    assert "leg (only in A)" in shown


def test_the_charge_of_a_shape_is_that_of_its_phase_with_the_most() -> None:
    shape = "{segments: [{amplitude: -100 %, width: 100 us}, {amplitude: -50 %, width: 100 us},"
    shape += " {amplitude: 100 %, width: 150 us}]}"
    plain = ALONE.replace("    recharge: active\n", "")
    shaped = plain.replace("pulse_width: 200 us", f"shape: {shape}")
    changes = differences(plain, shaped)
    assert changes["low back", "charge per phase"] == (0.2, 0.15, "uC")  # 1 mA x (100 + 50) us


def test_the_same_is_exit_0_and_a_broken_profile_exit_2_as_check_tells_it(tmp_path: Path) -> None:
    done = scs("diff", TONIC, TONIC)
    assert done.exit_code == GOOD
    assert "The same therapy" in done.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text(ALONE.replace("50 Hz", "50 s"))
    done = scs("diff", TONIC, str(bad))
    assert done.exit_code == USAGE
    assert done.stderr == scs("check", str(bad)).stderr
    answer = as_json("diff", str(bad), str(tmp_path / "none.yaml"))
    assert answer["same"] is False
    assert [(row["file"], row["path"]) for row in answer["errors"]] == [
        (str(bad), "programs[0].rate"),
        (str(tmp_path / "none.yaml"), ""),
    ]
