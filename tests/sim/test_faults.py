"""Faults by name: how they are written, and that each does at its instant what it says."""

import numpy as np
import pytest
from tests.sim.bench_support import RANDLES, Echo, bench, biphasic

from scs_sim.bench.board import NOISE, Link, SimBoard
from scs_sim.bench.faults import TABLE, Fault, UnknownFault, gathered, parse
from scs_sim.bench.nvstore import PowerCut
from scs_sim.bench.stream import RUNNING, STARVED


class Writer(Echo):
    """A loop that writes to the store."""

    def step(self) -> None:
        self.hal.nv_write(0, b"written\0" * 20)
        super().step()


def running(**options) -> SimBoard:
    one = bench(Echo, load=RANDLES, **options)
    one.hal.stream_load(biphasic())
    one.hal.stream_start(0)
    return one


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
    one = running(faults="" if given == "inject" else given)
    if given == "inject":
        one.inject("open_lead", at_us=3_100)
    one.advance_us(6_000)
    rows = one.scope().events(0.003_05)
    # in the cathodic phase of the fourth period: 2 mA until then, the full 15 V from then on
    assert rows.current_a[:2] == pytest.approx([-2e-3, -2e-3])
    assert rows.time_s[1] == pytest.approx(0.003_1, abs=1e-12)
    assert set(rows.current_a[2:]) == {0.0}
    assert rows.voltage_v[2:4] == pytest.approx([-15.0, -15.0])


def test_a_short_takes_the_voltage_and_heals() -> None:
    one = running()
    one.inject("short", at_us=2_050)
    one.inject("healed", at_us=4_050)
    one.advance_us(6_000)
    between = one.scope().events(0.002_06, 0.004_04)
    assert min(between.current_a) == pytest.approx(-2e-3)
    assert abs(between.voltage_v).max() < 2.1e-3  # 2 mA through a bridge of 1 ohm, and the rest
    assert abs(one.scope().events(0.004_06).voltage_v).max() > 1.0


def test_a_stuck_dac_drives_both_phases_the_same_way() -> None:
    one = running()
    one.advance_us(2_900)  # in a discharge: the next code to be driven is cathodic
    one.inject("stuck_dac")
    one.advance_us(2_000)
    rows = one.scope().events(0.002_95)
    assert min(rows.current_a) == pytest.approx(-2e-3)
    assert max(rows.current_a) < 1e-3  # the recharge is missing; what is left is discharge


def test_a_starved_fifo_ends_the_output_within_its_eight_words() -> None:
    one = running()
    one.inject("starved_fifo", at_us=3_100)
    one.advance_us(20_000)
    state = one.hal.stream_state()
    assert state.status == STARVED
    assert state.periods in (3, 4)
    assert not one.gate


def test_a_fault_of_the_stream_waits_for_one() -> None:
    for name in ("starved_fifo", "corrupt_word"):
        one = bench(faults=name)
        what = biphasic()
        one.hal.stream_load(what)
        one.hal.stream_start(0)
        one.advance_us(10_000)
        state = one.hal.stream_state()
        assert (state.status == STARVED) is (name == "starved_fifo")
        assert (one.hal.stream_words() != what.words) is (name == "corrupt_word")
        one.hal.stream_load(what)  # and is over with the next start
        one.hal.stream_start(0)
        one.advance_us(10_000)
        assert one.hal.stream_state().status == RUNNING
        assert one.hal.stream_words() == what.words


@pytest.mark.parametrize("seed", range(5))
def test_a_corrupt_word_is_one_bit_of_the_live_words(seed: int) -> None:
    one, what = running(seed=seed), biphasic()
    one.inject("corrupt_word", at_us=3_100)
    one.advance_us(3_099)
    assert one.hal.stream_words() == what.words
    one.advance_us(1)
    pairs = zip(one.hal.stream_words(), what.words, strict=True)
    assert sum((now ^ then).bit_count() for now, then in pairs) == 1


def test_a_flipped_hold_is_stopped_by_the_sentinel() -> None:
    one = running()
    one.advance_us(100)
    one.sequencer.dma.corrupt(31 - 4)  # the first record's hold: 2^25 ticks more, 0.27 s
    one.advance_us(20_000)
    assert not one.gate
    rows = one.scope().events()
    longest = max(
        rows.time_s[1::2][abs(rows.current_a[1::2]) > 1e-3]
        - rows.time_s[::2][abs(rows.current_a[::2]) > 1e-3]
    )
    assert 200e-6 <= longest < 202e-6


def test_link_noise_spoils_some_bytes_and_brings_strays() -> None:
    one = bench(Echo, faults="link_noise", seed=1)
    sent = bytes(20_000)
    one.host_write(sent)
    one.advance_us(200)
    got = one.host_read()
    damaged = sum(byte != 1 for byte in got)
    assert 0.3 < damaged / (2 * NOISE * len(sent)) < 3  # there and back
    one.advance_us(1_000_000)
    strays = one.host_read()
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
    one = running()
    one.host_write(b"before")
    one.advance_us(1_000)
    one.inject("link_cut")
    assert one.host_read() == b""
    one.host_write(b"after")
    turns = len(one.device.turns_us)
    one.advance_us(1_000)
    assert one.host_read() == b""
    assert len(one.device.turns_us) == turns + 5
    assert one.gate


def test_a_wait_for_bytes_ends_when_the_link_is_cut() -> None:
    one = bench(Echo, faults="link_cut@0.002")
    one.advance_us(10_000, until_waiting=1)
    assert one.now_us() == 2_000


def test_a_hung_loop_steps_no_more_until_the_watchdog_has_bitten() -> None:
    one = bench(Echo, faults="hung_loop@0.1")
    before = one.device
    one.advance_us(200_000)
    one.host_write(b"are you there?")
    one.advance_us(149_000)
    assert before.turns_us[-1] == 95_000  # and was fed then, for 250 ms
    assert one.resets == 1
    assert one.device.turns_us == [345_000]


def test_a_missing_identification_resistor_reads_the_reference() -> None:
    one = bench(faults="wrong_load")
    assert one.hal.load_id() == 4095


def test_a_torn_write_is_a_power_cut_within_the_next_write_to_the_store() -> None:
    one = bench(Echo)
    one.hal.nv_write(3, b"before")
    one.inject("torn_write")
    with pytest.raises(PowerCut):
        one.hal.nv_write(4, b"\0" * 120)
    left = one.hal.nv_read(4)
    arrived = left.count(b"\0")
    assert left == b"\0" * arrived + b"\xff" * (120 - arrived) and arrived < 114
    one.hal.nv_write(5, b"whole again")
    assert (one.hal.nv_read(3), one.hal.nv_read(5)) == (b"before", b"whole again")


def test_the_power_fails_for_an_instant_and_the_device_begins_anew() -> None:
    one = bench(Writer, faults="torn_write")
    first = one.device
    one.hal.cause = 1
    one.advance_us(10_000)
    assert one.device is not first and one.resets == 1
    assert one.hal.reset_cause() == 0
    assert one.hal.nv_read(0) == b"written\0" * 20  # by the second of them
