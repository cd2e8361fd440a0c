"""Faults by name: how they are written, and that each does at its instant what it says."""

import numpy as np
import pytest
from tests.support.benches import RANDLES, Echo, bench, biphasic

from scs_sim.bench.board import NOISE, Link, SimBoard
from scs_sim.bench.faults import TABLE, Fault, UnknownFault, gathered, parse
from scs_sim.bench.nvstore import PowerCut
from scs_sim.bench.stream import RUNNING, STARVED


class Writer(Echo):
    """A loop that writes to the store."""

    def turn(self) -> None:
        self.hal.nv_write(0, b"written\0" * 20)
        super().turn()


def running(**options) -> SimBoard:
    sim = bench(Echo, load=RANDLES, **options)
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    return sim


def test_names_and_times_are_read() -> None:
    assert parse("") == []
    assert parse("short") == [Fault("short", None)]
    assert parse("open_lead@2.5, link_cut@4") == [
        Fault("open_lead", 2_500_000),
        Fault("link_cut", 4_000_000),
    ]
    assert gathered(["short@1", Fault("healed", 7)]) == [
        Fault("short", 1_000_000),
        Fault("healed", 7),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("open_leed", "no fault 'open_leed': did you mean open_lead"),
        ("qwertz@1", "no fault 'qwertz': known are open_lead, short,"),
        ("short@soon", "'short@soon': the time is in seconds, 0 or more, as in open_lead@2.5"),
        ("short@-1", "the time is in seconds"),
        ("short@nan", "the time is in seconds"),
        ("short@inf", "the time is in seconds"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_there_is(text: str, message: str) -> None:
    with pytest.raises(UnknownFault, match=message):
        parse(text)


def test_an_unknown_name_is_refused_at_construction_and_at_run_time() -> None:
    with pytest.raises(UnknownFault):
        bench(faults="opn_lead")
    with pytest.raises(UnknownFault):
        bench().inject("opn_lead")
    with pytest.raises(UnknownFault):
        bench(faults=[Fault("opn_lead")])


def test_the_table_has_the_faults_that_were_promised() -> None:
    promised = "open_lead short stuck_dac starved_fifo corrupt_word link_noise link_cut hung_loop"
    assert {*promised.split(), "wrong_load"} <= set(TABLE)


@pytest.mark.parametrize("given", ["open_lead@0.0031", "inject"])
def test_an_open_lead_stops_the_current_at_its_instant(given: str) -> None:
    sim = running(faults="" if given == "inject" else given)
    if given == "inject":
        sim.inject("open_lead", at_us=3_100)
    sim.advance_us(6_000)
    rows = sim.scope().rows(0.003_05)
    # in the cathodic phase of the fourth period: 2 mA until then, the full 15 V from then on
    assert rows.current_a[:2] == pytest.approx([-2e-3, -2e-3])
    assert rows.time_s[1] == pytest.approx(0.003_1, abs=1e-12)
    assert set(rows.current_a[2:]) == {0.0}
    assert rows.voltage_v[2:4] == pytest.approx([-15.0, -15.0])


def test_a_short_takes_the_voltage_and_heals() -> None:
    sim = running()
    sim.inject("short", at_us=2_050)
    sim.inject("healed", at_us=4_050)
    sim.advance_us(6_000)
    between = sim.scope().rows(0.002_06, 0.004_04)
    assert min(between.current_a) == pytest.approx(-2e-3)
    assert abs(between.voltage_v).max() < 2.1e-3  # 2 mA through a bridge of 1 ohm, and the rest
    assert abs(sim.scope().rows(0.004_06).voltage_v).max() > 1.0


def test_a_stuck_dac_drives_both_phases_the_same_way() -> None:
    sim = running()
    sim.advance_us(2_900)  # in a discharge: the next code to be driven is cathodic
    sim.inject("stuck_dac")
    sim.advance_us(2_000)
    rows = sim.scope().rows(0.002_95)
    assert min(rows.current_a) == pytest.approx(-2e-3)
    assert max(rows.current_a) < 1e-3  # the recharge is missing; what is left is discharge


def test_a_starved_fifo_ends_the_output_within_its_eight_words() -> None:
    sim = running()
    sim.inject("starved_fifo", at_us=3_100)
    sim.advance_us(20_000)
    state = sim.hal.stream_state()
    assert state.status == STARVED
    assert state.periods in (3, 4)
    assert not sim.gate


def test_a_fault_of_the_stream_waits_for_one() -> None:
    for name in ("starved_fifo", "corrupt_word"):
        sim = bench(faults=name)
        what = biphasic()
        sim.hal.stream_load(what)
        sim.hal.stream_start(0)
        sim.advance_us(10_000)
        state = sim.hal.stream_state()
        assert (state.status == STARVED) is (name == "starved_fifo")
        assert (sim.hal.stream_words() != what.words) is (name == "corrupt_word")
        sim.hal.stream_load(what)  # and is over with the next start
        sim.hal.stream_start(0)
        sim.advance_us(10_000)
        assert sim.hal.stream_state().status == RUNNING
        assert sim.hal.stream_words() == what.words


@pytest.mark.parametrize("seed", range(5))
def test_a_corrupt_word_is_one_bit_of_the_live_words(seed: int) -> None:
    sim, what = running(seed=seed), biphasic()
    sim.inject("corrupt_word", at_us=3_100)
    sim.advance_us(3_099)
    assert sim.hal.stream_words() == what.words
    sim.advance_us(1)
    pairs = zip(sim.hal.stream_words(), what.words, strict=True)
    assert sum((now ^ then).bit_count() for now, then in pairs) == 1


def test_a_flipped_hold_is_stopped_by_the_sentinel() -> None:
    sim = running()
    sim.advance_us(100)
    sim.sequencer.corrupt(sim.tick, 31 - 4)  # the first record's hold: 2^25 ticks more, 0.27 s
    sim.advance_us(20_000)
    assert not sim.gate
    rows = sim.scope().rows()
    before = np.flatnonzero(np.diff(rows.time_s) == 0)  # a step is two rows of one time
    driven = abs(rows.current_a[before[:-1] + 1]) > 1e-3
    assert 200e-6 <= max(np.diff(rows.time_s[before])[driven]) < 202e-6


def test_link_noise_spoils_some_bytes_and_brings_strays() -> None:
    sim = bench(Echo, faults="link_noise", seed=1)
    sent = bytes(20_000)
    sim.host_write(sent)
    sim.advance_us(200)
    got = sim.host_read()
    damaged = sum(byte != 1 for byte in got)
    assert 0.3 < damaged / (2 * NOISE * len(sent)) < 3  # there and back
    sim.advance_us(1_000_000)
    strays = sim.host_read()
    assert 0 in strays and len(set(strays)) > 200  # 200 bursts each way, one of them echoed


def test_half_of_the_noise_flips_one_bit_and_half_adds_a_byte() -> None:
    link = Link()
    link.make_noisy(np.random.default_rng(1))
    link.host_write(bytes(40_000))
    got = link.device_read()
    # 200 of 40,000 bytes are hit; a stray byte is a power of two once in 32
    assert len(got) - 40_000 == pytest.approx(100, abs=40)
    assert sum(byte.bit_count() == 1 for byte in got) == pytest.approx(103, abs=40)


def test_nothing_enters_a_link_that_is_cut() -> None:
    link = Link()
    link.cut()
    link.host_write(b"a")
    link.device_write(b"b")
    assert not link.pending
    assert link.waiting == 0


def test_a_cut_link_carries_nothing_either_way_and_the_device_goes_on() -> None:
    sim = running()
    sim.host_write(b"before")
    sim.advance_us(1_000)
    sim.inject("link_cut")
    assert sim.host_read() == b""
    sim.host_write(b"after")
    turns = len(sim.device.turns_us)
    sim.advance_us(1_000)
    assert sim.host_read() == b""
    assert len(sim.device.turns_us) == turns + 5
    assert sim.gate


def test_a_wait_for_bytes_ends_when_the_link_is_cut() -> None:
    sim = bench(Echo, faults="link_cut@0.002")
    sim.advance_us(10_000, until_waiting=1)
    assert sim.now_us() == 2_000


def test_a_hung_loop_steps_no_more_until_the_watchdog_has_bitten() -> None:
    sim = bench(Echo, faults="hung_loop@0.1")
    before = sim.device
    sim.advance_us(200_000)
    sim.host_write(b"are you there?")
    sim.advance_us(149_000)
    assert before.turns_us[-1] == 95_000  # and was fed then, for 250 ms
    assert sim.resets == 1
    assert sim.device.turns_us == [345_000]


def test_a_missing_identification_resistor_reads_the_reference() -> None:
    sim = bench(faults="wrong_load")
    assert sim.hal.load_id() == 4095


def test_a_torn_write_is_a_power_cut_within_the_next_write_to_the_store() -> None:
    sim = bench(Echo)
    sim.hal.nv_write(3, b"before")
    sim.inject("torn_write")
    with pytest.raises(PowerCut):
        sim.hal.nv_write(4, b"\0" * 120)
    left = sim.hal.nv_read(4)
    arrived = left.count(b"\0")
    assert left == b"\0" * arrived + b"\xff" * (120 - arrived) and arrived < 114
    sim.hal.nv_write(5, b"whole again")
    assert (sim.hal.nv_read(3), sim.hal.nv_read(5)) == (b"before", b"whole again")


def test_the_power_fails_for_an_instant_and_the_device_begins_anew() -> None:
    sim = bench(Writer, faults="torn_write")
    first = sim.device
    sim.hal.cause = 1
    sim.advance_us(10_000)
    assert sim.device is not first and sim.resets == 1
    assert sim.hal.reset_cause() == 0
    assert sim.hal.nv_read(0) == b"written\0" * 20  # by the second of them


@pytest.mark.parametrize(
    ("name", "peaks"), [("dac_gain", (-2.5e-3, 2.5e-3)), ("dac_offset", (-1.8e-3, 2.2e-3))]
)
def test_a_dac_with_another_gain_or_offset(name: str, peaks: tuple[float, float]) -> None:
    sim = running()
    sim.inject(name, at_us=2_900)
    sim.advance_us(6_000)
    before, after = sim.scope().rows(0, 0.002_9), sim.scope().rows(0.002_95, 0.008_9)
    assert min(before.current_a) == pytest.approx(-2e-3)
    assert (min(after.current_a), max(after.current_a)) == pytest.approx(peaks)


def test_discharge_switches_that_stay_closed_leave_the_load_nothing() -> None:
    sim = running()
    sim.inject("stuck_discharge", at_us=2_900)
    sim.advance_us(6_000)
    # what is left is the discharge that has begun: 2 mA is taken past the load
    assert abs(sim.scope().rows(0.003_5, 0.006).current_a).max() < 20e-6


def test_a_stuck_adc_reads_the_same_whatever_flows() -> None:
    sim = running(seed=3)
    sim.inject("stuck_adc")
    sim.advance_us(5_000)
    window = sim.hal.sample()
    assert window.current_min == window.current_max
    assert window.voltage_min == window.voltage_max
    assert window.samples > 1_000


def test_a_noisy_adc_reads_another_code_each_time() -> None:
    sim = running(seed=3)
    sim.inject("noisy_adc")
    read = []
    for _ in range(20):
        sim.advance_us(5_000)
        read.append(sim.hal.sample().current_min)
    # 2 mA at 12.5 uA a code: 160 codes below 2048
    assert np.std(read) == pytest.approx(40, rel=0.5)
    assert np.mean(read) == pytest.approx(2048 - 160, abs=30)


def test_a_late_turn_and_a_slow_loop_keep_the_loop_from_its_turns() -> None:
    sim = bench(Echo, faults="late_turn@0.1")
    sim.host_write(b"early")
    sim.advance_us(150_000)
    sim.host_write(b"are you there?")
    sim.advance_us(500_000)
    turns = sim.device.turns_us
    assert [turn for turn in turns if 100_000 < turn < 300_000] == []
    assert 300_000 in turns and sim.resets == 0
    slow = bench(Echo, faults="slow_loop@0.1")
    slow.advance_us(150_000)
    slow.host_write(bytes(3))
    slow.advance_us(500_000)
    steps = np.diff([turn for turn in slow.device.turns_us if turn > 200_000])
    assert min(steps) >= 60_000


def test_a_fast_clock_gains_a_tenth_and_goes_on_from_where_it_was() -> None:
    sim = bench(Echo, faults="fast_clock@1")
    sim.advance_us(1_000_000)
    assert sim.hal.now_us() == 1_000_000
    sim.advance_us(1_000_000)
    assert sim.hal.now_us() == 2_100_000


def test_a_clock_wraps_a_second_after_the_power_failed() -> None:
    sim = bench(Echo, faults="clock_wrap@0.5")
    first = sim.device
    sim.advance_us(1_499_999)
    assert sim.device is not first
    assert sim.hal.now_us() == (1 << 30) - 1
    sim.advance_us(1)
    assert sim.hal.now_us() == 0


def test_a_brown_out_opens_the_gate_and_keeps_the_store() -> None:
    sim = running()
    sim.hal.nv_write(3, b"kept")
    sim.inject("brown_out", at_us=3_100)
    sim.advance_us(3_200)
    assert not sim.gate and sim.resets == 1
    assert sim.hal.reset_cause() == 0
    assert sim.hal.nv_read(3) == b"kept"
    assert sim.hal.stream_words() == b""
