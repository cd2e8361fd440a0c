"""A Stimulator's programs, runs and failures, on the simulated board."""

import importlib
import math

import pytest
from tests.support.stimulators import QUICK, quick, shipped, started

import scs
from scs.device.stimulator import Stimulator
from scs.errors import DeviceFault, DeviceRefused, Failure, LinkLost, WrongUsage
from scs.profile.profile import Profile, ProfileError
from scs_sim.bench.board import SimBoard
from stimcore import commands, handlers


def test_load_answers_with_the_devices_own_figures() -> None:
    with Stimulator("sim") as stim:
        figures = {figure.name: figure for figure in stim.load(shipped("tonic_50hz"))}
        again = {figure.name: figure for figure in stim.figures()}
    assert figures == again
    assert all(figure.ok for figure in figures.values())
    # 2 mA x 200 us = 0.4 uC; on 0.1244 cm2 3.2154 uC/cm2, rounded up to whole nC; k = log10(D Q)
    assert figures["phase_charge"].value == pytest.approx(0.4)
    assert figures["density"].value == pytest.approx(3.216)
    assert figures["shannon"].value == pytest.approx(math.log10(0.4 * 0.4 / 0.1244), abs=2e-3)
    assert figures["shannon"].limit == pytest.approx(1.5, abs=1e-4)
    assert (figures["rate"].value, figures["rate"].limit, figures["rate"].unit) == (50.0, 1e4, "Hz")
    assert figures["rate"].bound == "most"
    assert figures["discharge"].bound == "least"
    assert figures["width"].value == 200.0
    assert figures["compliance"].unit == "V"
    assert figures["ceiling"].limit == 4.0
    assert figures["density"].contact in ("E2", "E3", "E4")
    assert figures["density"].program == "low back"
    assert figures["rate"].contact is None


def test_req_60_what_the_device_refuses_names_the_line() -> None:
    # 12 mA x 200 us = 2.4 uC on 0.1244 cm2: k = log10(2.4^2 / 0.1244) = 1.67
    text = QUICK.format(amplitude="12 mA").replace("4 mA", "12 mA")
    with Stimulator("sim") as stim:
        with pytest.raises(ProfileError) as caught:
            stim.load(Profile.from_text(text, "quick.yaml"))
        assert stim.status().state == "OFF"
    (row, *_) = caught.value.rows
    assert row.line == 9
    assert row.path == "programs[0].amplitude"
    assert {problem.id for problem in caught.value.rows} >= {"shannon"}
    assert "1.666 against 1.5" in str(caught.value)


def test_a_hash_that_is_not_the_programs_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = handlers.TABLE[commands.COMMIT]

    def changed(device: object) -> tuple:
        return commit(device)[0] ^ 1, b""

    monkeypatch.setitem(handlers.TABLE, commands.COMMIT, changed)
    with Stimulator("sim") as stim, pytest.raises(Failure, match="another program than was sent"):
        stim.load(quick())


def test_an_unloaded_device_is_off_and_arms_nothing() -> None:
    with Stimulator() as stim:
        stim.load(quick())
        stim.unload()
        assert stim.status().state == "OFF"
        assert stim.profile is None
        with pytest.raises(Failure, match="nothing was loaded"):
            stim.arm()
        with pytest.raises(DeviceRefused, match="OFF"):
            stim.unload()


def test_nothing_is_armed_that_was_not_loaded_here() -> None:
    with Stimulator("sim") as stim, pytest.raises(Failure, match="nothing was loaded through"):
        stim.arm()


def test_req_38_without_the_declared_load_nothing_is_armed() -> None:
    with Stimulator("sim", faults="wrong_load") as stim:
        stim.load(quick())
        with pytest.raises(
            DeviceRefused, match="identification resistor has the wrong value: 4095"
        ):
            stim.arm()


def test_what_was_loaded_before_is_not_armed_after_a_refusal() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        with pytest.raises(ProfileError):
            stim.load(Profile.from_text(QUICK.format(amplitude="12 mA").replace("4 mA", "12 mA")))
        with pytest.raises(Failure, match="nothing was loaded through"):
            stim.arm()


def test_a_running_device_takes_no_other_program() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick())
        with pytest.raises(DeviceRefused, match="not allowed while the device is RUNNING: stop it"):
            stim.load(quick())


def test_status_is_typed_and_in_human_units() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick())
        stim.settle()
        stim.wait(0.2)
        status = stim.status()
    assert status.state == "RUNNING"
    assert status.fault is None
    assert status.settled
    assert status.levels[0].level_ma == status.levels[0].target_ma == 1.0
    assert status.lease_left_s == pytest.approx(2.0, abs=0.02)
    assert status.stopped == "running"
    assert status.pulses == status.periods >= 10
    # 12.5 uA a code of the ADC
    assert status.current_min_ma == pytest.approx(-1.0, abs=0.0125)
    assert status.current_max_ma == pytest.approx(1.0, abs=0.0125)


def test_a_counted_session_is_counted_out() -> None:
    with Stimulator("sim") as stim:
        started(stim, shipped("tonic_48_pulses"))
        last = stim.wait()
        book = stim.ledger()
    assert last.state == "LOADED"
    assert (book.pulses, book.periods, book.truncated, book.stopped) == (48, 48, 0, "pulses")
    # 48 x 0.5 mA x 200 us = 4.8 uC; 48 periods of 20 ms
    assert {contact.contact: contact.driven_nc for contact in book.charge if contact.driven_nc} == {
        "E3": 4800.0,
        "E4": 4800.0,
    }
    assert book.delivered()["charge_nc"] == 4800.0
    assert book.delivered()["seconds"] == 0.96


def test_stop_ends_on_a_whole_period() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick(more=""))
        stim.wait(0.333)
        stim.stop()
        book = stim.ledger()
        assert stim.status().state == "LOADED"
    assert book.stopped == "stop"
    assert book.truncated == 0
    assert book.pulses == book.periods
    assert book.output_s == pytest.approx(0.02 * book.periods)


def test_leaving_the_context_halts_also_when_the_caller_failed() -> None:
    stim = Stimulator("sim")

    def failing() -> None:
        with stim:
            started(stim, quick())
            stim.wait(0.05)
            benches_left.append(stim.link.bench)
            assert stim.link.bench.gate
            raise ZeroDivisionError

    benches_left: list[SimBoard] = []
    with pytest.raises(ZeroDivisionError):
        failing()
    assert not benches_left[0].gate


def test_left_running_where_that_was_asked_for() -> None:
    with Stimulator("sim", halt_on_exit=False) as stim:
        started(stim, quick(more="stand_alone: true\n"))
        assert stim.status().lease_left_s is None
        bench = stim.link.bench
    assert bench.gate


def test_req_34_a_caller_who_falls_silent_loses_the_lease() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick())
        stim.link.sleep(2.5)
        assert stim.status().state == "LOADED"
        assert stim.ledger().stopped == "lease"


def test_polling_renews_the_lease_and_ends_with_the_time() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick(more="lease: 200 ms\n"))
        begun_s = stim.link.now()
        seen = list(stim.poll(5.0))
        assert seen[-1].state == "RUNNING"
        assert len(seen) >= 100  # a quarter of the lease apart: 50 ms
        assert stim.link.now() - begun_s == pytest.approx(5.0, abs=0.2)


def test_req_22_an_amplitude_above_the_profiles_own_limit_is_refused() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick())
        with pytest.raises(DeviceRefused, match=r"'low back': .* 4.01 mA against 4 mA"):
            stim.amplitude("low back", "4.01 mA")
        assert stim.status().levels[0].target_ma == 1.0


def test_a_new_amplitude_flows_after_its_ramp_and_tells_whole_codes() -> None:
    with Stimulator("sim") as stim:
        started(stim, quick())
        change = stim.amplitude(1, "2.002 mA")  # 320.3 codes of 6.25 uA
        assert change.requested_ma == 2.002
        assert change.actual_ma == pytest.approx(2.0)
        trace = stim.scope()
    assert min(trace.current_a) == pytest.approx(-2e-3, rel=0.01)


@pytest.mark.parametrize(
    ("program", "quantity", "message"),
    [
        ("neck", "1 mA", "no program is called 'neck'; known are low back"),
        (2, "1 mA", "no program is called 2"),
        (0, "1 mA", "no program is called 0"),
        (1, "1", "has no unit"),
        (1, "1 V", "1 V is a voltage; expected a current"),
        (1, "nan mA", "not a finite number"),
        (1, "-1 mA", "is not an amplitude"),
        (1, "9e9 A", "is not an amplitude"),
    ],
)
def test_an_amplitude_that_cannot_be_meant(program: str | int, quantity: str, message: str) -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        with pytest.raises(WrongUsage, match=message):
            stim.amplitude(program, quantity)


def test_req_55_a_broken_lead_is_a_device_fault() -> None:
    with Stimulator("sim", faults="open_lead@0.9") as stim:
        started(stim, quick())
        with pytest.raises(DeviceFault, match=r"open_load: .* broken wire"):
            stim.wait(5.0)
        status = stim.status()
        assert status.state == "FAULT"
        assert stim.ledger().stopped == "fault"
        stim.clear_fault()
        assert stim.status().state == "OFF"
        with pytest.raises(Failure, match="nothing was loaded through"):
            stim.arm()


def test_req_31_nothing_is_loaded_while_a_fault_is_latched() -> None:
    with Stimulator("sim", faults="open_lead@0.9") as stim:
        started(stim, quick())
        with pytest.raises(DeviceFault):
            stim.wait(5.0)
        with pytest.raises(DeviceRefused, match="a fault is latched"):
            stim.load(quick())


def test_a_lost_link_is_told_once_and_the_context_is_left() -> None:
    def cut() -> None:
        with Stimulator("sim", faults="link_cut@0.5") as stim:
            started(stim, quick())
            stim.wait(5.0)

    with pytest.raises(LinkLost, match="cut"):
        cut()


def test_scope_needs_a_bench_and_a_train() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        with pytest.raises(Failure, match="nothing runs"):
            stim.scope()


def test_the_public_names_come_when_they_are_asked_for() -> None:
    assert set(scs.__all__) <= set(dir(scs))
    assert scs.Failure is Failure
    with pytest.raises(AttributeError, match="Stimulater"):
        importlib.import_module("scs").__getattr__("Stimulater")


def test_req_36_times_and_counts_of_32_bits_go_on_from_0() -> None:
    with Stimulator("sim") as stimulator:
        device = stimulator.link.bench.device
        device.now_ms = 2**32 + 7_000  # after 49 days
        device.ledger.pulses = 2**32 + 12
        device.ledger.stop_ms = device.now_ms
        status, book = stimulator.status(), stimulator.ledger()
    assert status.state == "OFF"
    assert 7.0 <= status.device_s < 7.1
    assert book.pulses == 12
