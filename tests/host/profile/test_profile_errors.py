"""Every field of a profile: of a wrong kind, out of range, missing, unknown.

Expected lines and texts are written by hand against FULL, which has each field on its own line.
"""

import pytest
from tests.support.profile_errors import FIELDS, FULL, LINES, only, rows_of, with_value

from scs.documents import yaml_reader
from scs.profile.profile import Profile, ProfileError

QUANTITIES = (8, 9, 10, 11, 21, 29, 31, 32, 34, 35, 38)
WHOLES = (14, 20, 37)


def test_full_is_good():
    assert len(Profile.from_text(FULL.replace("pulses: 48", "pulses: 600")).group.programs) == 2


@pytest.mark.parametrize("line", FIELDS)
def test_every_path_of_the_table_stands_on_its_line(line):
    document = yaml_reader.parse(FULL, "x", ProfileError)
    parts = FIELDS[line].replace("[", ".").replace("]", "").split(".")
    assert document.line(tuple(int(part) if part.isdigit() else part for part in parts)) == line


# --- every field of a wrong type -------------------------------------------------------------

WRONG_ANYWHERE = ["", "~", "true", ".nan", "-.inf", "[]", "{}", "[1, 2]", "{a: 1}", "'\\x07'"]


@pytest.mark.parametrize("line", FIELDS)
@pytest.mark.parametrize("value", WRONG_ANYWHERE)
def test_req_60_no_field_takes_a_value_of_another_kind(line, value):
    if (FIELDS[line], value) in {("ramp", "{}"), ("limits", "{}"), ("stand_alone", "true")}:
        return  # all of its fields have defaults; a lease beside it is another test's
    if FIELDS[line].endswith((".active", ".passive")) and value == "{}":
        return  # its only field has a default
    if FIELDS[line] in {"name", "programs[0].name"} and value == "'\\x07'":
        return  # the text \x07 in single quotes is a name like any other
    rows = [row for row in rows_of(with_value(line, value)) if row.path.startswith(FIELDS[line])]
    assert rows
    assert all(row.line == line for row in rows)


@pytest.mark.parametrize("line", QUANTITIES)
@pytest.mark.parametrize(
    ("value", "kind", "part"),
    [
        ("50", "unit-missing", "50 has no unit"),
        ("'50'", "unit-missing", "50 has no unit"),
        ("1.5", "unit-missing", "1.5 has no unit"),
        ("true", "quantity-type", "true is not a quantity"),
        ("", "quantity-type", "nothing is not a quantity"),
        ("[1 s]", "quantity-type", "a list is not a quantity"),
        (".nan", "number-not-finite", "nan is not a finite number"),
        ("nan Hz", "number-not-finite", "nan Hz is not a finite number"),
        (".inf", "number-not-finite", "inf is not a finite number"),
        ("1e999", "unit-missing", "1e999 has no unit"),
        ("fast", "quantity-form", "fast is not a number and a unit out of"),
        ("2 kg", "unit-wrong", "2 kg: unknown unit; expected a "),
        ("2 F", "unit-wrong", "2 F is a capacitance; expected a "),
        ("9" * 50, "unit-missing", "a huge number has no unit"),
        ("9" * 5000, "unit-missing", "9" * 40 + "… has no unit"),
    ],
)
def test_req_60_a_quantity_is_a_number_and_its_unit(line, value, kind, part):
    rows = [row for row in rows_of(with_value(line, value)) if row.path == FIELDS[line]]
    assert [(row.id, row.line) for row in rows] == [(kind, line)]
    assert part in rows[0].message
    assert rows[0].message.endswith(f"e.g. {rows[0].example}")
    assert rows[0].limit


RANGES = [
    (8, "0.999 Hz", "10000.001 Hz", "1 Hz to 10 kHz"),
    (9, "9999 ns", "1000001 ns", "10 us to 1 ms"),
    (10, "0 mA", "25.501 mA", "1 uA to 25.5 mA"),
    (10, "-2 mA", "1e9 A", "1 uA to 25.5 mA"),
    (11, "-1 ns", "1000001 ns", "0 ns to 1 ms"),
    (14, "0", "11", "1 to 10"),
    (20, "1", "11", "2 to 10"),
    (21, "0 Hz", "10001 Hz", "1 Hz to 10 kHz"),
    (29, "0 uA", "30 mA", "1 uA to 25.5 mA"),
    (31, "-1 s", "61 s", "0 ms to 1 min"),
    (32, "-1 ms", "60001 ms", "0 ms to 1 min"),
    (34, "999 ms", "91 min", "1 s to 1.5 h"),
    (35, "0 s", "5400001 ms", "1 s to 1.5 h"),
    (37, "0", "1000000001", "1 to 1000000000"),
    (37, "-5", "9" * 200, "1 to 1000000000"),
    (38, "199 ms", "10001 ms", "200 ms to 10 s"),
]


@pytest.mark.parametrize(("line", "low", "high", "span"), RANGES)
def test_req_21_a_step_beyond_either_limit_is_refused_with_the_range(line, low, high, span):
    for value, side in ((low, "below the minimum"), (high, "above the maximum")):
        (row,) = [row for row in rows_of(with_value(line, value)) if row.path == FIELDS[line]]
        assert (row.id, row.line, row.limit) == ("out-of-range", line, span)
        assert f"is {side}; allowed range {span}; e.g. {row.example}" in row.message


def test_req_21_a_session_may_not_last_longer_than_a_day():
    for value in ("0 s", "24.001 h", "86400001 ms"):
        text = with_value(36, f"{{duration: {value}}}")
        row = only(text)
        assert (row.id, row.path, row.line) == ("out-of-range", "session.duration", 36)
        assert row.limit == "1 ms to 24 h"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (8, "33.3333 Hz"),
        (9, "0.1 ns"),
        (10, "0.5 uA"),
        (11, "1e-12 s"),
        (31, "0.5 ms"),
        (34, "1.0005 s"),
        (38, "0.2001 s"),
        (29, "1.0001 mA"),
        (21, "500.0001 Hz"),
    ],
)
def test_req_60_what_is_finer_than_the_grid_is_refused_not_rounded(line, value):
    row = next(row for row in rows_of(with_value(line, value)) if row.path == FIELDS[line])
    assert (row.id, row.line) == ("finer-than-grid", line)
    assert "is not a whole number of " in row.message


@pytest.mark.parametrize("line", WHOLES)
@pytest.mark.parametrize("value", ["4.0", "true", "'4'", "four", "4 Hz", "", "[4]", ".inf", "1e3"])
def test_req_60_a_count_is_a_whole_number(line, value):
    (row,) = [row for row in rows_of(with_value(line, value)) if row.path == FIELDS[line]]
    assert (row.id, row.line) == ("whole-number", line)
    assert row.message.endswith(f"is not a whole number; e.g. {row.example}")


# --- missing and unknown ---------------------------------------------------------------------

MISSING = [
    # line removed, line told, path, example
    (1, 1, "name", "name: Tonic 50 Hz"),
    (2, 1, "lead", "lead: octrode-3mm"),
    (5, 4, "programs[0].cathodes", "cathodes: [E3]"),
    (6, 4, "programs[0].anodes", "anodes: [E2, E4]"),
    (8, 4, "programs[0].rate", "rate: 50 Hz"),
    (9, 4, "programs[0].pulse_width", "pulse_width: 200 us"),
    (10, 4, "programs[0].amplitude", "amplitude: 2 mA"),
    (20, 19, "programs[1].waveform.burst.pulses", "pulses: 5"),
    (21, 19, "programs[1].waveform.burst.intra_rate", "intra_rate: 500 Hz"),
    (34, 33, "cycle.on", "on: 30 s"),
    (35, 33, "cycle.off", "off: 90 s"),
]


@pytest.mark.parametrize(("removed", "line", "path", "example"), MISSING)
def test_req_60_a_missing_field_is_named_with_an_example(removed, line, path, example):
    text = "\n".join(LINES[: removed - 1] + LINES[removed:])
    (row,) = [row for row in rows_of(text) if row.id in ("field-missing", "width-missing")]
    assert (row.path, row.line) == (path, line)
    assert row.message == f"is required; e.g. {example}"


def test_req_60_missing_programs_are_named():
    row = only("name: x\nlead: quad-3mm\n")
    assert (row.id, row.path, row.line) == ("field-missing", "programs", 1)
    assert "programs: [{cathodes: [E3], anodes: [E2, E4], rate: 50 Hz" in row.message


UNKNOWN = [
    (1, "nmae", "nmae", "did you mean name?"),
    (8, "    rte", "programs[0].rte", "did you mean rate?"),
    (9, "    pulsewidth", "programs[0].pulsewidth", "did you mean pulse_width?"),
    (10, "    Amplitude", "programs[0].Amplitude", "did you mean amplitude?"),
    (14, "        ration", "programs[0].recharge.active.ration", "did you mean ratio?"),
    (20, "        pulse", "programs[1].waveform.burst.pulse", "did you mean pulses?"),
    (27, "        afer", "programs[1].recharge.passive.afer", "did you mean after?"),
    (29, "  current", "limits.current", "the fields here are amplitude"),
    (31, "  upp", "ramp.upp", "did you mean up?"),
    (35, "  of", "cycle.of", "did you mean off?"),
    (37, "  pulse", "session.pulse", "did you mean pulses?"),
    (38, "lase", "lase", "did you mean lease?"),
    (39, "~word", "~word", "the fields here are name, lead"),
    (39, "~mapping", "~mapping", "the fields here are name, lead"),
    (39, "''", "", "unknown field"),
    (39, '"a\\e[31mb"', "a?[31mb", "unknown field"),
]


@pytest.mark.parametrize(("line", "name", "path", "part"), UNKNOWN)
def test_req_60_an_unknown_field_is_refused_with_a_suggestion(line, name, path, part):
    lines = list(LINES)
    lines[line - 1] = name + ":" + lines[line - 1].split(":", 1)[1]
    (row,) = [row for row in rows_of("\n".join(lines)) if row.id == "field-unknown"]
    assert (row.path, row.line) == (path, line)
    assert part in row.message


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("period", "e.g. rate: 123.457 Hz for a period of 8.1 ms"),
        ("intervals", "programs with an offset repeat a pattern; e.g. offset: 5 ms"),
        ("delay", "the output begins at START"),
        ("soft_start", "the shortest is e.g. ramp: {up: 0 s}"),
    ],
)
def test_req_60_what_a_published_protocol_gives_is_refused_with_what_to_write(name, part):
    lines = list(LINES)
    lines.insert(8, f"    {name}: 8.1 ms")
    (row,) = rows_of("\n".join(lines))
    assert (row.id, row.path, row.line) == ("field-unsupported", f"programs[0].{name}", 9)
    assert part in row.message


# --- the form, and everything at once --------------------------------------------------------


def test_req_60_all_errors_of_a_file_are_told_at_once_in_the_order_of_its_lines():
    text = FULL
    for line, value in (
        (39, "yes"),
        (31, "1"),
        (14, "11"),
        (10, "2 mV"),
        (8, "20 kHz"),
        (2, "quod"),
    ):
        text = text.replace(LINES[line - 1], LINES[line - 1].split(":")[0] + f": {value}", 1)
    with pytest.raises(ProfileError) as caught:
        Profile.from_text(text, "dir/bad.yaml")
    assert str(caught.value).splitlines() == [
        "dir/bad.yaml:2: lead: quod: no such lead; did you mean quad-3mm?; the leads are "
        "dummy-2, heptode-plate, octrode-3mm, octrode-3mm-pitch12, octrode-3mm-pitch4, paddle-2x4, "
        "quad-3mm",
        "dir/bad.yaml:8: programs[0].rate: 20 kHz is above the maximum; allowed range 1 Hz to "
        "10 kHz; e.g. 50 Hz",
        "dir/bad.yaml:10: programs[0].amplitude: 2 mV is a voltage; expected a current in A, "
        "mA or uA; e.g. 2 mA",
        "dir/bad.yaml:14: programs[0].recharge.active.ratio: 11 is above the maximum; allowed "
        "range 1 to 10; e.g. 4",
        "dir/bad.yaml:31: ramp.up: 1 has no unit; e.g. 2 s",
        "dir/bad.yaml:39: stand_alone: yes is neither true nor false; e.g. true",
    ]


def test_a_row_is_plain_data():
    row = only(with_value(8, "20 kHz"))
    assert row.as_dict() == {
        "id": "out-of-range",
        "path": "programs[0].rate",
        "line": 8,
        "message": "20 kHz is above the maximum; allowed range 1 Hz to 10 kHz; e.g. 50 Hz",
        "value": "20 kHz",
        "limit": "1 Hz to 10 kHz",
        "example": "50 Hz",
    }
