"""Per-contact sums: contacts that share a Contact would each have the same."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.tables import BOARD

from stimcore import contact_sums


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
