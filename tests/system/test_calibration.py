"""A sense path that is wrong, and the device that was told so: before ARM, and while it runs.

The fault `sense_error`: 4 % too much current and 4 % too little voltage, 5 codes too high and 3
too low. On 500 ohm that reads 500 x 0.96 / 1.04 = 461.5 ohm, and 7 % off is refused.
"""

import pytest
from tests.system.conversation import Conversation
from tests.system.groups import STAND_ALONE, group, steady
from tests.system.support import Talk

from stimcore import commands, errors

NONE, GOOD, DAMAGED, FOREIGN = range(4)
RESISTOR = "pico/mcp4922-8/resistor-500"
REMEDY = (80, -38_462, -48, 41_667)  # 1/16 codes and ppm: 1 / 1.04, 1 / 0.96
ON_THE_BOARD = pytest.mark.board_only("the error of the sense path is the simulated board's")


def wrong_sense(*, noise: bool = False) -> Talk:
    talk = Talk(RESISTOR, noise=noise, seed=5)
    talk.hello()
    talk.inject("sense_error")
    return talk


def kept(talk: Conversation) -> tuple[int, ...]:
    """Return the status of the calibration, and its numbers."""
    fields = list(talk.send(commands.CALIBRATION).fields.values())
    return tuple(fields[:5])


def test_at_first_there_is_none(talk: Conversation) -> None:
    assert kept(talk)[0] in (NONE, GOOD)
    reply = talk.send(commands.CALIBRATE, 0, 0, 0, 0)
    assert reply.status == 0
    assert kept(talk) == (GOOD, 0, 0, 0, 0)


@ON_THE_BOARD
def test_req_56_a_calibration_brings_a_wrong_sense_path_within_2_percent() -> None:
    talk = wrong_sense()
    before = talk.measured(0b01, 0b10)[0]
    assert before[0] != 0 and before[1] == pytest.approx(461.5, rel=0.02)
    assert talk.send(commands.CALIBRATE, *REMEDY).status == 0
    verdict, ohm, _nf = talk.measured(0b01, 0b10)[0]
    assert verdict == 0 and ohm == pytest.approx(500, rel=0.02)


@ON_THE_BOARD
@pytest.mark.parametrize("noise", [False, True])
def test_req_58_calibrated_it_runs_and_uncalibrated_it_is_refused(noise: bool) -> None:
    for calibrated in (False, True):
        talk = wrong_sense(noise=noise)
        if calibrated:
            talk.send(commands.CALIBRATE, *REMEDY)
        digest = talk.stage(group(STAND_ALONE))["hash"]
        talk.measured()
        reply = talk.send(commands.ARM, digest)
        assert reply.status == (0 if calibrated else errors.LOAD_OHM)
        if calibrated:
            talk.send(commands.START)
            talk.keep(1.0)
            assert talk.state() == "RUNNING"


@ON_THE_BOARD
def test_req_54_the_monitor_reads_through_the_calibration() -> None:
    talk = Talk(RESISTOR)
    talk.hello()
    talk.running(steady())
    talk.keep(0.3)
    talk.inject("sense_error")
    talk.keep(0.2)
    # 500 uA read as 520 + 62.5: more than the 75 that are allowed; and 0 V as more than nothing
    assert talk.fault()[0] in (errors.FAULT_SENSE, errors.FAULT_RESIDUAL)
    talk = wrong_sense()
    talk.send(commands.CALIBRATE, *REMEDY)
    talk.running(group(STAND_ALONE))
    talk.keep(0.5)
    status = talk.status()
    assert status["current_min_na"] == pytest.approx(-2_000_000, rel=0.02)
    assert status["voltage_min_mv"] == pytest.approx(-1_000, rel=0.02)


@ON_THE_BOARD
def test_what_a_calibration_is_made_of() -> None:
    talk = wrong_sense()
    fields = talk.send(commands.CALIBRATION).fields
    assert (fields["current_na"], fields["rest_current"], fields["rest_voltage"]) == (0, 0, 0)
    talk.measured(0b01, 0b10)
    fields = talk.send(commands.CALIBRATION).fields
    # amplitudes of 80, 79, 77 and 73 codes of 6.25 uA: 482.8 uA
    assert fields["current_na"] == pytest.approx(1.04 * 482_800, rel=0.01)
    assert fields["rest_current"] == 16 * (2048 + 5)
    assert fields["rest_voltage"] == 16 * (2048 - 3)


def test_a_calibration_forgets_what_was_measured(talk: Conversation) -> None:
    digest = talk.stage(group())["hash"]
    talk.measured()
    assert talk.send(commands.CALIBRATE, 0, 100, 0, -100).status == 0
    assert talk.send(commands.ARM, digest).rows == [(errors.LOAD_UNKNOWN, 0, 0, 0)]
    assert talk.arm(digest).status == 0
    assert talk.send(commands.CALIBRATE, 0, 0, 0, 0).rows[0][0] == errors.BAD_STATE


def test_req_47_beyond_its_bounds_the_old_one_stays(talk: Conversation) -> None:
    assert talk.send(commands.CALIBRATE, 16, 1_000, -16, -1_000).status == 0
    reply = talk.send(commands.CALIBRATE, 0, 0, 0, 50_001)
    assert reply.rows == [(errors.CALIBRATION_RANGE, 3, 50_001, 50_000)]
    assert kept(talk) == (GOOD, 16, 1_000, -16, -1_000)
    assert talk.send(commands.CALIBRATE, 0, 0, 0, 0).status == 0


def test_req_47_it_outlasts_a_reset(talk: Conversation) -> None:
    assert talk.send(commands.CALIBRATE, *REMEDY).status == 0
    talk.inject("hung_loop")
    talk.pass_us(300_000)
    talk.hello()
    assert kept(talk) == (GOOD, *REMEDY)
    talk.send(commands.CLEAR_FAULT)
    assert talk.send(commands.CALIBRATE, 0, 0, 0, 0).status == 0


@ON_THE_BOARD
@pytest.mark.parametrize("torn_by", ["torn_write", "rot"])
def test_req_47_damaged_it_refuses_to_arm_until_it_is_kept_anew(torn_by: str) -> None:
    talk = Talk()
    talk.hello()
    talk.send(commands.CALIBRATE, 0, 1_000, 0, 0)
    if torn_by == "rot":
        talk.board.store.cells[16][20] ^= 4
        talk.inject("hung_loop")
        talk.pass_us(300_000)
    else:
        talk.board.store.cut_after = 17
        talk.board.host_write(talk.framed(commands.CALIBRATE, bytes(12)))
        talk.pass_us(50_000)
    talk.hello()
    talk.send(commands.CLEAR_FAULT)
    assert kept(talk) == (DAMAGED, 0, 0, 0, 0)
    digest = talk.stage(group())["hash"]
    talk.measured()
    assert talk.send(commands.ARM, digest).rows == [(errors.CALIBRATION, DAMAGED, 0, 0)]
    assert talk.state() == "LOADED" and not talk.gate
    talk.send(commands.CALIBRATE, 0, 0, 0, 0)
    assert kept(talk) == (GOOD, 0, 0, 0, 0)
    assert talk.arm(digest).status == 0


@ON_THE_BOARD
def test_req_47_that_of_another_stage_refuses_to_arm() -> None:
    ladder = Talk("pico/r2r-1/resistor-500")
    ladder.hello()
    ladder.send(commands.CALIBRATE, 0, 1_000, 0, 0)
    cells = ladder.board.store.cells
    talk = Talk()
    talk.board.store.cells.update(cells)
    talk.inject("hung_loop")  # to be read at boot
    talk.pass_us(300_000)
    talk.hello()
    talk.send(commands.CLEAR_FAULT)
    assert kept(talk) == (FOREIGN, 0, 0, 0, 0)
    digest = talk.stage(group())["hash"]
    talk.measured()
    assert talk.send(commands.ARM, digest).rows == [(errors.CALIBRATION, FOREIGN, 0, 0)]
