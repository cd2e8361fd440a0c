"""Charge at each contact: driven, returned by the source or passively, net, and shared sides."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import scs

from scs import Profile, Stimulator, resources
from scs.device import contact_charge
from scs.device.contact_charge import ContactCharge
from scs.recordings import run_folder

# 48 pulses of 0.5 mA x 200 us from the first on: 4.8 uC
COUNTED = resources.path("profiles/tonic_48_pulses.yaml").read_text(encoding="utf-8")
PASSIVE = re.sub(r"recharge: .*\n", "recharge: passive\n", COUNTED)
GUARDED = PASSIVE.replace("anodes: [E4]", "anodes: [E2, E4]")
ALTERNATING = PASSIVE.replace("    recharge:", "    polarity: alternating\n    recharge:")
BOTH = """\
name: both
lead: octrode-3mm
programs:
  - {cathodes: [E3], anodes: [E4], rate: 50 Hz, pulse_width: 200 us, amplitude: 0.5 mA,
     recharge: active}
  - {cathodes: [E3], anodes: [E2], rate: 50 Hz, pulse_width: 200 us, amplitude: 0.5 mA}
ramp: {up: 0 s, down: 0 s}
"""


def delivered(text: str, for_s: float | None = None) -> dict[str, ContactCharge]:
    with Stimulator("sim") as stim:
        stim.load(Profile.from_text(text))
        stim.arm()
        stim.start()
        stim.wait(for_s)
        return {row.contact: row for row in contact_charge.used(stim.ledger().charge)}


def test_req_36_an_active_recharge_is_returned_by_the_source() -> None:
    assert delivered(COUNTED) == {
        "E3": ContactCharge("E3", 4800.0, 0.0, 4800.0, 0.0),
        "E4": ContactCharge("E4", 4800.0, 0.0, 4800.0, 0.0),
    }


def test_req_36_a_passive_recharge_is_left_to_the_discharge_path() -> None:
    """The source drives one way only: its own net is all it drove."""
    assert delivered(PASSIVE) == {
        "E3": ContactCharge("E3", 4800.0, -4800.0, 0.0, 4800.0),
        "E4": ContactCharge("E4", 4800.0, 4800.0, 0.0, 4800.0),
    }


def test_req_36_alternating_first_phases_are_no_active_recharge() -> None:
    assert delivered(ALTERNATING) == {
        "E3": ContactCharge("E3", 4800.0, 0.0, 0.0, 4800.0),
        "E4": ContactCharge("E4", 4800.0, 0.0, 0.0, 4800.0),
    }


def test_req_36_a_shape_returns_its_charge_by_itself() -> None:
    shaped = re.sub(r" +interphase_gap: .*\n", "", PASSIVE)
    shaped = shaped.replace("    recharge:", "    shape: triphasic\n    recharge:")
    charge = delivered(shaped)["E3"]
    assert charge.returned_nc == charge.driven_nc > 0
    assert charge.discharged_nc == charge.net_nc == 0.0


def test_req_36_contacts_of_one_side_share_its_charge_with_unknown_split() -> None:
    charge = delivered(GUARDED)
    assert charge["E2"] == ContactCharge("E2", 4800.0, 4800.0, 0.0, 4800.0, ("E4",))
    assert charge["E4"].shared_with == ("E2",)
    assert charge["E3"].shared_with == ()


def test_req_36_programs_of_both_recharges_at_a_contact_are_not_told_apart() -> None:
    charge = delivered(BOTH, 1.0)
    assert charge["E3"].returned_nc is charge["E3"].discharged_nc is None
    assert charge["E4"].returned_nc == charge["E4"].driven_nc
    assert charge["E2"].discharged_nc == charge["E2"].driven_nc
    assert contact_charge.notes(charge.values()) == [contact_charge.UNKNOWN_NOTE]


def test_req_36_a_pulse_cut_short_leaves_its_rest_to_the_discharge_path() -> None:
    """33 periods and half of the next first phase's 200 us: 0.05 of 0.1 uC."""
    (row,) = contact_charge.charges([(3_350_000, -50_000)], ["E1"], group_of(COUNTED, "E1", "E2"))
    assert row == ContactCharge("E1", 3350.0, -50.0, 3300.0, 50.0)


def group_of(text: str, cathode: str, anode: str) -> Any:
    text = text.replace("[E3]", f"[{cathode}]").replace("[E4]", f"[{anode}]")
    return Profile.from_text(text).group


def test_without_the_profile_the_return_is_not_known() -> None:
    (row,) = contact_charge.charges([(4_800_000, -4_800_000)], [], None)
    assert row == ContactCharge("contact 1", 4800.0, -4800.0)
    assert contact_charge.cells(row) == ("contact 1", "4.8 µC", "not known", "not known", "-4.8 µC")
    assert contact_charge.notes([row]) == [contact_charge.UNKNOWN_NOTE]


@pytest.fixture
def guarded(tmp_path: Path) -> str:
    path = tmp_path / "guarded.yaml"
    path.write_text(GUARDED)
    return str(path)


def test_a_run_shows_driven_returned_and_net_apart_with_a_note(guarded: str) -> None:
    done = scs("run", guarded)
    assert re.search(
        r"^ E2, shared with E4 +│ +4\.8 µC │ +0 nC │ +4\.8 µC │ +4\.8 µC", done.stdout, re.MULTILINE
    ), done.stdout
    assert re.search(r"^ E3 +│ +4\.8 µC │ +0 nC │ +4\.8 µC │ +-4\.8 µC", done.stdout, re.MULTILINE)
    shown = " ".join(done.stdout.split())
    assert "Returned passively: through the discharge path" in shown
    assert "the split is unknown" in shown


def test_a_run_with_json_and_its_report_have_the_same(guarded: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    answer = json.loads(scs("run", guarded, "--record", str(folder), "--json").stdout)
    assert answer["delivered"]["contacts"]["E2"] == {
        "driven_nc": 4800.0,
        "net_nc": 4800.0,
        "returned_nc": 0.0,
        "discharged_nc": 4800.0,
        "shared_with": ["E4"],
    }
    ledger = run_folder.read(folder).account.ending.ledger
    assert ledger.charge[1] == ContactCharge("E2", 4800.0, 4800.0, 0.0, 4800.0, ("E4",))
    page = tmp_path / "page.html"
    assert scs("report", str(folder), "-o", str(page)).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "E2, shared with E4" in html
    assert "Returned passively: through the discharge path" in html


def test_check_says_which_contacts_share_the_charge_of_a_session(guarded: str) -> None:
    shown = scs("check", guarded).stdout
    assert re.search(r"^ E2, shared with E4 +│ +4\.8 µC", shown, re.MULTILINE), shown
    assert re.search(r"^ E3 +│ +4\.8 µC", shown, re.MULTILINE)
    assert "the split is unknown" in shown
