"""Leads: areas and positions by hand, and what a lead's file may not say."""

import math

import pytest

from scs.catalog import leads

NAMES = [
    "dummy-2",
    "heptode-plate",
    "octrode-3mm",
    "octrode-3mm-pitch12",
    "octrode-3mm-pitch4",
    "paddle-2x4",
    "quad-3mm",
]
GOOD = """name: two
about: two contacts
contacts:
  - {name: A, area: 12.44 mm^2, position: 0 mm}
  - {name: B, area: 1 cm^2, position: 7.5 mm}
"""


def test_a_lead_holds_integers_and_its_contacts_are_bits_in_order():
    lead = leads.from_text(GOOD, "two.yaml", "two")
    assert lead.contact_names == ("A", "B")
    assert lead.areas_um2 == (12_440_000, 100_000_000)
    assert lead.positions_um == (0, 7_500)
    assert lead.areas_of_eight() == (12_440_000, 100_000_000, 0, 0, 0, 0, 0, 0)
    assert (lead.mask(["A"]), lead.mask(["B"]), lead.mask(["B", "A"])) == (1, 2, 3)


@pytest.mark.parametrize(("name", "count"), [("octrode-3mm", 8), ("quad-3mm", 4), ("dummy-2", 2)])
def test_the_shipped_leads_have_cylinders_of_3_mm_by_1_32_mm(name, count):
    lead = leads.read(name)
    assert lead.contact_names == tuple(f"E{number + 1}" for number in range(count))
    assert lead.areas_um2 == (12_440_000,) * count  # pi x 1.32 x 3 = 12.44
    assert round(math.pi * 1320 * 3000, -4) == 12_440_000
    assert lead.positions_um == tuple(7_000 * at for at in range(count))  # 3 mm and a 4 mm gap


@pytest.mark.parametrize("pitch", [4, 12])
def test_pitches_are_those_of_the_closest_and_widest_published_gaps(pitch):
    lead = leads.read(f"octrode-3mm-pitch{pitch}")
    assert lead.areas_um2 == (12_440_000,) * 8
    assert lead.positions_um == tuple(1_000 * pitch * at for at in range(8))
    assert pitch - 3 in (1, 9)  # mm from edge to edge


def test_the_paddle_has_two_columns_of_plates():
    lead = leads.read("paddle-2x4")
    assert lead.areas_um2 == (6_000_000,) * 8  # 4 x 1.5 mm
    assert lead.column("L2") == ("L1", "L2", "L3", "L4")
    assert lead.column("R4") == ("R1", "R2", "R3", "R4")
    assert lead.positions_um == (0, 7_000, 14_000, 21_000) * 2
    assert leads.read("quad-3mm").column("E3") == ("E1", "E2", "E3", "E4")


def test_a_return_plate_is_in_no_column():
    lead = leads.read("heptode-plate")
    assert lead.areas_um2 == (12_440_000,) * 7 + (1_000_000_000,)
    assert lead.column("E7") == tuple(f"E{at}" for at in range(1, 8))
    assert (lead.plates, lead.column("PLATE")) == (("PLATE",), ("PLATE",))
    beside = GOOD.replace("7.5 mm}", "7.5 mm, plate: true}")
    assert leads.from_text(beside, "two.yaml", "two").column("A") == ("A",)


def test_every_shipped_lead_can_be_read():
    assert leads.names() == NAMES
    assert all(leads.read(name).name == name for name in leads.names())


@pytest.mark.parametrize("name", ["octrod-3mm", "", "../boards", "OCTRODE-3MM"])
def test_an_unknown_lead_is_refused_with_the_list(name):
    with pytest.raises(KeyError) as caught:
        leads.read(name)
    assert f"the leads are {', '.join(NAMES)}" in str(caught.value)


WRONG = [
    ("name: two", "name: tow", 1, "name", "tow must be the file's name, two"),
    ("name: B", "name: A", 5, "contacts[1].name", "A is named twice"),
    ("name: B", "name: 2", 5, "contacts[1].name", "2 is not a text"),
    ("1 cm^2", "1 cm", 5, "contacts[1].area", "is a length; expected an area"),
    ("1 cm^2", "0.009 mm^2", 5, "contacts[1].area", "below the minimum; allowed range 10000 um^2"),
    ("1 cm^2", "10.1 cm^2", 5, "contacts[1].area", "allowed range 10000 um^2 to 10 cm^2"),
    (", position: 7.5 mm", "", 5, "contacts[1].position", "is required"),
    ("7.5 mm", "7.5 um", 5, "contacts[1].position", "not a whole number of um"),
    ("about:", "abuot:", 2, "abuot", "did you mean about?"),
    ("about: two contacts\n", "", 1, "about", "is required"),
    ("  - {name: B", "  - 5\n  - {name: B", 5, "contacts[1]", "5 is not a mapping of fields"),
]


@pytest.mark.parametrize(("before", "after", "line", "path", "message"), WRONG)
def test_req_60_a_wrong_lead_is_refused_with_line_and_field(before, after, line, path, message):
    assert before in GOOD
    with pytest.raises(leads.LeadError) as caught:
        leads.from_text(GOOD.replace(before, after), "two.yaml", "two")
    rows = [row for row in caught.value.rows if row.path == path]
    assert [row.line for row in rows] == [line]
    assert message in rows[0].message


def test_a_lead_has_at_most_eight_contacts():
    row = "  - {name: N, area: 1 mm^2, position: 0 mm}\n"
    many = "name: two\nabout: x\ncontacts:\n" + "".join(
        row.replace("N", f"E{number}") for number in range(9)
    )
    with pytest.raises(leads.LeadError) as caught:
        leads.from_text(many, "two.yaml", "two")
    assert "contacts: takes 1 to 8 entries, not 9" in str(caught.value)
