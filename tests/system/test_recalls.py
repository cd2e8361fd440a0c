"""Recalls of implants and bugs of other stimulators, each shown not to happen here.

Which report each is of stands in tools/safety_case/recalls.yaml. Only what no other test of these
requirements shows is here; figures are by hand.
"""

from itertools import pairwise

import pytest
from tests.support.tables import (
    IDEAL,
    MS,
    admit,
    discharge,
    drive,
    idle,
    refusals,
)
from tests.system.conversation import Conversation
from tests.system.groups import STAND_ALONE, group, steady
from tests.system.states import STATE_NAMES, bring_to
from tests.system.support import Talk

from scs.messages import error_texts
from stimcore import calibration, commands, errors, program

ON_THE_BOARD = pytest.mark.board_only("a part of the firmware or of the bench is replaced")
SYMMETRIC = {"ratio": 1, "recharge": program.RECHARGE_ACTIVE}


@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_32_every_state_can_be_left_by_a_host_that_did_not_lead_to_it(
    talk: Conversation, name: str
) -> None:
    bring_to(talk, name)
    talk.sequence = (talk.sequence + 77) & 255  # another host's first words: HELLO, HALT
    talk.hello()
    assert talk.send(commands.HALT).status == 0
    assert not talk.gate
    if talk.state() == "FAULT":
        assert talk.send(commands.CLEAR_FAULT).status == 0
    if talk.state() == "LOADED":
        assert talk.send(commands.UNLOAD).status == 0
    assert talk.state() == "OFF"


@ON_THE_BOARD
def test_req_47_a_program_that_moves_to_another_board_takes_no_calibration_along() -> None:
    """Slots 0 to 7 of the store are copied, then all of it."""
    first, second = Talk(), Talk()
    for talk in (first, second):
        talk.hello()
    digest = first.stage(group())["hash"]
    assert first.send(commands.SAVE, 0).status == 0
    assert first.send(commands.CALIBRATE, 0, 20_000, 0, 0).status == 0
    cells = first.board.store.cells
    second.board.store.cells.update({at: data for at, data in cells.items() if at < 16})
    assert second.send(commands.RECALL, 0)["hash"] == digest
    assert second.send(commands.CALIBRATION)["kept"] == 0
    second.board.store.cells.update(cells)
    second.board.hal.unique_id = lambda: b"another "
    assert second.send(commands.UNLOAD).status == 0
    second.device.calibrated(calibration.restore(second.board.hal, second.row))
    second.stage(group())
    second.measured()
    refused = second.send(commands.ARM, digest)
    assert refused.rows == [(errors.CALIBRATION, 3, 0, 0)]  # of another board


def test_req_31_after_a_reset_nothing_flows_and_nothing_is_put_in_the_place_of_what_ran(
    talk: Conversation,
) -> None:
    talk.running()
    talk.keep(0.5)
    talk.inject("hung_loop")
    talk.pass_us(300_000)
    talk.mark()
    talk.hello()
    status = talk.status()
    assert (status["hash"], status["levels"]) == (0, b"")
    assert talk.send(commands.CLEAR_FAULT).status == 0
    for opcode in (commands.START, commands.FIGURES):
        assert talk.send(opcode).rows[0][0] == errors.BAD_STATE
    talk.keep(0.5)
    assert not talk.gate
    assert talk.pulses() == []


def test_req_22_no_command_but_a_new_amplitude_changes_the_levels(talk: Conversation) -> None:
    talk.running()
    talk.keep(0.5)
    payloads = {commands.SCOPE_ARM: (0,), commands.WORDS: (0,), commands.SCOPE_READ: (0,)}
    spared = {commands.STOP, commands.HALT, commands.AMPLITUDE, commands.HELLO}
    for opcode, _name, fields, *_rest in commands.TABLE:
        if opcode not in spared and (not fields or opcode in payloads):
            talk.send(opcode, *payloads.get(opcode, ()))
            assert talk.levels() == [(2_000, 2_000)], _name
    talk.mark()
    talk.keep(0.2)
    assert {round(1e5 * pulse.current_a) for pulse in talk.pulses(-1e-3)} == {-200}  # of 10 uA


@pytest.mark.parametrize(("width_us", "gap_us"), [(50, 0), (500, 30), (1_000, 1_000)])
def test_req_23_the_rate_is_that_of_the_starts_whatever_a_pulse_takes(
    width_us: int, gap_us: int, talk: Conversation
) -> None:
    """100 Hz is 10 ms from start to start: not the pause between two pulses."""
    shape = {"width_ns": 1_000 * width_us, "gap_ns": 1_000 * gap_us, "ratio": 1}
    talk.running(steady(rate_millihz=100_000, **shape))
    talk.pass_us(205_000)
    starts = [pulse.start_s for pulse in talk.pulses(-0.4e-3)]
    assert len(starts) >= 19
    assert [round(1e9 * (b - a)) for a, b in pairwise(starts)] == [10_000_000] * (len(starts) - 1)


@pytest.mark.parametrize("sign", [-1, 1])
def test_req_04_req_07_req_08_a_limit_holds_for_either_sign(sign: int) -> None:
    """10 mA x 1 ms is the 10 uC that a phase may have; a contact of 9 mm2 may have 1.1 of them."""
    code = sign * 1_600
    held = admit(IDEAL, drive(code, MS), drive(-code, MS), discharge(20 * MS))
    assert "phase_charge" not in refusals(held)
    past = admit(IDEAL, drive(code + sign, MS), drive(-code - sign, MS), discharge(20 * MS))
    assert refusals(past)["phase_charge"] == (10_006_250, 10_000_000)
    kept = admit(IDEAL, drive(code, MS), idle(MS), drive(code, MS), discharge(20 * MS))
    assert refusals(kept)["running_charge"][0] >= 20_000_000
    one_way = admit(IDEAL, drive(code, 25_000), discharge(289))
    assert refusals(one_way)["dc"][0] > 100_000
    assert one_way.stream is None


@ON_THE_BOARD
def test_req_52_a_watchdog_that_is_fed_by_an_empty_function_ends_the_output() -> None:
    talk = Talk()
    talk.hello()
    talk.running(group(STAND_ALONE))
    talk.pass_us(100_000)
    talk.board.hal.feed_watchdog = lambda: None
    talk.pass_us(251_000)
    assert not talk.gate
    assert talk.board.resets == 1


@ON_THE_BOARD
@pytest.mark.parametrize("part", ["dialogue", "output", "monitor", "captures"])
def test_req_52_an_error_in_any_part_of_a_turn_leaves_the_output_off_and_the_loop_alive(
    part: str,
) -> None:
    talk = Talk()
    talk.hello()
    talk.running()
    talk.keep(0.3)
    call = {"dialogue": "step", "output": "step", "monitor": "judge", "captures": "look"}[part]
    owner = getattr(talk.device, part)
    whole = getattr(owner, call)

    def broken(*given: object) -> object:
        setattr(owner, call, whole)
        raise MemoryError

    setattr(owner, call, broken)
    talk.board.advance_us(11_000)
    assert not talk.gate
    assert (talk.state(), talk.fault_name()) == ("FAULT", "internal")  # it answers
    talk.keep(0.5)
    assert talk.board.resets == 0


@ON_THE_BOARD
def test_req_34_a_therapy_ends_when_its_link_drops() -> None:
    talk = Talk()
    talk.hello()
    talk.running()
    talk.keep(1.0)
    talk.inject("link_cut")
    talk.pass_us(1_850_000)  # the last frame came up to 0.1 s before the cut
    assert talk.gate
    talk.pass_us(250_000)  # 2 s of lease, and the end of a period
    assert not talk.gate
    assert talk.device.ledger.stopped == commands.STOP_LEASE


@pytest.mark.parametrize("more", [1 << 16, 1 << 24, 1 << 31])
def test_req_22_an_amplitude_does_not_wrap(more: int, talk: Conversation) -> None:
    """65,536 and 500 uA are 500 uA in sixteen bits."""
    refused = talk.stage(group(amplitude_ua=more + 500, ceiling_ua=more + 500))
    assert refused.rows[0][0] == errors.BLOB_FIELD
    assert error_texts.field_name(refused.rows[0][1]) == (0, "amplitude_ua")
    assert refused.rows[0][2:] == (more + 500, 25_500)
    talk.running()
    talk.keep(0.3)
    refused = talk.send(commands.AMPLITUDE, 0, more + 500)
    assert refused.rows == [(errors.CEILING, 0, more + 500, 4_000)]
    assert talk.levels() == [(2_000, 2_000)]


def test_req_36_a_cycle_drives_the_share_of_the_time_that_it_says(talk: Conversation) -> None:
    """1 s of 4: 50 pulses of 0.1 uC each on time, three of them within 10 s."""
    talk.running(steady({"cycle_on_ms": 1_000, "cycle_off_ms": 3_000}))
    talk.keep(10.0)
    book = talk.ledger()
    assert (book["pulses"], book["periods"]) == (150, 150)
    assert book["output_ms"] == 3_000
    assert len(talk.pulses()) == 150
    assert talk.charges_pc()[2][0] == 15_000_000


@pytest.mark.parametrize(("on_ms", "off_ms"), [(999, 1_000), (1_000, 999), (100, 100), (1_000, 0)])
def test_req_21_no_cycle_is_so_short_that_it_costs_more_than_it_spares(
    on_ms: int, off_ms: int, talk: Conversation
) -> None:
    refused = talk.stage(group({"cycle_on_ms": on_ms, "cycle_off_ms": off_ms}))
    assert refused.rows[0][0] == errors.BLOB_FIELD
    assert refused.rows[0][3] == 1_000


# --- REQ-69: kHz phases equal to the tick ----------------------------------------------------
@pytest.mark.parametrize(
    ("rate_hz", "width_ns", "gap_ns"),
    [
        (10_000, 30_000, 20_000),
        (10_000, 30_001, 7_000),
        (5_882, 47_777, 0),
        (1_200, 99_993, 30_000),
    ],
)
def test_req_69_both_phases_of_a_khz_pulse_are_equal_to_the_tick(
    rate_hz: int, width_ns: int, gap_ns: int, talk: Conversation
) -> None:
    shape = {"width_ns": width_ns, "gap_ns": gap_ns, **SYMMETRIC}
    talk.running(steady(rate_millihz=1_000 * rate_hz, **shape))
    talk.pass_us(20_000)
    lengths: dict[int, set[int]] = {}
    for (at, word), (until, _next) in pairwise(talk.latches()):
        lengths.setdefault(word, set()).add(until - at)
    width = round(width_ns * talk.row.clock_hz / 1e9)
    phases = [ticks for ticks in lengths.values() if width in ticks]
    assert len(phases) == 2  # one of each polarity, and nothing else as long
    assert phases == [{width}, {width}]


def test_req_69_a_phase_0_4_us_longer_than_the_other_is_refused() -> None:
    """50 ticks of 8 ns x 320 codes; one tick is refused as well."""
    for more in (50, 1):
        train = (drive(-320, 3_750), idle(2_500), drive(320, 3_750 + more), discharge(2_500))
        assert refusals(admit(IDEAL, *train))["imbalance"] == (320 * more, 0)
