"""calibrate: calibrate the sense channels against a known resistance.

Role: measure, enter, show or reset a device's calibration. Invariant: values outside the device's
range are not stored; the old and the new calibration are both shown. Requirements: REQ-47.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options
from .impedance import names

if TYPE_CHECKING:
    from ..device.calibration import Calibration
    from ..device.stimulator import Stimulator


@dataclass(frozen=True)
class Resistance:
    """Resistance between the contacts in ohm: reference, its origin, measured before and after."""

    known: float
    said: str
    before: float | None
    now: float | None


Ohm = Annotated[
    float | None,
    typer.Option(
        metavar="OHM", help="Resistance between the contacts; default: the declared load."
    ),
]
Source = Annotated[str, typer.Option("--from", metavar="NAME", help="A contact, e.g. E3.")]
Back = Annotated[str, typer.Option("--to", metavar="NAME", help="Another contact, e.g. E4.")]
Gain = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Actual over nominal value of an ADC code, e.g. 1.012."),
]
Offset = Annotated[
    float | None,
    typer.Option(
        metavar="CODES", help="ADC offset in codes, positive if it reads high, e.g. -2.5."
    ),
]
Reset = Annotated[bool, typer.Option("--reset", help="Reset to nominal gain and offset.")]
Show = Annotated[bool, typer.Option("--show", help="Only show the stored calibration.")]


def calibrate(
    port: options.Port = "sim",
    ohm: Ohm = None,
    from_: Source = "E1",
    to: Back = "E2",
    current_gain: Gain = None,
    current_offset: Offset = None,
    voltage_gain: Gain = None,
    voltage_offset: Offset = None,
    reset: Reset = False,
    show: Show = False,
    fault: options.Faults = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
) -> None:
    """Calibrate the sense channels against a known resistance and store the result on the device.

    The reference is the stage's current, --ohm times it for voltage, and zero at rest; values from
    your own instruments can be given instead. The calibration is stored apart from the programs
    and applies to `scs impedance`, `scs scope` and all checks while a program runs.

    Examples:  scs calibrate --port /dev/ttyACM0 --ohm 499.2   ·   scs calibrate --voltage-gain 1.01
    """
    from ..device.calibration import read
    from ..device.stimulator import Stimulator

    given = _named(
        current_gain=current_gain,
        current_offset=current_offset,
        voltage_gain=voltage_gain,
        voltage_offset=voltage_offset,
    )
    _one_wish(ohm, given, reset=reset, show=show)
    wanted = options.wanted_board(board, stage, load)
    faults = options.simulated_faults(fault)
    with Stimulator(port, wanted, faults=faults, patience_s=timeout, halt_on_exit=False) as stim:
        before = now = read(stim.link)
        resistance = None
        if reset or given:
            now = _given(stim, None if reset else before, given)
        elif not show:
            now, resistance = _against(stim, ohm, (names(from_), names(to)))
        name = stim.board.name
    _tell(name, (before, now), resistance, json=json)


def _named(**values: float | None) -> dict[str, float]:
    """Return the values that were given."""
    return {name: value for name, value in values.items() if value is not None}


def _one_wish(ohm: float | None, given: dict[str, float], *, reset: bool, show: bool) -> None:
    if reset + show + bool(given) + (ohm is not None) > 1:
        raise WrongUsage("give only one of --ohm, gains and offsets, --reset or --show")
    if ohm is not None and not 0 < ohm < 1e6:
        raise WrongUsage(f"--ohm {ohm:g} is not a load resistance; try 499.2")


def _given(stim: Stimulator, before: Calibration | None, given: dict[str, float]) -> Calibration:
    """Store the given values over the previous ones; without either, reset to nominal."""
    from ..device.calibration import Calibration, keep

    old = asdict(before) if before is not None else {}
    return keep(stim.link, Calibration(**{**old, **given}))


def _against(
    stim: Stimulator, ohm: float | None, contacts: tuple[list[str], list[str]]
) -> tuple[Calibration, Resistance]:
    """Calibrate against a known resistance, store the result, and measure again."""
    from ..device.calibration import against, keep

    known = float(stim.board.seen_ohm) if ohm is None else ohm
    wanted, found = against(stim, known, *contacts)
    now = keep(stim.link, wanted)
    again = stim.measure(*contacts)
    said = "given" if ohm is not None else "declared"
    return now, Resistance(known, said, found.contacts[0].ohm, again.contacts[0].ohm)


def _tell(
    name: str,
    calibrations: tuple[Calibration, Calibration],
    resistance: Resistance | None,
    *,
    json: bool,
) -> None:
    from . import console

    before, now = calibrations
    if json:
        ohm = asdict(resistance) if resistance else None
        console.as_json({"board": name, "before": asdict(before), "now": asdict(now), "ohm": ohm})
        return
    table = console.table(f"Sense path of {name}", "", ">before", ">now")
    for channel in ("current", "voltage"):
        for what, form in (("offset", "{:+.2f} codes"), ("gain", "{:.4f}")):
            values = [getattr(one, f"{channel}_{what}") for one in calibrations]
            table.add_row(f"{channel}, {what}", *[form.format(value) for value in values])
    table.add_row("kept", before.kept, now.kept)
    if resistance:
        table.add_section()
        known = f"load, {resistance.said} as {resistance.known:g} Ω"
        table.add_row(known, f"{resistance.before:g} Ω", f"{resistance.now:g} Ω")
    console.console().print(table)
