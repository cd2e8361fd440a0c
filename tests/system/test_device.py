"""The device on the simulated board: states, two-phase commit, lease, HALT, STOP, counts, ledger.

Expected numbers are worked out by hand from 50 Hz, 200 us, 2 mA: 400 nC a pulse.
"""

import binascii
import struct

import pytest
from tests.system.support import Talk, group

from stimcore import commands, errors, frame, program, states

STATE_NAMES = ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT")


def in_state(name: str) -> Talk:
    """A board brought to a state by what a host would do."""
    talk = Talk()
    if name == "OFF":
        talk.hello()
    elif name == "LOADED":
        talk.hello()
        talk.stage(group())
    elif name == "ARMED":
        talk.armed()
    elif name == "RUNNING":
        talk.running()
    elif name == "STOPPING":
        talk.running(group({"ramp_down_ms": 5_000}))
        talk.keep(0.5)
        talk.send(commands.STOP)
    else:
        talk.running()
        talk.keep(0.5)
        talk.board.inject("starved_fifo")
        talk.keep(0.2)
    assert states.NAMES[talk.device.state] == name
    return talk


PAYLOADS = {
    commands.STAGE_BEGIN: (program.blob_length(1), 0),
    commands.STAGE_DATA: (0, b"x"),
    commands.ARM: (1,),
    commands.AMPLITUDE: (0, 1_000),
    **dict.fromkeys((commands.SAVE, commands.RECALL, commands.ERASE), (0,)),
}
STORE = {"recall", "slots", "erase"}
# restated by hand: what each state lets through
ALLOWED = {
    "OFF": {"stage_begin", "stage_data", "commit", "maintenance", *STORE},
    "LOADED": {
        "stage_begin",
        "stage_data",
        "commit",
        "arm",
        "amplitude",
        "figures",
        "save",
        *STORE,
    },
    "ARMED": {"arm", "start", "amplitude", "figures"},
    "RUNNING": {"amplitude", "figures"},
    "STOPPING": {"figures"},
    "FAULT": {"clear_fault"},
}
EVERYWHERE = {"hello", "status", "stop", "halt", "ledger"}


@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_41_a_command_the_state_forbids_is_refused_and_changes_nothing(name: str) -> None:
    talk = in_state(name)
    for row in commands.TABLE:
        if row[1] in ALLOWED[name] | EVERYWHERE:
            continue
        before = (talk.device.state, talk.device.hash, talk.board.gate)
        reply = talk.send(row[0], *PAYLOADS.get(row[0], ()))
        assert reply.rows[0][:3] == (errors.BAD_STATE, row[0], STATE_NAMES.index(name)), row[1]
        assert (talk.device.state, talk.device.hash, talk.board.gate) == before, row[1]


@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_32_halt_drops_the_gate_in_every_state_within_one_turn(name: str) -> None:
    talk = in_state(name)
    data = frame.encode(77, commands.HALT, b"")  # not even the right sequence number
    talk.board.host_write(data)
    talk.board.advance_us(400)  # two turns of the loop: one may just have begun
    assert not talk.board.gate
    after = {"ARMED": "LOADED", "RUNNING": "LOADED", "STOPPING": "LOADED"}.get(name, name)
    assert states.NAMES[talk.device.state] == after


def test_req_32_halt_overtakes_slower_commands_that_came_with_it() -> None:
    talk = Talk().running()
    talk.keep(0.3)
    figures = frame.encode(talk.sequence + 1, commands.FIGURES, b"")
    talk.board.host_write(figures + frame.encode(9, commands.HALT, b"no fields belong here"))
    gates = []
    real = talk.device._carry_out
    talk.device._carry_out = lambda *a: (gates.append(talk.board.gate), real(*a))[1]
    talk.board.advance_us(400)
    assert gates == [False, False]


def test_req_30_only_the_table_moves_the_state() -> None:
    talk = Talk()
    seen = [talk.device.state]
    talk.armed()
    seen.append(talk.device.state)
    talk.send(commands.START)
    seen.append(talk.device.state)
    talk.keep(0.2)
    talk.send(commands.STOP)
    talk.keep(0.2)
    seen.append(talk.device.state)
    assert [states.NAMES[one] for one in seen] == ["OFF", "ARMED", "RUNNING", "LOADED"]


def test_req_33_stop_ramps_down_and_ends_on_a_whole_period() -> None:
    talk = Talk().running(group({"ramp_down_ms": 400}))
    talk.keep(0.5)
    talk.send(commands.STOP)
    assert states.NAMES[talk.device.state] == "STOPPING"
    talk.board.advance_us(200_000)
    level = struct.unpack("<II", talk.status()["levels"])[0]
    assert 700 <= level <= 1_300  # half-way down from 2000 uA
    assert talk.board.gate
    talk.keep(0.4)
    assert states.NAMES[talk.device.state] == "LOADED" and not talk.board.gate
    book = talk.ledger()
    assert book["truncated"] == 0 and book["pulses"] == book["periods"]
    assert commands.STOP_REASONS[book["stopped"]] == "stop"


def test_req_33_stop_without_ramp_ends_within_one_period() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.send(commands.STOP)
    talk.board.advance_us(45_000)  # a period of 20 ms, the step of 20 ms and 5 ms
    assert not talk.board.gate


@pytest.mark.parametrize("wanted", [1, 48, 333])
def test_req_35_exactly_so_many_pulses(wanted: int) -> None:
    talk = Talk().running(group({"session_pulses": wanted, "lease_ms": 10_000}))
    talk.keep(wanted / 50 + 0.2)
    book = talk.ledger()
    assert (book["pulses"], book["periods"], book["truncated"]) == (wanted, wanted, 0)
    assert commands.STOP_REASONS[book["stopped"]] == "pulses"
    events = talk.board.scope().events()
    current = events[1]
    starts = (current[1:] < -20e-6) & (current[:-1] > -20e-6)
    assert int(starts.sum()) == wanted  # counted at the load, not in the books


def test_req_36_the_ledger_tells_the_charge_of_each_contact() -> None:
    talk = Talk().running(group({"session_pulses": 50}))
    talk.keep(1.3)
    book = talk.ledger()
    driven = [struct.unpack_from("<qq", book["charge"], 16 * at) for at in range(8)]
    # soft start: 0.5, 1, 1.5 mA; a step is due after 20 ms and waits for a period to begin, so
    # two pulses of each, then 44 at 2 mA. 200 us each: 44 x 400 nC + 2 x (100 + 200 + 300) nC
    # = 18 800 nC, and all of it comes back
    assert driven[2] == (18_800_000, 0)
    assert driven[1] == driven[3] == (18_800_000, 0)
    assert driven[0] == driven[4] == (0, 0)
    assert book["output_ms"] == 1_000


def test_req_36_a_pulse_cut_by_halt_is_counted_as_truncated() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    while not -2.1e-3 < talk.board.scope().events()[1][-1] < -1.9e-3:
        talk.board.advance_us(50)
    talk.board.hal.halt()  # the very instant: in mid-phase, whatever the link does
    talk.device.halt()
    book = talk.ledger()
    assert book["truncated"] == 1
    assert book["pulses"] == book["periods"]
    _driven, net = struct.unpack_from("<qq", book["charge"], 32)
    assert -400_000 < net < 0
    assert commands.STOP_REASONS[book["stopped"]] == "halt"


def test_req_37_arm_names_the_hash_of_what_was_committed() -> None:
    talk = Talk()
    talk.hello()
    blob = program.pack(group())
    digest = talk.stage(blob)["hash"]
    assert digest == binascii.crc32(blob[:-4])
    refused = talk.send(commands.ARM, digest ^ 1)
    assert refused.rows[0] == (errors.HASH_MISMATCH, 0, digest ^ 1, digest)
    assert states.NAMES[talk.device.state] == "LOADED"
    assert talk.send(commands.ARM, digest).status == 0


def test_req_37_arm_refuses_the_hash_of_another_program() -> None:
    talk = Talk()
    talk.hello()
    first = talk.stage(group())["hash"]
    second = talk.stage(group(amplitude_ua=1_500))["hash"]
    assert first != second
    assert talk.send(commands.ARM, first).rows[0] == (errors.HASH_MISMATCH, 0, first, second)


def test_req_37_a_refused_commit_leaves_the_program_before_it() -> None:
    talk = Talk()
    talk.hello()
    first = talk.stage(group())["hash"]
    refused = talk.stage(group(amplitude_ua=4_000, width_ns=1_000_000))  # 4 uC: k = 2.1
    assert {errors.SHANNON, errors.RUNNING_CHARGE, errors.DENSITY} <= {r[0] for r in refused.rows}
    assert states.NAMES[talk.device.state] == "LOADED"
    assert talk.send(commands.ARM, first).status == 0


def test_req_37_a_program_staged_in_part_cannot_be_committed() -> None:
    talk = Talk()
    talk.hello()
    blob = program.pack(group())
    talk.send(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
    talk.send(commands.STAGE_DATA, 0, blob[:40])
    assert talk.send(commands.COMMIT).rows[0] == (errors.STAGE_RANGE, 2, 40, len(blob))
    assert talk.send(commands.STAGE_DATA, 41, blob[41:]).rows[0][0] == errors.STAGE_RANGE
    assert talk.send(commands.STAGE_DATA, 40, blob[40:] + b"!").rows[0][0] == errors.STAGE_RANGE
    assert states.NAMES[talk.device.state] == "OFF"


def test_req_20_a_blob_that_is_not_the_announced_one_is_refused() -> None:
    talk = Talk()
    talk.hello()
    blob = program.pack(group())
    talk.send(commands.STAGE_BEGIN, len(blob), 1)
    talk.send(commands.STAGE_DATA, 0, blob)
    assert talk.send(commands.COMMIT).rows[0][0] == errors.STAGE_CRC


def test_req_21_the_device_itself_refuses_a_field_out_of_range() -> None:
    talk = Talk()
    talk.hello()
    refused = talk.stage(group(pulses=2))  # two pulses in a tonic program
    assert refused.rows[0][0] == errors.BLOB_FIELD
    assert program.field_name(refused.rows[0][1]) == (0, "pulses")
    assert states.NAMES[talk.device.state] == "OFF"


def test_req_38_arm_is_refused_when_the_load_does_not_identify_itself() -> None:
    talk = Talk(faults="wrong_load")
    talk.hello()
    digest = talk.stage(group())["hash"]
    refused = talk.send(commands.ARM, digest)
    assert refused.rows[0][0] == errors.LOAD_ID and refused.rows[0][2] == 4095
    assert states.NAMES[talk.device.state] == "LOADED"


def test_req_34_a_host_that_falls_silent_stops_the_output_after_its_lease() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.advance_us(1_990_000)
    assert talk.board.gate
    talk.board.advance_us(70_000)  # 2 s of lease, 45 ms to the end of a period
    assert not talk.board.gate
    assert commands.STOP_REASONS[talk.ledger()["stopped"]] == "lease"


def test_req_34_noise_and_replays_do_not_renew_the_lease() -> None:
    talk = Talk().running()
    last = frame.encode(talk.sequence, commands.START, b"")
    for _ in range(23):
        talk.raw(last + b"\x00\x05noise\x00", 100_000)
    assert not talk.board.gate


def test_req_34_a_stand_alone_program_outlives_its_host() -> None:
    talk = Talk().running(group({"flags": 1}))
    talk.board.advance_us(5_000_000)
    assert talk.board.gate


def test_req_22_an_amplitude_above_the_profiles_ceiling_is_refused_live() -> None:
    talk = Talk().running()
    talk.keep(0.3)
    refused = talk.send(commands.AMPLITUDE, 0, 4_001)
    assert refused.rows[0] == (errors.CEILING, 0, 4_001, 4_000)
    assert talk.send(commands.AMPLITUDE, 1, 100).rows[0][0] == errors.NO_PROGRAM
    assert talk.send(commands.AMPLITUDE, 0, 0).rows[0][0] == errors.BELOW_CODE
    assert struct.unpack("<II", talk.status()["levels"]) == (2_000, 2_000)


def test_req_18_a_live_change_is_approached_in_steps_without_losing_a_pulse() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    assert talk.send(commands.AMPLITUDE, 0, 4_000)["actual_na"] == 4_000_000
    talk.keep(0.5)
    talk.send(commands.HALT)
    time_s, current_a, _ = talk.board.scope().events()
    falls = [i for i in range(1, len(time_s)) if current_a[i] < -20e-6 < current_a[i - 1]]
    steps = [round((time_s[b] - time_s[a]) * 1e6) for a, b in zip(falls, falls[1:], strict=False)]
    assert set(steps) == {20_000}  # no pulse lost, doubled or shifted by a swap
    peaks = [-min(current_a[i : i + 30]) for i in falls]  # once the output has settled
    rises = [b - a for a, b in zip(peaks, peaks[1:], strict=False)]
    assert max(rises) < 0.51e-3
    assert 3.9e-3 < peaks[-1] < 4.1e-3


def test_req_18_an_amplitude_lowered_after_arm_holds_from_the_first_pulse() -> None:
    talk = Talk().armed()
    talk.send(commands.AMPLITUDE, 0, 100)
    talk.send(commands.START)
    talk.keep(0.2)
    assert min(talk.board.scope().events()[1]) > -0.12e-3


def test_cycling_rests_and_comes_back_softly() -> None:
    talk = Talk().running(group({"cycle_on_ms": 1_000, "cycle_off_ms": 1_500}))
    gates = []
    for _ in range(50):
        talk.keep(0.1)
        gates.append(talk.board.gate)
    assert gates[:9] == [True] * 9 and gates[11:23] == [False] * 12
    assert gates[26:33] == [True] * 7 and gates[37:48] == [False] * 11
    assert states.NAMES[talk.device.state] == "RUNNING"


def test_a_session_ends_after_its_time() -> None:
    talk = Talk().running(group({"session_ms": 1_000}))
    talk.keep(1.2)
    book = talk.ledger()
    assert commands.STOP_REASONS[book["stopped"]] == "session"
    assert 50 <= book["pulses"] <= 53
