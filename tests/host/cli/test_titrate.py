"""`scs titrate`: the steps, what is noted at them, and what is written or is not."""

from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import GOOD, PROGRAM, REFUSED, USAGE, asked, scs

from scs.device import titration
from scs.profile.profile import Profile

# resistor-1k: 1 V at 1 mA
PERSON = f"""\
name: One person  # on the bench
{PROGRAM}\
    amplitude: 400 uA  # to begin with
    ceiling: 1.1 mA
    step: 250 uA

# how long
session: {{duration: 3 s}}
cycle: {{on: 2 s, off: 1 s}}
"""
LINE = "    amplitude: 400 uA  # to begin with\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "person.yaml"
    path.write_text(PERSON)
    return path


def walk(file: Path, *options: str) -> Any:
    fast = ("--dwell", "100ms", "--load", "resistor-1k")
    done, answer = asked("titrate", str(file), *fast, *options)
    assert done.exit_code == GOOD, done.output
    return answer


def test_req_22_the_walk_ends_at_the_ceiling_and_not_above(file: Path) -> None:
    answer = walk(file)
    assert [step["amplitude_ua"] for step in answer["steps"]] == [250, 500, 750, 1000, 1100]
    for step in answer["steps"]:
        amplitude_ma = step["amplitude_ua"] / 1000
        assert step["current_ma"] == pytest.approx(amplitude_ma, abs=0.02)
        assert step["voltage_v"] == pytest.approx(amplitude_ma, rel=0.05, abs=0.02)
    assert (answer["ended"], answer["file"]) == ("the ceiling was reached", None)
    assert file.read_text() == PERSON


def test_what_is_noted_stands_in_the_profile_and_all_else_stays(file: Path) -> None:
    answer = walk(file, "--note", "perception=0.45V", "--note", "discomfort=900 mV")
    assert answer["noted_ma"] == {"perception": 0.5, "discomfort": 1.0}
    assert answer["ended"] == "discomfort was noted"
    assert answer["steps"][-1]["amplitude_ua"] == 1000
    thresholds = "    thresholds: {perception: 500 uA, discomfort: 1 mA}\n"
    assert file.read_text() == PERSON.replace(LINE, LINE + thresholds)
    assert Profile.read(file).group.programs[0].ceiling_ua == 1000


def test_a_second_walk_goes_beyond_what_was_measured_before(file: Path, tmp_path: Path) -> None:
    old = "    thresholds: {perception: 300 uA, comfort: 400 uA, discomfort: 600 uA}  # old\n"
    text = PERSON.replace(LINE, "    amplitude: 50 % of perception\n" + old)
    file.write_text(text)
    other = tmp_path / "new.yaml"
    answer = walk(file, "--note", "discomfort=1.05V", "-o", str(other))
    assert answer["steps"][-1]["amplitude_ua"] == 1100
    assert file.read_text() == text
    assert other.read_text() == text.replace("discomfort: 600 uA", "discomfort: 1.1 mA")


def test_thresholds_that_the_profile_cannot_have_are_told_and_not_written(file: Path) -> None:
    options = ("--dwell", "100ms", "--load", "resistor-1k", "--note", "discomfort=0.2V")
    done = scs("titrate", str(file), *options)
    assert done.exit_code == REFUSED
    assert "discomfort was noted" in done.stdout
    assert "no threshold was written" in done.stdout
    assert "400 uA is above the discomfort threshold, 250 uA" in done.stderr
    assert file.read_text() == PERSON


def test_the_walk_ends_where_the_device_refuses_more(file: Path) -> None:
    # 1 ms: Shannon k = 1.5 on 12.44 mm^2 is 1.98 uC, so 1.98 mA
    text = PERSON.replace("200 us", "1000 us").replace("1.1 mA", "3 mA")
    file.write_text(text.replace("250 uA", "500 uA"))
    answer = walk(file, "--note", "perception=1.4V")
    assert [step["amplitude_ua"] for step in answer["steps"]] == [500, 1000, 1500]
    assert "the device refused the next step" in answer["ended"]
    assert answer["noted_ma"] == {"perception": 1.5}


def test_the_program_is_walked_alone_and_without_an_end_of_its_own(file: Path) -> None:
    more = "  - {name: leg, cathodes: [E6], anodes: [E7], rate: 50 Hz, pulse_width: 100 us,"
    more += " amplitude: 1 mA, offset: 5 ms}\n\n# how long"
    file.write_text(PERSON.replace("\n# how long", more))
    walked = titration.prepared(Profile.read(file), 1, 300)
    assert walked.program_names == ("leg",)
    program, head = walked.group.programs[0], walked.group.header
    assert (program.amplitude_ua, program.ceiling_ua) == (300, 1000)
    assert (head.session_ms, head.cycle_on_ms, head.flags) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--step", "2 mA"), "--step: 2 mA is outside 1 uA to 1 mA"),
        (("--step", "100"), "--step: 100 has no unit"),
        (("--note", "pain=1V"), "pain is not one of perception, comfort, discomfort"),
        (("--note", "perception=1"), "--note perception: 1 has no unit"),
        (("--note", "comfort=0.5V", "--note", "perception=0.6V"), "voltages rise"),
        (("--note", "comfort=0V"), "voltages rise from above 0"),
        (("--program", "leg"), "no program is called 'leg'"),
        (("--dwell", "0s"), "--dwell"),
    ],
)
def test_what_cannot_be_meant_is_one_error(
    file: Path, options: tuple[str, str], message: str
) -> None:
    done = scs("titrate", str(file), *options)
    assert done.exit_code == USAGE
    assert message in done.stderr
    assert file.read_text() == PERSON


def test_marks_without_output_have_no_amplitude_to_walk(file: Path) -> None:
    file.write_text(PERSON + "output: sync\n")
    done = scs("titrate", str(file))
    assert done.exit_code == USAGE
    assert "output: sync" in done.stderr
