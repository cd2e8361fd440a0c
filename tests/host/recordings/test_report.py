"""The run report: one file, opens offline, says what was measured."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tests.support.modelled import modelled
from tests.support.traces import train
from typer.testing import CliRunner

from scs import resources
from scs.cli import app as cli
from scs.documents import html_table
from scs.errors import WrongUsage
from scs.profile.profile import Profile
from scs.recordings import report, run_folder, writers
from scs.recordings.record import record
from scs.recordings.report import drawing, numbers, sections
from scs.recordings.run_info import Run
from scs.traces.commanded import Command
from scs.traces.trace import Trace

SHORT = """\
name: Short ramps
lead: octrode-3mm
programs:
  - name: gaussian
    cathodes: [E1]
    anodes: [E2]
    rate: 50 Hz
    pulse_width: 400 us
    amplitude: 0.9 mA
    shape: gaussian
ramp: {up: 0.2 s, down: 0.2 s}
"""
VOID = {"meta", "i", "br"}


class Page(HTMLParser):
    """Checks that tags close in order; gathers tags, attributes and text."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def burst() -> Run:
    profile = Profile.read(resources.path("profiles/burst_dr.yaml"))
    return record(profile, None, 0.3).run


def test_a_page_stands_alone(burst: Run) -> None:
    text = report.page(burst)
    page = Page(text)
    assert page.links == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in text
    assert page.tags.count("svg") == 3
    assert len(text) < 300_000


def test_it_has_every_section(burst: Run) -> None:
    heads = re.findall(r"<h2>(.*?)</h2>", report.page(burst))
    assert heads == [
        "Faults",
        "Waveform",
        "Current against command",
        "Residual charge and DC",
        "Safety figures",
        "Ledger of the device",
        "Profile",
        "Versions and hashes",
    ]


def test_it_shows_what_was_measured(burst: Run) -> None:
    text = Page(report.page(burst)).text
    # 56 codes and half of 2 codes of INL x sin(pi 56 / 2047): 56.086 of them, 350.54 uA; less half
    # of half of 0.5 % gain mismatch, plus half of 2 uA offset
    assert "-0.3491 mA" in text
    assert "-0.31%" in text  # the settling included
    assert burst.account.subject.sha256 in text
    assert "charge not yet recovered" in text
    assert "None was latched." in text


def test_it_reads_in_light_in_dark_and_on_paper() -> None:
    style = report.STYLE.read_text()
    named = set(re.findall(r"var\((--[a-z]+)\)", style))
    for at in ("prefers-color-scheme: dark", "@media print"):
        block = style[style.index(at) :].split("}", 1)[0]
        assert named <= set(re.findall(r"(--[a-z]+):", block)), at


def test_what_a_profile_says_is_only_text(tmp_path: Path) -> None:
    source = Path(resources.path("profiles/tonic_50hz.yaml")).read_text()
    path = tmp_path / "evil.yaml"
    path.write_text(source.replace("Tonic 50 Hz, guarded cathode", "'<script>alert(1)</script>'"))
    text = report.page(record(Profile.read(path), None, 0.05).run)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    Page(text)


def test_a_run_too_short_to_show_a_period_says_so() -> None:
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    text = Page(report.page(record(profile, None, 0.001).run)).text
    assert "No whole period was traced." in text
    assert "No period was traced." not in text or "Residual charge and DC" in text


def test_a_trace_alone_makes_no_report(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="needs a run"):
        writers.write(tmp_path / "x.html", train(2))
    assert list(tmp_path.iterdir()) == []


# --- numbers ---------------------------------------------------------------------------------
COMMAND = Command(0.003, (1e-3, 1e-3, 8e-3), (-1e-3, 1e-3, 0.0))


def test_delivered_is_the_mean_over_the_phase_as_commanded() -> None:
    late = train(3, late_s=0.0032)  # by 0.2 ms: a fifth of the first phase is missing
    phases = numbers.phases(numbers.period(late, COMMAND), COMMAND)
    assert [phase.begin_s for phase in phases] == [0.0, 1e-3]
    assert phases[0].delivered_a == pytest.approx(-0.8e-3)
    assert phases[0].off == pytest.approx(-0.2)
    assert phases[1].delivered_a == pytest.approx(0.8e-3 - 0.2e-3)
    exact = numbers.phases(numbers.period(train(3), COMMAND), COMMAND)
    assert [part.off for part in exact] == pytest.approx([0.0, 0.0])


def test_the_residual_voltage_is_that_just_before_each_period() -> None:
    base = train(5)
    rising = Trace(base.time_s, base.current_a, base.voltage_v + base.time_s)  # 1 V a second
    measured = numbers.measured(rising)
    assert measured is not None
    left = numbers.left(*measured, rising)
    assert left is not None
    assert left.last_v == pytest.approx(0.043, abs=1e-6)  # before the fifth pulse, at 43 ms
    assert left.most_v == pytest.approx(0.043, abs=1e-6)
    assert left.at_end_v == pytest.approx(0.053)


@pytest.mark.parametrize("bare", [False, True], ids=["scheduled", "bare"])
def test_the_residual_voltage_is_not_that_of_the_next_edge(bare: bool) -> None:
    """Read on the edge it was 0.4 V; a settling edge begins where its period does."""
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    seen = modelled(profile, 4)
    measured = numbers.measured(seen, None if bare else seen.schedule)
    assert measured is not None
    left = numbers.left(*measured, seen)
    assert left is not None
    # the last rows before 20, 40 and 60 ms, and at 80 ms
    rows = np.searchsorted(seen.time_s, np.array([0.02, 0.04, 0.06, 0.08]) - 1e-7) - 1
    rest_v = np.abs(seen.voltage_v[rows])
    assert left.most_v == pytest.approx(np.max(rest_v[:3] if bare else rest_v), rel=0.01)
    assert left.most_v < 0.02
    begun_v = np.abs(seen.voltage_v[np.searchsorted(seen.time_s, 0.02 + 0.3e-6)])
    assert begun_v > 0.3  # 0.3 us later, 45 % of 1 V is there


def test_what_an_adc_sees_leaves_no_voltage_of_the_next_pulse_and_no_dc_of_its_steps() -> None:
    """8 us apart, 2 us off the period: the line to the pulse at 20 ms is no 0.6 V before it.

    A sample of 2 mA is 16 nC, and what 20 ms of it are is 800 nA: less is not seen.
    """
    profile = Profile.read(resources.path("profiles/tonic_passive.yaml"))
    whole = modelled(profile, 3)
    times = np.arange(6e-6, 0.0599, 8e-6)
    volts = np.interp(times, whole.time_s, whole.voltage_v)
    seen = Trace(times, np.interp(times, whole.time_s, whole.current_a), volts, whole.schedule)
    measured = numbers.measured(seen, whole.schedule)
    assert measured is not None
    figures, part = measured
    left = numbers.left(figures, part, seen)
    assert left is not None
    assert left.most_v < 0.02
    assert numbers.unsure_c(figures, part) == pytest.approx(16e-9, rel=0.01)
    assert abs(figures.residual_c or 0.0) < 16e-9


def test_of_a_run_its_full_amplitude_is_shown_not_its_ramps(tmp_path: Path) -> None:
    folder, path = tmp_path / "kept", tmp_path / "short.yaml"
    path.write_text(SHORT)
    done = CliRunner().invoke(cli.app, ["run", str(path), "--for", "1s", "--record", str(folder)])
    assert done.exit_code == 0, done.output
    run = run_folder.read(folder)
    command, schedule = run.account.command, run.schedule
    assert command is not None
    assert schedule is not None
    assert schedule.at_target
    assert min(command.current_a) == -0.9e-3
    assert 0.2 <= command.begin_s < 0.5  # behind the ramp up, at the first poll there
    assert command.periods >= 25
    assert schedule.end_s < 1.03  # STOP at 1 s reaches the period after the one under way
    assert run.rows is not None
    measured = numbers.measured(run.rows, schedule)
    assert measured is not None
    assert measured[0].pulses.amplitude_a == pytest.approx([-0.9e-3] * command.periods, rel=1e-2)
    page = Page(report.page(run)).text
    assert f"A period, {command.begin_s:.6g} s into the trace" in page
    span = f"{schedule.begin_s:.6g} s to {schedule.end_s:.6g} s of the trace"
    assert f"measured over {command.periods} whole periods, from {span}" in page
    assert "at the profile's amplitude" in page
    # 96 permille of 144 codes are 13.8: 13 of them, -0.08125 mA at the first of eight steps
    assert "0 ms50 µs-0.08125 mA" in page
    assert "gaussian50 Hzcathodic-0.9 mA / -0.8992 mA" in page


def test_of_a_trace_what_was_asked_for_is_shown(tmp_path: Path) -> None:
    run = record(Profile.from_text(SHORT), None, 0.04).run
    page = Page(report.page(run)).text
    assert "0.04 straced2pulses in its whole periods, measured" in page
    assert "pulses delivered" not in page
    assert "stopped by the end of the trace" in page
    assert "Of the whole run, with all that came before the trace." in page
    assert "A period, 0 s into the trace" in page
    assert "measured over 2 whole periods, from 0 s to 0.04 s" in page


def test_a_ramp_that_ends_early_is_not_the_profile_s_amplitude() -> None:
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    page = Page(report.page(record(profile, None, 0.1, from_start=True).run)).text
    assert "at the highest amplitude in it, which is not the profile's" in page


def test_several_programs_are_shown_each_by_itself() -> None:
    profile = Profile.read(resources.path("profiles/four_programs.yaml"))
    seen = modelled(profile, 3)
    run = record(Profile.from_text(SHORT), None, 0.04).run
    measured = numbers.measured(seen, seen.schedule)
    cards = Page(sections.cards(run, measured)).text
    assert "4programs, each measured below" in cards
    assert "amplitude, measured" not in cards
    table = Page(sections._programs(measured)).text
    assert "left low20 Hzcathodic-1.5 mA / -1.499 mA" in table
    assert "right high100 Hzanodic2.5 mA / 2.508 mA" in table


def test_the_commanded_line_has_a_step_at_each_phase() -> None:
    line = numbers.line(COMMAND)
    assert line.time_s.tolist() == pytest.approx([0, 1e-3, 1e-3, 2e-3, 2e-3, 1e-2])
    assert line.current_a.tolist() == [-1e-3, -1e-3, 1e-3, 1e-3, 0, 0]


# --- forms -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (-2.1, 0.6, [-2, -1, 0]),
        (0.0, 0.025, [0, 0.005, 0.01, 0.015, 0.02, 0.025]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert drawing.ticks(low, high) == pytest.approx(expected)


def test_a_cell_is_escaped_unless_it_says_it_is_html() -> None:
    table = html_table.table(("a", ">b"), [("<x>", ("good", "<b>1</b>"))])
    assert "<td>&lt;x&gt;</td>" in table
    assert '<td class="good n"><b>1</b></td>' in table
