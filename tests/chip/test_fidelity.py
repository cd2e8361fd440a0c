"""`--fidelity chip` gives the rows of the simulated board: the same ticks, and the same load."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from scs import Profile, resources
from scs.recordings.record import BOARD, CHIP

SERIAL, LADDER = "pico/mcp4922-8/randles-500", "pico/r2r-1/resistor-500"
CLOCK_HZ = 125_000_000


@pytest.mark.parametrize(
    ("stem", "board", "rows"),
    # 50 Hz: three phases and a discharge in each of three periods; bursts of five at 40 Hz
    [("tonic_50hz", SERIAL, 30), ("burst_dr", SERIAL, 60), ("r2r_tonic", LADDER, 20)],
)
def test_the_real_firmware_gives_the_boards_rows(stem: str, board: str, rows: int) -> None:
    text = Path(resources.path(f"profiles/{stem}.yaml")).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("ramp:")]
    profile = Profile.from_text("\n".join([*lines, "ramp: {up: 100 ms, down: 100 ms}"]), stem)
    chip, simulated = (
        profile.trace(0.06, fidelity=fidelity, board=board) for fidelity in (CHIP, BOARD)
    )
    assert chip.fidelity == CHIP
    assert len(simulated.rows) > rows
    seen, wanted = chip.trace, simulated.trace
    assert np.array_equal(np.rint(seen.time_s * CLOCK_HZ), np.rint(wanted.time_s * CLOCK_HZ))
    # what a discharge leaves after a ramp of other steps differs; the current commanded does not
    assert_allclose(seen.current_a, wanted.current_a, rtol=0, atol=10e-9)
    assert_allclose(seen.voltage_v, wanted.voltage_v, rtol=0, atol=1e-3)
    schedules = [recording.run.schedule for recording in (chip, simulated)]
    assert [schedule.at_target for schedule in schedules] == [True, True]
    assert schedules[0].periods == schedules[1].periods
