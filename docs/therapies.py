"""The table of shipped therapies in docs/profiles.md, and their pictures in docs/therapies/.

Role: filled() puts the table between the page's markers; run as a program (`make pictures`) it
makes a picture of each therapy that flows, by `scs trace`.
Invariant: a therapy is shown as its stage makes it; one that is refused has the reason instead.
Next: generate.py, host/scs/presets.py.
"""

import subprocess
import sys
from pathlib import Path

from markdown import table
from rig_tables import replaced
from scs import presets
from scs.figures import pretty
from scs.presets import Preset

PICTURES = Path(__file__).resolve().parent / "therapies"
# how much of it a picture shows: one pulse where its form matters, else a period
SPANS = {
    "alternating_50hz": "41ms",
    "burst_dosed": "26ms",
    "burst_dr": "26ms",
    "burst_low_dose": "26ms",
    "burst_recharged": "26ms",
    "ctbs": "210ms",
    "dithered_50hz": "320ms",
    "drg_20hz": "5ms",
    "four_programs": "50ms",
    "gaussian_50hz": "1200us",
    "hd500": "5ms",
    "hf10": "400us",
    "hf10_pulse_dosing": "400us",
    "interleaved_50hz": "200ms",
    "itbs": "210ms",
    "khz1": "2500us",
    "microburst": "9ms",
    "multiplexed_50_1200hz": "20ms",
    "multiplexed_50_300hz": "20ms",
    "prepulse_50hz": "2ms",
    "r2r_tonic": "1ms",
    "segments_50hz": "1500us",
    "sine_50hz": "600us",
    "symmetric_90hz": "12ms",
    "tonic_48_pulses": "2ms",
    "tonic_50hz": "2ms",
    "tonic_passive": "5ms",
    "triphasic_50hz": "1ms",
}
HEAD = ("preset", "rate", "width", "amplitude", "charge", "density", "k", "DC", "at 1 kΩ")


def shown(one: Preset) -> bool:
    """Whether there is something to draw: a stage takes it, and current flows."""
    return one.charge_uc is not None and not all(one.stages.values())


def number(value: float | None, unit: str) -> str:
    """A figure with its unit; none where nothing flows."""
    return "none" if value is None else f"{value:.3g} {pretty(unit)}".strip()


def row(one: Preset) -> list[str]:
    """A therapy as a row of the table."""
    name = f"[`{one.name}`](../profiles/{one.name}.yaml)"
    link = f"{name} [picture](therapies/{one.name}.png)" if shown(one) else name
    shannon = "none" if one.shannon_k is None else f"{one.shannon_k:.2f}"
    figures = [
        number(one.charge_uc, "uC"),
        number(one.density_uc_cm2, "uC/cm2"),
        shannon,
        number(one.dc_na, "nA"),
        number(one.volts, "V"),
    ]
    stages = [one.stages[stage] or "yes" for stage in presets.STAGES]
    return [link, one.rate, one.width, one.amplitude, *figures, *stages]


def therapies() -> str:
    """The table."""
    return table([*HEAD, *presets.STAGES], [row(one) for one in presets.rows()])


def filled(page: str) -> str:
    """The page with the table as it should be."""
    return replaced(page, "therapies", therapies())


def main() -> int:
    """Draw all of them anew."""
    PICTURES.mkdir(exist_ok=True)
    for one in presets.rows():
        if not shown(one):
            continue
        stage = next(stage for stage, reason in one.stages.items() if not reason)
        profile = PICTURES.parents[1] / "profiles" / f"{one.name}.yaml"
        command = [sys.executable, "-m", "scs.cli", "trace", str(profile), "--stage", stage]
        command += ["--for", SPANS[one.name], "-o", str(PICTURES / f"{one.name}.png")]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
