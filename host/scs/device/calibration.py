"""The calibration of a device's sense path: read, found against a known load, kept.

Role: read() says what a device uses, against() makes numbers of test pulses through a resistance
that is known, keep() has the device take them. Invariant: the device alone keeps and applies them,
within bounds of its own; whatever turns its samples into A and V here asks in_use() for the board.
Requirements: REQ-47.

A current is known by what the stage was commanded to send (parts of 0.1 %), a voltage by that
current and the resistance. A zero is what is read at rest: only where switches discharge the load
(through a ladder its own offset flows), the voltage's only without a capacitance that may hold one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stimcore import board as boards_
from stimcore import calibration, commands, limits, measure
from stimcore.board import FINE, STAGE_R2R_1, Board

from ..catalog import boards
from ..errors import Failure, WrongUsage
from .link import Link

if TYPE_CHECKING:
    from .impedance import LoadFound
    from .session import Session

ROUNDS = 4  # measurements that are averaged
KEPT = {
    calibration.NONE: "none",
    calibration.GOOD: "good",
    calibration.DAMAGED: "damaged",
    calibration.FOREIGN: "of another stage",
}


@dataclass(frozen=True)
class Calibration:
    """Offsets: what a channel reads at zero, in ADC codes above its zero. Gains: what a code is
    worth, as a share of what boards.yaml declares. kept: none, good, damaged, of another stage."""

    current_offset: float = 0.0
    current_gain: float = 1.0
    voltage_offset: float = 0.0
    voltage_gain: float = 1.0
    kept: str = KEPT[calibration.NONE]

    def numbers(self) -> tuple[int, int, int, int]:
        """The fields of CALIBRATE; WrongUsage where they do not fit into them."""
        offsets = (self.current_offset * FINE, self.voltage_offset * FINE)
        ppm = ((self.current_gain - 1) * 1e6, (self.voltage_gain - 1) * 1e6)
        if not (all(abs(one) < 32_767 for one in offsets) and all(abs(one) < 1e9 for one in ppm)):
            raise WrongUsage(
                "no sense path is so wrong; write for example --current-gain 1.01"
                " --current-offset 2.5"
            )
        return round(offsets[0]), round(ppm[0]), round(offsets[1]), round(ppm[1])


def read(link: Link) -> Calibration:
    """What the device keeps; where that is damaged or of another stage, the plain one is used."""
    fields = link.request(commands.CALIBRATION)
    return Calibration(
        fields["current_offset"] / FINE,
        1 + fields["current_ppm"] / 1e6,
        fields["voltage_offset"] / FINE,
        1 + fields["voltage_ppm"] / 1e6,
        KEPT.get(fields["kept"], f"state {fields['kept']}"),
    )


def in_use(link: Link, board: Board) -> Board:
    """The board with its sense path as the device has it."""
    made: Board = calibration.applied(board, read(link).numbers())
    return made


def keep(link: Link, wanted: Calibration) -> Calibration:
    """Have the device keep it; DeviceRefused beyond its bounds, the old one is kept then."""
    link.request(commands.CALIBRATE, *wanted.numbers())
    return read(link)


def against(
    stim: Session, ohm: float, sources: Iterable[str | int], returns: Iterable[str | int]
) -> tuple[Calibration, LoadFound]:
    """(what it should be, the load as it was found before) for a resistance of `ohm` there.

    A zero that cannot be found stays as it is. Nothing is kept yet. Failure where that is not the
    declared dummy load at all.
    """
    now, sources, returns = read(stim.link), list(sources), list(returns)
    amps = rest_i = rest_v = found_ohm = 0.0
    for _ in range(ROUNDS):
        found = stim.measure(sources, returns)
        found_ohm += _resistance(found) / ROUNDS
        fields = stim.link.request(commands.CALIBRATION)
        amps += fields["current_na"] / 1e9 / ROUNDS
        rest_i += fields["rest_current"] / FINE / ROUNDS
        rest_v += fields["rest_voltage"] / FINE / ROUNDS
    current_gain = now.current_gain * commanded_a(stim.board, ohm) / amps
    voltage_gain = now.voltage_gain * (ohm / found_ohm) * (current_gain / now.current_gain)
    offset_i, offset_v = now.current_offset, now.voltage_offset
    if stim.board.stage != STAGE_R2R_1:
        offset_i = rest_i - stim.board.adc_zero
        offset_v = offset_v if stim.board.seen_nf else rest_v - stim.board.adc_zero
    return Calibration(offset_i, current_gain, offset_v, voltage_gain), found


def _resistance(found: LoadFound) -> float:
    if not found.identified:
        raise Failure(
            "the load's identification resistor is not that of the declared dummy load: connect"
            " it, or choose its row with --load"
        )
    ohm = {one.ohm for one in found.contacts}
    if len(ohm) != 1 or None in ohm:
        raise Failure(
            "no single resistance was found between these contacts: `scs impedance` shows them;"
            " name one contact on either side, such as --from E1 --to E2"
        )
    return max(float(ohm.pop() or 0), 1.0)


def commanded_a(board: Board, ohm: float) -> float:
    """The mean amplitude of a measurement's pulses; a ladder's depends on the resistance."""
    highest = boards_.code_from_ua(board, limits.MEASURE_UA)
    codes = sum(highest - below for below in measure.BELOW) / len(measure.BELOW)
    amps = float(codes * board.na_per_code / 1e9)
    if board.stage != STAGE_R2R_1:
        return amps
    source_ohm = float(boards.electrical(board.name)["stage"]["source_ohm"])
    return amps * float(source_ohm + board.load_ohm) / (source_ohm + ohm)
