"""A program is validated field by field: each refused by its name, with its limit."""

import pytest
from tests.support.programs import AREAS, BURST, HEADER, TONIC, TRIPHASIC, group, shaped, tonic
from tests.support.tables import refused

from scs.messages import error_texts
from stimcore import checks, program

# --- the bounds, restated -----------------------------------------------------------------------
HEADER_BOUNDS = {
    "flags": (0, 3),
    "lease_ms": (200, 10_000),
    "ramp_up_ms": (0, 60_000),
    "ramp_down_ms": (0, 60_000),
    "session_ms": (0, 86_400_000),
    "session_pulses": (0, 1_000_000_000),
    "discharge_permille": (100, 2_000),
}
PROGRAM_BOUNDS = {
    "cathodes": (1, 255),
    "anodes": (1, 255),
    "waveform": (0, 1),
    "recharge": (0, 2),
    "ratio": (1, 10),
    "pulses": (2, 10),
    "rate_millihz": (1_000, 10_000_000),
    "intra_rate_millihz": (40_000, 10_000_000),
    "amplitude_ua": (1, 25_500),
    "ceiling_ua": (1, 25_500),
    "width_ns": (10_000, 1_000_000),
    "gap_ns": (0, 1_000_000),
    "alternating": (0, 1),
    "count": (1, 64),
    "offset_ns": (0, 1_000_000_000),
    "rate_dither": (0, 500),
    "width_dither": (0, 500),
    "seed": (1, 65_535),
    "other_cathodes": (0, 255),
    "other_anodes": (0, 255),
    "other_count": (0, 63),
}


def named(stimulus: program.Group) -> tuple[int, str, int, int]:
    """Return (program or -1, field, value, limit) of the refusal."""
    code, index, value, limit = refused(checks.validate, stimulus)
    assert code == "field"
    return *error_texts.field_name(index), value, limit


@pytest.mark.parametrize(("field", "bounds"), HEADER_BOUNDS.items(), ids=HEADER_BOUNDS)
def test_req_21_every_field_of_the_header(field: str, bounds: tuple[int, int]) -> None:
    for value in bounds:
        checks.validate(group(**{field: value}))
    low, high = bounds
    assert named(group(**{field: high + 1})) == (-1, field, high + 1, high)
    assert named(group(**{field: low - 1})) == (-1, field, low - 1, low)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize(("field", "bounds"), PROGRAM_BOUNDS.items(), ids=PROGRAM_BOUNDS)
def test_req_21_every_field_of_a_program(field: str, bounds: tuple[int, int], number: int) -> None:
    low, high = bounds
    for value, limit in ((low - 1, low), (high + 1, high)):
        rows = [BURST, BURST, BURST]
        rows[number] = BURST._replace(**{field: value})
        assert named(group(*rows)) == (number, field, value, limit)


FREE = BURST._replace(cathodes=1, anodes=2, amplitude_ua=1, ceiling_ua=25_500)


BY_ITSELF = {field: row for field, row in PROGRAM_BOUNDS.items() if not field.startswith("other")}


@pytest.mark.parametrize(("field", "bounds"), BY_ITSELF.items(), ids=BY_ITSELF)
def test_req_21_every_field_of_a_program_at_its_bounds(field: str, bounds: tuple[int, int]) -> None:
    for value in bounds:
        member = FREE._replace(**{field: value})
        if field == "waveform" and value == 0:
            member = member._replace(pulses=1, recharge=1)
        if field == "cathodes":
            member = member._replace(
                anodes=2 if value == 1 else 1, cathodes=value & 254 | (value == 1)
            )
        if field == "anodes":
            member = member._replace(cathodes=2, anodes=value & 253)
        if field == "rate_millihz":
            member = member._replace(intra_rate_millihz=10_000_000)
        if field == "alternating":
            member = member._replace(count=2)
        if field in ("count", "offset_ns"):  # a period has one second at most
            member = member._replace(rate_millihz=64_000 if field == "count" else 1_000)
            value -= field == "offset_ns" and value > 0  # and a pulse begins before its end
            member = member._replace(**{field: value})
        checks.validate(group(member))


def test_req_21_one_contact_both_ways() -> None:
    # what may be named as an anode is anything but the cathodes
    assert named(tonic(cathodes=6, anodes=10)) == (0, "anodes", 10, 249)


def test_req_21_some_of_the_turns_are_given_to_other_contacts_or_none() -> None:
    def interleaved(**fields: int) -> program.Group:
        others = {"count": 10, "other_cathodes": 16, "other_anodes": 32, "other_count": 3}
        return tonic(**{**others, **fields})

    for fields in ({}, {"other_count": 1}, {"other_count": 9}, {"other_cathodes": 223}):
        checks.validate(interleaved(**fields))
    assert named(interleaved(other_count=10)) == (0, "other_count", 10, 9)
    assert named(interleaved(other_cathodes=0)) == (0, "other_cathodes", 0, 1)
    assert named(interleaved(other_anodes=0)) == (0, "other_anodes", 0, 1)
    assert named(interleaved(other_count=0)) == (0, "other_cathodes", 16, 0)
    assert named(interleaved(other_count=0, other_cathodes=0)) == (0, "other_anodes", 32, 0)
    assert named(interleaved(other_anodes=48)) == (0, "other_anodes", 48, 239)
    assert named(interleaved(alternating=1)) == (0, "alternating", 1, 0)


def test_req_21_an_amplitude_above_the_profiles_ceiling() -> None:
    checks.validate(tonic(amplitude_ua=4_000))
    assert named(tonic(amplitude_ua=4_001)) == (0, "amplitude_ua", 4_001, 4_000)


def test_req_21_all_programs_come_round_in_one_period() -> None:
    # 50 Hz and 300 Hz: one pulse and six in 20 ms
    fast = TONIC._replace(rate_millihz=300_000, count=6)
    checks.validate(group(TONIC, fast))
    assert named(group(TONIC, fast._replace(count=5))) == (1, "count", 5, 6)
    assert named(group(TONIC, TONIC._replace(rate_millihz=50_001))) == (1, "count", 1, 1)


def test_req_21_a_period_has_a_second_at_most() -> None:
    checks.validate(tonic(count=50))
    assert named(tonic(count=51)) == (0, "count", 51, 50)


def test_req_21_the_first_pulse_comes_before_the_second_would() -> None:
    checks.validate(tonic(offset_ns=19_999_999))
    assert named(tonic(offset_ns=20_000_000)) == (0, "offset_ns", 20_000_000, 19_999_999)


def test_req_21_alternating_pulses_come_in_pairs_of_one_width() -> None:
    checks.validate(tonic(alternating=1, count=2))
    assert named(tonic(alternating=1, count=3)) == (0, "count", 3, 4)
    assert named(tonic(alternating=1, count=2, width_dither=1)) == (0, "width_dither", 1, 0)


# --- shapes ---------------------------------------------------------------------------------------
def test_req_21_a_shape_sums_to_zero() -> None:
    checks.validate(group(shaped(*TRIPHASIC)))
    wrong = (*TRIPHASIC[:2], (500, 199_999))
    # 500 x 200,000 - 1000 x 200,000 + 500 x 199,999
    assert refused(checks.validate, group(shaped(*wrong))) == ("field", 152, -500, 0)
    assert error_texts.field_name(152) == (0, "segments")


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        (((0, 1_000), (100, 1_000), (-100, 1_000)), (150, 0, 1_000)),
        (((1_001, 1_000), (-1_001, 1_000)), (150, 1_001, 1_000)),
        (((100, 1_000), (-1_001, 1_000)), (151, -1_001, 1_000)),
        (((100, 1_000_001), (-100, 1_000_001)), (150, 1_000_001, 1_000_000)),
        (((100, 0), (-100, 0)), (150, 0, 1_000_000)),
    ],
)
def test_req_21_every_segment_is_in_its_range(
    segments: tuple[tuple[int, int], ...], wanted: tuple[int, int, int]
) -> None:
    assert refused(checks.validate, group(shaped(*segments))) == ("field", *wanted)


def test_req_21_what_a_shape_rules_out() -> None:
    for field, value, limit in (("recharge", 0, 1), ("gap_ns", 8, 0), ("width_dither", 1, 0)):
        stimulus = group(shaped(*TRIPHASIC)._replace(**{field: value}))
        assert named(stimulus) == (0, field, value, limit)


@pytest.mark.parametrize(
    ("segments", "pulses"),
    [
        ((), 1),
        (TRIPHASIC, 1),  # what goes beyond zero without a pause is the same pulse
        (((-1_000, 100), (1_000, 100)), 1),
        (((-1_000, 100), (1_000, 100), (-1_000, 100), (1_000, 100)), 2),
        (((-1_000, 100), (0, 50), (-1_000, 100), (500, 400)), 2),
        (((-900, 200), (750, 120), (0, 30), (150, 600)), 2),  # a recharge in two pieces
        (((-900, 200), (0, 30), (750, 120), (150, 600)), 1),  # in one, of two strengths
        (((-750, 180), (750, 60), (0, 60), (500, 60), (0, 60), (1_000, 60)), 3),
    ],
)
def test_req_35_the_pulses_of_a_shape(segments: tuple[tuple[int, int], ...], pulses: int) -> None:
    assert program.first_phases(segments) == pulses


def test_req_21_what_belongs_to_a_burst_alone() -> None:
    assert named(tonic(pulses=2)) == (0, "pulses", 2, 1)
    assert named(tonic(recharge=2)) == (0, "recharge", 2, 1)
    assert named(group(BURST._replace(pulses=1))) == (0, "pulses", 1, 2)
    checks.validate(group(BURST._replace(intra_rate_millihz=40_000)))


@pytest.mark.parametrize(
    ("on", "off", "wrong"),
    [
        (0, 0, None),
        (1_000, 1_000, None),
        (5_400_000, 5_400_000, None),
        (999, 1_000, ("cycle_on_ms", 999, 1_000)),
        (1_000, 999, ("cycle_off_ms", 999, 1_000)),
        (1_000, 0, ("cycle_off_ms", 0, 1_000)),
        (0, 1_000, ("cycle_on_ms", 0, 1_000)),
        (5_400_001, 1_000, ("cycle_on_ms", 5_400_001, 5_400_000)),
        (1_000, 5_400_001, ("cycle_off_ms", 5_400_001, 5_400_000)),
    ],
)
def test_req_21_a_cycle_has_both_its_times(
    on: int, off: int, wrong: tuple[str, int, int] | None
) -> None:
    stimulus = group(cycle_on_ms=on, cycle_off_ms=off)
    if wrong is None:
        checks.validate(stimulus)
    else:
        assert named(stimulus) == (-1, *wrong)


@pytest.mark.parametrize("contact", [0, 3, 7])
def test_req_21_an_area_is_nothing_or_between_0_01_mm2_and_10_cm2(contact: int) -> None:
    def with_area(area: int) -> program.Group:
        areas = tuple(area if at == contact else AREAS[at] for at in range(8))
        return program.Group(HEADER, areas, (TONIC,))

    for area in (0, 10_000, 1_000_000_000):
        checks.validate(with_area(area))
    assert named(with_area(9_999)) == (-1, "areas_um2", 9_999, 10_000)
    assert named(with_area(1_000_000_001)) == (-1, "areas_um2", 1_000_000_001, 1_000_000_000)
    assert refused(checks.validate, with_area(1))[1] == 50 + contact


def test_req_35_a_session_is_counted_in_whole_periods() -> None:
    # a tonic pulse and a burst of five: six a period
    two = (TONIC._replace(rate_millihz=40_000), BURST)
    checks.validate(group(*two, session_pulses=48))
    assert program.pulses_per_period(group(*two)) == 6
    assert named(group(*two, session_pulses=50)) == (-1, "session_pulses", 50, 48)
