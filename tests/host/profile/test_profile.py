"""Good profiles: each field becomes the integer written here by hand."""

import pytest
from tests.host.test_presets import THERAPIES

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from stimcore import errors, output, program

LEAST = """name: Least
lead: octrode-3mm
programs:
  - cathodes: [E3]
    anodes: [E2, E4]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 2 mA
"""
MOST = """name: Everything
lead: quad-3mm
programs:
  - name: tonic one
    cathodes: [E1]
    anodes: [E2]
    waveform: tonic
    rate: 40 Hz
    pulse_width: 0.3 ms
    amplitude: 1.25 mA
    interphase_gap: 30 us
    recharge: {active: {ratio: 10}}
  - name: burst one
    cathodes: [E3, E1]
    anodes: [E4]
    waveform: {burst: {pulses: 5, intra_rate: 500 Hz}}
    rate: 40 Hz
    pulse_width: 1000 us
    amplitude: 350 uA
    recharge: {passive: {after: pulse}}
limits: {amplitude: 4 mA}
ramp: {up: 2 s, down: 1 s}
cycle: {on: 30 s, off: 90 s}
session: {duration: 10 min}
lease: 500 ms
"""


def read(text: str) -> Profile:
    return Profile.from_text(text, "test.yaml")


def only_program(text: str) -> program.Program:
    return read(text).group.programs[0]


def test_what_is_left_out_has_the_documented_default():
    profile = read(LEAST)
    header = profile.group.header
    assert (header.flags, header.lease_ms) == (0, 2_000)
    assert (header.ramp_up_ms, header.ramp_down_ms) == (1_000, 500)
    assert (header.cycle_on_ms, header.cycle_off_ms) == (0, 0)
    assert (header.session_ms, header.session_pulses) == (0, 0)
    (only,) = profile.group.programs
    assert (only.cathodes, only.anodes) == (0b100, 0b1010)
    assert (only.waveform, only.pulses, only.intra_rate_millihz) == (program.TONIC, 1, 0)
    assert (only.recharge, only.ratio) == (program.RECHARGE_PASSIVE, 1)
    assert (only.rate_millihz, only.width_ns, only.gap_ns) == (50_000, 200_000, 0)
    assert (only.amplitude_ua, only.ceiling_ua) == (2_000, 2_000)
    assert profile.group.areas_um2 == (12_440_000,) * 8
    assert profile.program_names == ("program 1",)


def test_every_field_arrives_as_the_integer_meant():
    profile = read(MOST)
    assert (profile.name, profile.lead.name) == ("Everything", "quad-3mm")
    assert profile.contact_names == ("E1", "E2", "E3", "E4")
    assert profile.program_names == ("tonic one", "burst one")
    assert tuple(profile.group.header) == (
        *(0, 500, 2_000, 1_000, 30_000, 90_000, 600_000, 0),
        1_000,
    )
    assert profile.group.areas_um2 == (12_440_000,) * 4 + (0,) * 4
    tonic, burst = profile.group.programs
    assert tuple(tonic)[:12] == (1, 2, 0, 0, 10, 1, 40_000, 0, 1_250, 4_000, 300_000, 30_000)
    assert tuple(burst)[:12] == (5, 8, 1, 1, 1, 5, 40_000, 500_000, 350, 4_000, 1_000_000, 0)


@pytest.mark.parametrize(
    ("waveform", "recharge", "kind", "ratio"),
    [
        ("tonic", "passive", program.RECHARGE_PASSIVE, 1),
        ("tonic", "{passive: {}}", program.RECHARGE_PASSIVE, 1),
        ("tonic", "{passive: {after: pulse}}", program.RECHARGE_PASSIVE, 1),
        ("tonic", "active", program.RECHARGE_ACTIVE, 1),
        ("tonic", "{active: {}}", program.RECHARGE_ACTIVE, 1),
        ("tonic", "{active: {ratio: 4}}", program.RECHARGE_ACTIVE, 4),
        ("burst", "passive", program.RECHARGE_PASSIVE_BURST, 1),
        ("burst", "{passive: {}}", program.RECHARGE_PASSIVE_BURST, 1),
        ("burst", "{passive: {after: burst}}", program.RECHARGE_PASSIVE_BURST, 1),
        ("burst", "{passive: {after: pulse}}", program.RECHARGE_PASSIVE, 1),
        ("burst", "{active: {ratio: 2}}", program.RECHARGE_ACTIVE, 2),
    ],
)
def test_each_way_to_write_the_recharge(waveform, recharge, kind, ratio):
    if waveform == "burst":
        waveform = "{burst: {pulses: 2, intra_rate: 100 Hz}}"
    member = only_program(f"{LEAST}    waveform: {waveform}\n    recharge: {recharge}\n")
    assert (member.recharge, member.ratio) == (kind, ratio)


def test_a_stand_alone_profile_has_no_lease():
    header = read(LEAST + "stand_alone: true\n").group.header
    assert header.flags == program.FLAG_STAND_ALONE
    assert read(LEAST + "stand_alone: false\nlease: 10 s\n").group.header.lease_ms == 10_000


def test_req_35_a_session_counts_pulses_exactly():
    assert read(LEAST + "session: {pulses: 48}\n").group.header.session_pulses == 48


def test_yaml_words_that_other_readers_bend_are_plain_text_here():
    profile = read(LEAST.replace("name: Least", "name: on") + "cycle: {on: 2 s, off: 1 s}\n")
    assert profile.name == "on"
    assert (profile.group.header.cycle_on_ms, profile.group.header.cycle_off_ms) == (2_000, 1_000)


EDGES = [
    ("rate: 50 Hz", "rate: 1 Hz", "rate_millihz", 1_000),
    ("rate: 50 Hz", "rate: 10 kHz", "rate_millihz", 10_000_000),
    ("pulse_width: 200 us", "pulse_width: 10 us", "width_ns", 10_000),
    ("pulse_width: 200 us", "pulse_width: 1 ms", "width_ns", 1_000_000),
    ("amplitude: 2 mA", "amplitude: 1 uA", "amplitude_ua", 1),
    ("amplitude: 2 mA", "amplitude: 25.5 mA", "amplitude_ua", 25_500),
    ("2 mA", "2 mA\n    interphase_gap: 1000 us", "gap_ns", 1_000_000),
    ("2 mA", "2 mA\n    interphase_gap: 0 s", "gap_ns", 0),
]


@pytest.mark.parametrize(("before", "after", "field", "value"), EDGES)
def test_req_21_the_limits_themselves_are_accepted(before, after, field, value):
    assert getattr(only_program(LEAST.replace(before, after)), field) == value


HEADER_EDGES = [
    ("ramp: {up: 0 s, down: 60 s}", ("ramp_up_ms", "ramp_down_ms"), (0, 60_000)),
    (
        "ramp: {up: 0 s}\ncycle: {on: 1 s, off: 90 min}",
        ("cycle_on_ms", "cycle_off_ms"),
        (1_000, 5_400_000),
    ),
    ("session: {duration: 24 h}", ("session_ms",), (86_400_000,)),
    ("session: {duration: 1 ms}", ("session_ms",), (1,)),
    ("session: {pulses: 1000000000}", ("session_pulses",), (1_000_000_000,)),
    ("lease: 200 ms", ("lease_ms",), (200,)),
    ("lease: 10 s", ("lease_ms",), (10_000,)),
    ("ramp: {up: 3 s}", ("ramp_up_ms", "ramp_down_ms"), (3_000, 500)),
    ("ramp: {}", ("ramp_up_ms", "ramp_down_ms"), (1_000, 500)),
]


@pytest.mark.parametrize(("line", "fields", "values"), HEADER_EDGES)
def test_req_21_the_limits_of_times_are_accepted(line, fields, values):
    header = read(f"{LEAST}{line}\n").group.header
    assert tuple(getattr(header, field) for field in fields) == values


def test_req_22_the_ceiling_may_equal_the_amplitude():
    assert only_program(LEAST + "limits: {amplitude: 2 mA}\n").ceiling_ua == 2_000


def test_req_20_the_blob_is_what_the_device_reads():
    profile = read(MOST)
    assert program.unpack(profile.to_blob()) == profile.group


SHIPPED = {
    # name: program fields by hand, session pulses
    "tonic_50hz": ((4, 10, 0, 0, 4, 1, 50_000, 0, 2_000, 4_000, 200_000, 30_000), 0),
    "tonic_passive": ((4, 10, 0, 1, 1, 1, 50_000, 0, 2_000, 4_000, 200_000, 0), 0),
    "tonic_48_pulses": ((4, 8, 0, 0, 4, 1, 50_000, 0, 500, 500, 200_000, 30_000), 48),
    "burst_dr": ((4, 8, 1, 2, 1, 5, 40_000, 500_000, 350, 350, 1_000_000, 0), 0),
    "r2r_tonic": ((1, 2, 0, 0, 1, 1, 50_000, 0, 500, 500, 300_000, 0), 0),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_profiles_are_what_they_say(name):
    profile = Profile.read(resources.path(f"profiles/{name}.yaml"))
    fields, pulses = SHIPPED[name]
    assert tuple(profile.group.programs[0])[:12] == fields
    assert profile.group.header.session_pulses == pulses


@pytest.mark.parametrize("load", ["resistor-500", "resistor-1k", "randles-500"])
@pytest.mark.parametrize("name", SHIPPED)
def test_the_device_admits_every_shipped_profile_into_every_load(name, load):
    stage = "r2r-1" if name.startswith("r2r") else "mcp4922-8"
    group = Profile.read(resources.path(f"profiles/{name}.yaml")).group
    levels = tuple(member.amplitude_ua for member in group.programs)
    verdict = output.judge(boards.board(stage=stage, load=load), group, levels)
    if name == "burst_dr" and load.startswith("resistor"):
        # 1.75 uC on the blocking capacitor alone take longer than the 16 ms there are
        assert errors.DISCHARGE_PEAK in [row[0] for row in verdict.errors]
        return
    assert verdict.errors == []
    assert verdict.stream is not None


def test_req_07_the_published_burst_amplitude_is_refused_and_the_line_named():
    # five pulses of 0.6 uC are 3.0 uC; 12.44 mm^2 permits sqrt(31.622 x 0.1244) = 1.983 uC
    text = resources.path("profiles/burst_dr.yaml").read_text().replace("0.35 mA", "0.6 mA")
    profile = read(text)
    verdict = output.judge(boards.board(), profile.group, (600,))
    (row,) = [profile.explain(row) for row in verdict.errors]
    assert (row.id, row.path) == ("running-charge", "programs[0].amplitude")
    assert text.splitlines()[row.line - 1].strip() == "amplitude: 0.6 mA"
    assert row.value.startswith("3.0")  # and what the discharge had left of the burst before
    assert row.limit == "1.983 µC"


def test_every_shipped_profile_fits_the_usual_jumpers_of_a_dummy_load():
    """Odd contacts at one terminal, even ones at the other: hardware.md, measure.usual()."""
    for path in resources.path("profiles").glob("*.yaml"):
        for member in Profile.read(path).group.programs:
            assert (member.cathodes & 0b10101010, member.anodes & 0b01010101) == (0, 0), path.name


def test_every_shipped_profile_is_in_that_table():
    assert resources.stems("profiles") == sorted([*SHIPPED, *THERAPIES])


def test_a_refusal_of_the_device_names_the_line_of_the_field_to_change():
    profile = read(MOST)
    row = profile.explain((errors.DOES_NOT_FIT, 1, 13_000_000, 12_500_000))
    assert (row.id, row.path, row.line) == ("does-not-fit", "programs[1].rate", 17)
    row = profile.explain((errors.SHANNON, 3, 40_000, 31_622))  # contact E4: the second program
    assert (row.id, row.path, row.line) == ("shannon", "programs[1].amplitude", 19)
    row = profile.explain((errors.BLOB_FIELD, 204, 11, 10))
    assert (row.path, row.line) == ("programs[1].recharge.active.ratio", 20)
    row = profile.explain((errors.BLOB_FIELD, 1, 100, 200))
    assert (row.path, row.line) == ("lease", 25)
    assert row.message == "the device refuses 100 ms; its limit is 200 ms"
