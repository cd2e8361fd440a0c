"""One person's settings in any profile: steered they are forgotten, titrated they read back."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.drawn_profiles import COLUMNS, KINDS, Drawn, Row, profiles
from tests.support.exploring import examples

from scs.device import titration
from scs.device.titration import Step
from scs.errors import WrongUsage
from scs.profile.profile import Profile, ProfileError
from scs.profile.shift_contacts import moved

ANY = st.sampled_from(KINDS).flatmap(profiles)
MASKS = ("cathodes", "anodes", "other_cathodes", "other_anodes")
NAMES = ("perception", "comfort", "discomfort")


def read(drawn: Drawn) -> Profile:
    """Read the profile; one whose pulses find no places is drawn anew."""
    try:
        return Profile.from_text(drawn.text, "drawn.yaml")
    except ProfileError:
        assume(False)
        raise


def beside(lead: str, name: str, by: int) -> str | None:
    """Return the contact so many places further in its column; None beyond its ends."""
    column = [place for place in COLUMNS[lead] if place[0] == name[0]]
    at = column.index(name) + by
    return column[at] if 0 <= at < len(column) else None


@examples(40)
@given(ANY, st.sampled_from([-2, -1, 1, 2]))
def test_req_22_a_move_forgets_what_was_measured_and_keeps_every_current(
    drawn: Drawn, by: int
) -> None:
    before, lead = read(drawn), drawn.values["lead"]
    places = {name: beside(lead, name, by) for wanted in drawn.wanted for name in wanted.contacts}
    if None in places.values():
        with pytest.raises(WrongUsage, match="would leave the lead"):
            moved(before, by, range(len(drawn.wanted)))
        return
    after = moved(before, by, range(len(drawn.wanted)))
    for number, asked in enumerate(drawn.wanted):
        new, old = after.group.programs[number], before.group.programs[number]
        masks = {role: getattr(old, role) for role in MASKS}
        assert new._replace(**masks) == old
        assert (new.amplitude_ua, new.ceiling_ua) == (asked.amplitude_ua, asked.ceiling_ua)
        for role in MASKS:
            moved_to = {places[name] for name in getattr(asked, role)}
            contacts = enumerate(COLUMNS[lead])
            assert getattr(new, role) == sum(1 << at for at, name in contacts if name in moved_to)
        person = after.settings[number]
        measured = (person.perception_ua, person.comfort_ua, person.discomfort_ua, person.permille)
        assert measured == (None,) * 4
        assert person.step_ua == before.settings[number].step_ua


def microamperes(text: str) -> int:
    number, unit = text.split()
    assert unit == "uA"
    return int(number)


def amplitude(row: Row, thresholds_ua: dict[str, int]) -> int:
    """Return the amplitude in whole microamperes; a share is of the perception found now."""
    share = row["amplitude"].removesuffix(" % of perception")
    if share == row["amplitude"]:
        return microamperes(share)
    return thresholds_ua["perception"] * round(10 * float(share)) // 1000


def fits(drawn: Drawn, row: Row, thresholds_ua: dict[str, int]) -> bool:
    """Return True if thresholds rise, and the amplitude is under all that bounds it."""
    values = [thresholds_ua[name] for name in NAMES if name in thresholds_ua]
    bounds = [microamperes(row["ceiling"])] if "ceiling" in row else []
    bounds += (
        [microamperes(drawn.values["limits"]["amplitude"])] if "limits" in drawn.values else []
    )
    bounds += [thresholds_ua["discomfort"]] if "discomfort" in thresholds_ua else []
    rising = all(a <= b for a, b in pairwise(values))
    return rising and 1 <= amplitude(row, thresholds_ua) <= min([*bounds, 25_500])


@examples(25)
@given(ANY, st.dictionaries(st.sampled_from(NAMES), st.integers(50, 4_000), min_size=1), st.data())
def test_req_22_thresholds_that_were_noted_read_back_or_are_refused_by_their_field(
    drawn: Drawn, noted: dict[str, int], data: st.DataObject
) -> None:
    before = read(drawn)
    number = data.draw(st.integers(0, len(drawn.wanted) - 1))
    row = drawn.values["programs"][number]
    thresholds_ua = {
        name: microamperes(text) for name, text in row.get("thresholds", {}).items()
    } | noted
    steps = [Step(ua, 0.0, 0.0, 0.0, 0, (name,)) for name, ua in noted.items()]
    try:
        after = titration.noted(before, number, steps)
    except ProfileError as reason:
        wrong = {problem.path.removeprefix(f"programs[{number}].") for problem in reason.rows}
        fine = False
    else:
        wrong, fine = set(), True
    assert fine == fits(drawn, row, thresholds_ua)
    assert wrong <= {"amplitude", *[f"thresholds.{name}" for name in NAMES]}
    if fine:
        person = after.settings[number]
        got = (person.perception_ua, person.comfort_ua, person.discomfort_ua)
        assert got == tuple(thresholds_ua.get(name) for name in NAMES)
        assert after.group.programs[number].amplitude_ua == amplitude(row, thresholds_ua)
        assert after.group.programs[number].ceiling_ua <= thresholds_ua.get("discomfort", 25_500)


@examples(25)
@given(ANY, st.integers(1, 1_000), st.data())
def test_req_22_no_walk_goes_above_the_ceiling_that_the_file_names(
    drawn: Drawn, step_ua: int, data: st.DataObject
) -> None:
    profile = read(drawn)
    assume(drawn.values.get("output") != "sync")
    number = data.draw(st.integers(0, len(drawn.wanted) - 1))
    row, wanted = drawn.values["programs"][number], drawn.wanted[number]
    most = microamperes(row["ceiling"]) if "ceiling" in row else wanted.amplitude_ua
    if "limits" in drawn.values and "ceiling" not in row:
        most = microamperes(drawn.values["limits"]["amplitude"])
    (walked,) = titration.prepared(profile, number, step_ua).group.programs
    assert (walked.amplitude_ua, walked.ceiling_ua) == (min(step_ua, most), most)
    steps = titration.amplitudes(step_ua, most)
    assert steps[-1] == max(steps) == most
    assert all(b - a <= step_ua for a, b in pairwise([0, *steps]))
