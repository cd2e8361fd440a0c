"""Report of a run as one HTML page that opens offline.

Role: page(run) joins the sections of sections.py. Invariant: one file, no script, no external
resources; missing parts of a run (a trace, a fault) are stated, not left out.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..run_info import Run
from . import numbers, sections

STYLE = Path(__file__).with_name("style.css")


def page(run: Run) -> str:
    """Return the whole page."""
    account = run.account
    seen = None
    if run.rows is not None and len(run.rows) > 1:
        seen = numbers.measured(run.rows, run.schedule)
    parts = [
        sections.head(account),
        sections.cards(run, seen),
        sections.faults(account),
        sections.waveform(run),
        sections.against_command(run, seen),
        sections.left_over(run, seen),
        sections.safety(account),
        sections.ledger(account),
        sections.profile(account.subject),
        sections.versions(account),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(account.subject.name)}: run report</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )
