"""Undriven currents measured on the simulated stage against the kernel's figures.

Random groups on the parts as boards.yaml declares them, with the stage's own errors: in no
discharge flows more than the figure, whatever contacts are used, however many programs there are.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exploring import examples
from tests.support.programs import groups

from scs import Profile, presets, resources
from scs.catalog import boards
from scs_sim.circuit import model
from stimcore import contact_sums, decode, limits, period, pio_records, program, rules
from stimcore.board import Board
from stimcore.errors import Refused

NAMES = ("pico/mcp4922-8/randles-500", "pico/mcp4922-8/resistor-500", "pico2/mcp4922-8/randles-500")
NOISE_A = 1e-9


def undriven_a(board: Board, name: str, compiled: list, periods: int) -> float:
    """Return the largest current of any phase that is no drive; a new code settles at once, for
    the rest of a ladder's drive is none of the load's current."""
    electrical = boards.electrical(name)
    electrical["stage"]["settle_tau_s"] = 0.0
    seen = model.of_board(board, electrical, compiled).run(periods)
    kinds = [phase[0] for phase in compiled for _edge in (0, 1)]
    assert len(seen.current_a) == periods * len(kinds)  # nothing is clipped: two rows a phase
    rest = np.array([kind != period.DRIVE for kind in kinds])
    return float(np.max(np.abs(seen.current_a.reshape(periods, -1)[:, rest]), initial=0.0))


def bound_a(board: Board, compiled: list) -> float:
    """Return the figure of words that need not be admitted."""
    table, rows = decode.table(board, pio_records.encode(board, compiled))
    assert rows == []
    contacts = contact_sums.walk(board, table)
    every = contact_sums.whole(board, table, contacts)
    return (
        max([na for _joined, na in rules.discharges_na(board, every.flows, 255)], default=0) / 1e9
    )


@examples(40)
@given(groups(), st.sampled_from(NAMES), st.integers(1, 3))
def test_req_62_no_discharge_makes_more_than_the_figure(
    group: program.Group, name: str, periods: int
) -> None:
    board = boards.board(name)
    levels = tuple(min(program.amplitude_ua, 2_000) for program in group.programs)
    try:
        compiled = period.compile_group(board, group, levels)
    except Refused:
        return
    assert undriven_a(board, name, compiled, periods) <= bound_a(board, compiled) + NOISE_A


@pytest.mark.parametrize("name", presets.names())
def test_req_62_no_shipped_therapy_discharges_above_its_ceiling(name: str) -> None:
    group = Profile.read(resources.path(f"profiles/{name}.yaml")).group
    if group.header.flags & program.FLAG_SYNC_ONLY:
        return
    ladder = group.areas_um2[2] == 0  # a lead of two contacts
    where = "pico/r2r-1/randles-500" if ladder else NAMES[0]
    board = boards.board(where)
    compiled = period.compile_group(
        board, group, tuple(program.amplitude_ua for program in group.programs)
    )
    current_a = undriven_a(board, where, compiled, 20)
    assert current_a <= bound_a(board, compiled) + NOISE_A
    assert current_a <= min(program.ceiling_ua for program in group.programs) * 1e-6


def test_req_62_the_burst_that_passed_nine_times_its_amplitude() -> None:
    """0.35 mA x 5 ms on 0.9375 uF are 1.867 V: over 600 ohm 3.11 mA, over 6200 ohm 0.301 mA."""
    group = Profile.read(resources.path("profiles/burst_dr.yaml")).group
    board = boards.board()
    compiled = period.compile_group(board, group, (350,))
    assert undriven_a(board, NAMES[0], compiled, 4) == pytest.approx(0.301e-3, rel=0.03)
    unheld = boards.board()._replace(soft_tau_us=0)
    before = period.compile_group(unheld, group, (350,))
    assert undriven_a(unheld, NAMES[0], before, 4) == pytest.approx(3.11e-3, rel=0.02)


def test_req_62_what_a_constant_phase_element_gives_back_stays_below_the_amplitude() -> None:
    """Its charge has left and a voltage has not: at most 2 - 2 ** 0.85 = 0.2 of the first phase's,
    which no charge tells of. Of 1 ms at 0.6 mA, the widest there is: 0.6 uC on 0.734 uF or less."""
    name = "pico/mcp4922-8/cpe-500"
    group = Profile.read(resources.path("profiles/burst_recharged.yaml")).group
    board = boards.board(name)
    compiled = period.compile_group(board, group, (600,))
    assert undriven_a(board, name, compiled, 4) <= 0.2 * 0.6e-6 / 0.5e-6 / 600 + 50e-6


def test_the_absolute_limit_is_twice_the_ceiling() -> None:
    assert limits.DISCHARGE_PERMILLE == 2_000
