"""Words, leads and contacts that are wrong, and fields of a profile that forbid one another.

Expected lines and texts are written by hand against FULL, which has each field on its own line.
"""

import pytest
from tests.support.profile_errors import FULL, LINES, only, rows_of, with_value

# --- words, contacts, leads ------------------------------------------------------------------

WORDS = [
    (7, "tonik", "programs[0].waveform", "word-unknown", "did you mean tonic?"),
    (
        7,
        "burst",
        "programs[0].waveform",
        "word-unknown",
        "{burst: {pulses: 5, intra_rate: 500 Hz}}",
    ),
    (7, "7", "programs[0].waveform", "word-unknown", "7 is not one of: tonic"),
    (
        7,
        "{segments: []}",
        "programs[0].waveform.segments",
        "field-unknown",
        "the fields here are burst",
    ),
    (12, "pasive", "programs[0].recharge", "word-unknown", "did you mean passive?"),
    (12, "{}", "programs[0].recharge", "one-of", "takes one of passive or active, not neither"),
    (12, "{active: {}, passive: {}}", "programs[0].recharge", "one-of", "not passive and active"),
    (27, "pulses", "programs[1].recharge.passive.after", "word-unknown", "did you mean pulse?"),
    (36, "{}", "session", "one-of", "takes one of duration or pulses, not neither"),
    (36, "{duration: 1 s, pulses: 6}", "session", "one-of", "not duration and pulses"),
    (39, "yes", "stand_alone", "flag-type", "yes is neither true nor false"),
    (39, "1", "stand_alone", "flag-type", "1 is neither true nor false"),
    (1, "x" * 81, "name", "text-length", "is not one line of 1 to 80 characters"),
    (1, "5", "name", "text-type", '5 is not a text (put a text such as a number in "quotes")'),
    (4, "'  '", "programs[0].name", "text-length", "is not one line"),
    (4, '"a\\nb"', "programs[0].name", "text-length", "a?b is not one line"),
    (
        2,
        "octrod-3mm",
        "lead",
        "lead-unknown",
        "did you mean octrode-3mm?; the leads are dummy-2, heptode",
    ),
    (2, "../boards", "lead", "lead-unknown", "no such lead"),
    (2, "3", "lead", "text-type", "3 is not a text"),
    (5, "[E9]", "programs[0].cathodes[0]", "contact-not-on-lead", "is not on the lead octrode-3mm"),
    (
        5,
        "[e3]",
        "programs[0].cathodes[0]",
        "contact-not-on-lead",
        "did you mean E3?; its contacts are E1, E2",
    ),
    (5, "[E3, E3]", "programs[0].cathodes[1]", "contact-repeated", "E3 is listed twice"),
    (
        5,
        "[E2]",
        "programs[0].anodes[0]",
        "contact-polarity",
        "E2 is a cathode in programs[0] (line 5)",
    ),
    (
        16,
        "[E4]",
        "programs[1].cathodes[0]",
        "contact-polarity",
        "E4 is an anode in programs[0] (line 6)",
    ),
    (
        17,
        "[E3]",
        "programs[1].anodes[0]",
        "contact-polarity",
        "E3 is a cathode in programs[0] (line 5)",
    ),
    (5, "E3", "programs[0].cathodes", "value-type", "E3 is not a list; e.g. [E3]"),
    (5, "[]", "programs[0].cathodes", "list-length", "takes 1 to 8 entries, not 0"),
    (5, "[3]", "programs[0].cathodes[0]", "text-type", "3 is not a text"),
    (3, "[]", "programs", "list-length", "takes 1 to 4 entries, not 0"),
    (
        3,
        "[1]",
        "programs[0]",
        "value-type",
        "1 is not a mapping of fields; e.g. {cathodes",
    ),
    (
        28,
        "4 mA",
        "limits",
        "value-type",
        "is not a mapping of fields; e.g. {amplitude: 4 mA}",
    ),
]


@pytest.mark.parametrize(("line", "value", "path", "kind", "part"), WORDS)
def test_req_60_a_wrong_word_is_refused_with_those_that_are_right(line, value, path, kind, part):
    rows = [row for row in rows_of(with_value(line, value)) if row.path == path]
    assert [row.id for row in rows] == [kind], rows
    assert part in rows[0].message


def test_req_11_a_contact_has_one_role_in_the_whole_profile():
    rows = rows_of(with_value(17, "[E3]"))
    (row,) = [row for row in rows if row.id == "contact-polarity"]
    assert (row.path, row.line, row.value) == ("programs[1].anodes[0]", 17, "E3")


def test_more_than_eight_contacts_or_four_programs_are_refused():
    nine = "[" + ", ".join(f"E{number}" for number in range(1, 10)) + "]"
    assert any("takes 1 to 8 entries, not 9" in row.message for row in rows_of(with_value(5, nine)))
    five = FULL.replace("limits:", "\n".join(LINES[14:27] * 4) + "\nlimits:", 1)
    assert any("takes 1 to 4 entries, not 6" in row.message for row in rows_of(five))


# --- fields that forbid one another ----------------------------------------------------------

CONFLICTS = [
    (22, "50 Hz", "programs[1].rate", 22, "schedule-fit", "and programs[0] at 40 Hz collide"),
    (29, "1 mA", "programs[0].amplitude", 10, "amplitude-range", "own limits.amplitude, 1 mA"),
    (21, "39 Hz", "programs[1].waveform.burst.intra_rate", 21, "intra-rate", "below the rate of"),
    (
        12,
        "{passive: {after: burst}}",
        "programs[0].recharge.passive.after",
        12,
        "recharge-tonic",
        "bursts",
    ),
    (39, "true", "lease", 38, "lease-unused", "no effect if stand_alone is true"),
    (37, "47", "session.pulses", 37, "session-pulses", "multiple of the 6 pulses per period"),
    (37, "5", "session.pulses", 37, "session-pulses", "e.g. 6"),
    (37, "49", "session.pulses", 37, "session-pulses", "e.g. 48"),
]


@pytest.mark.parametrize(("changed", "value", "path", "line", "kind", "part"), CONFLICTS)
def test_req_60_two_fields_that_contradict_are_told_by_line(changed, value, path, line, kind, part):
    row = only(with_value(changed, value))
    assert (row.path, row.id, row.line) == (path, kind, line)
    assert part in row.message


def test_req_22_an_amplitude_above_the_profiles_own_limit_is_refused():
    row = only(with_value(29, "1999 uA"))
    assert (row.path, row.value, row.limit) == ("programs[0].amplitude", "2 mA", "1.999 mA")


def test_all_conflicts_are_told_at_once():
    text = FULL.replace("  amplitude: 4 mA", "  amplitude: 0.1 mA").replace(
        "pulses: 48", "pulses: 7"
    )
    paths = [row.path for row in rows_of(text)]
    assert paths == ["programs[0].amplitude", "programs[1].amplitude", "session.pulses"]
