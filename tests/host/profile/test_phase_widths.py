"""The width of a pulse is that of its first phase, and its recharge stands apart."""

import pytest
from tests.host.cli.support import as_json, scs

from scs import presets, resources
from scs.profile import waveforms
from scs.profile.clinical_diff import of_program

# by hand: of the segments in each file (us)
SHAPES = {
    "segments_50hz": (250, 600),  # -100 % 150 us and -50 % 100 us; 40 % 400 us and 20 % 200 us
    "prepulse_50hz": (200, 500),  # the pre-pulse of 500 us is neither
    "triphasic_50hz": (200, 200),
    "sine_50hz": (200, 200),
    "gaussian_50hz": (400, 400),
}


@pytest.mark.parametrize(("name", "widths_us"), SHAPES.items())
def test_a_shape_has_the_width_of_its_first_phase(name: str, widths_us: tuple[int, int]) -> None:
    (program,) = presets.read(name).group.programs
    assert waveforms.phase_widths_ns(program) == tuple(1000 * us for us in widths_us)
    row = presets.preset(name)
    assert (row.width, row.recharge) == tuple(f"{us} us" for us in widths_us)
    actual = {
        fact["name"]: (fact["requested"], fact["actual"])
        for fact in as_json("check", str(resources.path(f"profiles/{name}.yaml")))["actual"]
    }
    assert actual["pulse_width"] == pytest.approx((widths_us[0], widths_us[0]))
    assert actual["recharge_width"] == pytest.approx((widths_us[1], widths_us[1]))
    facts = {fact.name: fact.value for fact in of_program(presets.read(name), 0)}
    assert facts["pulse width"] == widths_us[0]
    assert facts["recharge width"] == widths_us[1]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("tonic_50hz", ("200 us", "800 us")),  # active, ratio 4
        ("tonic_passive", ("200 us", "passive")),
        ("symmetric_90hz", ("200 us", "200 us")),
        ("ctbs_sync", ("200 us", "none")),
    ],
)
def test_a_square_pulse_has_the_width_of_its_recharge_beside_it(
    name: str, texts: tuple[str, str]
) -> None:
    row = presets.preset(name)
    assert (row.width, row.recharge) == texts


def test_the_table_of_presets_has_the_recharge_in_a_column_of_its_own() -> None:
    shown = scs("presets").stdout
    assert "recharge" in shown.splitlines()[1]
    (row,) = [line for line in shown.splitlines() if line.startswith(" segments_50hz ")]
    assert [cell.strip() for cell in row.split("│")[2:4]] == ["250 us", "600 us"]
