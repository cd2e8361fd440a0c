"""Contracts of stimcore's pure functions, for CrossHair to confirm over all paths.

Role: `python -m safety_case.contracts` asks CrossHair for each function below: its asserts must
hold for all arguments that its `pre:` lines let through. Exit 1 when one fails or cannot be
confirmed.
What CrossHair cannot confirm is not here: arithmetic with products and quotients is proven in
proofs.py, bits and bytes are tried out one by one in tests/core.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scs.catalog import boards
from stimcore import calibration, charge, errors, limits, pulse_monitor, states, window_monitor
from stimcore.errors import Refused

from . import results

BOARD = boards.board()
SECONDS = 60  # for one contract; each takes a few


def two_runs_are_one_pulse_where_they_meet(start: int, ticks: int, then: int, more: int) -> None:
    """
    pre: start >= 0 and ticks > 0 and then >= start + ticks and more > 0
    """
    assert charge.count([(start, ticks), (then, more)]) == (1 if then == start + ticks else 2)


def a_current_within_its_tolerance_has_no_row(measured_na: int, commanded_na: int) -> None:
    """
    pre: abs(measured_na) <= 30_000_000 and abs(commanded_na) <= 30_000_000
    """
    row = pulse_monitor.current_row(BOARD, 0, measured_na, commanded_na, 0)
    allowed = max(abs(commanded_na) * limits.SENSE_TOLERANCE_PERMILLE // 1000, 60_000)
    assert (row == ()) == (abs(measured_na - commanded_na) <= allowed)


def a_current_that_is_away_has_one_of_three_faults(measured_na: int, volts_mv: int) -> None:
    """
    pre: abs(measured_na) <= 30_000_000 and abs(volts_mv) <= 20_000
    """
    row = pulse_monitor.current_row(BOARD, 0, measured_na, 2_000_000, volts_mv)
    if abs(measured_na - 2_000_000) > 300_000:
        assert row[0] in (errors.FAULT_OPEN, errors.FAULT_COMPLIANCE, errors.FAULT_SENSE)


def no_voltage_where_one_is_expected_is_a_short(expected_mv: int, volts_mv: int) -> None:
    """
    pre: abs(expected_mv) <= 20_000 and abs(volts_mv) <= 20_000
    """
    row = pulse_monitor.short_row(BOARD, 0, expected_mv, volts_mv)
    if row:
        assert abs(volts_mv) * 4 < abs(expected_mv)
    elif abs(expected_mv) >= 64:  # eight codes of 8 mV
        assert abs(volts_mv) * 4 >= abs(expected_mv)


def a_permitted_range_only_widens(least: int, most: int, value: int) -> None:
    """
    pre: least <= most
    """
    wider = window_monitor._widened((least, most), value)
    assert wider[0] <= least
    assert wider[1] >= most
    assert wider[0] <= value <= wider[1]


def a_calibration_beyond_its_bounds_is_refused(a: int, b: int, c: int, d: int) -> None:
    """
    pre: True
    """
    good = abs(a) <= 512 and abs(c) <= 512 and abs(b) <= 50_000 and abs(d) <= 50_000
    try:
        calibration.check((a, b, c, d))
    except Refused:
        assert not good
    else:
        assert good


def a_fault_is_left_by_clear_alone(state: int, event: int) -> None:
    """
    pre: 0 <= state <= 6 and 0 <= event < 14
    """
    name = (*sorted({row[1] for row in states.MOVES}), "no such event")[event]
    after = states.after(state, name)
    if state == states.FAULT and after != states.FAULT:
        assert (name, after) == ("clear", states.OFF)
    if after == states.RUNNING and state != states.RUNNING:
        assert (state, name) == (states.ARMED, "start")


CONTRACTS = re.findall(r"^def (\w+)\(.*\n    \"\"\"\n    pre:", Path(__file__).read_text(), re.M)


def main() -> int:
    """Have CrossHair confirm each contract; write build/safety/contracts.json."""
    tool = shutil.which("crosshair") or str(Path(sys.executable).with_name("crosshair"))
    asked = [tool, "check", "--analysis_kind=PEP316", "--report_all"]
    asked += [f"--per_condition_timeout={SECONDS}", __spec__.name]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        print("CrossHair is not installed: pip install crosshair-tool", file=sys.stderr)
        return 2
    confirmed = done.stdout.count("Confirmed over all paths")
    wrong = [line for line in done.stdout.splitlines() if "Confirmed over" not in line]
    if confirmed + len(wrong) != len(CONTRACTS):
        wrong.append(f"{len(CONTRACTS)} contracts, CrossHair spoke of {confirmed + len(wrong)}")
        wrong += done.stderr.splitlines()[-1:]
    command = "python -m safety_case.contracts"
    return results.write(results.Result("contracts", command, {"confirmed": confirmed}, wrong))


if __name__ == "__main__":
    sys.exit(main())
