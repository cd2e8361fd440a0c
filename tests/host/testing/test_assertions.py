"""Every assertion of scs.testing passes where it should, and fails with pulse, time, value, limit.

The trace is of 1 mA, 200 us, 50 Hz on the default stage, whose tolerance is by hand: of current
0.5 % and 2 uA of offset, 2 codes of linearity and half a code of 6.25 uA, which is 22.625 uA of
1 mA; of a width a tick of 8 ns and 4.5 us to settle.
"""

import dataclasses
import doctest
import importlib
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.serving import serving
from tests.support.stimulators import quick
from tests.support.traces import train

from scs import Profile, presets, sim_bridge, testing
from scs.documents import units
from scs.errors import DeviceFault, Failure, WrongUsage
from scs.testing import (
    Bench,
    WaveformMismatch,
    assert_as_programmed,
    assert_charge_balanced,
    assert_fault,
    assert_matches,
    assert_pulse,
    assert_pulse_count,
    assert_stops_within,
    assert_within_limits,
    state,
)
from scs.traces.trace import Trace

ROOT = Path(__file__).resolve().parents[3]
THIRD_S = 0.04  # the third pulse of 50 Hz


@lru_cache
def tonic() -> Trace:
    return quick("1 mA").trace(0.2).trace


@lru_cache
def two_programs() -> Trace:
    return presets.read("multiplexed_50_300hz").trace(0.2).trace


def falling() -> Profile:
    """Return 1 mA whose amplitude falls within 1 s of a STOP."""
    return Profile.from_text(quick("1 mA").text.replace("down: 0 s", "down: 1 s"))


def scaled(trace: Trace, begin_s: float, end_s: float, factor: float, sign: int = -1) -> Trace:
    """Return a trace whose current of one sign is another one for a while."""
    inside = (trace.time_s >= begin_s - 1e-9) & (trace.time_s <= end_s + 1e-9)
    inside &= sign * trace.current_a > 0
    current_a = np.where(inside, factor * trace.current_a, trace.current_a)
    return dataclasses.replace(trace, current_a=current_a)


def mistake(call: Callable[[], object], kind: type[Exception] = WaveformMismatch) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


# --- one pulse -------------------------------------------------------------------------------
def test_a_pulse_is_held_against_width_amplitude_and_rate() -> None:
    assert_pulse(tonic(), width="200 us", amplitude="1 mA", rate="50 Hz")
    assert_pulse(tonic(), amplitude="-1 mA", within="3 %")
    assert_pulse(tonic(), width="0.2 ms", within={"width": "5 us"})
    assert_pulse(tonic(), width=units.registry().Quantity(200, "us"))


def test_a_failing_amplitude_names_pulse_time_value_and_limit_and_draws_it() -> None:
    trace = scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 1.1)
    message = mistake(lambda: assert_pulse(trace, amplitude="1 mA")).splitlines()
    assert message[0] == (
        "amplitude of pulse 3 of 'low back' at 0.040000 s: 1.099 mA, limit 1 mA ± 0.02263 mA "
        "(the stage's tolerance)"
    )
    assert message[1] == "1 of 10 pulses are beyond it"
    assert message[2] == "current from 0.039900 s to 0.041202 s:"
    assert len(message) == 3 + 6
    assert message[-1].lstrip().startswith("-1.099 mA")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"width": "210 us"}, "width of pulse 1 of 'low back' at 0.000000 s: 200"),
        ({"width": "204 us", "within": "1 %"}, "limit 204 µs ± 2.04 µs"),
        ({"amplitude": "+1 mA"}, "limit 1 mA ± 0.02263 mA"),
        ({"rate": "51 Hz"}, "rate of pulse 2 of 'low back' at 0.020000 s: 50 Hz, limit 51 Hz ± "),
        ({"rate": "50.1 Hz", "within": {"rate": "50 mHz"}}, "50 Hz, limit 50.1 Hz ± 0.05 Hz"),
    ],
)
def test_what_is_off_is_told_with_its_limit(asked: dict[str, Any], line: str) -> None:
    assert line in mistake(lambda: assert_pulse(tonic(), **asked))


def test_the_tolerance_of_the_stage_is_that_of_its_row() -> None:
    """22.6 uA of 1 mA on mcp4922-8: 1.02 mA is within, 1.03 mA is not."""
    whole = scaled(tonic(), 0.0, 0.2, 1.02 / 1.0)
    level_ma = float(np.min(whole.current_a)) * -1e3
    assert_pulse(whole, amplitude=f"{level_ma - 0.022:.3f} mA")
    assert "limit" in mistake(lambda: assert_pulse(whole, amplitude=f"{level_ma - 0.024:.3f} mA"))


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({}, "nothing to assert: give width, amplitude, rate; e.g. rate='50 Hz'"),
        ({"width": "200"}, "width: 200 has no unit; e.g. 200 us"),
        ({"width": "2 mA"}, "width: 2 mA is a current; expected a time"),
        ({"width": "-200 us"}, "width: -200 us is not above 0; e.g. 200 us"),
        ({"width": "200 us", "within": "100 %"}, "width: 100 % is not below 100 %; e.g. 1 %"),
        ({"rate": "0 Hz"}, "rate: 0 Hz is not a rate above 0; e.g. 50 Hz"),
        ({"rate": "50 Hz", "within": "1"}, "within: rate: 1 has no unit; e.g. 50 Hz"),
        ({"rate": "50 Hz", "within": "-1 %"}, "within: rate: -1 % is not above 0; e.g. 1 %"),
        ({"rate": "50 Hz", "within": {"rat": "1 %"}}, "no quantity 'rat'; did you mean rate?"),
        ({"rate": "50 Hz", "program": "leg"}, "no program 'leg'; the trace has 'low back'"),
        ({"rate": "50 Hz", "program": 2}, "no program 2; the trace has 'low back'"),
    ],
)
def test_a_wrong_argument_is_one_line(asked: dict[str, Any], line: str) -> None:
    message = mistake(lambda: assert_pulse(tonic(), **asked), WrongUsage)
    assert line in message
    assert "\n" not in message


def test_the_rate_of_bursts_is_that_of_their_first_pulses() -> None:
    bursts = presets.read("burst_dr").trace(0.2).trace  # five pulses, forty times a second
    assert_pulse(bursts, width="1 ms", amplitude="0.35 mA", rate="40 Hz")
    assert_pulse_count(bursts, 8 * 5)
    message = mistake(lambda: assert_pulse(bursts, rate="41 Hz"))
    assert message.startswith("rate of pulse 6 of 'burst' at 0.025000 s: 40 Hz, limit 41 Hz ±")
    assert "\n7 of 7 pulses are beyond it\n" in message


def test_of_several_programs_one_must_be_named() -> None:
    names = two_programs().schedule.names
    message = mistake(lambda: assert_pulse(two_programs(), rate="50 Hz"), WrongUsage)
    assert (
        message == f"program: the trace is of 2 programs; name one: {', '.join(map(repr, names))}"
    )
    assert_pulse(two_programs(), rate="50 Hz", program=1)
    assert_pulse(two_programs(), rate="300 Hz", program=names[1])


def test_a_trace_without_a_schedule_needs_a_tolerance() -> None:
    trace = train(5)  # -1 mA for 1 ms, +1 mA for 1 ms, 100 Hz
    message = mistake(lambda: assert_pulse(trace, width="1 ms"), WrongUsage)
    assert message.endswith('so width needs a tolerance; e.g. within={"width": "1 %"}')
    assert_pulse(trace, width="1 ms", amplitude="-1 mA", rate="100 Hz", within="0.1 %")
    failed = mistake(lambda: assert_pulse(trace, rate="99 Hz", within="0.1 %"))
    assert failed.startswith("rate of pulse 1 at 0.003000 s: 100 Hz, limit 99 Hz ± 0.099 Hz\n")
    assert mistake(lambda: assert_as_programmed(trace), WrongUsage).startswith(
        "assert_as_programmed: the trace holds no whole period of a known profile"
    )


# --- number, program, charge, limits ---------------------------------------------------------
def test_pulses_are_counted() -> None:
    assert_pulse_count(tonic(), 10)
    assert_pulse_count(two_programs(), 60, program=2)
    for end_s, count in ((0.1801, 10), (0.18, 9), (0.1799, 9), (0.161, 9)):
        assert_pulse_count(tonic().window(0.0, end_s), count)  # pulse 10 begins at 0.18 s
    flat = Trace(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2))
    assert_pulse_count(flat, 0)
    assert mistake(lambda: assert_pulse_count(flat, 1)) == "the trace holds no pulse"
    message = mistake(lambda: assert_pulse_count(tonic(), 11))
    assert message.startswith(
        "the trace of 0.2 s holds 10 pulses of 'low back', not 11; pulse 10, the last, is at "
        "0.180000 s\ncurrent from"
    )
    assert "'ten' is not a number of pulses" in mistake(
        lambda: assert_pulse_count(tonic(), "ten"),
        WrongUsage,
    )


def test_a_trace_is_as_programmed_to_the_pulse() -> None:
    assert_as_programmed(tonic())
    assert_as_programmed(two_programs())
    wide = scaled(tonic(), THIRD_S, 0.05, 1.2, sign=1)
    message = mistake(lambda: assert_as_programmed(wide))
    assert message.startswith("anodic peak of pulse 3 of 'low back' at 0.040000 s: 1.20")
    assert "limit 1 mA ± 0.02263 mA (the stage's tolerance)" in message
    none = scaled(scaled(tonic(), THIRD_S, 0.05, 0.0), THIRD_S, 0.05, 0.0, sign=1)
    message = mistake(lambda: assert_as_programmed(none))
    assert message.startswith(
        "pulse 3 of 'low back', due at 0.040000 s, is missing\n9 of 10 pulses"
    )
    assert "cathodic peak" in mistake(lambda: assert_as_programmed(tonic(), "0.01 %"))
    inside = (tonic().time_s > THIRD_S - 1e-4) & (tonic().time_s < THIRD_S + 1e-5)
    late = dataclasses.replace(tonic(), time_s=np.where(inside, THIRD_S + 6e-6, tonic().time_s))
    message = mistake(lambda: assert_as_programmed(late, "10 %"))
    assert message.startswith(
        "lateness of pulse 3 of 'low back' at 0.040006 s: 6 µs, limit 0 µs ± 4"
    )
    assert "expected a ratio" in mistake(lambda: assert_as_programmed(tonic(), "1 mA"), WrongUsage)


def test_charge_is_balanced_in_every_period_and_over_every_second() -> None:
    """A tenth more of 1 mA for 200 us is 20 nC: in 0.2 s a mean of 100 nA, the limit."""
    assert_charge_balanced(tonic(), within="1 nC")
    assert_charge_balanced(tonic())
    more = scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 1.1)
    message = mistake(lambda: assert_charge_balanced(more, within="10 nC"))
    assert message.startswith("net charge of a period, from pulse 3 at 0.040000 s on: -")
    assert "limit 10 nC\n1 of 10 are beyond it\n" in message
    assert_charge_balanced(scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 1.09))
    most = scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 1.12)
    message = mistake(lambda: assert_charge_balanced(most))
    assert message.startswith("net DC of 0.2 s, from pulse 1 at 0.000000 s on: -1")
    assert "nA, limit 100 nA\n1 of 1 are beyond it" in message
    assert "expected a charge" in mistake(
        lambda: assert_charge_balanced(tonic(), "1 mA"), WrongUsage
    )
    assert mistake(lambda: assert_charge_balanced(tonic(), "1 %"), WrongUsage).startswith(
        "within: 1 % is a ratio; expected a charge"
    )
    short = dataclasses.replace(tonic().window(0.0, 0.01), schedule=None)
    assert "too short" in mistake(lambda: assert_charge_balanced(short))


def test_a_profile_is_judged_by_the_kernel_and_a_trace_by_its_pulses() -> None:
    assert_within_limits(quick("1 mA"))
    assert_within_limits(tonic())
    message = mistake(lambda: assert_within_limits(presets.read("four_programs"), _LADDER))
    assert ": programs[0].amplitude: the amplitude is above the stage's maximum: 1.5 mA" in message
    over = scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 4.5)  # the profile's own limit is 4 mA
    message = mistake(lambda: assert_within_limits(over))
    assert message.startswith("peak of pulse 3 of 'low back' at 0.040000 s: 4.497 mA, limit")
    assert "limit 4.038 mA (the profile's ceiling and the stage's tolerance)" in message
    biased = scaled(tonic(), 0.0, 0.2, 1.03)
    assert "net DC of 0.2 s" in mistake(lambda: assert_within_limits(biased))


@pytest.mark.parametrize(
    ("factor", "line"),
    [
        (2.5, "Shannon k of pulse 3 of 'low back' at 0.040000 s: 1.7, limit 1.5"),
        (3.9, "density of pulse 3 of 'low back' at 0.040000 s: 31.3"),
        (11.0, "charge of pulse 3 of 'low back' at 0.040000 s: 10.99 µC, limit 10 µC"),
    ],
)
def test_the_charge_of_every_pulse_is_held_against_the_absolute_limits(
    factor: float, line: str
) -> None:
    """1 mA for 1 ms is 1 uC; on 12.44 mm^2, k is log10(q^2 / 0.1244), for 2.5 uC 1.70."""
    text = quick("1 mA").text.replace("200 us", "1000 us").replace("4 mA", "12 mA")
    trace = Profile.from_text(text).trace(0.2).trace
    assert_within_limits(trace)
    over = scaled(trace, THIRD_S, THIRD_S + 1e-3, factor)
    assert mistake(lambda: assert_within_limits(over)).startswith(line)


_LADDER = "pico/r2r-1/resistor-1k"


# --- goldens ---------------------------------------------------------------------------------
@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    state.stack.append(state.State(tmp_path, update=True))
    yield tmp_path
    state.stack.pop()


def judged(trace: Trace, name: str = "g/tonic.yaml", within: str = "") -> None:
    state.stack[-1].update = False
    assert_matches(trace, name, within)


def test_a_golden_is_small_text_and_holds_every_pulse(root: Path) -> None:
    assert_matches(tonic(), "g/tonic.yaml")
    text = (root / "g/tonic.yaml").read_text(encoding="utf-8")
    assert state.stack[-1].renewed == [root / "g/tonic.yaml"]
    assert len(text) < 1000
    assert "format: 1\n" in text
    assert text.endswith("\nend: 1\n")
    assert_matches(tonic(), "g/tonic.yaml")
    assert len(state.stack[-1].renewed) == 1  # it was the same already
    judged(tonic(), within="0.1 %")
    other = scaled(tonic(), THIRD_S, THIRD_S + 200e-6, 1.01)
    judged(other)  # within the stage's tolerance
    message = mistake(lambda: judged(other, within="0.5 %"))
    assert message.startswith("g/tonic.yaml: cathodic peak of pulse 3 of 'low back' at 0.040000 s")
    drained = scaled(tonic(), 0.0, 0.2, 0.85, sign=1)
    assert "anodic peak of pulse 1" in mistake(lambda: judged(drained))


def test_a_golden_holds_what_flows_between_the_pulses_too(root: Path) -> None:
    """1 uA throughout a period of 20 ms is 20 nC; the stage may err by 22.6 uA for 400 us, 9 nC."""
    assert_matches(tonic(), "tonic.yaml")
    rests = np.abs(tonic().current_a) < 1e-6
    leaky = dataclasses.replace(tonic(), current_a=tonic().current_a + 1e-6 * rests)
    message = mistake(lambda: judged(leaky, "tonic.yaml"))
    assert message.startswith(
        "tonic.yaml: net charge of a period, from pulse 1 at 0.000000 s on: 19"
    )
    assert " ± 9.0" in message


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("format: 1", "format: 2", "the golden has format 2, this scs reads 1; renew it with"),
        ("\nend: 1\n", "\n", "the golden was cut or changed by hand; renew it with"),
        ("end: 1", "end: 2", "the golden was cut or changed by hand"),
        ("  0 0", "  0", "the golden was cut or changed by hand"),
        ("  0 0", "  7 0", "the golden was cut or changed by hand"),
        ("hash: '", "hash: '0", "the profile was changed: the golden is of hash 0"),
        ("randles-500", "resistor-1k", "is of board pico/mcp4922-8/resistor-1k, the trace of pico"),
        ("format:", "form: &x", "anchors (&) and aliases (*) are refused; write the value out"),
        ("format:", "form:", "this is not a golden"),
    ],
)
def test_a_golden_of_something_else_is_refused_in_a_line(
    root: Path, old: str, new: str, line: str
) -> None:
    assert_matches(tonic(), "tonic.yaml")
    path = root / "tonic.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    message = mistake(lambda: judged(tonic(), "tonic.yaml"), WrongUsage)
    assert message.startswith("tonic.yaml:")
    assert line in message
    assert "\n" not in message


def test_a_golden_that_is_missing_says_how_to_write_it(root: Path) -> None:
    assert mistake(lambda: judged(tonic(), "none.yaml"), WrongUsage) == (
        "none.yaml: there is no such golden; write it with `pytest --scs-update`"
    )
    (root / "file").write_text("")
    state.stack[-1].update = True
    message = mistake(lambda: assert_matches(tonic(), "file/below.yaml"), WrongUsage)
    assert "cannot write" in message


# --- a board ---------------------------------------------------------------------------------
def test_a_fault_is_latched_in_time_and_by_its_name() -> None:
    with Bench("a test") as bench:
        bench.run(quick("1 mA"))
        bench.inject("open_lead", after="20 ms")
        before_s = bench.now_s
        assert_fault(bench, "open_load", within="50 ms")
        assert 0.02 <= bench.now_s - before_s <= 0.08
        message = mistake(lambda: assert_fault(bench, "short_load"))
        assert message.startswith("not short_load after open_lead@")
        assert ": open_load: almost no current flows: the load is open" in message
        assert "current from" in message


def test_a_fault_that_does_not_come_or_comes_late_is_told() -> None:
    with Bench("a test") as bench:
        bench.run(quick("1 mA"))
        begun_s = bench.now_s
        message = mistake(lambda: assert_fault(bench, "open_load", within="100 ms"))
        assert message.startswith("no fault was latched within 100 ms: it is RUNNING\n")
        assert bench.now_s - begun_s == pytest.approx(0.1, abs=0.02)
        bench.inject("open_lead")
        bench.silence("100 ms")
        message = mistake(lambda: assert_fault(bench, "open_load", within="1 ms"))
        assert "ms after open_lead@" in message
        assert message.splitlines()[0].endswith("limit 1 ms")
        bench.inject("short")
        message = mistake(lambda: assert_fault(bench, "open_load"))
        assert "open_load was latched 0." in message
        assert "before short@" in message


def test_a_fault_with_the_output_still_on_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench("a test") as bench:
        bench.run(quick("1 mA"))
        bench.inject("open_lead")
        monkeypatch.setattr(Bench, "is_on", lambda _bench: True)
        message = mistake(lambda: assert_fault(bench, "open_load"))
        assert message.startswith("open_load is latched after open_lead@")
        assert message.splitlines()[0].endswith(", but the output is on")


def test_a_board_that_its_watchdog_resets_is_found_again() -> None:
    with Bench("a test") as bench:
        bench.run(quick("1 mA"))
        bench.inject("hung_loop")
        assert_fault(bench, "watchdog", within="1 s")
    bench = Bench("a test")
    bench.open()
    bench.run(quick("1 mA"))
    bench.inject("link_cut")
    message = mistake(lambda: assert_fault(bench, "open_load"))
    assert message.startswith("the board does not answer: the link to the simulated board broke")
    bench.close()


def test_a_stop_ramps_down_in_its_time_and_a_halt_at_once() -> None:
    with Bench("a test") as bench:
        bench.run(falling())
        message = mistake(lambda: assert_stops_within(bench, "0.5 s"))
        assert message.startswith(
            "the output is still on 0.5 s after stop: it is STOPPING\ncurrent"
        )
        bench.wait()
        assert mistake(lambda: assert_stops_within(bench, "1 s"), Failure) == (
            "nothing runs that could stop: the device is LOADED"
        )
        bench.run(falling())
        assert_stops_within(bench, "1.1 s")
        bench.run(quick("1 mA"))
        assert_stops_within(bench, "2 ms", by="halt")
        bench.run(quick("1 mA", "session: {duration: 1 s}\n"), settled=False)
        assert_stops_within(bench, "1.1 s", by="itself")
        assert_pulse_count(bench, 50)
        assert mistake(lambda: assert_pulse_count(bench, 3)).startswith(
            "the ledger counts 50 pulses, not 3, and 0 cut short; it was stopped by "
        )


def test_held_the_lease_is_kept_and_in_silence_it_runs_out() -> None:
    with Bench("a test") as bench:
        bench.run(quick("1 mA"))
        begun_s = bench.now_s
        bench.hold("3 s")
        assert bench.now_s - begun_s == pytest.approx(3.0, abs=0.01)
        assert bench.is_on()
        bench.silence("3 s")
        assert not bench.is_on()
        assert bench.status().stopped == "lease"
        assert "ended within the 1 s: stopped by lease" in mistake(
            lambda: bench.hold("1 s"), Failure
        )


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            lambda bench: bench.inject("open_led"),
            "no fault 'open_led': did you mean open_lead or loose_lead?",
        ),
        (lambda bench: bench.inject("open_lead", "2"), "after: 2 has no unit"),
        (lambda bench: bench.hold("-1 s"), "time: -1 s is not above 0; e.g. 1 s"),
        (lambda bench: bench.silence("7200 s"), "time: 7200 s is longer than 3600 s"),
        (lambda bench: assert_fault(bench, "open"), "no fault 'open'; did you mean open_load?"),
        (lambda bench: assert_stops_within(bench, "1 s", "hand"), "there is no 'hand'; there are"),
    ],
)
def test_a_wrong_word_to_a_board_is_one_line(call: Callable[[Bench], None], line: str) -> None:
    with Bench("a test") as bench:
        message = mistake(lambda: call(bench), WrongUsage)
    assert line in message
    assert "\n" not in message


def test_a_board_serves_one_test_and_a_real_port_has_no_faults_to_inject() -> None:
    bench = Bench("test_a.py::test_first")
    with bench:
        pass
    assert mistake(bench.status, Failure) == (
        "the board of test_a.py::test_first is closed: a board serves one test; ask for scs_bench "
        "in each test that needs one"
    )
    with (
        serving(sim_bridge.listen(sim_bridge.make())) as server,
        Bench("a test", port=server.address) as bench,
    ):
        message = mistake(lambda: bench.inject("open_lead"), WrongUsage)
        assert message.startswith("faults can be injected into the simulated board, not at")
        assert bench.recent() is None


def test_a_fault_in_the_midst_of_a_stop_is_told() -> None:
    with Bench("a test") as bench:
        bench.run(falling())
        bench.inject("short")
        message = mistake(lambda: assert_stops_within(bench, "1 s"))
        assert message.startswith("it did not end by stop: short_load: ")
        with pytest.raises(DeviceFault):
            bench.hold("1 s")


# --- documentation ---------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(set(testing._HOMES.values())))
def test_the_examples_of_the_docstrings_are_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    module = importlib.import_module(f"scs.testing.{name}")
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
    assert result.attempted > 0 or name == "pulses"


def test_every_public_name_is_there() -> None:
    assert all(getattr(testing, name).__doc__ for name in testing.__all__)
    assert set(testing.__all__) <= set(dir(testing))
    with pytest.raises(AttributeError, match="no attribute 'assert_all'"):
        getattr(testing, "_all".join(("assert", "")))


@pytest.mark.parametrize(
    "claim",
    [
        lambda path: assert_pulse(path, rate="50 Hz"),
        lambda path: assert_pulse_count(path, 5),
        assert_charge_balanced,
        assert_as_programmed,
        lambda path: assert_matches(path, "golden.yaml"),
    ],
)
def test_what_is_no_trace_is_told(claim: Callable[[Any], None]) -> None:
    with pytest.raises(WrongUsage, match=r"a str is no trace: take one, e\.g\. scs_trace\("):
        claim("profiles/tonic_50hz.yaml")
