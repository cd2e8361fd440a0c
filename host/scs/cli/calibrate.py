"""calibrate: calibrate the sense channels against a known resistance.

Role: measure, enter, show or reset a device's calibration. Invariant: values outside the device's
range are not stored; the old and the new calibration are both shown. Requirements: REQ-47.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import WrongUsage
from . import console, options
from .impedance import names

if TYPE_CHECKING:
    from ..device.calibration import Calibration


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
    ohm: Ohm = None,
    from_: Source = "E1",
    to: Back = "E2",
    current_gain: Gain = None,
    current_offset: Offset = None,
    voltage_gain: Gain = None,
    voltage_offset: Offset = None,
    reset: Reset = False,
    show: Show = False,
    *,
    device: options.FaultyDevice,
    json: options.Json = False,
) -> None:
    """Calibrate the sense channels against a known resistance and store the result on the device.

    The reference is the stage's current, --ohm times it for voltage, and zero at rest; values from
    your own instruments can be given instead. The calibration is stored apart from the programs
    and applies to `scs impedance`, `scs scope` and all checks while a program runs.

    Examples:  scs calibrate --port /dev/ttyACM0 --ohm 499.2   ·   scs calibrate --voltage-gain 1.01
    """
    from ..device import calibration

    values = {
        "current_gain": current_gain,
        "current_offset": current_offset,
        "voltage_gain": voltage_gain,
        "voltage_offset": voltage_offset,
    }
    given: dict[str, Any] = {name: number for name, number in values.items() if number is not None}
    if reset + show + bool(given) + (ohm is not None) > 1:
        raise WrongUsage("give only one of --ohm, gains and offsets, --reset or --show")
    if ohm is not None and not 0 < ohm < 1e6:
        raise WrongUsage(f"--ohm {ohm:g} is not a load resistance; try 499.2")
    resistance: dict[str, Any] | None = None
    with device.stimulator(halt_on_exit=False) as stim:
        before = now = calibration.read(stim.link)
        if reset:
            now = calibration.keep(stim.link, calibration.Calibration())
        elif given:
            now = calibration.keep(stim.link, replace(before, **given))
        elif not show:
            contacts = names(from_), names(to)
            known = float(stim.board.seen_ohm) if ohm is None else ohm
            wanted, measured = calibration.against(stim, known, *contacts)
            now = calibration.keep(stim.link, wanted)
            resistance = {
                "known": known,
                "said": "declared" if ohm is None else "given",
                "before": measured.contacts[0].ohm,
                "now": stim.measure(*contacts).contacts[0].ohm,
            }
        name = stim.board.name
    if json:
        about = {"board": name, "before": asdict(before), "now": asdict(now), "ohm": resistance}
        console.as_json(about)
    else:
        _show(name, before, now, resistance)


def _show(
    name: str, before: Calibration, now: Calibration, resistance: dict[str, Any] | None
) -> None:
    table = console.table(f"Sense path of {name}", ("", ">before", ">now"))
    for channel in ("current", "voltage"):
        for quantity, form in (("offset", "{:+.2f} codes"), ("gain", "{:.4f}")):
            values = [getattr(row, f"{channel}_{quantity}") for row in (before, now)]
            table.add_row(f"{channel}, {quantity}", *[form.format(value) for value in values])
    table.add_row("kept", before.kept, now.kept)
    if resistance:
        table.add_section()
        label = "load, {said} as {known:g} Ω".format(**resistance)
        table.add_row(label, *[f"{resistance[key]:g} Ω" for key in ("before", "now")])
    console.show(table)
