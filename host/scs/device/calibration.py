"""Calibration of a device's sense path: read it, determine it with a known load, store it.

Role: read() returns what a device uses, against() computes a calibration from test pulses through
a known resistance, keep() stores it on the device. Invariant: the device alone stores and applies
it, within its own bounds; code that converts samples to A and V gets the board from in_use().
Requirements: REQ-47.

The reference for current is the commanded current (parts of 0.1 %), for voltage that current times
the resistance. Zeros are read at rest: not on a ladder, whose offset flows through the load, and
for voltage only without a capacitance that may hold one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stimcore import board as boards_
from stimcore import calibration, commands, limits, load_test
from stimcore.board import FINE, STAGE_R2R_1, Board

from ..catalog import boards
from ..errors import Failure, WrongUsage
from .impedance import LoadFound
from .link import Link

if TYPE_CHECKING:
    from .session import Session

ROUNDS = 4  # measurements that are averaged
KEPT = {
    calibration.NONE: "none",
    calibration.GOOD: "good",
    calibration.DAMAGED: "damaged",
    calibration.FOREIGN: "of another stage or board",
}


@dataclass(frozen=True)
class Calibration:
    """Offsets: reading at zero, in ADC codes above the zero code. Gains: value of a code relative
    to the one declared in boards.yaml. kept: none, good, damaged, of another stage or board."""

    current_offset: float = 0.0
    current_gain: float = 1.0
    voltage_offset: float = 0.0
    voltage_gain: float = 1.0
    kept: str = KEPT[calibration.NONE]

    def numbers(self) -> tuple[int, int, int, int]:
        """Return the fields of CALIBRATE; raise WrongUsage if a value does not fit."""
        offsets = (self.current_offset * FINE, self.voltage_offset * FINE)
        ppm = ((self.current_gain - 1) * 1e6, (self.voltage_gain - 1) * 1e6)
        fits = [abs(value) < 32_767 for value in offsets] + [abs(value) < 1e9 for value in ppm]
        if not all(fits):  # nor does a value that is not a number
            raise WrongUsage(
                "calibration out of range; for example --current-gain 1.01 --current-offset 2.5"
            )
        return round(offsets[0]), round(ppm[0]), round(offsets[1]), round(ppm[1])


def read(link: Link) -> Calibration:
    """Read the stored calibration; the device uses none that is damaged or not its own."""
    fields = link.request(commands.CALIBRATION)
    return Calibration(
        fields["current_offset"] / FINE,
        1 + fields["current_ppm"] / 1e6,
        fields["voltage_offset"] / FINE,
        1 + fields["voltage_ppm"] / 1e6,
        KEPT.get(fields["kept"], f"state {fields['kept']}"),
    )


def in_use(link: Link, board: Board) -> Board:
    """Return the board with the sense path as calibrated on the device."""
    applied: Board = calibration.applied(board, read(link).numbers())
    return applied


def keep(link: Link, wanted: Calibration) -> Calibration:
    """Store a calibration on the device; DeviceRefused, and no change, beyond its bounds."""
    link.request(commands.CALIBRATE, *wanted.numbers())
    return read(link)


def against(
    stim: Session, ohm: float, sources: Iterable[str | int], returns: Iterable[str | int]
) -> tuple[Calibration, LoadFound]:
    """Return (new calibration, load as measured before) for a known resistance of `ohm`.

    A zero that cannot be measured stays as it is. Nothing is stored yet. Raises Failure if the
    load is not the declared dummy load.
    """
    now, sources, returns = read(stim.link), list(sources), list(returns)
    amps = rest_i = rest_v = measured_ohm = 0.0
    for _ in range(ROUNDS):
        load = stim.measure(sources, returns)
        measured_ohm += _resistance(load) / ROUNDS
        fields = stim.link.request(commands.CALIBRATION)
        amps += fields["current_na"] / 1e9 / ROUNDS
        rest_i += fields["rest_current"] / FINE / ROUNDS
        rest_v += fields["rest_voltage"] / FINE / ROUNDS
    current_gain = now.current_gain * commanded_a(stim.board, ohm) / amps
    voltage_gain = now.voltage_gain * (ohm / measured_ohm) * (current_gain / now.current_gain)
    offset_i, offset_v = now.current_offset, now.voltage_offset
    if stim.board.stage != STAGE_R2R_1:
        offset_i = rest_i - stim.board.adc_zero
        offset_v = offset_v if stim.board.seen_nf else rest_v - stim.board.adc_zero
    return Calibration(offset_i, current_gain, offset_v, voltage_gain), load


def _resistance(load: LoadFound) -> float:
    if not load.identified:
        raise Failure(
            "the load's identification resistor is not that of the declared dummy load: connect"
            " it, or choose its row with --load"
        )
    ohm = {contact.ohm for contact in load.contacts}
    if len(ohm) != 1 or None in ohm:
        raise Failure(
            "no single resistance was measured between these contacts: `scs impedance` shows them;"
            " name one contact on either side, such as --from E1 --to E2"
        )
    return max(float(ohm.pop() or 0), 1.0)


def commanded_a(board: Board, ohm: float) -> float:
    """Return the mean amplitude of the test pulses (A); a ladder's depends on the resistance."""
    highest = boards_.code_from_ua(board, limits.MEASURE_UA)
    codes = sum(highest - below for below in load_test.BELOW) / len(load_test.BELOW)
    amps = float(codes * board.na_per_code / 1e9)
    if board.stage != STAGE_R2R_1:
        return amps
    source_ohm = float(boards.electrical(board.name)["stage"]["source_ohm"])
    return amps * float(source_ohm + board.load_ohm) / (source_ohm + ohm)
