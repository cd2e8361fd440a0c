"""A trace is measured as what was compiled: every preset, any shape, several programs.

Traces are those of the fast circuit model; the expected numbers of single presets are worked out by
hand, with the stage's declared errors as the tolerance.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from tests.support.drawn_profiles import KINDS, Drawn, profiles
from tests.support.exploring import examples
from tests.support.modelled import modelled

import truth
from scs import presets, resources
from scs.catalog import boards
from scs.profile.profile import Profile, ProfileError
from scs.traces.figures import Polarity
from scs.traces.tolerance import Tolerance, compare, steps
from scs.traces.trace import Trace, stepped
from scs.traces.waveform_analysis import Measured
from stimcore.errors import Refused

LADDER = "pico/r2r-1/resistor-1k"  # a ladder's current is that of its resistance
# the default stage: 0.5 % of gain, 2 uA of offset, 2 codes of INL and half a code of 6.25 uA
NEAR_MA = 0.9 * 0.005 + 0.002 + 2.5 * 0.00625


def preset(stem: str) -> Profile:
    return Profile.read(resources.path(f"profiles/{stem}.yaml"))


def board_of(profile: Profile) -> str:
    return LADDER if profile.lead.name == "dummy-2" else boards.full_name()


def wrong(seen: Trace, profile: Profile, board: str) -> list[str]:
    """Return every quantity of the measured programs that is not the compiled one."""
    figures = seen.measure()
    assert seen.schedule is not None
    tolerance = Tolerance.of(boards.board(board), boards.electrical(board)["stage"])
    span_s = figures.end_s - figures.begin_s
    rows = compare(
        seen.schedule.programs, figures.programs, tolerance, span_s, steps(profile.group)
    )
    return [str(row) for row in rows if not row.ok]


def is_near(figures: Polarity | None, peak_ma: float, mean_ma: float, width_us: float) -> None:
    """Assert the figures of a polarity of a default-stage pulse of 0.9 mA."""
    assert figures is not None
    assert figures.peak_a * 1e3 == pytest.approx(peak_ma, abs=NEAR_MA)
    assert figures.mean_a * 1e3 == pytest.approx(mean_ma, abs=NEAR_MA)
    assert figures.width_s * 1e6 == pytest.approx(width_us, abs=4.5)  # the output settles in 4.5 us
    wanted_uc = mean_ma * width_us / 1e3
    assert figures.charge_c * 1e6 == pytest.approx(wanted_uc, abs=NEAR_MA * width_us / 1e3)


# --- every preset, any shape ---------------------------------------------------------------------
@pytest.mark.parametrize("stem", presets.names())
def test_every_preset_is_measured_as_it_was_compiled(stem: str) -> None:
    profile = preset(stem)
    seen = modelled(profile, 2, board_of(profile))
    if profile.sync_only:
        with pytest.raises(ValueError, match="marks"):
            seen.measure()
        return
    assert seen.schedule is not None
    rows = list(truth.judged(stem, profile, board_of(profile), seen.measure(), seen.schedule))
    assert [row for row in rows if not row.ok] == []
    quantities = {row.quantity for row in rows}
    assert quantities >= {"rate", "cathodic peak", "cathodic mean", "cathodic charge"}


@pytest.mark.parametrize("kind", KINDS)
def test_any_shape_is_measured_as_it_was_compiled(kind: str) -> None:
    @examples(10)
    @given(profiles(kind))
    def search(drawn: Drawn) -> None:
        assume(drawn.values.get("output") != "sync")
        try:
            profile = Profile.from_text(drawn.text, "drawn.yaml")
            seen = modelled(profile, 2)
        except (ProfileError, Refused):
            assume(False)
        figures = seen.measure()
        assert seen.schedule is not None
        assert len(figures.pulses) == 2 * len(seen.schedule.compiled)
        assert wrong(seen, profile, board_of(profile)) == []

    search()


def test_a_wrong_stage_is_found() -> None:
    """5 % less current, a pulse 20 us shorter at least, every other pulse missing: all are told."""
    profile = preset("segments_50hz")
    good = modelled(profile, 4)
    less = dataclasses.replace(good, current_a=good.current_a * 0.95)
    assert any("cathodic peak" in row for row in wrong(less, profile, board_of(profile)))
    into_s = good.time_s % 0.02
    cut = np.where((into_s > 100e-6) & (into_s < 149e-6), 0.0, good.current_a)
    shorter = dataclasses.replace(good, current_a=cut)
    assert any("cathodic width" in row for row in wrong(shorter, profile, board_of(profile)))
    silent = np.where(good.time_s % 0.04 >= 0.02, 0.0, good.current_a)
    missing = dataclasses.replace(good, current_a=silent)
    rate_hz = missing.measure().programs[0].rate_hz
    assert rate_hz == pytest.approx(25.0)
    assert any("'rate'" in row for row in wrong(missing, profile, board_of(profile)))


# --- by the schedule, and by the waveform alone --------------------------------------------------
BOTH = pytest.mark.parametrize("bare", [False, True], ids=["scheduled", "bare"])


def measured(stem: str, *, bare: bool, periods: int = 3) -> Measured:
    return modelled(preset(stem), periods, bare=bare).measure()


@BOTH
def test_an_alternating_polarity_is_one_train(bare: bool) -> None:
    figures = measured("alternating_50hz", bare=bare)
    (program,) = figures.programs
    is_near(program.cathodic, -0.9, -0.9, 200)
    is_near(program.anodic, 0.9, 0.9, 200)
    assert figures.amplitude_a == program.cathodic.peak_a
    assert figures.rate_hz == pytest.approx(50.0)  # and 25 Hz of each polarity
    assert figures.period_s == pytest.approx(0.04)


@BOTH
@pytest.mark.parametrize("waveform", ["tonic", "{burst: {pulses: 3, intra_rate: 400 Hz}}"])
@pytest.mark.parametrize("gap", ["0 us", "30 us"])
def test_the_recharge_of_the_other_half_is_not_in_an_alternating_polarity(
    waveform: str, gap: str, bare: bool
) -> None:
    """-0.9 mA for 150 us, +0.3 mA for 450 us; then +0.9 mA, -0.3 mA: neither mean is 0.6 mA."""
    profile = Profile.from_text(
        "name: x\nlead: octrode-3mm\nprograms:\n"
        "  - {cathodes: [E3], anodes: [E2], rate: 20 Hz, pulse_width: 150 us, amplitude: 0.9 mA,\n"
        f"     polarity: alternating, waveform: {waveform}, interphase_gap: {gap},\n"
        "     recharge: {active: {ratio: 3}}}\n"
    )
    seen = modelled(profile, 3, bare=bare)
    figures = seen.measure()
    (program,) = figures.programs
    is_near(program.cathodic, -0.9, -0.9, 150)
    is_near(program.anodic, 0.9, 0.9, 150)
    assert figures.amplitude_a == program.cathodic.peak_a
    if seen.schedule is not None:
        rows = list(truth.judged("x", profile, boards.full_name(), figures, seen.schedule))
        assert [row for row in rows if not row.ok] == []


@BOTH
def test_a_list_of_segments_has_a_peak_and_a_mean(bare: bool) -> None:
    (program,) = measured("segments_50hz", bare=bare).programs
    # 0.9 mA for 150 us and half of it for 100 us: 0.18 uC in 250 us
    is_near(program.cathodic, -0.9, -0.18 / 0.25, 250)
    # 40 % for 400 us and 20 % for 200 us bring it back
    is_near(program.anodic, 0.36, 0.18 / 0.6, 600)


@BOTH
def test_a_pre_pulse_is_of_its_pulse(bare: bool) -> None:
    figures = measured("prepulse_50hz", bare=bare)
    (program,) = figures.programs
    assert program.main == program.cathodic
    is_near(program.cathodic, -0.9, -0.9, 200)
    is_near(program.anodic, 0.18, 0.18, 1000)  # before and after, 500 us each
    assert figures.rate_hz == pytest.approx(50.0)
    assert figures.intra_rate_hz is None


@BOTH
def test_a_triphasic_pulse_is_one(bare: bool) -> None:
    figures = measured("triphasic_50hz", bare=bare)
    (program,) = figures.programs
    is_near(program.cathodic, -0.9, -0.9, 200)
    is_near(program.anodic, 0.45, 0.45, 400)
    assert figures.amplitude_a == program.cathodic.peak_a
    assert figures.intra_rate_hz is None
    assert figures.pulses_per_period == 1


@BOTH
def test_a_gaussian_is_measured_from_zero(bare: bool) -> None:
    figures = measured("gaussian_50hz", bare=bare)
    (program,) = figures.programs
    # 96, 310, 677, 1000, 1000, 677, 310, 96 permille for 50 us each: 4166 of them, 0.18747 uC
    is_near(program.cathodic, -0.9, -0.9 * 4.166 / 8, 400)
    is_near(program.anodic, 0.9, 0.9 * 4.166 / 8, 400)
    assert figures.running_c == pytest.approx(0.18747e-6, rel=0.015)


STAIRS = """
name: Stairs
lead: octrode-3mm
programs:
  - name: stairs
    cathodes: [E1]
    anodes: [E2]
    rate: 50 Hz
    amplitude: 1.5 mA
    shape:
      segments:
        - {amplitude: -25 %, width: 50 us}
        - {amplitude: -50 %, width: 50 us}
        - {amplitude: -75 %, width: 50 us}
        - {amplitude: -100 %, width: 50 us}
        - {amplitude: 50 %, width: 250 us}
"""


@BOTH
def test_a_staircase_has_all_its_charge(bare: bool) -> None:
    figures = modelled(Profile.from_text(STAIRS), 3, bare=bare).measure()
    # 25, 50, 75 and 100 % of 1.5 mA for 50 us each: 2.5 x 75 nC are 187.5 nC in 200 us
    assert figures.amplitude_a == pytest.approx(-1.5e-3, abs=25e-6)
    assert figures.width_s == pytest.approx(200e-6, abs=4.5e-6)
    assert figures.charge_c == pytest.approx(-187.5e-9, rel=0.015)
    assert figures.running_c == pytest.approx(187.5e-9, rel=0.015)


def test_every_program_of_a_group_has_its_own_figures() -> None:
    figures = measured("four_programs", bare=False)
    assert figures.amplitude_a is figures.width_s is figures.charge_c is figures.rate_hz is None
    assert figures.reason == "4 programs: each has its own figures"
    figures = {
        program.name: (program.rate_hz, program.cathodic, program.anodic)
        for program in figures.programs
    }
    for name, rate_hz, amplitude_ma, width_us, ratio in (
        ("left low", 20, 1.5, 300, 1),
        ("left high", 40, 2.0, 200, 2),
        ("right low", 60, 2.0, 150, 1),
        ("right high", 100, 2.5, 100, 1),
    ):
        rate, cathodic, anodic = figures[name]
        assert rate == pytest.approx(rate_hz)
        assert cathodic.peak_a == pytest.approx(-amplitude_ma * 1e-3, rel=0.01)
        assert cathodic.width_s == pytest.approx(width_us * 1e-6, abs=4.5e-6)
        assert cathodic.charge_c == pytest.approx(-amplitude_ma * width_us * 1e-9, rel=0.015)
        assert anodic.peak_a == pytest.approx(amplitude_ma * 1e-3 / ratio, rel=0.01)
        assert anodic.width_s == pytest.approx(width_us * 1e-6 * ratio, abs=4.5e-6)


@pytest.mark.parametrize(
    ("stem", "reason"),
    [
        ("four_programs", "the pulses differ in current"),
        ("multiplexed_50_300hz", "the pulses come at several intervals"),
        ("multiplexed_50_1200hz", "the pulses differ in width"),
        ("dithered_50hz", "the pulses differ in width"),
    ],
)
def test_what_a_bare_trace_cannot_tell_apart_it_says(stem: str, reason: str) -> None:
    figures = measured(stem, bare=True)
    assert figures.programs == ()
    assert figures.amplitude_a is figures.width_s is figures.charge_c is None
    assert figures.reason.startswith(reason)
    assert "without its schedule a trace does not tell" in figures.reason


def test_a_dithered_train_has_the_rate_and_width_that_it_was_given() -> None:
    (program,) = measured("dithered_50hz", bare=False).programs
    assert program.rate_hz == pytest.approx(50.0)
    assert program.cathodic.width_s == pytest.approx(200e-6, rel=0.1)


def test_a_pulse_that_the_end_cuts_is_not_one_that_differs() -> None:
    seen = modelled(preset("tonic_50hz"), 3, bare=True)
    figures = seen.window(100e-6, 0.04 + 100e-6).measure()
    assert len(figures.pulses) == 3
    assert figures.reason == ""
    assert figures.width_s == pytest.approx(200e-6, abs=1e-6)


def test_only_whole_periods_of_the_schedule_are_measured() -> None:
    seen = modelled(preset("tonic_50hz"), 4).window(0.011, 0.075)
    figures = seen.measure()
    assert (figures.begin_s, figures.end_s) == pytest.approx((0.009, 0.049))  # 20 to 60 ms of it
    assert len(figures.pulses) == 2


def test_sampled_as_the_adc_does_the_edges_are_known_to_a_sample() -> None:
    profile = preset("triphasic_50hz")
    exact = modelled(profile, 3)
    sampled = dataclasses.replace(stepped(exact, 125_000.0, 7500), schedule=exact.schedule)
    (program,) = sampled.measure().programs
    assert program.cathodic.width_s == pytest.approx(200e-6, abs=8e-6)
    assert program.cathodic.charge_c == pytest.approx(-0.18e-6, abs=0.9e-3 * 8e-6)
    assert program.anodic.width_s == pytest.approx(400e-6, abs=16e-6)


def test_a_first_pulse_begins_where_its_current_does() -> None:
    """Of a gaussian and of segments the first 40 and 50 us were left out."""
    for stem in ("gaussian_50hz", "segments_50hz"):
        train = modelled(preset(stem), 2, bare=True).pulses()
        assert train.start_s[1] - 0.02 == pytest.approx(0, abs=0.2e-6)


# --- the table -----------------------------------------------------------------------------------
def recorded(seen: Trace) -> SimpleNamespace:
    return SimpleNamespace(run=SimpleNamespace(rows=seen, schedule=seen.schedule))


def test_the_table_shows_programmed_compiled_and_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = modelled(preset("segments_50hz"), 3)
    monkeypatch.setattr(truth, "record", lambda *_: recorded(seen))
    assert truth.main(["segments_50hz"]) == 0
    text = capsys.readouterr().out
    # 40 % of 144 codes are 57.6: 57 of them, 0.35625 mA
    assert re.search(r"anodic peak +0\.36 mA +0\.0125 mA +0\.3563 mA +0\.358\d mA", text)
    assert "9 quantities, 0 outside of their tolerance" in text
    assert truth.main(["segments_50hz", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["preset"] for row in rows} == {"segments_50hz"}
    peak = next(row for row in rows if row["quantity"] == "cathodic peak")
    assert (peak["unit"], peak["programmed"], peak["compiled"]) == ("A", -0.9e-3, -0.9e-3)


def test_the_table_fails_where_one_quantity_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = modelled(preset("segments_50hz"), 3)
    weak = dataclasses.replace(
        seen, current_a=np.where(seen.current_a < 0, 0.95, 1) * seen.current_a
    )
    monkeypatch.setattr(truth, "record", lambda *_: recorded(weak))
    assert truth.main(["segments_50hz"]) == 1
    assert re.search(r"cathodic peak .* FAIL\n", capsys.readouterr().out)


def test_the_table_is_written_to_an_output_without_its_characters() -> None:
    done = subprocess.run(
        [sys.executable, resources.path("tools/truth.py"), "tonic_passive"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 outside of their tolerance" in done.stdout


def test_a_preset_that_there_is_not_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        truth.main(["tonic"])
    assert ended.value.code == 2
    assert "no such preset: tonic" in capsys.readouterr().err
