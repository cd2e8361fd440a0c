"""The shipped therapies: what each is, by hand, and which stage takes it or why it does not."""

import json
from pathlib import Path

import pytest
from tests.host.cli.support import scs

from scs import presets, resources
from scs.catalog import boards
from scs.profile.profile import Profile
from scs.safety.check import Judgement, judge
from stimcore import output, program

ABOVE, FIXED, PEAK, RATE = "stage-span", "stage-contacts", "discharge-peak", "rate"
# 1.75 uC on the blocking capacitor alone take longer than the 16 ms there are between the bursts
SLOW = ("burst_dosed", "burst_low_dose")
# name: ((turns, rate mHz, width us, uA) of each program, pulses of a period; what each stage says)
THERAPIES: dict[str, tuple[tuple[tuple[int, int, int, int], ...], int, set[str], set[str]]] = {
    "alternating_50hz": (((2, 50_000, 200, 900),), 2, set(), set()),
    # of a ladder: five times 0.352 uC, of which 1 ms leaves 0.645 (2.277 ms), are 0.90 uC at last,
    # 2 % of gain included; over 1.992 ms, and with 8 uA of offset, 0.46 mA of 0.353 mA
    "burst_dosed": (((1, 40_000, 1_000, 350),), 5, set(), {PEAK}),
    "burst_low_dose": (((1, 40_000, 1_000, 350),), 5, set(), {PEAK}),
    "burst_recharged": (((1, 40_000, 1_000, 600),), 5, set(), set()),
    "ctbs": (((1, 5_000, 200, 1_000),), 3, set(), set()),
    "ctbs_sync": (((1, 5_000, 200, 1_000),), 3, set(), set()),
    "dithered_50hz": (((16, 50_000, 200, 900),), 16, set(), set()),
    "drg_20hz": (((1, 20_000, 260, 800),), 1, set(), set()),
    "four_programs": (
        (
            (1, 20_000, 300, 1_500),
            (2, 40_000, 200, 2_000),
            (3, 60_000, 150, 2_000),
            (5, 100_000, 100, 2_500),
        ),
        11,
        set(),
        {ABOVE},
    ),
    "gaussian_50hz": (((1, 50_000, 400, 900),), 1, set(), set()),
    "hd500": (((1, 500_000, 500, 1_000),), 1, set(), set()),
    "hf10": (((1, 10_000_000, 30, 2_000),), 1, set(), {ABOVE}),
    "hf10_pulse_dosing": (((1, 10_000_000, 30, 2_000),), 1, set(), {ABOVE}),
    "interleaved_50hz": (((10, 50_000, 200, 2_000),), 10, set(), {ABOVE}),
    "itbs": (((1, 5_000, 200, 1_000),), 3, set(), set()),
    "itbs_sync": (((1, 5_000, 200, 1_000),), 3, set(), set()),
    "khz1": (((1, 1_000_000, 120, 2_000),), 1, set(), {ABOVE}),
    "microburst": (((1, 40_000, 250, 900),), 3, set(), set()),
    "monopolar_50hz": (((1, 50_000, 200, 1_500),), 1, set(), {ABOVE}),
    "multiplexed_50_1200hz": (
        ((1, 50_000, 200, 1_500), (24, 1_200_000, 50, 1_500)),
        25,
        set(),
        {ABOVE},
    ),
    "multiplexed_50_300hz": (
        ((1, 50_000, 200, 1_500), (6, 300_000, 200, 1_500)),
        7,
        set(),
        {ABOVE},
    ),
    "prepulse_50hz": (((1, 50_000, 500, 900),), 1, set(), {RATE}),
    "segments_50hz": (((1, 50_000, 600, 900),), 1, set(), {RATE}),
    "sine_50hz": (((1, 50_000, 200, 900),), 1, set(), set()),
    "symmetric_90hz": (((1, 90_000, 200, 3_000),), 1, set(), {ABOVE}),
    "triphasic_50hz": (((1, 50_000, 200, 900),), 1, set(), {RATE}),
}


def read(name: str) -> Profile:
    return Profile.read(resources.path(f"profiles/{name}.yaml"))


def judged(name: str, stage: str, load: str = "") -> Judgement:
    return judge(read(name), boards.board(stage=stage, load=load))


@pytest.mark.parametrize("name", THERAPIES)
def test_a_therapy_is_what_it_says(name: str) -> None:
    rows, pulses, _one, _other = THERAPIES[name]
    group = read(name).group
    assert rows == tuple(
        (member.count, member.rate_millihz, member.width_ns // 1000, member.amplitude_ua)
        for member in group.programs
    )
    assert program.pulses_per_period(group) == pulses


@pytest.mark.parametrize("name", THERAPIES)
def test_each_stage_takes_a_therapy_or_says_why_not(name: str) -> None:
    _rows, _pulses, serial, ladder = THERAPIES[name]
    assert {problem.id for problem in judged(name, "mcp4922-8").errors} == serial
    assert {problem.id for problem in judged(name, "r2r-1").errors} == ladder


@pytest.mark.parametrize("load", ["resistor-500", "resistor-1k"])
@pytest.mark.parametrize("name", [name for name in THERAPIES if not THERAPIES[name][2]])
def test_a_therapy_is_admitted_into_every_load(name: str, load: str) -> None:
    ids = {problem.id for problem in judged(name, "mcp4922-8", load).errors}
    assert (PEAK in ids) if name in SLOW else ids == set()


@pytest.mark.parametrize("name", THERAPIES)
def test_the_file_says_where_its_figures_come_from(name: str) -> None:
    text = resources.path(f"profiles/{name}.yaml").read_text(encoding="utf-8")
    comment = [line for line in text.splitlines() if line.startswith("#")]
    words = " ".join(comment)
    sources = ("PMC", "10.1", "manual", "patent", "MN0700", "Dinsmoor", "Huang", "chosen", ".yaml")
    assert any(word in words for word in sources)


@pytest.mark.parametrize("name", [name for name in THERAPIES if not THERAPIES[name][2]])
def test_req_18_every_level_of_a_ramp_is_admitted(name: str) -> None:
    group, board = read(name).group, boards.board()
    for share in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987):
        levels = tuple(max(7, member.amplitude_ua * share // 1000) for member in group.programs)
        verdict = output.judge(board, group, levels)
        assert verdict.errors == [], levels
        assert verdict.stream is not None
        assert verdict.stream.pulses == program.pulses_per_period(group)


def figure(name: str, wanted: str) -> float:
    return next(
        figure.value for figure in judged(name, "mcp4922-8").figures if figure.name == wanted
    )


@pytest.mark.parametrize(
    ("name", "charge_uc"),
    [
        ("burst_recharged", 0.6),  # 0.6 mA x 1 ms
        ("symmetric_90hz", 0.6),  # 3 mA x 200 us
        ("triphasic_50hz", 0.18),  # 0.9 mA x 200 us, the middle phase
        ("alternating_50hz", 0.18),
        ("prepulse_50hz", 0.18),
        ("segments_50hz", 0.18),  # 0.9 mA x (150 + 50) us
        ("sine_50hz", 0.11745),  # 900 uA x 25 us x (199 + 567 + 847 + 1000) x 2 / 1000
        ("gaussian_50hz", 0.18747),  # 900 uA x 50 us x (96 + 310 + 677 + 1000) x 2 / 1000
        ("four_programs", 0.45),  # 1.5 mA x 300 us
    ],
)
def test_charge_of_a_phase(name: str, charge_uc: float) -> None:
    assert figure(name, "phase_charge") == pytest.approx(charge_uc, rel=0.01)


def test_a_burst_recharged_pulse_by_pulse_may_have_the_published_amplitude() -> None:
    # 0.6 uC, and 30 nC of mismatch and offset over the burst; without recharge it would be 3.0 uC
    assert figure("burst_recharged", "running_charge") == pytest.approx(0.63, abs=0.005)


def test_intermittent_theta_burst_is_twenty_trains_of_thirty() -> None:
    header = read("itbs").group.header
    assert header.cycle_on_ms == 10 * 200
    assert header.cycle_on_ms + header.cycle_off_ms == 10_000
    assert header.session_pulses == 20 * 10 * 3
    assert header.ramp_up_ms == header.ramp_down_ms == 0


# --- the commands ------------------------------------------------------------------------------
def test_presets_lists_all_of_them_with_their_figures() -> None:
    done = scs("presets", "--json")
    assert done.exit_code == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert sorted(rows) == resources.stems("profiles")
    preset = rows["symmetric_90hz"]
    assert (preset["rate"], preset["width"], preset["amplitude"]) == ("90 Hz", "200 us", "3 mA")
    # 3 mA x 200 us on 0.1244 cm2; 4.82 x 0.6 = 2.89; 3 mA x 1.05 kohm and 0.6 uC over 1.43 uF
    assert preset["charge_uc"] == pytest.approx(0.6)
    assert preset["density_uc_cm2"] == pytest.approx(4.823, abs=0.001)
    assert preset["shannon_k"] == pytest.approx(0.4615, abs=0.001)
    assert preset["volts"] == pytest.approx(3.15 + 0.42, abs=0.02)
    assert preset["stages"] == {"mcp4922-8": "", "r2r-1": "stage span: 3 mA, limit 1 mA"}
    assert rows["hf10"]["stages"] == {"mcp4922-8": "", "r2r-1": "stage span: 2 mA, limit 1 mA"}
    assert (rows["itbs_sync"]["charge_uc"], rows["itbs_sync"]["amplitude"]) == (None, "none")


def test_presets_on_a_terminal_names_who_takes_what() -> None:
    shown = scs("presets").output
    assert all(name in shown for name in presets.names())


def test_new_copies_a_preset_comments_and_all(tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    done = scs("new", "burst_dr", str(target))
    assert done.exit_code == 0
    assert target.read_text() == resources.path("profiles/burst_dr.yaml").read_text()
    again = scs("new", "tonic_50hz", str(target))
    assert again.exit_code == 2
    assert "already exists" in again.output
    assert scs("new", "tonic_50hz", str(target), "--force").exit_code == 0
    assert "tonic" in target.read_text().lower()


def test_new_of_an_unknown_preset_names_the_nearest() -> None:
    done = scs("new", "burst_rd")
    assert done.exit_code == 2
    assert "no such preset; did you mean burst_dr" in done.output


def test_new_in_a_place_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = scs("new", "burst_dr", str(tmp_path / "none" / "mine.yaml"))
    assert done.exit_code == 2
    assert len(done.output.strip().splitlines()) == 1


def test_check_shows_the_places_of_several_programs() -> None:
    path = str(resources.path("profiles/multiplexed_50_300hz.yaml"))
    rows = json.loads(scs("check", path, "--json").stdout)["slots"]
    assert [(row["program"], row["turns"]) for row in rows] == [("base", 1), ("prime", 6)]
    assert rows[1]["phase_ms"] == pytest.approx(1.666, abs=0.001)
    assert rows[1]["every_ms"] == pytest.approx(3.3333, abs=1e-4)
    assert {row["period_ms"] for row in rows} == {20.0}
    assert "Schedule of a period of 20 ms" in scs("check", path).output


@pytest.mark.parametrize("name", presets.names())
def test_check_of_each_therapy_ends_as_its_stage_does(name: str) -> None:
    done = scs("check", str(resources.path(f"profiles/{name}.yaml")), "--json")
    report = json.loads(done.stdout)
    assert done.exit_code == (0 if report["ok"] else 1)
    assert report["ok"] == (not presets.preset(name).stages["mcp4922-8"])


def test_new_puts_the_schema_beside_the_profile_and_leaves_another_file_alone(
    tmp_path: Path,
) -> None:
    beside = tmp_path / "profile.schema.json"
    target = tmp_path / "my.yaml"
    assert scs("new", "burst_dr", str(target)).exit_code == 0
    name = target.read_text().splitlines()[0].partition("$schema=")[2]
    assert tmp_path / name == beside
    assert beside.read_text(encoding="utf-8") == scs("schema").stdout
    beside.write_text("{}")
    again = scs("new", "hf10", str(tmp_path / "other.yaml"))
    assert again.exit_code == 0
    assert f"{beside} is not of this release: scs schema -o {beside} writes" in again.stderr
    assert beside.read_text() == "{}"
