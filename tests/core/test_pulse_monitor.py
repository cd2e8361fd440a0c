"""The pulse monitor on samples written by hand: which phases it looks at, what it refuses.

An ADC code is 12.5 uA and 8 mV, its zero 2048; a pair of current and voltage comes each 8 us.
"""

import pytest
from tests.support.tables import E2, E3, E4, IDEAL, LADDER, MS, Rec, admit, discharge, drive, idle

from stimcore import errors
from stimcore.board import Board
from stimcore.kernel import Stream
from stimcore.pulse_monitor import Watch, current_row, short_row

ZERO = 2_048
PAIRS = 1_024  # a capture: 8192 us


def stream_of(*records: Rec) -> Stream:
    stream = admit(IDEAL, *records).stream
    assert stream is not None
    return stream


def ten_kilohertz() -> Stream:
    """Return 2 mA x 30 us, 20 us of gap, the same back, 20 us of discharge."""
    return stream_of(drive(-320, 3_750), idle(2_500), drive(320, 3_750), discharge(2_500))


def _flows(steps: list[tuple[int, int]], at_us: int) -> int:
    for lasts_us, microamps in steps:
        if at_us < lasts_us:
            return microamps
        at_us -= lasts_us
    return 0


def capture_of(steps: list[tuple[int, int]], offset_us: int, base_mv: int = 0) -> list[int]:
    """Sample a train of (us, uA), repeated, at 500 ohm without any capacitance."""
    whole = sum(step[0] for step in steps)
    out = []
    for pair in range(PAIRS):
        at = (offset_us + 8 * pair) % whole
        microamps = _flows(steps, at)
        out += [
            ZERO + microamps * 2 // 25,
            ZERO + (microamps * 500 + base_mv * 1_000) // 8_000,  # uV
        ]
    return out


TRAIN = [(30, -2_000), (20, 0), (30, 2_000), (20, 0)]


def rows(
    stream: Stream, steps: list[tuple[int, int]], captures: int = 60, base_mv: int = 0
) -> list[tuple]:
    """Return the rows judged in so many captures, each where the watch wants it."""
    watch, rows_seen = Watch(IDEAL), []
    for _ in range(captures):
        offset_us = watch.delay_us(stream)
        row = watch.judge(stream, offset_us, capture_of(steps, offset_us, base_mv))
        if row:
            return [*rows_seen, row]
        rows_seen.append(row)
    return rows_seen


def test_req_58_a_phase_of_30_us_is_judged_by_its_current() -> None:
    assert rows(ten_kilohertz(), TRAIN) == [()] * 60


@pytest.mark.parametrize(("weak", "record"), [(0, 0), (2, 2)])
def test_req_58_a_phase_of_30_us_with_too_little_current_is_found(weak: int, record: int) -> None:
    steps = [(us, ua * 8 // 10 if at == weak else ua) for at, (us, ua) in enumerate(TRAIN)]
    code, at, measured, commanded = rows(ten_kilohertz(), steps)[-1]
    assert (code, at) == (errors.FAULT_SENSE, record)
    assert (abs(measured), abs(commanded)) == (1_600_000, 2_000_000)


def test_req_58_within_its_tolerance_a_short_phase_is_left_alone() -> None:
    # 15 % of 2 mA: 1.7 mA is within, 1.6875 mA (a code less) is not
    inside = [(us, ua * 17 // 20) for us, ua in TRAIN]
    assert rows(ten_kilohertz(), inside) == [()] * 60
    outside = [(us, ua * 27 // 32) for us, ua in TRAIN]
    assert rows(ten_kilohertz(), outside)[-1][0] == errors.FAULT_SENSE


@pytest.mark.parametrize(("us", "looked_at"), [(22, True), (12, False)])
def test_req_58_from_22_us_on_a_phase_always_has_a_sample(us: int, looked_at: bool) -> None:
    ticks, rest_us = 125 * us, 200 - 3 * us
    table = drive(-320, ticks), idle(ticks), drive(320, ticks), discharge(125 * rest_us)
    nothing = [(200, 0)]  # no current at all
    rows_seen = rows(stream_of(*table), nothing, 1)
    assert [row[0] for row in rows_seen if row] == ([errors.FAULT_OPEN] if looked_at else [])


def test_req_59_what_a_discharge_of_20_us_leaves_is_judged() -> None:
    # permitted are 4 codes of 8 mV, one of 12.5 uA in 500 ohm, and the mean of the load's own
    # voltage: 60 nC held for 50 us of 100 and then fading, on 2.5 uF: 14 mV
    assert rows(ten_kilohertz(), TRAIN, base_mv=40) == [()] * 60
    for base_mv in (80, -80):
        code, _record, value, limit = rows(ten_kilohertz(), TRAIN, base_mv=base_mv)[-1]
        assert (code, value) == (errors.FAULT_RESIDUAL, base_mv)
        assert 38 < limit <= 60


def test_req_58_every_phase_has_its_turn() -> None:
    pulses = [record for _ in range(5) for record in (drive(-160, 12_500), idle(12_500))]
    table = stream_of(*pulses, drive(160, 62_500), discharge(20 * MS))
    watch, seen = Watch(IDEAL), []
    for _ in range(12):
        watch.delay_us(table)
        seen.append(watch._at)
        watch._pass(table, table.record(watch._at))
    assert seen == [0, 2, 4, 6, 8, 10] * 2


# --- which samples, and the bounds of each verdict -------------------------------------------
class Read(list):
    """Samples that remember which of them were looked at."""

    def __init__(self, codes: list[int]) -> None:
        super().__init__(codes)
        self.places: list[int] = []

    def __getitem__(self, at):  # type: ignore[no-untyped-def]
        self.places.append(at)
        return super().__getitem__(at)


RESISTOR = IDEAL._replace(load_nf=0, seen_nf=0)


def tonic_of(board: Board, code: int = 320, period: int = 20 * MS) -> Stream:
    """Return `code` x 200 us, the same back at once, and a discharge."""
    both = (drive(-code, 25_000), drive(code, 25_000))
    stream = admit(board, *both, discharge(period - 50_000)).stream
    assert stream is not None
    return stream


def places_read(stream: Stream, steps: list[tuple[int, int]], late_us: int) -> list[int]:
    """Return the pairs that are looked at in a first capture, which comes so late."""
    watch = Watch(stream.board)
    offset_us = watch.delay_us(stream) + late_us
    samples = Read(capture_of(steps, offset_us))
    assert watch.judge(stream, offset_us, samples) == ()
    pairs = sorted(set(samples.places))
    assert [at for at in pairs if at % 2] == [at + 1 for at in pairs if at % 2 == 0]
    return [at // 2 for at in pairs[::2]]


@pytest.mark.parametrize(
    ("late_us", "rest", "phase"),
    # a capture begins 80 us before the phase: of the rest eight pairs, up to 8 us before its end;
    # of the phase sixteen, from 16 us after its start
    [(0, 1, 12), (1, 0, 12), (7, 0, 12), (8, 0, 11)],
)
def test_req_58_the_samples_of_a_long_phase_and_of_the_rest_before_it(
    late_us: int, rest: int, phase: int
) -> None:
    steps = [(200, -2_000), (200, 2_000), (19_600, 0)]
    pairs = places_read(tonic_of(RESISTOR), steps, late_us)
    assert pairs[-16:] == list(range(phase, phase + 16))
    assert pairs[:-16] == list(range(rest, rest + 8))


@pytest.mark.parametrize(
    ("late_us", "pairs"),
    # of 20 us of rest the last pair 6 us before its end; of 30 us the first from 10 us on
    [(0, [9, 12]), (1, [9, 12]), (2, [9, 11]), (3, [8, 11])],
)
def test_req_58_the_samples_of_a_short_phase_and_of_a_short_rest(
    late_us: int, pairs: list[int]
) -> None:
    assert places_read(ten_kilohertz(), TRAIN, late_us) == pairs


@pytest.mark.parametrize(("late_us", "pairs"), [(74, [0, 2]), (75, [2])])
def test_req_58_a_rest_that_the_capture_missed_is_not_looked_at(
    late_us: int, pairs: list[int]
) -> None:
    assert places_read(ten_kilohertz(), TRAIN, late_us) == pairs


@pytest.mark.parametrize(("us", "pairs"), [(32, [7, 8, 12]), (24, [9, 12])])
def test_req_58_a_rest_of_32_us_has_two_samples(us: int, pairs: list[int]) -> None:
    table = drive(-320, 3_750), idle(2_500), drive(320, 3_750), discharge(125 * us)
    assert places_read(stream_of(*table), [*TRAIN[:3], (us, 0)], 0) == pairs


@pytest.mark.parametrize(("late_us", "pairs"), [(2, [9, 11]), (3, [11])])
def test_req_58_a_sample_comes_10_us_into_a_short_rest(late_us: int, pairs: list[int]) -> None:
    # 2 us late, the voltage of pair 9 comes 2 us before the end of 12 us of rest
    table = drive(-320, 5_000), idle(1_500), drive(320, 5_000), discharge(1_500)
    steps = [(40, -2_000), (12, 0), (40, 2_000), (12, 0)]
    assert places_read(stream_of(*table), steps, late_us) == pairs


def test_req_58_of_a_later_pulse_the_rest_before_it_is_looked_at() -> None:
    # 20 us of it, and 8 ms before the first pulse
    both = (drive(-320, 25_000), drive(320, 25_000))
    stream = admit(RESISTOR, *both, discharge(2_500), *both, discharge(8 * MS)).stream
    assert stream is not None
    steps = [(200, -2_000), (200, 2_000), (20, 0), (200, -2_000), (200, 2_000), (8_000, 0)]
    watch, first_pairs = Watch(RESISTOR), []
    for _ in range(4):
        offset_us = watch.delay_us(stream)
        samples = Read(capture_of(steps, offset_us))
        assert watch.judge(stream, offset_us, samples) == ()
        first_pairs.append(sorted({at // 2 for at in samples.places})[:2])
    assert first_pairs == [[1, 2], [12, 13], [9, 12], [12, 13]]


@pytest.mark.parametrize(("us", "looked_at"), [(14, True), (13, False)])
def test_req_58_a_sample_comes_4_us_before_the_end_of_a_short_phase(
    us: int, looked_at: bool
) -> None:
    # 2 us late, the pair 11 is 10 us into the phase
    table = drive(-320, 125 * us), idle(2_500), drive(320, 125 * us), discharge(10_000)
    watch, stream = Watch(IDEAL), stream_of(*table)
    offset_us = watch.delay_us(stream) + 2
    row = watch.judge(stream, offset_us, capture_of([(1_000, 0)], offset_us))
    assert bool(row) is looked_at


def test_req_58_a_phase_at_80_us_is_captured_from_the_start_of_its_period() -> None:
    table = drive(-320, 5_000), idle(5_000), drive(320, 5_000), discharge(10_000)
    watch, stream = Watch(RESISTOR), stream_of(*table)
    steps = [(40, -2_000), (40, 0), (40, 2_000), (80, 0)]
    assert watch.delay_us(stream) == 200 - 80
    assert watch.judge(stream, 120, capture_of(steps, 120)) == ()
    assert watch.delay_us(stream) == 0


def test_req_58_the_next_capture_is_for_the_next_phase_of_the_next_period() -> None:
    watch, stream = Watch(RESISTOR), tonic_of(RESISTOR)
    steps = [(200, -2_000), (200, 2_000), (19_600, 0)]
    seen = []
    for _ in range(4):
        delay_us = watch.delay_us(stream)
        seen.append(delay_us)
        assert watch.judge(stream, delay_us, capture_of(steps, delay_us)) == ()
    assert seen == [19_920, 120, 19_920, 120]
    # of another stream it begins anew
    assert watch.delay_us(tonic_of(RESISTOR, 160)) == 19_920


def test_a_capture_that_does_not_hold_the_phase_says_nothing() -> None:
    watch, stream = Watch(RESISTOR), tonic_of(RESISTOR)
    watch.delay_us(stream)
    for offset_us in (20_001, 20_200 - 8_184 - 1):  # begins after it; ends before its end
        assert watch.judge(stream, offset_us, Read([])) == ()
    for offset_us in (20_000, 20_200 - 8_184):
        assert watch.judge(stream, offset_us, [ZERO] * 2_048) != ()


@pytest.mark.parametrize(
    ("measured", "commanded", "volts", "row"),
    [
        # 15 % of 2 mA
        (1_700_000, 2_000_000, 0, ()),
        (1_699_999, 2_000_000, 0, (errors.FAULT_SENSE, 3, 1_699_999, 2_000_000)),
        (-2_300_000, -2_000_000, 0, ()),
        (-2_300_001, -2_000_000, 0, (errors.FAULT_SENSE, 3, -2_300_001, -2_000_000)),
        # 60 uA at least
        (40_000, 100_000, 0, ()),
        (39_999, 100_000, 0, (errors.FAULT_SENSE, 3, 39_999, 100_000)),
        # below a tenth it is open, where a tenth can be told from nothing
        (199_999, 2_000_000, 0, (errors.FAULT_OPEN, 3, 199_999, 200_000)),
        (-199_999, -2_000_000, 0, (errors.FAULT_OPEN, 3, 199_999, 200_000)),
        (200_000, 2_000_000, 0, (errors.FAULT_SENSE, 3, 200_000, 2_000_000)),
        (12_000, 120_001, 0, (errors.FAULT_OPEN, 3, 12_000, 12_000)),
        (11_000, 120_000, 0, (errors.FAULT_SENSE, 3, 11_000, 120_000)),
        # at 0.8 of 15 V the stage is at its rail; more current than commanded is no such thing
        (1_000_000, 2_000_000, 12_000, (errors.FAULT_COMPLIANCE, 3, 12_000, 15_000)),
        (-1_000_000, -2_000_000, -12_000, (errors.FAULT_COMPLIANCE, 3, 12_000, 15_000)),
        (1_000_000, 2_000_000, 11_999, (errors.FAULT_SENSE, 3, 1_000_000, 2_000_000)),
        (3_000_000, 2_000_000, 12_000, (errors.FAULT_SENSE, 3, 3_000_000, 2_000_000)),
        (-2_000_000, 2_000_000, 12_000, (errors.FAULT_SENSE, 3, -2_000_000, 2_000_000)),
    ],
)
def test_req_54_req_55_req_59_a_current_at_its_bounds(
    measured: int, commanded: int, volts: int, row: tuple
) -> None:
    assert current_row(IDEAL, 3, measured, commanded, volts) == row


@pytest.mark.parametrize(
    ("expected", "volts", "row"),
    [
        (64, 16, ()),  # a quarter of eight codes of 8 mV
        (64, 15, (errors.FAULT_SHORT, 2, 15, 16)),
        (-64, -15, (errors.FAULT_SHORT, 2, 15, 16)),
        (63, 0, ()),
        (-63, 0, ()),
        (1_000, 249, (errors.FAULT_SHORT, 2, 249, 250)),
        (1_000, 250, ()),
    ],
)
def test_req_55_a_short_at_its_bounds(expected: int, volts: int, row: tuple) -> None:
    assert short_row(IDEAL, 2, expected, volts) == row


def test_req_55_eight_codes_of_1_249_uv_are_9_mv() -> None:
    fine = IDEAL._replace(sense_uv_per_lsb=1_249)
    assert short_row(fine, 2, 9, 0) == (errors.FAULT_SHORT, 2, 0, 2)
    assert short_row(fine, 2, 8, 0) == ()


@pytest.mark.parametrize(
    ("ohm", "fault"),
    # 1 V, 5 % of the load and 10 %, and four codes of 8 mV: 182 mV; a code less and one more
    [(588, False), (592, True), (412, False), (408, True), (124, True)],
)
def test_req_58_the_voltage_of_a_phase_at_its_bounds(ohm: int, fault: bool) -> None:
    watch, stream = Watch(RESISTOR), tonic_of(RESISTOR)
    delay_us = watch.delay_us(stream)
    codes = capture_of([(200, -2_000), (200, 2_000), (19_600, 0)], delay_us)
    for at in range(1, len(codes), 2):
        codes[at] = ZERO + (codes[at - 1] - ZERO) * 25 * ohm // 16_000
    row = watch.judge(stream, delay_us, codes)
    millivolts = -8 * (160 * 25 * ohm // 16_000)
    if not fault:
        assert row == ()
    elif ohm == 124:
        assert row == (errors.FAULT_SHORT, 0, 248, 250)
    else:
        assert row == (errors.FAULT_LOAD, 0, millivolts, -1_000)


def test_req_58_a_capacitance_adds_what_the_phase_has_brought_until_its_middle() -> None:
    # 2 mA, 500 ohm, 2.5 uF: sampled from 16 to 144 us, in the middle at 80 us: 64 mV and 1 V
    watch, stream = Watch(IDEAL), tonic_of(IDEAL)
    delay_us = watch.delay_us(stream)
    codes = capture_of([(200, -2_000), (200, 2_000), (19_600, 0)], delay_us)
    for at in range(1, len(codes), 2):
        if codes[at - 1] < ZERO:
            codes[at] = ZERO - (1_064 + 192 + 8) // 8  # 15 % of it are 159 mV, four codes 32
    assert watch.judge(stream, delay_us, codes) == (errors.FAULT_LOAD, 0, -1_264, -1_064)


# an ADC code of voltage is 1 mV
FINE = RESISTOR._replace(sense_uv_per_lsb=1_000)
Codes = list[tuple[int, int, int]]  # us, and the ADC codes of current and voltage, less ZERO


def judged(stream: Stream, periods: list[Codes]) -> list[tuple]:
    """Return the row of the first phase of each period, where it shows these codes."""
    watch, rows_seen = Watch(stream.board), []
    while len(rows_seen) < len(periods):
        shown = [pair for lasts, *pair in periods[len(rows_seen)] for _ in range(lasts)]
        offset_us, first = watch.delay_us(stream), watch._at == 0
        at_us = [(offset_us + 8 * pair) % len(shown) for pair in range(PAIRS)]
        samples = [ZERO + code for at in at_us for code in shown[at]]
        row = watch.judge(stream, offset_us, samples)
        if first:
            rows_seen.append(row)
        assert first or not row
    return rows_seen


@pytest.mark.parametrize(
    ("board", "code", "least", "most"),
    [
        # 1 V, 15 % and four codes of 1 mV
        (FINE, 320, 846, 1_154),
        (FINE, -320, -1_154, -846),
        # and 2 mA for 80 us on 2.5 uF, 64 mV: 159 mV of tolerance and four codes
        (FINE._replace(seen_nf=2_500), 320, 901, 1_227),
        (FINE._replace(seen_nf=2_500), -320, -1_227, -901),
        # 802 ohm, codes of 1.249 mV: 1604 mV, 14.9 % of it are 238 mV, four codes 4 mV;
        # 1091 codes are 1362 mV, 1478 are 1846 mV
        (
            FINE._replace(sense_uv_per_lsb=1_249, seen_ohm=802, load_tolerance_permille=49),
            320,
            1_091,
            1_478,
        ),
    ],
)
def test_req_58_the_voltage_of_a_phase_to_the_code(
    board: Board, code: int, least: int, most: int
) -> None:
    stream = tonic_of(board, -code)
    for volts in (least, most, least - 1, most + 1):
        rest = (19_600, 0, 0)
        codes = [(200, code // 2, volts), (200, -code // 2, -volts), rest]
        (row,) = judged(stream, [codes])
        assert bool(row) is not (least <= volts <= most), volts
        assert not row or row[:2] == (errors.FAULT_LOAD, 0)


def test_req_58_what_a_discharge_may_have_left_is_allowed_for() -> None:
    # 0.2 uC, and of it after six time constants 163 of 65,536: 498 pC on 150 nF are 3 mV.
    # 500 mV at 500 ohm, 80 nC on 150 nF: 533 mV; 15 % of both are 154 mV, four codes 4
    board = IDEAL._replace(seen_nf=150, sense_uv_per_lsb=1_000)
    stream = admit(board, drive(160, 25_000), discharge(1_500_000)).stream
    assert stream is not None
    for volts, fault in ((872, False), (871, True), (1_194, False), (1_195, True)):
        first, second = [[(200, 80, at), (12_000, 0, 0)] for at in (1_033, volts)]
        rows_seen = judged(stream, [first, second])
        assert [bool(row) for row in rows_seen] == [False, fault], volts


@pytest.mark.parametrize(
    ("board", "code", "allowed"),
    [
        # four codes of 1 mV, and 12.5 uA in 500 ohm: 6 mV
        (FINE, 10, 10),
        # four codes of 1.249 mV: 4 mV, and 1.998 uA in 1001 ohm: 1 mV; five codes are 6 mV
        (FINE._replace(sense_uv_per_lsb=1_249, sense_na_per_lsb=1_998, seen_ohm=1_001), 4, 5),
        # of 0.2 mV and in 50 ohm there is none; five codes are 1 mV
        (FINE._replace(sense_uv_per_lsb=200, seen_ohm=50), 4, 0),
    ],
)
def test_req_59_what_stands_before_a_pulse_at_its_bounds(
    board: Board, code: int, allowed: int
) -> None:
    stream = tonic_of(board, -320)
    current = 2_000_000 // board.sense_na_per_lsb
    volts = 2_000_000 // board.sense_uv_per_lsb * board.seen_ohm // 1_000
    for base in (0, code, code + 1):
        codes = [(200, current, volts), (200, -current, -volts), (19_600, 0, base)]
        first, second = judged(stream, [codes, codes])
        assert first == ()  # what is allowed is not known yet
        value = (code + 1) * board.sense_uv_per_lsb // 1_000
        row = (errors.FAULT_RESIDUAL, 0, value, allowed)
        assert second == (row if base > code else ())


@pytest.mark.parametrize(("current", "left"), [(2, 70), (-2, 90)])
def test_req_59_20_ua_in_500_ohm_are_10_of_80_mv_before_a_pulse(current: int, left: int) -> None:
    board = FINE._replace(sense_na_per_lsb=10_000)
    codes = [(200, 200, 1_000 + left), (200, -200, left - 1_000), (19_600, current, 80)]
    rows_seen = judged(tonic_of(board, -320), [codes, codes])
    assert rows_seen == [(), (errors.FAULT_RESIDUAL, 0, left, 4 + 5)]


@pytest.mark.parametrize(
    ("volts", "fault"), [(-836, False), (-835, True), (-1_164, False), (-1_165, True)]
)
def test_req_58_after_a_short_rest_the_base_is_0_or_all_that_may_be_left(
    volts: int, fault: bool
) -> None:
    # -1 V, 15 % of it, four codes of 1 mV, and what may be left of 12 us of rest: 10 mV
    table = drive(-320, 5_000), idle(1_500), drive(320, 5_000), discharge(1_500)
    stream = admit(FINE, *table).stream
    assert stream is not None
    first, second = [
        [(40, -160, at), (12, 0, 0), (40, 160, -at), (12, 0, 0)] for at in (-1_000, volts)
    ]
    assert [bool(row) for row in judged(stream, [first, second])] == [False, fault]


# --- what a discharge may leave ----------------------------------------------------------------
def period_of(watch: Watch, stream: Stream) -> Watch:
    """Let a whole period pass."""
    watch.delay_us(stream)
    watch._at = watch._tick = 0
    while watch._mean_pc < 0:
        watch._pass(stream, stream.record(watch._at))
    return watch


def test_req_59_the_mean_charge_of_a_period() -> None:
    # 0.4 uC while it is brought and while it is taken back: 400 us of 20 ms
    assert period_of(Watch(IDEAL), tonic_of(IDEAL))._mean_pc == 8_000
    # and so it is where the rest comes in pieces
    both = (drive(-320, 25_000), drive(320, 25_000))
    pieces = stream_of(*both, discharge(1_250_000), discharge(600_000), discharge(600_000))
    assert period_of(Watch(IDEAL), pieces)._mean_pc == 8_000
    # 0.4 uC for 200 us and one time constant of 2 ms; 9.9 of them leave 3.3 of 65,536,
    # taken for 4: 24.4 pC
    passive = stream_of(drive(-320, 25_000), discharge(2_475_000))
    watch = period_of(Watch(IDEAL), passive)
    assert watch._mean_pc == 44_000
    assert watch._doubt_pc == 25
    # the next period begins with them: 400,025 pC for 2200 us of 20 ms
    watch._mean_pc = -1
    assert period_of(watch, passive)._mean_pc == 44_002
    assert watch._doubt_pc == 25
    # and so does one that begins with 1 nC: 401 nC
    watch._mean_pc, watch._doubt_pc = -1, 1_000
    assert period_of(watch, passive)._mean_pc == 44_110
    # a rest that is repeated at the end is one rest
    alike = stream_of(drive(-320, 25_000), *[discharge(495_000)] * 5)
    watch = period_of(Watch(IDEAL), alike)
    assert (watch._mean_pc, watch._doubt_pc) == (44_000, 25)
    # through a resistor with 6 ms, of which 1 ms is over: 200 + 1000 us, then 85 % for 2 ms
    stepped = IDEAL._replace(soft_tau_us=6_000)
    softly = Rec(125_000, E3, E2 | E4)
    table = (drive(-320, 25_000), softly, discharge(2_350_000))
    stream = admit(stepped, *table).stream
    assert stream is not None
    assert 57_800 <= period_of(Watch(stepped), stream)._mean_pc <= 58_000


@pytest.mark.parametrize(
    # 0.4 uC for 400 us of 20 ms; 2.5 nC for 400 us of 9901 us: one pC x us less than 101
    ("code", "period", "mean_pc"),
    [(320, 20 * MS, 8_000), (2, 9_901 * 125, 100)],
)
def test_req_59_each_period_has_a_mean_of_its_own(code: int, period: int, mean_pc: int) -> None:
    watch, stream = Watch(IDEAL), tonic_of(IDEAL, code, period)
    for _ in range(3):
        assert period_of(watch, stream)._mean_pc == mean_pc
        watch._mean_pc = -1


def test_req_59_what_may_stand_before_a_pulse() -> None:
    # four codes of 8 mV, and one of 12.5 uA in 500 ohm
    stream = tonic_of(RESISTOR)
    watch = Watch(RESISTOR)
    watch.delay_us(stream)
    assert watch._allowed_mv(stream) == -1  # of no period known
    assert period_of(watch, stream)._allowed_mv(stream) == 32 + 6
    watch._mean_pc = 0
    assert watch._allowed_mv(stream) == 32 + 6
    # and the mean charge on 2.5 uF
    assert period_of(Watch(IDEAL), stream)._allowed_mv(stream) == 38 + 8_000 // 2_500
    # and what may stand after the discharge, as in the mean charge of a period above: 25 pC and
    # another of rounding on 27 nF, with 44,000 pC
    small = IDEAL._replace(seen_nf=27)
    passive = stream_of(drive(-320, 25_000), discharge(2_475_000))
    assert period_of(Watch(small), passive)._allowed_mv(passive) == 38 + 1_630
    # of a ladder its offset of 8 uA: the same share of 1.65 V as of 128 codes of 8.056 uA
    ladder = LADDER._replace(seen_nf=2_500, offset_na=8_000, sense_uv_per_lsb=1_000)
    ladder = ladder._replace(seen_ohm=1_000, sense_na_per_lsb=1_000)
    watch = Watch(ladder)
    watch._mean_pc = 5_000
    assert watch._allowed_mv(stream) == 4 + 1 + 2 + 12


def test_req_59_what_the_rest_s_own_current_makes_is_not_left() -> None:
    # 80 mV and 25 uA in 500 ohm: 88 mV as codes of 8 mV, of which 12 are the current's
    steps = [*TRAIN[:3], (20, 25)]
    code, _record, value, _limit = rows(ten_kilohertz(), steps, base_mv=80)[-1]
    assert (code, value) == (errors.FAULT_RESIDUAL, 88 - 12)


@pytest.mark.parametrize(("ohm", "fault"), [(608, False), (612, True)])
def test_req_58_where_the_rest_is_too_short_the_voltage_may_be_off_by_what_may_be_left(
    ohm: int, fault: bool
) -> None:
    # 12 us of rest: 150 mV of tolerance, four codes, and 38 mV: 220 mV; not in a first period
    table = drive(-320, 5_000), idle(1_500), drive(320, 5_000), discharge(1_500)
    stream = admit(RESISTOR, *table).stream
    assert stream is not None
    watch, rows = Watch(RESISTOR), []
    for _ in range(4):
        delay_us = watch.delay_us(stream)
        codes = capture_of([(40, -2_000), (12, 0), (40, 2_000), (12, 0)], delay_us)
        for at in range(1, len(codes), 2):
            codes[at] = ZERO + (codes[at - 1] - ZERO) * 25 * ohm // 16_000
        rows.append(watch.judge(stream, delay_us, codes))
    assert rows[0] == ()
    assert any(row and row[0] == errors.FAULT_LOAD for row in rows) is fault
