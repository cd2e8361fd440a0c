"""The run report: one file, opens offline, says what was measured."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.support.traces import train

from scs import resources
from scs.errors import WrongUsage
from scs.profile.profile import Profile
from scs.recordings import report, writers
from scs.recordings.record import record
from scs.recordings.report import drawing, numbers, tables
from scs.recordings.run_info import Run
from scs.traces.commanded import Command
from scs.traces.trace import Trace

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
    found = numbers.phases(numbers.period(late, COMMAND), COMMAND)
    assert [one.begin_s for one in found] == [0.0, 1e-3]
    assert found[0].delivered_a == pytest.approx(-0.8e-3)
    assert found[0].off == pytest.approx(-0.2)
    assert found[1].delivered_a == pytest.approx(0.8e-3 - 0.2e-3)
    exact = numbers.phases(numbers.period(train(3), COMMAND), COMMAND)
    assert [one.off for one in exact] == pytest.approx([0.0, 0.0])


def test_the_residual_voltage_is_that_just_before_each_period() -> None:
    base = train(5)
    rising = Trace(base.time_s, base.current_a, base.voltage_v + base.time_s)  # 1 V a second
    found = numbers.measured(rising)
    assert found is not None
    left = numbers.left(*found, rising)
    assert left is not None
    assert left.last_v == pytest.approx(0.043, abs=1e-6)  # before the fifth pulse, at 43 ms
    assert left.most_v == pytest.approx(0.043, abs=1e-6)
    assert left.at_end_v == pytest.approx(0.053)


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
    made = tables.table(("a", ">b"), [("<x>", ("good", "<b>1</b>"))])
    assert "<td>&lt;x&gt;</td>" in made
    assert '<td class="good n"><b>1</b></td>' in made
