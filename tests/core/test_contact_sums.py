"""Per-contact sums: contacts that share a Contact would each have the same.

By hand: 320 codes x 25,000 ticks are 0.4 uC; of a discharge of a hundred time constants one of
65,536 is counted as left: 7 pC, and 8 in the steady state.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tables import BOARD, E1, E2, E3, E4, E5, E8, IDEAL

from stimcore import contact_sums

TAU = 250_000  # ticks
Record = tuple[int, bool, bool, int, int, int, int]


def driven(cathodes: int, anodes: int, code: int = -320, ticks: int = 25_000) -> Record:
    return ticks, True, False, cathodes, anodes, code, 0


def joined(contacts: int, ticks: int = 100 * TAU) -> Record:
    return ticks, False, False, 0, contacts, 0, 1


def test_req_07_a_contact_that_is_not_switched_has_no_figures() -> None:
    records = [driven(E1, E2), joined(E1 | E2)]
    assert vars(contact_sums.walk(IDEAL, records)[7]) == {
        "peak_na": 0,
        "peak_code": 0,
        "phase_pc": 0,
        "phase": 0,
        "net": 0,
        "running_pc": 0,
        "left_pc": 0,
        "rest_pc": 0,
        "discharge_ticks": 0,
        "used": False,
        "flows": {},
    }


def test_req_07_the_sums_of_both_sides() -> None:
    cathode, anode, *_rest = contact_sums.walk(IDEAL, [driven(E1, E2), joined(E1 | E2)])
    same = {
        "peak_na": 2_000_000,
        "peak_code": 320,
        "phase_pc": 400_000,
        "phase": 8_000_000,
        "running_pc": 400_008,
        "left_pc": 7,
        "rest_pc": 8,
        "discharge_ticks": 25_000_000,
        "used": True,
        "flows": {1 << 8 | 3: 400_008},
    }
    assert vars(cathode) == same | {"net": -8_000_000}
    assert vars(anode) == same | {"net": 8_000_000}


def test_req_07_an_equal_recharge_leaves_nothing() -> None:
    records = [driven(E1, E2), driven(E1, E2, 320), joined(E1 | E2)]
    sums = contact_sums.walk(IDEAL, records)[0]
    assert (sums.net, sums.running_pc, sums.left_pc, sums.rest_pc) == (0, 400_000, 0, 0)
    assert sums.flows == {1 << 8 | 3: 0}


def test_req_04_a_phase_of_a_weak_and_a_strong_part_is_one() -> None:
    records = [driven(E1, E2, 1, 300), driven(E1, E2, 2_000, 100), joined(E1 | E2)]
    assert contact_sums.walk(IDEAL, records)[0].phase == 300 + 200_000


def test_req_09_a_contact_that_a_discharge_does_not_join_keeps_its_charge() -> None:
    left_out, joined_alone, *_rest = contact_sums.walk(IDEAL, [driven(E1, E2), joined(E2)])
    assert (left_out.discharge_ticks, left_out.rest_pc) == (0, 1 << 40)
    assert (joined_alone.discharge_ticks, joined_alone.rest_pc) == (25_000_000, 8)


@pytest.mark.parametrize(
    ("masks", "nets"),
    # pulses of 0.4 uC through each pair, and how many each contact has of them
    [
        ([(E1 | E2, E3), (E1 | E4, E5)], [-2, -1, 1, -1, 1]),
        ([(E1 | E2, E3), (E4, E1)], [0, -1, 1, -1]),
        ([(E3, E1), (E1 | E2, E4)], [0, -1, -1, 1]),
    ],
)
def test_req_07_contacts_switched_differently_share_nothing(
    masks: list[tuple[int, int]], nets: list[int]
) -> None:
    sums = contact_sums.walk(IDEAL, [driven(*sides) for sides in masks])[: len(nets)]
    assert [contact.net for contact in sums] == [8_000_000 * net for net in nets]


def test_req_07_of_a_shared_current_a_contact_may_have_had_none_or_all() -> None:
    # E1 and E3 share what E2 takes back from E1 alone: E2 has nothing left, E1 either sign of it
    records = [driven(E1 | E3, E2), driven(E2, E1), joined(7)]
    sums = contact_sums.walk(IDEAL, records)[:3]
    assert [contact.left_pc for contact in sums] == [7, 0, 7]
    assert [contact.running_pc for contact in sums] == [400_008, 400_000, 400_008]


def test_req_07_of_two_shares_a_contact_may_have_had_one_that_the_other_side_had_whole() -> None:
    records = [driven(E1 | E3, E2), driven(E1 | E4, E2, 320), joined(15)]
    assert [contact.left_pc for contact in contact_sums.walk(IDEAL, records)[:2]] == [7, 0]


@pytest.mark.parametrize(
    ("first", "second", "left_pc"),
    [
        # its whole current goes through it, whatever the other side is
        ((E1, E2), (E1, E3), 0),
        ((E2, E1), (E3, E1), 0),
        # shared with E2, which may have had it all the first time and nothing the second
        ((E1 | E2, E3), (E1 | E2, E3 | E8), 7),
    ],
)
def test_req_07_a_recharge_takes_back_what_certainly_went_there(
    first: tuple[int, int], second: tuple[int, int], left_pc: int
) -> None:
    records = [driven(*first), driven(*second, 320), joined(255)]
    assert contact_sums.walk(IDEAL, records)[0].left_pc == left_pc


def test_req_08_a_picocoulomb_that_is_left_adds_up_to_two() -> None:
    # exp(-1) of it is counted as one; one / (1 - exp(-1)) = 1.58
    for code in (-1, 1):
        sums = contact_sums.walk(IDEAL, [driven(E1, E2, code, 20), joined(3, TAU)])[0]
        assert (sums.left_pc, sums.rest_pc, sums.running_pc) == (1, 2, 3)


def test_req_08_the_least_charge_has_its_sign() -> None:
    # a code for a tick of shared current upwards, 0.4 uC of another downwards
    records = [driven(E1 | E2, E3, 1, 1), driven(E1 | E2, E4), joined(15)]
    assert contact_sums.walk(IDEAL, records)[0].running_pc == 400_008


def test_req_62_a_soft_discharge_leaves_the_charge_of_other_contacts() -> None:
    stepped = IDEAL._replace(soft_tau_us=6_000)
    softly = (100 * 750_000, False, False, E1, E2, 0, 2)
    records = [driven(E3, E4), driven(E1, E2), softly, joined(15)]
    sums = contact_sums.walk(stepped, records)
    for own in sums[:2]:  # 7 pC after the soft one, 1 after both, 2 in the steady state
        assert own.flows == {2 << 8 | 3: 400_002, 1 << 8 | 15: 8}
    for other in sums[2:4]:
        assert other.flows == {1 << 8 | 15: 400_008}


def test_req_08_a_mismatch_of_a_millionth_is_rounded_up() -> None:
    # of 1,000,001 pC two; with 16 pC left 17 in the steady state
    board = IDEAL._replace(gain_mismatch_ppm=1)
    sums = contact_sums.walk(board, [driven(E1, E2, 1_010, 19_802), joined(3)])[0]
    assert sums.running_pc == 1_000_003 + 17


def test_req_62_one_pair_s_charge_is_what_its_contacts_hold() -> None:
    first = (25_000, True, True, E1, E2, -320, 0)
    records = [first, driven(E1, E2, 80, 100_000), joined(E1 | E2)]
    contacts = contact_sums.walk(BOARD, records)
    assert vars(contact_sums.whole(BOARD, records, contacts)) == vars(contacts[0])


@pytest.mark.parametrize(
    ("first", "second", "contacts"),
    [
        ((E1, E3), (E2, E3), E1 | E2 | E3),
        ((E1, E3), (E1, E2), E1 | E2 | E3),
        ((E1, E2), (E1, E2 | E8), E1 | E2 | E8),
        ((E2, E4), (E3, E4), E2 | E3 | E4),
        ((E1, E3), (E2, E3), E1),
    ],
)
def test_req_62_two_pairs_charges_add_in_what_all_hold_together(
    first: tuple[int, int], second: tuple[int, int], contacts: int
) -> None:
    records = [driven(*first), driven(*second, 320), joined(contacts)]
    sums = contact_sums.whole(IDEAL, records, contact_sums.walk(IDEAL, records))
    assert sums.flows == {1 << 8 | contacts: 2 * 400_008}


def test_req_62_errors_of_two_pairs_add_too() -> None:
    # 2 uA of offset for 200 us: 400 pC either way in each of the two records
    board = IDEAL._replace(offset_na=2_000)
    records = [driven(E1, E3), driven(E2, E3, 320), joined(7)]
    sums = contact_sums.whole(board, records, contact_sums.walk(board, records))
    assert sums.flows == {1 << 8 | 7: 2 * (400_008 + 800)}


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[int, bool, bool, int, int, int, bool]]:
    """Draw decoded records: currents between contacts of a few pairs, rests, discharges."""
    masks = draw(st.lists(st.sampled_from(PAIRS), min_size=1, max_size=3))
    out = []
    for _ in range(draw(st.integers(1, 12))):
        kind, ticks = draw(st.integers(0, 3)), draw(st.integers(300, 60_000))
        source, back = draw(st.sampled_from(masks))
        code = draw(st.integers(1, 2_000)) * draw(st.sampled_from([-1, 1]))
        if kind < 2:
            out.append((ticks, True, False, source, back, code, False))
        else:
            out.append((ticks, False, False, 0, 15 if kind == 2 else 0, 0, kind == 2))
    return out


PAIRS = [(1, 2), (2, 1), (1, 6), (4, 8), (5, 2), (1, 14), (8, 4), (3, 12)]


@given(tables())
def test_req_07_contacts_that_share_their_figures_have_them_each(
    records: list[tuple[int, bool, bool, int, int, int, bool]],
) -> None:
    """Those switched alike, and those on the other side: as if each had been walked by itself."""
    errors = [contact_sums._error_pc(BOARD, record) if record[1] else 0 for record in records]
    sums = contact_sums.walk(BOARD, records)
    for index in range(4):
        alone = contact_sums._seen(BOARD, records, errors, 1 << index)
        assert vars(sums[index]) == vars(alone)
