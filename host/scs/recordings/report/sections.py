"""Sections of a report, one function each: account, trace and samples in, HTML out.

Role: the functions are in the order of the page. Invariant: every text that comes
from a file is escaped; a figure stands beside its limit wherever it has one.
"""

from __future__ import annotations

import math
from html import escape

from ...device import contact_charge
from ...documents.html_table import table
from ...messages.safety_metrics import Metric, number
from ...traces.decimate import thinned
from ...traces.figures import Polarity
from ...traces.trace import Trace
from ...traces.waveform import Waveform
from ...traces.waveform_analysis import Measured
from ..run_info import ADC, TRACED, Account, Run, Subject
from . import numbers
from .drawing import Line, Plot, key, panel

SHOWN_PHASES = 16
AHEAD = 0.25  # of a pulse's width, shown before it
WIDTHS = 8  # of a pulse, shown from its beginning

Seen = tuple[Measured, Trace] | None  # figures of the end of a trace, and that end


def head(account: Account) -> str:
    """Return the title, how the run ended, and what ran where."""
    fault, subject, device = account.ending.fault, account.subject, account.device
    kind, word = ("bad", "fault") if fault else ("good", f"stopped by {account.ending.stopped}")
    return (
        f"<header><h1>{escape(subject.name)}</h1>\n"
        f'<p><span class="pill {kind}">{escape(word)}</span></p>\n'
        f'<p class="quiet">{escape(subject.file)} on lead {escape(subject.lead)}, '
        f"{escape(device.board)} at {escape(device.port)}, begun {escape(account.begun)}</p>\n"
        '<p class="quiet">A bench into a dummy load. Not a medical device, and never connected '
        "to a person or an animal.</p></header>"
    )


def cards(run: Run, seen: Seen) -> str:
    """Return the key figures."""
    book = run.account.ending.ledger
    most_nc = max((contact.driven_nc for contact in book.charge), default=0.0)
    shown = [
        (str(book.pulses), "pulses delivered"),
        (f"{book.output_s:.3f} s", "with output"),
        (number(most_nc / 1e3, "uC"), "charge of first phases"),
    ]
    if run.account.ending.stopped == TRACED:  # the ledger is of more than was asked for
        end_s = run.rows.end_s if run.rows is not None else 0.0
        shown = [(f"{end_s:.6g} s", "traced")]
        if seen is not None:
            shown.append((str(len(seen[0].pulses)), "pulses in its whole periods, measured"))
    if seen is not None:
        figures = seen[0]
        for value, unit, factor, name in (
            (figures.amplitude_a, "mA", 1e3, "amplitude, measured"),
            (figures.width_s, "us", 1e6, "pulse width, measured"),
            (figures.rate_hz, "Hz", 1.0, "rate, measured"),
        ):
            if value is not None:
                shown.append((number(value * factor, unit), name))
        if len(figures.programs) > 1:
            shown.append((str(len(figures.programs)), "programs, each measured below"))
    cells = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{name}</span></div>'
        for value, name in shown
    )
    return f'<div class="cards">{cells}</div>'


def faults(account: Account) -> str:
    """Return the latched fault and the injected faults."""
    fault = account.ending.fault
    text = f'<p class="bad">{escape(fault)}</p>' if fault else "<p>None was latched.</p>"
    if account.injected:
        text += f"<p>Injected into the simulated board: <code>{escape(account.injected)}</code></p>"
    return f"<h2>Faults</h2>\n{text}"


# --- drawings --------------------------------------------------------------------------------
def waveform(run: Run) -> str:
    """Return plots of a pulse, a period and the run; without a trace, the polled extremes."""
    if run.rows is None or len(run.rows) < 2:
        return f"<h2>Waveform</h2>\n{_extremes(run)}"
    of_device, command = run.account.source == ADC, run.account.command
    views: list[tuple[str, Waveform, Waveform | None]] = []
    if command is not None:
        whole = numbers.period(run.rows, command)
        pulses = whole.pulses()
        if len(pulses):  # the first one, from shortly before its first edge
            start, width = float(pulses.start_s[0]), float(pulses.width_s[0])
            until = float(pulses.start_s[1]) if len(pulses) > 1 else whole.end_s
            begin_s = max(command.begin_s + start - AHEAD * width, 0.0)
            end_s = command.begin_s + min(until, start + WIDTHS * width)
            views.append(("The first pulse of a period", run.rows.window(begin_s, end_s), None))
        name = f"A period, {command.begin_s:.6g} s into the trace"
        views.append((name, whole, numbers.line(command)))
    whole_run = "trace" if run.account.ending.stopped == TRACED else "run"
    name = "All that was seen" if of_device else f"The whole {whole_run}"
    views.append((name, thinned(run.rows), None))
    drawn = []
    for name, trace, asked in views:
        current = [Line(trace.time_s, trace.current_a * 1e3, "current")]
        if asked is not None:
            current.append(Line(asked.time_s, asked.current_a * 1e3, "command"))
        voltage = [Line(trace.time_s, trace.voltage_v, "voltage")]
        plots = [Plot("current (mA)", current), Plot("voltage (V)", voltage)]
        drawn.append(f"<h3>{name}</h3>\n{panel(name, plots)}")
    text = f'<p class="quiet">As seen by {run.account.source}.</p>\n'
    text += key("current", "voltage", "command") + "\n".join(drawn)
    return "<h2>Waveform</h2>\n" + text + (_extremes(run) if of_device else "")


def _extremes(run: Run) -> str:
    """Return a plot of the extremes that the device measured, at every poll."""
    text = "<h3>The extremes of the last whole period at every poll, by the device's own ADC</h3>"
    if run.rows is None:
        text = "<p>No trace was recorded.</p>" + text
    polls = run.samples
    if len(polls) < 2:
        return text + '<p class="quiet">Too few polls to plot.</p>'
    at = polls[:, 0]
    current = [Line(at, polls[:, column] * 1e3, "current") for column in (4, 5)]
    current += [Line(at, sign * polls[:, 3] * 1e3, "command") for sign in (-1, 1)]
    voltage = [Line(at, polls[:, column], "voltage") for column in (6, 7)]
    plots = [Plot("current (mA)", current), Plot("voltage (V)", voltage)]
    return text + key("current", "voltage", "level") + panel("Extremes of each period", plots)


# --- tables ----------------------------------------------------------------------------------
def against_command(run: Run, seen: Seen) -> str:
    """Return tables of every program, and of every phase of one period: commanded, delivered."""
    command = run.account.command
    if run.rows is None or command is None:
        return "<h2>Current against command</h2>\n<p>No whole period was traced.</p>"
    phases = numbers.phases(numbers.period(run.rows, command), command)
    rows = [
        (
            number(phase.begin_s * 1e3, "ms"),
            number(phase.length_s * 1e6, "us"),
            number(phase.commanded_a * 1e3, "mA"),
            number(phase.delivered_a * 1e3, "mA"),
            f"{phase.off:+.2%}",
        )
        for phase in phases[:SHOWN_PHASES]
    ]
    more = ""
    if len(phases) > SHOWN_PHASES:
        worst = max(phases, key=lambda phase: abs(phase.off))
        more = (
            f"<p>{len(phases) - SHOWN_PHASES} more phases; the largest deviation of all is "
            f"{worst.off:+.2%}, {number(worst.begin_s * 1e3, 'ms')} into the period.</p>"
        )
    heads = (">at", ">for", ">commanded", ">delivered, mean", ">deviation")
    text = f"<h3>The period {command.begin_s:.6g} s into the trace</h3>\n"
    return "<h2>Current against command</h2>\n" + _programs(seen) + text + table(heads, rows) + more


def _programs(seen: Seen) -> str:
    """Return a table of every program, by polarity, as compiled and as measured."""
    if seen is None or seen[1].schedule is None or not seen[0].programs:
        return ""
    rows = []
    for wanted, delivered in zip(seen[1].schedule.programs, seen[0].programs, strict=True):
        rate = number(delivered.rate_hz, "Hz") if delivered.rate_hz else "one period alone"
        for sign, compiled, measured in (
            ("cathodic", wanted.cathodic, delivered.cathodic),
            ("anodic", wanted.anodic, delivered.anodic),
        ):
            if compiled is not None:
                pairs = zip(_cells(compiled), _cells(measured), strict=True)
                cells = [f"{value} / {delivery}" for value, delivery in pairs]
                rows.append((wanted.name, rate, sign, *cells))
    heads = ("program", ">rate, measured", "polarity", ">peak", ">mean", ">width", ">charge")
    note = '<p class="quiet">Each commanded / delivered, in the mean of all pulses.</p>'
    return "<h3>Each program</h3>\n" + table(heads, rows) + note


def _cells(polarity: Polarity | None) -> list[str]:
    if polarity is None:
        return ["none"] * 4
    return [
        number(polarity.peak_a * 1e3, "mA"),
        number(polarity.mean_a * 1e3, "mA"),
        number(polarity.width_s * 1e6, "us"),
        number(polarity.charge_c * 1e6, "uC"),
    ]


def left_over(run: Run, seen: Seen) -> str:
    """Return a table of residual charge and voltage."""
    title = "<h2>Residual charge and DC</h2>\n"
    if seen is None or run.rows is None:
        return title + "<p>No period was traced.</p>"
    figures, tail = seen
    rows = []
    if figures.residual_c is not None and figures.dc_a is not None:
        charge_c, current_a, below = figures.residual_c, figures.dc_a, ""
        unsure_c = numbers.unsure_c(figures, tail)
        if abs(charge_c) < unsure_c:
            charge_c, current_a = unsure_c, unsure_c * abs(current_a / charge_c)
            below = "not shown by the samples, below "
        rows += [
            ("net charge of a period", below + number(charge_c * 1e9, "nC")),
            ("net DC", below + number(current_a * 1e9, "nA")),
        ]
    if figures.running_c is not None:
        rows.append(("largest charge not yet recovered", number(figures.running_c * 1e6, "uC")))
    left = numbers.left(figures, tail, run.rows)
    if left is not None:
        rows += [
            ("voltage left before a period, largest", number(left.most_v * 1e3, "mV")),
            ("voltage left before the last period", number(left.last_v * 1e3, "mV")),
            ("voltage at the end of the trace", number(left.at_end_v * 1e3, "mV")),
        ]
    span = f"{figures.begin_s:.6g} s to {figures.end_s:.6g} s of the trace"
    schedule = tail.schedule
    if schedule is None:
        text = f"measured by the waveform alone, from {span}"
    else:
        text = f"measured over {schedule.periods} whole periods, from {span}, "
        text += (
            "at the profile's amplitude"
            if schedule.at_target
            else ("at the highest amplitude in it, which is not the profile's")
        )
    if figures.reason:
        text += f"; {figures.reason}"
    note = f'<p class="quiet">At the load, including its leakage; {escape(text)}.</p>'
    return title + table(("what", ">measured"), rows) + note


def safety(account: Account) -> str:
    """Return a table of the device's safety figures and their limits."""
    rows = [
        (
            figure.label,
            ", ".join(part for part in (figure.contact, figure.program) if part),
            number(figure.value, figure.unit),
            "≥" if figure.bound == "least" else "≤",
            number(figure.limit, figure.unit),
            _share(figure),
        )
        for figure in account.figures
    ]
    heads = ("figure", "where", ">value", "", ">limit", "share of the limit")
    return "<h2>Safety figures</h2>\n" + table(heads, rows)


def _share(figure: Metric) -> tuple[str, str]:
    """Return (class, HTML) of the used share of a limit."""
    value, limit = figure.value, figure.limit
    if not figure.ok:
        return "bad", "FAIL"
    if figure.name == "shannon":  # a logarithm
        used = 10 ** (value - limit) if math.isfinite(value) else 0.0
    else:
        over, under = (limit, value) if figure.bound == "least" else (value, limit)
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
    charge = [contact_charge.cells(row) for row in contact_charge.used(book.charge)]
    text = "<h2>Ledger of the device</h2>\n"
    if account.ending.stopped == TRACED:
        text += '<p class="quiet">Of the whole run, with all that came before the trace.</p>\n'
    text += table(("what", ">how much"), rows)
    if charge:
        text += f"<p>{contact_charge.TITLE}</p>\n" + table(contact_charge.HEADS, charge)
    notes = (f'<p class="quiet">{escape(note)}</p>' for note in contact_charge.notes(book.charge))
    return text + "".join(notes)


def profile(subject: Subject) -> str:
    """Return the profile's text."""
    return f"<h2>Profile</h2>\n<pre>{escape(subject.text.rstrip())}</pre>"


def versions(account: Account) -> str:
    """Return a table of the versions and hashes that identify the run."""
    subject, device = account.subject, account.device
    rows = {
        "profile, SHA-256": subject.sha256,
        "committed program, CRC-32": subject.program_crc32,
        "commands, errors and limits, CRC-32": device.tables,
        "firmware": device.firmware,
        **device.host,
    }
    cells = [(name, ("code", value)) for name, value in rows.items()]
    foot = f"<footer>Written by scs {escape(device.host.get('scs', ''))}.</footer>"
    return "<h2>Versions and hashes</h2>\n" + table(("what", "which"), cells) + foot
