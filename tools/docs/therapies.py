"""Generate the table of shipped therapies in docs/reference/profiles.md and draw their pictures.

Role: filled() puts table, pictures and captions between the page's markers; run as a program
(`make pictures`) it draws each therapy that drives current, by `scs trace`.
Invariant: a therapy is shown as its stage delivers it; a refused one has the reason instead.
"""

import re
import subprocess
import sys
from pathlib import Path

from markdown import table
from rig_tables import replaced
from scs import presets
from scs.messages.safety_metrics import pretty
from scs.presets import Preset

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "reference" / "therapies"
# (how much of it a picture shows: one pulse where its form matters, else a period; what it is)
SHOWN = {
    "alternating_50hz": ("41ms", "every other pulse the other way round, each recharged passively"),
    "burst_dosed": ("26ms", "one of the bursts that come for 30 s of every 2 min"),
    "burst_dr": ("26ms", "five pulses at 500 Hz, then all their charge back at once, passively"),
    "burst_low_dose": ("26ms", "one of the bursts that come for 30 s of every 6.5 min"),
    "burst_recharged": ("26ms", "five pulses at 500 Hz, each returned by its opposite"),
    "ctbs": ("210ms", "triplets at 50 Hz, five times a second; the first one is the soft start"),
    "dithered_50hz": ("320ms", "sixteen pulses a little off their turns, each of its own width"),
    "drg_20hz": ("5ms", "one pulse, as for a dorsal root ganglion, and its passive recharge"),
    "four_programs": ("50ms", "20, 40, 60 and 100 Hz take turns on four sets of contacts"),
    "gaussian_50hz": ("1200us", "a bell of eight steps, and the same the other way round"),
    "hd500": ("5ms", "current for a quarter of the time, and as long back"),
    "hf10": ("400us", "four pulses of 30 us, each returned by its opposite"),
    "hf10_pulse_dosing": ("400us", "the pulses of `hf10`, which come for 20 s of every 140 s"),
    "interleaved_50hz": ("200ms", "ten pulses, of which the 4th, 7th and 10th go to E5 and E4"),
    "itbs": ("210ms", "the triplets of `ctbs`, which come for 2 s of every 10 s"),
    "khz1": ("2500us", "three pulses of 120 us, each returned by its opposite"),
    "microburst": ("9ms", "three narrow pulses at 450 Hz, each recharged passively"),
    "monopolar_50hz": ("5ms", "one pulse between a contact and a return plate"),
    "multiplexed_50_1200hz": ("20ms", "one pulse of the base at 50 Hz, 24 of the prime at 1200 Hz"),
    "multiplexed_50_300hz": ("20ms", "one pulse of the base at 50 Hz, six of the prime at 300 Hz"),
    "prepulse_50hz": ("2ms", "a weak anodic phase before the main one, and as much after it"),
    "r2r_tonic": ("1ms", "a symmetric pulse of 0.5 mA, as resistors alone make it"),
    "segments_50hz": (
        "1500us",
        "a main phase in two steps, a gap, and a recharge that ends gently",
    ),
    "sine_50hz": ("600us", "a whole sine in sixteen steps, its cathodic half first"),
    "symmetric_90hz": ("12ms", "a pulse and its equal, ninety times a second"),
    "tonic_48_pulses": ("2ms", "the first of exactly 48 pulses"),
    "tonic_50hz": (
        "2ms",
        "one pulse, a gap of 30 us, and a quarter of it back for four times as long",
    ),
    "tonic_passive": ("5ms", "one pulse; the charge flows back by itself"),
    "triphasic_50hz": ("1ms", "half the charge before the main phase, half of it after"),
}
HEAD = ("preset", "rate", "width", "amplitude", "charge", "density", "k", "DC", "at 1 kΩ")


def shown(one: Preset) -> bool:
    """Return whether a stage accepts the therapy and it drives current."""
    return one.charge_uc is not None and not all(one.stages.values())


def number(value: float | None, unit: str) -> str:
    """Format a figure with its unit; "none" where no current flows."""
    return "none" if value is None else f"{value:.3g} {pretty(unit)}".strip()


def row(one: Preset) -> list[str]:
    """Return the table row of a therapy."""
    name = f"[`{one.name}`](../../profiles/{one.name}.yaml)"
    link = f"{name} [picture](#{one.name})" if shown(one) else name
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
    """Return the table of all therapies."""
    return table([*HEAD, *presets.STAGES], [row(one) for one in presets.rows()])


def gallery() -> str:
    """Return heading, caption and picture of each therapy that drives current."""
    made = []
    for one in presets.rows():
        if shown(one):
            (span, about), picture = SHOWN[one.name], f"therapies/{one.name}.png"
            length = re.sub(r"([a-z]+)", r" \1", span)
            caption = f"{about[0].upper()}{about[1:]}; {length} of it."
            made.append(f"#### `{one.name}`\n\n{caption}\n\n![{one.title}]({picture})\n")
    return "\n".join(made)


def filled(page: str) -> str:
    """Return the page with its table and gallery renewed."""
    return replaced(replaced(page, "therapies", therapies()), "gallery", gallery())


def main() -> int:
    """Draw all pictures again."""
    PICTURES.mkdir(exist_ok=True)
    for one in presets.rows():
        if not shown(one):
            continue
        stage = next(stage for stage, reason in one.stages.items() if not reason)
        profile = ROOT / "profiles" / f"{one.name}.yaml"
        command = [sys.executable, "-m", "scs.cli", "trace", str(profile), "--stage", stage]
        command += ["--for", SHOWN[one.name][0], "-o", str(PICTURES / f"{one.name}.png")]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
