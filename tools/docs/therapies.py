"""Generate the table of shipped therapies in docs/reference/profiles.md and draw their pictures.

Role: filled() puts table, pictures and captions between the page's markers; run as a program
(`make pictures`) it draws each therapy that drives current, by `scs trace`.
Invariant: a therapy is shown as its stage delivers it; a refused one has the reason instead.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from markdown import table
from rig_tables import replaced
from scs import presets
from scs.presets import Preset

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "reference" / "therapies"
with Path(__file__).with_suffix(".yaml").open(encoding="utf-8") as rows:
    SHOWN: dict[str, tuple[str, str]] = yaml.safe_load(rows)  # name: span of its picture, caption
HEAD = (
    *("preset", "rate", "width", "recharge", "amplitude", "charge", "density", "k", "DC"),
    "at 1 kΩ",
)


def shown(therapy: Preset) -> bool:
    """Return whether a stage accepts the therapy and it drives current."""
    return therapy.charge_uc is not None and not all(therapy.stages.values())


def row(therapy: Preset) -> list[str]:
    """Return the table row of a therapy; "none" where no current flows."""
    name = f"[`{therapy.name}`](../../profiles/{therapy.name}.yaml)"
    link = f"{name} [picture](#{therapy.name})" if shown(therapy) else name
    figures = [
        "none" if value is None else form.format(value)
        for value, form in (
            (therapy.charge_uc, "{:.3g} µC"),
            (therapy.density_uc_cm2, "{:.3g} µC/cm²"),
            (therapy.shannon_k, "{:.2f}"),
            (therapy.dc_na, "{:.3g} nA"),
            (therapy.volts, "{:.3g} V"),
        )
    ]
    stages = [therapy.stages[stage] or "yes" for stage in presets.STAGES]
    widths = (therapy.width, therapy.recharge)
    return [link, therapy.rate, *widths, therapy.amplitude, *figures, *stages]


def gallery() -> str:
    """Return heading, caption and picture of each therapy that drives current."""
    entries = []
    for therapy in filter(shown, presets.rows()):
        (span, about), picture = SHOWN[therapy.name], f"therapies/{therapy.name}.png"
        length = re.sub(r"([a-z]+)", r" \1", span)
        caption = f"{about[0].upper()}{about[1:]}; {length} of it."
        entries.append(f"#### `{therapy.name}`\n\n{caption}\n\n![{therapy.title}]({picture})\n")
    return "\n".join(entries)


def filled(page: str) -> str:
    """Return the page with its table and gallery renewed."""
    rows = [row(therapy) for therapy in presets.rows()]
    page = replaced(page, "therapies", table([*HEAD, *presets.STAGES], rows))
    return replaced(page, "gallery", gallery())


def main() -> int:
    """Draw all pictures again."""
    PICTURES.mkdir(exist_ok=True)
    for therapy in filter(shown, presets.rows()):
        stage = next(stage for stage, reason in therapy.stages.items() if not reason)
        profile = ROOT / "profiles" / f"{therapy.name}.yaml"
        command = [sys.executable, "-m", "scs", "trace", str(profile), "--stage", stage]
        command += ["--for", SHOWN[therapy.name][0], "-o", str(PICTURES / f"{therapy.name}.png")]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
