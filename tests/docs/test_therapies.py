"""Check the table of therapies in docs/reference/profiles.md and its pictures."""

import re

import pytest

import therapies
from scs import presets

PAGE = (therapies.PICTURES.parent / "profiles.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", presets.names())
def test_each_therapy_has_a_row_and_a_picture_or_a_reason(name: str) -> None:
    therapy = presets.preset(name)
    (row,) = [line for line in PAGE.splitlines() if f"[`{name}`]" in line]
    picture = therapies.PICTURES / f"{name}.png"
    assert picture.is_file() == therapies.shown(therapy) == (f"[picture](#{name})" in row)
    assert therapies.shown(therapy) == (f"#### `{name}`\n\n" in PAGE)
    if therapy.charge_uc is None:
        assert row.count("| none |") >= 2
    elif not therapies.shown(therapy):
        assert "limit" in row


def test_every_picture_is_of_a_therapy_and_shown() -> None:
    drawn = {path.stem for path in therapies.PICTURES.iterdir()}
    seen = re.findall(r"!\[[^]]+\]\(therapies/(\w+)\.png\)", PAGE)
    assert sorted(drawn) == seen == sorted(therapies.SHOWN)


def test_the_table_is_made_of_what_the_device_says() -> None:
    assert therapies.filled(PAGE) == PAGE
    wrong = PAGE.replace("| 12.8 nA |", "| 1.28 nA |")
    assert wrong != PAGE
    assert therapies.filled(wrong) == PAGE
    assert PAGE.count("half first; 600 us of it.\n\n![Sine, 50 Hz](therapies/sine_50hz.png)\n") == 1
    assert therapies.filled(PAGE.replace("600 us of it", "700 us of it")) == PAGE
