"""MEASURE: what the device finds of loads in the field's range, and how it gets out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exploring import examples
from tests.system.conversation import Conversation
from tests.system.groups import group
from tests.system.support import NAME, Talk

from scs.catalog import boards
from scs_sim.bench.board import SimBoard
from stimcore import commands, errors

LADDER = "pico/r2r-1/randles-500"


def with_load(name: str, ohm: float, farad: float, **options) -> Talk:
    """Return a bench with another load than the one declared."""
    talk = Talk(name)
    electrical = boards.electrical(name)
    electrical["load"].update(series_ohm=ohm, capacitance_f=farad, leak_ohm=float("inf"))
    talk.board = SimBoard(talk.row, electrical, **options)
    talk.send(commands.HELLO, commands.PROTOCOL)
    return talk


@examples(25)
@given(
    ohm=st.floats(200, 2_000),
    nanofarad=st.one_of(st.just(0.0), st.floats(300, 5_000)),
    seed=st.one_of(st.none(), st.integers(0, 999)),
)
def test_req_56_within_2_percent_of_the_model(
    ohm: float, nanofarad: float, seed: int | None
) -> None:
    talk = with_load(NAME, ohm, nanofarad * 1e-9, noise=seed is not None, seed=seed or 0)
    contacts = talk.measured(0b01, 0b10)
    assert contacts[0][1] == pytest.approx(ohm, rel=0.02)
    assert contacts[0][2] == pytest.approx(nanofarad, rel=0.02)


@examples(10)
@given(
    ohm=st.floats(200, 1_500),
    nanofarad=st.one_of(st.just(0.0), st.floats(1_000, 4_000)),
    seed=st.one_of(st.none(), st.integers(0, 999)),
)
def test_req_56_a_ladder_within_3_percent(ohm: float, nanofarad: float, seed: int | None) -> None:
    talk = with_load(LADDER, ohm, nanofarad * 1e-9, noise=seed is not None, seed=seed or 0)
    contacts = talk.measured()
    assert contacts[0] == contacts[1]
    assert contacts[0][1] == pytest.approx(ohm, rel=0.03)
    assert contacts[0][2] == pytest.approx(nanofarad, rel=0.03)


def test_req_56_the_declared_load_is_good_at_every_contact(talk: Conversation) -> None:
    contacts = talk.measured()
    assert list(contacts) == list(range(8))
    for verdict, ohm, nanofarad in contacts.values():
        assert verdict == 0
        assert ohm == pytest.approx(500, rel=0.02)
        assert nanofarad == pytest.approx(talk.row.seen_nf, rel=0.02)
    assert talk.state() == "OFF"
    assert not talk.gate


def test_with_a_program_its_contacts_are_measured_and_it_stays_loaded(talk: Conversation) -> None:
    talk.stage(group())
    assert list(talk.measured()) == [1, 2, 3]
    assert talk.state() == "LOADED"
    assert list(talk.measured(0b0001, 0b1000)) == [0, 3]


@pytest.mark.parametrize(("fault", "verdict"), [("open_lead", 1), ("short", 2)])
def test_req_56_a_broken_or_shorted_lead_is_named(
    talk: Conversation, fault: str, verdict: int
) -> None:
    talk.inject(fault)
    assert {row[0] for row in talk.measured(0b001, 0b110).values()} == {verdict}


def test_req_56_no_pulse_is_larger_than_half_a_milliampere(talk: Conversation) -> None:
    talk.mark()
    talk.measured(0b01, 0b10)
    flowed = [abs(amps) for _, amps in talk.steps()]
    assert 0.49e-3 < max(flowed) < 0.51e-3


def test_a_contact_on_both_sides_is_refused(talk: Conversation) -> None:
    reply = talk.send(commands.MEASURE, 0b110, 0b100)
    assert reply.rows == [(errors.MEASURE_CONTACTS, 0, 0b110, 0b100)]
    assert talk.state() == "OFF"


def test_a_contact_that_the_stage_has_not_is_refused() -> None:
    talk = Talk(LADDER)
    talk.hello()
    assert talk.send(commands.MEASURE, 0b001, 0b100).status != 0
    assert talk.state() == "OFF"


def test_stop_ends_a_measurement_with_nothing_found(talk: Conversation) -> None:
    assert talk.send(commands.MEASURE, 0, 0).status == 0
    talk.pass_us(30_000)
    talk.send(commands.STOP)
    talk.pass_us(100_000)
    assert talk.state() == "OFF"
    assert talk.send(commands.IMPEDANCE)["measured"] == 0


@pytest.mark.parametrize("fault", ["starved_fifo", "corrupt_word"])
def test_req_31_what_fails_while_measuring_is_latched(talk: Conversation, fault: str) -> None:
    assert talk.send(commands.MEASURE, 0, 0).status == 0
    talk.pass_us(20_000)
    talk.inject(fault)
    talk.pass_us(150_000)
    assert talk.state() == "FAULT"
    assert talk.fault_name() in ("starved", "stream", "sentinel")
    assert not talk.gate


def test_a_fault_forgets_what_was_measured(talk: Conversation) -> None:
    talk.measured()
    talk.stage(group())
    assert talk.send(commands.IMPEDANCE)["measured"] == 1
    talk.send(commands.MEASURE, 0, 0)
    talk.pass_us(20_000)
    talk.inject("starved_fifo")
    talk.pass_us(150_000)
    talk.send(commands.CLEAR_FAULT)
    assert talk.send(commands.IMPEDANCE)["measured"] == 0


def test_the_ledger_of_the_last_run_is_kept(talk: Conversation) -> None:
    talk.running(group({"session_pulses": 5, "flags": 1}, amplitude_ua=500))
    talk.pass_us(300_000)
    before = talk.ledger().raw
    talk.measured()
    assert talk.ledger().raw == before
