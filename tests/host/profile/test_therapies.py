"""Shapes, polarity, dither, several rates, marks: from YAML to integers, mistakes by line."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.support.profile_errors import only, rows_of

from scs.profile import waveforms
from scs.profile.profile import Profile, ProfileError
from scs.profile.shift_contacts import moved
from stimcore import checks, errors, program

HEAD = """name: Test
lead: octrode-3mm
programs:
  - cathodes: [E1]
    anodes: [E2]
    rate: 50 Hz
    amplitude: 2 mA
"""
WIDE = HEAD + "    pulse_width: 200 us\n"
SECOND = """  - cathodes: [E3]
    anodes: [E4]
    rate: 300 Hz
    amplitude: 1 mA
    pulse_width: 100 us
"""


def whole(text: str) -> program.Group:
    return Profile.from_text(text, "test.yaml").group


def only_program(text: str) -> program.Program:
    return whole(text).programs[0]


def segments(*rows: str) -> str:
    parts = ", ".join(
        f"{{amplitude: {row.split()[0]} %, width: {row.split()[1]} us}}" for row in rows
    )
    return f"    shape: {{segments: [{parts}]}}\n"


# --- what becomes of each ------------------------------------------------------------------------
def test_a_plain_program_has_one_turn_and_no_segments() -> None:
    assert tuple(only_program(WIDE))[12:] == (0, 1, 0, 0, 0, 1, 0, 0, 0, ())


def test_named_shapes_are_tables_that_sum_to_zero() -> None:
    triphasic = only_program(WIDE + "    shape: triphasic\n")
    assert triphasic.segments == ((500, 200_000), (-1_000, 200_000), (500, 200_000))
    assert triphasic.recharge == program.RECHARGE_PASSIVE
    sine = only_program(WIDE + "    shape: sine\n").segments
    assert sine[:4] == ((-199, 25_000), (-567, 25_000), (-847, 25_000), (-1_000, 25_000))
    assert (len(sine), sine[8:12]) == (16, tuple((-share, width) for share, width in sine[:4]))
    gaussian = only_program(WIDE + "    shape: gaussian\n").segments
    assert gaussian[:4] == ((-96, 25_000), (-310, 25_000), (-677, 25_000), (-1_000, 25_000))
    assert waveforms.net(sine) == waveforms.net(gaussian) == waveforms.net(triphasic.segments) == 0


def test_a_list_of_segments_says_its_own_widths() -> None:
    member = only_program(HEAD + segments("-100 150", "-50 100", "0 30", "40 500"))
    assert member.segments == ((-1_000, 150_000), (-500, 100_000), (0, 30_000), (400, 500_000))
    assert member.width_ns == 500_000  # the longest run of one direction


def test_a_square_shape_is_no_shape() -> None:
    assert only_program(WIDE + "    shape: square\n") == only_program(WIDE)


def test_alternating_pulses_come_in_pairs() -> None:
    member = only_program(WIDE + "    polarity: alternating\n")
    assert (member.alternating, member.count) == (1, 2)


def test_dither_repeats_after_so_many_pulses() -> None:
    member = only_program(WIDE + "    dither: {rate: 20 %, width: 10 %, pulses: 16, seed: 7}\n")
    assert (member.rate_dither, member.width_dither, member.count, member.seed) == (200, 100, 16, 7)
    assert only_program(WIDE + "    dither: {rate: 5 %, pulses: 2}\n").seed == 1


def test_dither_takes_the_room_that_it_may_need() -> None:
    # 4 ms late at most: the other pulses stay clear of all of it, by 14 us on either side
    text = WIDE + "    dither: {rate: 20 %, pulses: 4}\n"
    group = Profile.from_text(text + SECOND.replace("300 Hz", "50 Hz"), "x").group
    assert [member.count for member in group.programs] == [4, 4]
    assert 4_214_000 <= group.programs[1].offset_ns <= 20_000_000 - 114_000
    # 100 and 400 Hz have 2.5 ms in common: 2.3 ms fit, 25 % more than 10 ms do not
    fast = text.replace("50 Hz", "100 Hz"), SECOND.replace("300 Hz", "400 Hz")
    assert Profile.from_text("".join(fast), "x")
    assert "collide" in only("".join(fast).replace("20 %", "25 %")).message


def test_two_rates_have_their_turns_and_offsets() -> None:
    group = Profile.from_text(WIDE + SECOND, "test.yaml").group
    assert [member.count for member in group.programs] == [1, 6]
    # 3,333 us in common, 200 and 100 us wide: 1,516 us of rest before and after
    assert group.programs[0].offset_ns == 0
    assert abs(group.programs[1].offset_ns - 1_716_000) < 2_000


def test_an_offset_is_kept() -> None:
    group = Profile.from_text(WIDE + SECOND + "    offset: 500 us\n", "test.yaml").group
    assert group.programs[1].offset_ns == 500_000


def test_the_old_name_of_an_offset_works_on_and_stays_as_it_was_written() -> None:
    notice = "old.yaml:14: programs.1..phase is now offset"
    with pytest.warns(FutureWarning, match=notice):
        profile = Profile.from_text(WIDE + SECOND + "    phase: 500 us\n", "old.yaml")
    with pytest.warns(FutureWarning, match=notice):
        shifted = moved(profile, 1, [1])
    assert [item.group.programs[1].offset_ns for item in (profile, shifted)] == [500_000, 500_000]
    assert shifted.text.endswith("    phase: 500 us\n")
    row = profile.explain((errors.BLOB_FIELD, 214, 1, 0))
    assert (row.path, row.line) == ("programs[1].offset", 14)


def test_sync_only_is_a_flag() -> None:
    assert Profile.from_text(WIDE + "output: sync\n", "x").group.header.flags == 2
    assert (
        Profile.from_text(WIDE + "output: sync\nstand_alone: true\n", "x").group.header.flags == 3
    )


# --- what is refused -----------------------------------------------------------------------------
NET = "the segments sum to -4000 % x us and must sum to zero; write for the last one"
BAD = [
    # after HEAD, path, line, id, part of the message
    (
        segments("-100 200", "40 400"),
        "shape.segments[1]",
        8,
        "segments-unbalanced",
        f"{NET} width: 500 us",
    ),
    (
        segments("-50 200", "20 300", "3 40"),
        "shape.segments[2]",
        8,
        "segments-unbalanced",
        "amplitude: 100 %",
    ),
    (
        segments("0 200", "40 400"),
        "shape.segments[0].amplitude",
        8,
        "segment-first",
        "first segment must carry current",
    ),
    (
        segments("-10 900", "-10 900", "18 1000"),
        "shape.segments",
        8,
        "segments-length",
        "lasts 1.8 ms;",
    ),
    (
        segments("-1 5", "1 5"),
        "shape.segments",
        8,
        "segments-length",
        "allowed range 10 us to 1 ms",
    ),
    (
        segments("-101 5", "1 5"),
        "shape.segments[0].amplitude",
        8,
        "out-of-range",
        "-100 % to 100 %",
    ),
    ("    pulse_width: 9 us\n" + segments("-1 9", "1 9"), "pulse_width", 8, "out-of-range", ""),
    (
        "    pulse_width: 90 us\n" + segments("-1 90", "1 90"),
        "pulse_width",
        8,
        "width-beside-segments",
        "leave",
    ),
    ("    shape: {segments: []}\n", "shape.segments", 8, "list-length", "2 to 32 entries"),
    ("", "pulse_width", 4, "width-missing", "e.g. pulse_width: 200 us"),
    ("    dither: {width: 5 %, pulses: 4}\n", "pulse_width", 4, "width-missing", "200 us"),
]
BAD_WIDE = [
    ("    shape: oval\n", "shape", 9, "word-unknown", "square, triphasic, sine, gaussian"),
    ("    shape: sine\n    recharge: active\n", "recharge", 10, "shape-recharge", "its own charge"),
    ("    shape: sine\n    interphase_gap: 9 us\n", "interphase_gap", 10, "shape-gap", "0 us"),
    ("    polarity: both\n", "polarity", 9, "word-unknown", "cathodic, alternating"),
    ("    offset: 20 ms\n", "offset", 9, "offset-range", "0 to 19.999 ms"),
    (
        "    dither: {rate: 51 %, pulses: 4}\n",
        "dither.rate",
        9,
        "out-of-range",
        "0 permille to 50 %",
    ),
    ("    dither: {rate: 5 %, pulses: 65}\n", "dither.pulses", 9, "out-of-range", "2 to 64"),
    (
        "    dither: {rate: 5 %, pulses: 51}\n",
        "dither.pulses",
        9,
        "dither-period",
        "e.g. 50",
    ),
    ("    dither: {rate: 5 %}\n", "dither.pulses", 9, "field-missing", "pulses: 16"),
    ("    dither: {pulses: 4, seed: 0}\n", "dither.seed", 9, "out-of-range", "1 to 65535"),
    (
        "    dither: {width: 5 %, pulses: 4}\n    polarity: alternating\n",
        "dither.width",
        9,
        "dither-combined",
        "polarity: alternating",
    ),
    (
        "    dither: {width: 5 %, pulses: 4}\n    shape: sine\n",
        "dither.width",
        9,
        "dither-combined",
        "a shape",
    ),
]


@pytest.mark.parametrize(("more", "path", "line", "kind", "part"), BAD)
def test_req_60_a_wrong_shape_is_told_by_line(
    more: str, path: str, line: int, kind: str, part: str
) -> None:
    row = only(HEAD + more)
    assert (row.path, row.line, row.id) == (f"programs[0].{path}", line, kind)
    assert part in row.message


@pytest.mark.parametrize(("more", "path", "line", "kind", "part"), BAD_WIDE)
def test_req_60_wrong_polarity_offset_and_dither_are_told_by_line(
    more: str, path: str, line: int, kind: str, part: str
) -> None:
    row = only(WIDE + more)
    assert (row.path, row.line, row.id) == (f"programs[0].{path}", line, kind)
    assert part in row.message


def test_req_60_a_dithered_width_stays_within_what_a_width_may_be() -> None:
    row = only(HEAD + "    pulse_width: 0.9 ms\n    dither: {width: 12 %, pulses: 4}\n")
    assert row.path == "programs[0].dither.width"
    assert "e.g. 11.1 %" in row.message


def test_req_60_a_sine_of_an_odd_width_is_told_the_nearest() -> None:
    row = only(HEAD + "    pulse_width: 203 us\n    shape: sine\n")
    assert row.path == "programs[0].pulse_width"
    assert "e.g. 200 us" in row.message


def test_req_23_programs_that_collide_are_named_with_rates_that_fit() -> None:
    row = only(
        WIDE
        + SECOND.replace("300 Hz", "70 Hz")
        .replace("100 us", "1 ms")
        .replace("1 mA", "1 mA\n    recharge: {active: {ratio: 2}}")
    )
    assert (row.id, row.path, row.line) == ("schedule-fit", "programs[1].rate", 11)
    assert "70 Hz and programs[0] at 50 Hz collide" in row.message
    assert "need 3.228 ms; these rates leave 2.857 ms" in row.message
    assert row.message.endswith("rates nearby that fit: 62.5 Hz and 75 Hz")


def test_req_23_rates_with_no_common_period_are_refused() -> None:
    row = only(WIDE + SECOND.replace("300 Hz", "51.3 Hz"))
    assert (row.id, row.path) == ("schedule-period", "programs[1].rate")
    assert "programs[0] at 50 Hz is 10 s; the limit is 1 s" in row.message
    assert "rates nearby that fit: " in row.message


def test_req_23_offsets_that_collide_are_refused() -> None:
    row = only(WIDE + "    offset: 1 ms\n" + SECOND + "    offset: 1.1 ms\n")
    assert (row.id, row.path) == ("schedule-offset", "programs[1].offset")
    assert "pulses collide with programs[0]; leave out the offsets" in row.message


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("ramp: {up: 3 s}\nsession: {duration: 2 s}\n", "ramp.up"),
    ],
)
def test_req_60_a_ramp_longer_than_what_it_is_for_is_refused(more: str, path: str) -> None:
    row = only(WIDE + more)
    assert (row.id, row.path) == ("ramp-long", path)
    assert row.message.endswith("the amplitude would never be reached; e.g. 2 s")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "ramp: {up: 3 s}\ncycle: {on: 2 s, off: 5 s}\n",
            "3 s up and 500 ms down; e.g.",
        ),
        ("cycle: {on: 1 s, off: 1 s}\n", "1 s up and 500 ms down; e.g. 1.5 s"),
        ("ramp: {down: 10 s}\ncycle: {on: 2 s, off: 1 s}\n", "down; e.g. 11 s"),
    ],
)
def test_req_60_an_on_time_shorter_than_its_ramps_is_refused(more: str, message: str) -> None:
    row = only(WIDE + more)
    assert (row.id, row.path) == ("cycle-short", "cycle.on")
    assert message in row.message


def test_req_18_a_ramp_that_is_too_steep_for_its_rate_is_refused_with_one_that_fits() -> None:
    # 2 mA at 1 Hz in steps of 500 uA: four periods
    slow = WIDE.replace("50 Hz", "1 Hz")
    row = only(slow + "ramp: {up: 2 s}\n")
    assert (row.id, row.path, row.limit, row.example) == ("ramp-steep", "ramp.up", "4 s", "4 s")
    assert whole(slow + "ramp: {up: 4 s}\n").header.ramp_up_ms == 4_000
    assert whole(slow).header.ramp_up_ms == 4_000  # by default as long as it must be
    assert whole(WIDE).header.ramp_up_ms == 1_000


def test_req_60_more_programs_than_a_group_holds_are_refused() -> None:
    rows = rows_of(WIDE + SECOND * 4)
    assert [row.path for row in rows] == ["programs"]


def test_req_35_a_session_counts_the_pulses_of_all_turns() -> None:
    text = WIDE + SECOND + "session: {pulses: 50}\n"
    row = only(text)
    assert row.message.endswith(
        "the 7 pulses per period, and only whole periods are delivered; e.g. 49"
    )


# --- anything at all ----------------------------------------------------------------------------
FIELDS = ["shape", "polarity", "offset", "dither", "pulse_width", "interphase_gap", "recharge"]
KNOWN = ["square", "sine", "triphasic", "alternating", "5 ms", "200 us", "active", "0 %", "-20 %"]
SCALARS = st.one_of(
    st.sampled_from(KNOWN), st.integers(-9, 99), st.floats(allow_nan=True), st.none(), st.booleans()
)
ROWS = st.fixed_dictionaries({"amplitude": SCALARS, "width": SCALARS})
VALUES = st.one_of(
    SCALARS,
    st.fixed_dictionaries({"segments": st.lists(ROWS, max_size=4)}),
    st.fixed_dictionaries({"pulses": st.integers(0, 70), "rate": SCALARS, "seed": SCALARS}),
    st.lists(SCALARS, max_size=3),
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1))
def test_req_60_any_value_is_taken_or_refused_by_the_field(fields: dict[str, object]) -> None:
    plain = dict(cathodes=["E1"], anodes=["E2"], rate="50 Hz", amplitude="2 mA")
    whole = {"name": "x", "lead": "octrode-3mm", "programs": [{**plain, **fields}]}
    try:
        profile = Profile.from_text(yaml.safe_dump(whole, allow_unicode=True), "x.yaml")
        rows = ()
    except ProfileError as reason:
        rows = reason.rows
    if not rows:
        checks.validate(profile.group)
    for row in rows:
        named = row.path.removeprefix("programs[0].").partition(".")[0].partition("[")[0]
        assert named in (*FIELDS, "cathodes", "anodes"), row
        assert row.line >= 1
        assert row.message.isprintable()
