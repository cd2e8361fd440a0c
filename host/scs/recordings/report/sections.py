"""Sections of a report, one function each: account, trace and samples in, HTML out.

Role: the functions are in the order of the page. Invariant: every text that comes
from a file is escaped; a figure stands beside its limit wherever it has one.
"""

from __future__ import annotations

import math
from html import escape

from ...messages.safety_metrics import Figure
from ...traces.commanded import Command
from ...traces.decimate import thinned
from ...traces.trace import Trace
from ...traces.trace_store import Rows
from ...traces.waveform_analysis import Measured
from ..run_info import ADC, Account, Run, Subject
from . import numbers
from .drawing import Line, Plot, panel
from .tables import key, number, table

SHOWN_PHASES = 16
AHEAD = 0.25  # of a pulse's width, shown before it
WIDTHS = 8  # of a pulse, shown from its beginning

Found = tuple[Measured, Trace] | None


def cards(run: Run, found: Found) -> str:
    """Return the key figures."""
    book = run.account.ending.ledger
    most_nc = max((one.driven_nc for one in book.charge), default=0.0)
    shown = [
        (str(book.pulses), "pulses delivered"),
        (f"{book.output_s:.3f} s", "with output"),
        (number(most_nc / 1e3, "uC"), "charge of first phases"),
    ]
    if found is not None:
        one = found[0]
        shown.append((number(one.amplitude_a * 1e3, "mA"), "amplitude, measured"))
        shown.append((number(one.width_s * 1e6, "us"), "pulse width, measured"))
        if one.rate_hz:
            shown.append((number(one.rate_hz, "Hz"), "rate, measured"))
    cells = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{name}</span></div>'
        for value, name in shown
    )
    return f'<div class="cards">{cells}</div>'


def faults(account: Account) -> str:
    """Return the latched fault and the injected faults."""
    said = account.ending.fault
    text = f'<p class="bad">{escape(said)}</p>' if said else "<p>None was latched.</p>"
    if account.injected:
        text += f"<p>Injected into the simulated board: <code>{escape(account.injected)}</code></p>"
    return f"<h2>Faults</h2>\n{text}"


# --- drawings --------------------------------------------------------------------------------
def waveform(run: Run) -> str:
    """Return plots of a pulse, a period and the run; without a trace, the polled extremes."""
    if run.rows is None or len(run.rows) < 2:
        return f"<h2>Waveform</h2>\n{_extremes(run)}"
    of_device = run.account.source == ADC
    name = "All that was seen" if of_device else "The whole run"
    views: list[tuple[str, Trace, Trace | None]] = [(name, thinned(run.rows), None)]
    if run.account.command is not None:
        command = run.account.command
        whole = numbers.period(run.rows, command)
        views = [
            (f"A period, {command.begin_s:.6g} s into the trace", whole, numbers.line(command)),
            *views,
        ]
        pulse = _pulse(run.rows, command, whole)
        if pulse is not None:
            views = [("The first pulse of a period", pulse, None), *views]
    drawn = [f"<h3>{name}</h3>\n{_pair(name, seen, asked)}" for name, seen, asked in views]
    said = f'<p class="quiet">As seen by {run.account.source}.</p>\n'
    said += key("current", "voltage", "command") + "\n".join(drawn)
    return "<h2>Waveform</h2>\n" + said + (_extremes(run) if of_device else "")


def _pulse(rows: Rows, command: Command, whole: Trace) -> Trace | None:
    """Return the first pulse of a period, from shortly before its first edge."""
    found = whole.pulses()
    if not len(found):
        return None
    start, width = float(found.start_s[0]), float(found.width_s[0])
    until = float(found.start_s[1]) if len(found) > 1 else whole.end_s
    end = command.begin_s + min(until, start + WIDTHS * width)
    return rows.window(max(command.begin_s + start - AHEAD * width, 0.0), end)


def _pair(title: str, trace: Trace, command: Trace | None) -> str:
    current = [Line(trace.time_s, trace.current_a * 1e3, "current")]
    if command is not None:
        current.append(Line(command.time_s, command.current_a * 1e3, "command"))
    voltage = [Line(trace.time_s, trace.voltage_v, "voltage")]
    return panel(title, [Plot("current (mA)", current), Plot("voltage (V)", voltage)])


def _extremes(run: Run) -> str:
    """Return a plot of the extremes that the device measured, at every poll."""
    said = "<h3>The extremes of the last whole period at every poll, by the device's own ADC</h3>"
    if run.rows is None:
        said = "<p>No trace was recorded.</p>" + said
    polls = run.samples
    if len(polls) < 2:
        return said + '<p class="quiet">Too few polls to plot.</p>'
    at = polls[:, 0]
    current = [Line(at, polls[:, column] * 1e3, "current") for column in (4, 5)]
    current += [Line(at, sign * polls[:, 3] * 1e3, "command") for sign in (-1, 1)]
    voltage = [Line(at, polls[:, column], "voltage") for column in (6, 7)]
    plots = [Plot("current (mA)", current), Plot("voltage (V)", voltage)]
    return said + key("current", "voltage", "level") + panel("Extremes of each period", plots)


# --- tables ----------------------------------------------------------------------------------
def against_command(run: Run) -> str:
    """Return a table of every phase of one period, commanded and delivered."""
    command = run.account.command
    if run.rows is None or command is None:
        return "<h2>Current against command</h2>\n<p>No whole period was traced.</p>"
    found = numbers.phases(numbers.period(run.rows, command), command)
    rows = [
        (
            number(one.begin_s * 1e3, "ms"),
            number(one.length_s * 1e6, "us"),
            number(one.commanded_a * 1e3, "mA"),
            number(one.delivered_a * 1e3, "mA"),
            f"{one.off:+.2%}",
        )
        for one in found[:SHOWN_PHASES]
    ]
    more = ""
    if len(found) > SHOWN_PHASES:
        worst = max(found, key=lambda one: abs(one.off))
        more = (
            f"<p>{len(found) - SHOWN_PHASES} more phases; the largest deviation of all is "
            f"{worst.off:+.2%}, {number(worst.begin_s * 1e3, 'ms')} into the period.</p>"
        )
    heads = (">at", ">for", ">commanded", ">delivered, mean", ">deviation")
    return "<h2>Current against command</h2>\n" + table(heads, rows) + more


def left_over(run: Run, found: Found) -> str:
    """Return a table of residual charge and voltage."""
    title = "<h2>Residual charge and DC</h2>\n"
    if found is None or run.rows is None:
        return title + "<p>No period was traced.</p>"
    one, tail = found
    rows = []
    if one.residual_c is not None and one.dc_a is not None and one.running_c is not None:
        rows += [
            ("net charge of a period", number(one.residual_c * 1e9, "nC")),
            ("net DC", number(one.dc_a * 1e9, "nA")),
            ("largest charge not yet recovered", number(one.running_c * 1e6, "uC")),
        ]
    left = numbers.left(one, tail)
    if left is not None:
        rows += [
            ("voltage left before a period, largest", number(left.most_v * 1e3, "mV")),
            ("voltage left before the last period", number(left.last_v * 1e3, "mV")),
            ("voltage at the end of the trace", number(left.at_end_v * 1e3, "mV")),
        ]
    note = (
        '<p class="quiet">At the load, including its leakage; measured over the last '
        f"{tail.end_s - float(tail.time_s[0]):.6g} s of the trace.</p>"
    )
    return title + table(("what", ">measured"), rows) + note


def safety(account: Account) -> str:
    """Return a table of the device's safety figures and their limits."""
    rows = [
        (
            one.label,
            ", ".join(part for part in (one.contact, one.program) if part),
            number(one.value, one.unit),
            "≥" if one.bound == "least" else "≤",
            number(one.limit, one.unit),
            _share(one),
        )
        for one in account.figures
    ]
    heads = ("figure", "where", ">value", "", ">limit", "share of the limit")
    return "<h2>Safety figures</h2>\n" + table(heads, rows)


def _share(one: Figure) -> tuple[str, str]:
    """Return (class, HTML) of the used share of a limit."""
    if not one.ok:
        return "bad", "FAIL"
    if one.name == "shannon":  # a logarithm
        used = 10 ** (one.value - one.limit) if math.isfinite(one.value) else 0.0
    else:
        over, under = (one.limit, one.value) if one.bound == "least" else (one.value, one.limit)
        used = abs(over / under) if under else 0.0
    high = "" if used < 0.9 else " (near)"
    return "", f'<meter min="0" max="1" value="{used:.4g}"></meter> {used:.0%}{high}'


def ledger(account: Account) -> str:
    """Return tables of the device's ledger."""
    book = account.ending.ledger
    rows = [
        ("pulses", str(book.pulses)),
        ("pulses cut short", str(book.truncated)),
        ("whole periods", str(book.periods)),
        ("time with output", f"{book.output_s:.3f} s"),
        ("stopped by", account.ending.stopped),
    ]
    charge = [
        (one.contact, number(one.driven_nc / 1e3, "uC"), number(one.net_nc, "nC"))
        for one in book.charge
        if one.driven_nc or one.net_nc
    ]
    heads = ("contact", ">charge of first phases", ">net charge")
    text = "<h2>Ledger of the device</h2>\n" + table(("what", ">how much"), rows)
    return text + (table(heads, charge) if charge else "")


def profile(subject: Subject) -> str:
    """Return the profile's text."""
    return f"<h2>Profile</h2>\n<pre>{escape(subject.text.rstrip())}</pre>"


def versions(account: Account) -> str:
    """Return a table of the versions and hashes that identify the run."""
    subject, device = account.subject, account.device
    rows = [
        ("profile, SHA-256", subject.sha256),
        ("committed program, CRC-32", subject.program_crc32),
        ("commands, errors and limits, CRC-32", device.tables),
        ("firmware", device.firmware),
        *((name, value) for name, value in device.host.items()),
    ]
    cells = [(name, ("code", value)) for name, value in rows]
    foot = f"<footer>Written by scs {escape(device.host.get('scs', ''))}.</footer>"
    return "<h2>Versions and hashes</h2>\n" + table(("what", "which"), cells) + foot
