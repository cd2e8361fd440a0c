"""Report of a run as one HTML page that opens offline.

Role: page(run) joins the sections of sections.py. Invariant: one file, no script, no external
resources; missing parts of a run (a trace, a fault) are stated, not left out.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..run_info import Account, Run
from . import numbers, sections

STYLE = Path(__file__).with_name("style.css")


def page(run: Run) -> str:
    """Return the whole page."""
    found = numbers.measured(run.rows) if run.rows is not None and len(run.rows) > 1 else None
    parts = [
        _head(run.account),
        sections.cards(run, found),
        sections.faults(run.account),
        sections.waveform(run),
        sections.against_command(run),
        sections.left_over(run, found),
        sections.safety(run.account),
        sections.ledger(run.account),
        sections.profile(run.account.subject),
        sections.versions(run.account),
    ]
    title = escape(run.account.subject.name)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}: run report</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _head(account: Account) -> str:
    good = not account.ending.fault
    word = "fault" if account.ending.fault else f"stopped by {account.ending.stopped}"
    kind = "good" if good else "bad"
    subject, device = account.subject, account.device
    return (
        f"<header><h1>{escape(subject.name)}</h1>\n"
        f'<p><span class="pill {kind}">{escape(word)}</span></p>\n'
        f'<p class="quiet">{escape(subject.file)} on lead {escape(subject.lead)}, '
        f"{escape(device.board)} at {escape(device.port)}, begun {escape(account.begun)}</p>\n"
        '<p class="quiet">A bench into a dummy load. Not a medical device, and never connected '
        "to a person or an animal.</p></header>"
    )
