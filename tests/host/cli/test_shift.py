"""`scs shift`: contacts along the lead, what stays in the file, and what is refused."""

from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, USAGE, scs

from scs import Stimulator, resources
from scs.errors import DeviceRefused
from scs.profile.profile import Profile

TWO = """\
# for monday
name: two
lead: octrode-3mm  # the eight
programs:
  - name: low back  # the first
    cathodes: [E2]  # near the tip
    anodes:
      - E1
      - E3  # and below
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 60 % of perception
    thresholds: {perception: 1 mA, discomfort: 2 mA}
  - {name: leg, cathodes: ["E7"], anodes: [E6], rate: 50 Hz, pulse_width: 100 us, amplitude: 1 mA}
limits: {amplitude: 3 mA}
"""
WHOLE_LEAD = {"four_programs", "r2r_tonic"}  # shipped profiles that cannot move


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


def contacts(path: Path) -> list[tuple[list[str], list[str]]]:
    profile = Profile.read(path)

    def named(mask: int) -> list[str]:
        return [name for at, name in enumerate(profile.contact_names) if mask >> at & 1]

    return [(named(program.cathodes), named(program.anodes)) for program in profile.group.programs]


def test_contacts_move_and_all_else_in_the_file_stays(file: Path) -> None:
    done = scs("shift", str(file), "--by", "1")
    assert done.exit_code == GOOD, done.output
    expected = TWO.replace("[E2]", "[E3]").replace("- E3  #", "- E4  #").replace("- E1", "- E2")
    expected = expected.replace('["E7"]', '["E8"]').replace("[E6]", "[E7]")
    expected = expected.replace("60 % of perception", "600 uA")
    kept = "    ceiling: 2 mA\n"  # the threshold of discomfort was the lowest ceiling
    expected = expected.replace("    thresholds: {perception: 1 mA, discomfort: 2 mA}\n", kept)
    assert file.read_text() == expected
    assert "low back: anodes E1 E3 -> E2 E4" in done.stdout


def test_one_program_moves_alone_into_another_file(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    for which in ("leg", "2"):
        done = scs(
            "shift", str(file), "--by", "-2", "--program", which, "-o", str(other), "--force"
        )
        assert done.exit_code == GOOD, done.output
        assert contacts(other) == [(["E2"], ["E1", "E3"]), (["E5"], ["E4"])]
    assert file.read_text() == TWO
    assert "amplitude: 60 % of perception" in other.read_text()  # not the one that was moved


def test_no_ceiling_and_no_amplitude_rises_by_a_move(file: Path) -> None:
    before = Profile.read(file).group.programs
    scs("shift", str(file), "--by", "1")
    for was, now in zip(before, Profile.read(file).group.programs, strict=True):
        assert (now.amplitude_ua, now.ceiling_ua) == (was.amplitude_ua, was.ceiling_ua)


def test_a_return_plate_stays_where_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(resources.path("profiles/monopolar_50hz.yaml").read_text())
    assert scs("shift", str(mine), "--by", "4").exit_code == GOOD
    assert contacts(mine) == [(["E7"], ["PLATE"])]
    done = scs("shift", str(mine), "--by", "1")
    assert done.exit_code == USAGE
    assert "E7 would leave the lead heptode-plate, which ends at E7" in " ".join(
        done.stderr.split()
    )
    plates = mine.read_text().replace("cathodes: [E7]", "cathodes: [PLATE]")
    mine.write_text(plates.replace("anodes: [PLATE]", "anodes: [E1]"))
    assert scs("shift", str(mine), "--by", "1").exit_code == GOOD
    assert contacts(mine) == [(["PLATE"], ["E2"])]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--by", "2"),
            "E7 would leave the lead octrode-3mm, which ends at E8; e.g. --by 1",
        ),
        (("--by", "-1000000000"), "which ends at E1; it cannot move that way"),
        (("--by", "0"), "--by 0 moves nothing"),
        (("--by", "6", "--program", "low back"), "e.g. --by 5"),
        (
            ("--by", "1", "--program", "lo back"),
            "no program is called 'lo back'; known are low back, leg",
        ),
        (("--by", "1", "--program", "3"), "no program is called '3'"),
        (("--by", "x"), "Invalid value for '--by'"),
    ],
)
def test_a_place_that_is_none_is_one_error_and_nothing_is_written(
    file: Path, options: tuple[str, ...], message: str
) -> None:
    done = scs("shift", str(file), *options)
    assert done.exit_code == USAGE
    assert message in " ".join(done.stderr.split())
    assert file.read_text() == TWO


def test_an_output_that_is_there_is_kept_unless_forced(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("mine")
    assert scs("shift", str(file), "--by", "1", "-o", str(other)).exit_code == USAGE
    assert other.read_text() == "mine"


def test_an_unsafe_place_is_refused_by_the_kernels_judgement(file: Path) -> None:
    text = TWO.replace("amplitude: 60 % of perception", "amplitude: 12 mA").replace(
        "    thresholds: {perception: 1 mA, discomfort: 2 mA}\n", ""
    )
    text = text.replace("200 us", "1000 us").replace("limits: {amplitude: 3 mA}\n", "")
    file.write_text(text)
    done = scs("shift", str(file), "--by", "1", "--program", "low back")
    assert done.exit_code == REFUSED
    assert "(shifted by 1):12: programs[0].amplitude: " in done.stderr
    assert "at E2" in done.stderr  # where it would be, not where it was
    assert "at E1" not in done.stderr
    assert file.read_text() == text


def test_programs_that_then_share_a_contact_both_ways_are_refused(file: Path) -> None:
    done = scs("shift", str(file), "--by", "4", "--program", "low back")
    assert done.exit_code == REFUSED
    assert "E7 is an anode in programs[0]" in done.stderr
    assert file.read_text() == TWO


def test_on_a_paddle_a_program_stays_in_its_columns(file: Path) -> None:
    text = TWO.replace("octrode-3mm", "paddle-2x4").replace("[E2]", "[L2]")
    text = text.replace("- E1", "- L1").replace("- E3", "- L3").replace('"E7"', "R2")
    file.write_text(text.replace("[E6]", "[R1]"))
    assert scs("shift", str(file), "--by", "1").exit_code == GOOD
    assert contacts(file) == [(["L3"], ["L2", "L4"]), (["R3"], ["R2"])]
    done = scs("shift", str(file), "--by", "1")
    assert "L4 would leave the lead paddle-2x4, which ends at L4" in done.stderr


def test_line_ends_stay_what_they_were(file: Path) -> None:
    file.write_bytes(TWO.replace("\n", "\r\n").encode())
    assert scs("shift", str(file), "--by", "1").exit_code == GOOD
    moved = file.read_bytes()
    assert moved.count(b"\r\n") == moved.count(b"\n") == TWO.count("\n")


@pytest.mark.parametrize("name", sorted(set(resources.stems("profiles")) - WHOLE_LEAD))
def test_every_shipped_profile_moves_there_and_back_without_another_change(
    name: str, tmp_path: Path
) -> None:
    from scs.profile.shift_contacts import moved

    profile = Profile.read(resources.path(f"profiles/{name}.yaml"))
    numbers = range(len(profile.program_names))
    used = [program.cathodes | program.anodes for program in profile.group.programs]
    highest = max(mask.bit_length() for mask in used)
    by = 1 if highest < len(profile.contact_names) else -1
    assert moved(moved(profile, by, numbers), -by, numbers).text == profile.text


def test_a_device_takes_other_contacts_only_while_its_output_is_off(file: Path) -> None:
    first = Profile.read(file)
    scs("shift", str(file), "--by", "1")
    with Stimulator("sim") as stim:
        stim.load(first)
        stim.arm()
        stim.start()
        with pytest.raises(DeviceRefused):
            stim.load(Profile.read(file))
        stim.stop()
        stim.load(Profile.read(file))
        assert stim.status().state == "LOADED"
        assert [level.level_ma for level in stim.status().levels] == [0.0, 0.0]
