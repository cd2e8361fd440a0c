"""Waveforms of the three profiles of this therapy at the simulated dummy load."""

import pytest

from scs.testing import (
    assert_as_programmed,
    assert_charge_balanced,
    assert_fault,
    assert_matches,
    assert_pulse,
    assert_pulse_count,
    assert_stops_within,
    assert_within_limits,
)


@pytest.mark.scs_profiles("profiles/*.yaml")
def test_every_profile_is_admitted_balanced_and_as_programmed(scs_profile, scs_trace):
    assert_within_limits(scs_profile)
    trace = scs_trace(scs_profile, 1.0)
    assert_within_limits(trace)
    assert_charge_balanced(trace)
    assert_as_programmed(trace)


def test_a_minute_of_the_low_back_is_what_was_agreed(scs_trace):
    trace = scs_trace("profiles/low_back.yaml", 60)
    assert_pulse(trace, width="250 us", amplitude="-1.6 mA", rate="45 Hz")
    assert_pulse_count(trace, 45 * 60)
    assert_charge_balanced(trace, within="1 nC")


@pytest.mark.scs_boards("pico/mcp4922-8/randles-500", "pico/mcp4922-8/resistor-1k")
def test_the_foot_is_the_same_at_either_load(scs_trace):
    trace = scs_trace("profiles/foot.yaml", 1.0)
    assert_pulse(trace, width="200 us", amplitude="1 mA", rate="20 Hz", within={"amplitude": "3 %"})


def test_the_bursts_of_the_legs_have_not_changed(scs_trace):
    assert_matches(scs_trace("profiles/legs.yaml", 1.0), "tests/goldens/legs.yaml")


def test_a_broken_lead_ends_the_output_within_50_ms(scs_bench):
    scs_bench.run("profiles/low_back.yaml")
    scs_bench.inject("open_lead")
    assert_fault(scs_bench, "open_load", within="50 ms")


def test_a_stop_ramps_down_and_a_silent_host_does_not_leave_it_on(scs_bench):
    scs_bench.run("profiles/low_back.yaml")
    assert_stops_within(scs_bench, "1.1 s")
    scs_bench.run("profiles/low_back.yaml")
    scs_bench.silence("3 s")  # the lease is 2 s
    assert not scs_bench.is_on()
