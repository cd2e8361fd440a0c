"""A shape that a ramp does not pass is refused before it is loaded; one that it passes is not."""

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from tests.support.drawn_profiles import Drawn, profiles
from tests.support.exploring import examples
from tests.support.stimulators import shipped
from tests.support.tables import BOARD

from scs.catalog import boards
from scs.device.stimulator import Stimulator
from scs.documents.problem import Problem
from scs.errors import DeviceFault
from scs.profile.profile import Profile, ProfileError
from scs.safety import ramp_check
from scs.safety.check import judge
from stimcore import output

# at four codes 6 % and 10 % are one code each: what comes back is more than was given
UNEQUAL = """\
name: Unequal
lead: octrode-3mm
programs:
  - cathodes: [E1]
    anodes: [E2]
    rate: 100 Hz
    amplitude: 1356 uA
    shape:
      segments:
        - {amplitude: 6 %, width: 30 us}
        - {amplitude: 10 %, width: 100 us}
        - {amplitude: -50 %, width: 50 us}
        - {amplitude: -50 %, width: 50 us}
        - {amplitude: 25 %, width: 300 us}
        - {amplitude: -36.8 %, width: 100 us}
"""
NO_RAMP = "ramp: {up: 0 s, down: 0 s}\n"
# it goes beyond zero after the pause by 75 units of 525: at a few codes by nothing
PARTED = """\
name: Parted
lead: octrode-3mm
programs:
  - cathodes: [E1]
    anodes: [E2]
    rate: 50 Hz
    amplitude: 2 mA
    shape:
      segments:
        - {amplitude: 100 %, width: 60 us}
        - {amplitude: -25 %, width: 180 us}
        - {amplitude: 0 %, width: 180 us}
        - {amplitude: -75 %, width: 60 us}
        - {amplitude: 50 %, width: 60 us}
"""
# 20 uA are three codes, each share counts as one, and the last segment needs seven for 7 x 60 us
BESIDE = """\
name: Beside
lead: octrode-3mm
ramp: {up: 0 s, down: 0 s}
programs:
  - cathodes: [E1, E3]
    anodes: [E2, E4]
    rate: 10 Hz
    amplitude: 20 uA
    shape:
      segments:
        - {amplitude: 8 %, width: 180 us}
        - {amplitude: 18 %, width: 60 us}
        - {amplitude: 14 %, width: 120 us}
        - {amplitude: 21 %, width: 60 us}
        - {amplitude: -91 %, width: 60 us}
  - cathodes: [E1, E3, E5]
    anodes: [E2, E4]
    rate: 10 Hz
    pulse_width: 100 us
    amplitude: 200 uA
    ceiling: 600 uA
"""


def read(text: str) -> Profile:
    return Profile.from_text(text, "shape.yaml")


def problems_of(text: str) -> list[Problem]:
    profile = read(text)
    assert output.judge(boards.board(), profile.group, amplitudes(profile)).errors == []
    return ramp_check.problems(profile, boards.board())


def amplitudes(profile: Profile) -> tuple[int, ...]:
    return tuple(member.amplitude_ua for member in profile.group.programs)


def test_req_18_a_shape_that_its_ramp_does_not_pass_is_one_error_with_a_way_out() -> None:
    (row,) = problems_of(UNEQUAL)
    assert (row.id, row.path, row.line) == ("ramp-refused", "programs[0].shape", 8)
    assert row.message.startswith("the soft start would be refused at 24 uA: segments")
    assert ": 20000 Hz against 10000 Hz); try ramp: {up: 0 s, down" in row.message
    assert problems_of(UNEQUAL + row.example + "\n") == []
    assert judge(read(UNEQUAL), boards.board()).errors == (row,)


def test_req_18_the_device_is_asked_for_nothing_of_it() -> None:
    with Stimulator("sim") as stim:
        with pytest.raises(ProfileError) as caught:
            stim.load(read(UNEQUAL))
        assert caught.value.rows[0].path == "programs[0].shape"
        assert stim.status().state == "OFF"
        stim.load(read(UNEQUAL + NO_RAMP))
        stim.arm()
        stim.start()
        stim.settle()
        assert stim.status().settled


def test_req_18_what_is_refused_would_have_ended_in_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ramp_check, "problems", lambda *_: [])
    with Stimulator("sim") as stim:
        stim.load(read(UNEQUAL + "ramp: {up: 2 s}\n"))
        stim.arm()
        stim.start()
        with pytest.raises(DeviceFault, match="highest rate"):
            stim.wait(2.0)


def test_req_35_a_session_is_not_counted_in_pulses_that_the_device_counts_otherwise() -> None:
    assert problems_of(PARTED) == []
    (row,) = problems_of(PARTED + "session: {pulses: 100}\n")
    assert (row.path, row.value, row.limit) == ("session.pulses", "1", "2")
    assert problems_of(PARTED + f"session: {{{row.example}}}\n") == []


def test_req_22_a_shape_stays_under_its_own_ceiling_beside_a_higher_one() -> None:
    (row,) = judge(read(BESIDE), boards.board()).errors
    assert (row.id, row.path) == ("shape-peak", "programs[0].amplitude")
    assert (row.value, row.limit) == ("0.044 mA", "0.019 mA")
    higher = BESIDE.replace("20 uA\n", "20 uA\n    ceiling: 44 uA\n")
    assert judge(read(higher), boards.board()).ok


def test_a_shape_of_equal_shares_passes_every_ramp_and_what_has_none_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, ...]] = []
    honest = output.judge

    def watched(board, group, levels, from_na=None):
        asked.append(levels)
        return honest(board, group, levels, from_na)

    monkeypatch.setattr(output, "judge", watched)
    assert ramp_check.problems(shipped("tonic_50hz"), boards.board()) == []
    assert asked == []
    assert ramp_check.problems(shipped("sine_50hz"), boards.board()) == []
    codes = {(level * 1000 + 3_125) // 6_250 for (level,) in asked}
    assert codes == set(range(1, 145))  # 900 uA are 144 codes of 6.25 uA


def test_what_the_device_refuses_is_for_the_device_to_tell() -> None:
    strong = read(UNEQUAL.replace("1356 uA", "25 mA"))
    assert ramp_check.problems(strong, boards.board()) == []
    assert [row.id for row in judge(strong, boards.board()).errors] == ["stage-span"]


@examples(30)
@given(profiles("segments"), st.integers(1, 2_500))
def test_req_18_what_is_not_refused_is_admitted_at_any_level(drawn: Drawn, level: int) -> None:
    try:
        profile = read(drawn.text)
    except ProfileError:
        reject()  # its pulses find no places
    assume(not judge(profile, BOARD).errors)
    member = profile.group.programs[0]
    levels = (min(max(level, 7), member.amplitude_ua), *amplitudes(profile)[1:])
    if profile.group.header.ramp_down_ms and len(levels) == 1:
        assert output.judge(BOARD, profile.group, levels).errors == []
