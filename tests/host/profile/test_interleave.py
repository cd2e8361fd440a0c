"""Contacts that take turns with a program's own: the split in the file, the words and the load."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.host.cli.support import scs
from tests.support.profile_errors import rows_of

from scs import Stimulator, resources
from scs.catalog import boards
from scs.profile import ratios
from scs.profile.clinical_diff import compare
from scs.profile.profile import Profile
from scs.profile.shift_contacts import moved
from scs.safety import check
from stimcore import output, period

PLAIN = """\
name: between
lead: octrode-3mm
programs:
  - cathodes: [E3]
    anodes: [E2]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 2 mA
"""
SPLIT = PLAIN + "    interleave: {cathodes: [E5], anodes: [E4], split: 30 %}\n"


def test_a_split_is_a_whole_number_of_a_periods_pulses() -> None:
    (member,) = Profile.from_text(SPLIT).group.programs
    assert (member.count, member.other_count) == (10, 3)
    assert (member.cathodes, member.anodes, member.other_cathodes, member.other_anodes) == (
        4,
        2,
        16,
        8,
    )
    (half,) = Profile.from_text(SPLIT.replace("30 %", "50 %")).group.programs
    assert (half.count, half.other_count) == (2, 1)
    (fine,) = Profile.from_text(SPLIT.replace("30 %", "97.5 %")).group.programs
    assert (fine.count, fine.other_count) == (40, 39)


def test_the_split_holds_where_another_program_makes_the_period_longer() -> None:
    # 50 and 75 Hz come round in 40 ms; ten pulses of 50 Hz last 200 ms, 15 of 75 Hz
    second = (
        "  - {cathodes: [E7], anodes: [E8], rate: 75 Hz, pulse_width: 100 us, amplitude: 1 mA}\n"
    )
    first, other = Profile.from_text(SPLIT + second).group.programs
    assert (first.count, first.other_count, other.count, other.other_count) == (10, 3, 15, 0)


@given(st.integers(1, 99), st.integers(2, 200))
def test_a_split_is_exact_or_refused_with_the_nearest_that_are(percent: int, hertz: int) -> None:
    text = SPLIT.replace("30 %", f"{percent} %").replace("50 Hz", f"{hertz} Hz")
    needed = next(many for many in range(1, 101) if many * percent % 100 == 0)
    most = min(64, hertz)
    if needed <= most:
        (member,) = Profile.from_text(text).group.programs
        assert 100 * member.other_count == percent * member.count
        return
    (row,) = rows_of(text)
    assert (row.path, row.id, row.limit) == (
        "programs[0].interleave.split",
        "interleave-split",
        str(most),
    )
    for near in ratios.nearest(10 * percent, most):
        permitted = text.replace(f"split: {percent} %", f"split: {near / 10:g} %")
        assert Profile.from_text(permitted)
        assert f"{near / 10:g} %" in row.message


@pytest.mark.parametrize(
    ("old", "new", "path", "kind", "part"),
    [
        ("split: 30 %", "split: 100 %", ".split", "out-of-range", "allowed range 1 % to 99 %"),
        ("split: 30 %", "split: 0.3", ".split", "unit-missing", "e.g. 30 %"),
        (", split: 30 %", "", ".split", "field-missing", "e.g."),
        ("cathodes: [E5], ", "", ".cathodes", "field-missing", "[E5]"),
        ("[E5]", "[E9]", ".cathodes[0]", "contact-not-on-lead", "is not on the lead"),
        ("[E5]", "[E5, E5]", ".cathodes[1]", "contact-repeated", "listed twice"),
        (
            "[E5]",
            "[E2]",
            ".cathodes[0]",
            "contact-polarity",
            "E2 is an anode in programs[0] (line 5)",
        ),
        (
            "[E4]",
            "[E3]",
            ".anodes[0]",
            "contact-polarity",
            "E3 is a cathode in programs[0] (line 4)",
        ),
        (
            "[E5], anodes: [E4]",
            "[E3], anodes: [E2]",
            "",
            "interleave-same",
            "the same contacts as the program",
        ),
    ],
)
def test_req_60_what_is_wrong_with_it_is_told(
    old: str, new: str, path: str, kind: str, part: str
) -> None:
    rows = rows_of(SPLIT.replace(old, new))
    assert [(row.path, row.id) for row in rows] == [(f"programs[0].interleave{path}", kind)]
    assert part in rows[0].message


def test_req_60_alternating_polarity_goes_with_no_interleave() -> None:
    (row,) = rows_of(SPLIT + "    polarity: alternating\n")
    assert (row.path, row.example) == ("programs[0].polarity", "cathodic")


def test_a_period_that_is_too_long_to_judge_names_the_split_and_a_coarser_one() -> None:
    # 40 pulses and 40 rests; 825 / (3 + 4 + 4) is 75 phases, so 37 pulses
    profile = Profile.from_text(SPLIT.replace("30 %", "97.5 %"))
    (error,) = check.judge(profile, boards.board()).errors
    assert (error.path, error.line) == ("programs[0].interleave.split", 9)
    assert error.message.endswith("e.g. 96 %")
    assert check.judge(
        Profile.from_text(SPLIT.replace("30 %", "96 %")), boards.board()
    ).ok  # 24 of 25


def test_contacts_of_both_sets_move_along_the_lead() -> None:
    profile = Profile.from_text(SPLIT)
    (member,) = moved(profile, 2, [0]).group.programs
    assert (member.cathodes, member.anodes, member.other_cathodes, member.other_anodes) == (
        16,
        8,
        64,
        32,
    )
    rows = {row.quantity: (row.a, row.b) for row in compare(profile, moved(profile, 2, [0]))}
    assert rows["other cathodes"] == ("E5", "E7")


def test_the_difference_of_two_splits_is_told_in_percent() -> None:
    other = Profile.from_text(SPLIT.replace("30 %", "40 %"))
    rows = {
        row.quantity: (row.a, row.b, row.unit) for row in compare(Profile.from_text(SPLIT), other)
    }
    assert rows["split"] == (30.0, 40.0, "%")


def test_check_says_how_many_turns_the_others_have(tmp_path: Path) -> None:
    file = tmp_path / "between.yaml"
    file.write_text(SPLIT)
    assert "10, 3 at the other contacts" in scs("check", str(file)).stdout


def test_the_words_of_the_shipped_one_give_each_contact_its_share_to_the_code_tick() -> None:
    profile = Profile.read(resources.path("profiles/interleaved_50hz.yaml"))
    board = boards.board()
    stream = output.judge(board, profile.group, (2_000,)).stream
    assert stream is not None
    driven = dict.fromkeys(range(8), 0)
    for at in range(stream.records):
        ticks, _active, _sync, source, back, code, _discharge = stream.record(at)
        if code < 0:  # of first phases
            for contact in range(8):
                driven[contact] += ((source | back) >> contact & 1) * -code * ticks
    pulse = 320 * 25_000
    assert driven == {
        0: 0,
        1: 7 * pulse,
        2: 7 * pulse,
        3: 3 * pulse,
        4: 3 * pulse,
        5: 0,
        6: 0,
        7: 0,
    }
    assert stream.net == [0] * 8
    assert period.group_ticks(board, profile.group) == stream.period_ticks == 25_000_000


def test_at_the_load_each_set_carries_its_share() -> None:
    profile = Profile.read(resources.path("profiles/interleaved_50hz.yaml"))
    with Stimulator("sim") as stim:
        stim.load(profile)
        stim.arm()
        stim.start()
        stim.wait(3.1)
        stim.stop()
        book = {contact.contact: contact.driven_nc for contact in stim.ledger().charge}
    assert book["E3"] == book["E2"] and book["E5"] == book["E4"]
    assert 100 * book["E5"] / (book["E3"] + book["E5"]) == pytest.approx(30, abs=0.3)  # the ramp
    assert book["E1"] == book["E6"] == 0
