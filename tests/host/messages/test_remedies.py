"""Every refusal says what to change, and what it gives as an example works."""

from typing import Any

import pytest
import yaml

from scs.catalog import boards
from scs.documents.problem import Problem
from scs.messages import error_texts, refusals
from scs.messages.remedies import REMEDIES, of_the_words
from scs.profile import error_locations
from scs.profile.profile import Profile, ProfileError
from scs.safety.check import judge
from stimcore import errors, limits

BASE = {
    "cathodes": ["E3"],
    "anodes": ["E4"],
    "rate": "50 Hz",
    "pulse_width": "200 us",
    "amplitude": "2 mA",
    "recharge": "active",
}
LADDER = {"cathodes": ["E1"], "anodes": ["E2"], "amplitude": "0.5 mA", "pulse_width": "100 us"}
PICO = boards.full_name("")
R2R = boards.full_name("", stage="r2r-1")
OF_1K = boards.full_name("", load="resistor-1k")
AFTER_BURST: dict[str, Any] = {
    "waveform": {"burst": {"pulses": 5, "intra_rate": "500 Hz"}},
    "rate": "40 Hz",
    "amplitude": "0.6 mA",
    "pulse_width": "1 ms",
    "recharge": {"passive": {"after": "burst"}},
}
DITHERED = {"dither": {"rate": "20 %", "pulses": 50}}
PASSIVE_10K = {"pulse_width": "30 us", "rate": "10 kHz", "recharge": "passive"}
LONG_10MA = {"amplitude": "10 mA", "pulse_width": "1 ms", "rate": "20 Hz"}
# id: change of BASE, board, path of the field to change, example
REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "stage-span": (LADDER | {"amplitude": "2 mA"}, R2R, "amplitude", "1 mA"),
    "stage-contacts": (LADDER | {"cathodes": ["E3"]}, R2R, "cathodes", "[E1]"),
    "rate": (LADDER | {"rate": "2 kHz"}, R2R, "rate", "1000 Hz"),
    "below-code": ({"amplitude": "2 uA"}, PICO, "amplitude", "7 uA"),  # a code is 6.25 uA
    # 10 mA x 1 ms = 10 uC on 12.44 mm2: 80.4 uC/cm2 against 30, so 3.73 mA; 1.98 uC for Shannon
    "density": (LONG_10MA, PICO, "amplitude", "3.7 mA"),
    "shannon": (LONG_10MA, PICO, "amplitude", "1.9 mA"),
    # 3.07 uC at 0.6 mA against 1.983 uC: 387 uA, less 10, cut to two digits
    "running-charge": (AFTER_BURST, PICO, "amplitude", "370 uA"),
    "compliance": (
        {"amplitude": "12.5 mA", "pulse_width": "50 us"},
        OF_1K,
        "amplitude",
        "12 mA",
    ),
    "dc": (PASSIVE_10K, PICO, "recharge", "active"),
    "short-gap": ({"interphase_gap": "1 us"}, PICO, "interphase_gap", "6.512 µs"),
    # 300 us and 4 x 300 us: 1.513 ms with what is between, and as long a rest
    "does-not-fit": (
        {"rate": "1 kHz", "pulse_width": "300 us", "recharge": {"active": {"ratio": 4}}},
        PICO,
        "rate",
        "330 Hz",
    ),
    "table-length": (DITHERED, PICO, "dither.pulses", "19"),
}


def refused(changed: dict[str, Any], board: str) -> tuple[Problem, ...]:
    values = {"name": "x", "lead": "octrode-3mm", "programs": [BASE | changed]}
    try:
        return judge(Profile.from_text(yaml.safe_dump(values)), boards.board(board)).errors
    except ProfileError as reason:
        return reason.rows


@pytest.mark.parametrize("id_", REFUSED)
def test_req_60_the_example_of_a_refusal_works(id_: str) -> None:
    changed, board, path, example = REFUSED[id_]
    (row,) = [row for row in refused(changed, board) if row.id == id_]
    assert (row.path, row.example) == (f"programs[0].{path}", example)
    assert row.value and row.limit
    assert example in row.message
    inner = changed = BASE | changed
    *outer, last = path.split(".")
    for name in outer:
        inner[name] = inner = dict(inner[name])
    inner[last] = yaml.safe_load(example)
    assert id_ not in {row.id for row in refused(changed, board)}


def of_programs(*programs: dict[str, Any], **fields: Any) -> tuple[Problem, ...]:
    values = {"name": "x", "lead": "octrode-3mm", "programs": list(programs)} | fields
    try:
        return judge(Profile.from_text(yaml.safe_dump(values)), boards.board(PICO)).errors
    except ProfileError as reason:
        return reason.rows


def test_a_discharge_is_told_at_the_program_that_is_discharged() -> None:
    """The program of the lowest ceiling is recharged actively: to change it would be of no use."""
    active = LADDER | {"rate": "40 Hz", "recharge": "active"}
    sine = BASE | {"rate": "40 Hz", "pulse_width": "160 us", "shape": "sine", "amplitude": "1 mA"}
    del sine["recharge"]
    burst = BASE | {
        "rate": "20 Hz",
        "cathodes": ["E5"],
        "anodes": ["E6"],
        "amplitude": "1.5 mA",
        "pulse_width": "250 us",
        "waveform": {"burst": {"pulses": 2, "intra_rate": "100 Hz"}},
        "recharge": "passive",
    }
    (row,) = of_programs(active, sine, burst)
    assert (row.id, row.path, row.example) == ("discharge-peak", "programs[2].recharge", "active")
    # 0.8274 mA against 0.5 mA is 165.5 %, where 150 % would be refused again
    assert "0.8274 mA against 0.5 mA, at E1" in row.message
    assert "limits: {discharge: 166 %}" in row.message
    assert of_programs(active, sine, burst, limits={"discharge": "166 %"}) == ()
    assert of_programs(active, sine, burst | {"recharge": "active"}) == ()


def test_no_limit_of_a_discharge_is_proposed_that_a_profile_may_not_have() -> None:
    """Eight pulses of 1 ms at 0.35 mA: 1.44 mA, four times the ceiling, and 200 % is the most."""
    burst = AFTER_BURST | {
        "waveform": {"burst": {"pulses": 8, "intra_rate": "500 Hz"}},
        "amplitude": "0.35 mA",
    }
    (row,) = [row for row in of_programs(BASE | burst) if row.id == "discharge-peak"]
    assert "1.441 mA against 0.35 mA" in row.message
    assert "limits:" not in row.message


def test_a_crowded_period_names_the_split_that_makes_it_long() -> None:
    """At 40 Hz and 80 Hz: to have rates with that common period is no advice."""
    steered = BASE | {
        "rate": "40 Hz",
        "recharge": "passive",
        "cathodes": ["E3"],
        "anodes": ["E2"],
        "interleave": {"cathodes": ["E5"], "anodes": ["E4"], "split": "25 %"},
    }
    other = BASE | {
        "rate": "80 Hz",
        "cathodes": ["E7"],
        "anodes": ["E6", "E8"],
        "pulse_width": "90 us",
        "interphase_gap": "20 us",
        "recharge": {"active": {"ratio": 2}},
    }
    (row,) = of_programs(steered, other)
    assert (row.id, row.path, row.example) == (
        "table-length",
        "programs[0].interleave.split",
        "50 %",
    )
    interleave = steered["interleave"] | {"split": row.example}
    assert of_programs(steered | {"interleave": interleave}, other) == ()


def test_req_60_net_dc_of_309_na_names_active_recharge_on_its_line() -> None:
    profile = Profile.from_text(
        yaml.safe_dump(
            {"name": "x", "lead": "octrode-3mm", "programs": [BASE | {"recharge": "passive"}]},
            sort_keys=False,
        )
    )
    row = profile.explain((errors.PERIOD_DC, 2, 309_000, 100_000))
    assert row.path == "programs[0].recharge"
    assert profile.text.splitlines()[row.line - 1].strip() == "recharge: passive"
    assert row.message.startswith("the net current over a period is above its ceiling: 309 nA")
    assert "use active recharge (recharge: active)" in row.message


@pytest.mark.parametrize("code", error_texts.ERRORS)
def test_req_60_every_refusal_and_fault_says_what_to_do(code: int) -> None:
    if code == errors.OK:
        assert code not in REMEDIES
        return
    remedy = REMEDIES[code]
    shown = remedy.format(first="E1", second="E2") if code == errors.STAGE_CONTACTS else remedy
    row = (code, 0, 2 * limits.TABLE_WORDS, limits.TABLE_WORDS)
    assert refusals.sentence(row).endswith(f"; {shown}")
    profile = Profile.from_text(
        yaml.safe_dump({"name": "x", "lead": "octrode-3mm", "programs": [BASE]})
    )
    if code != errors.BLOB_FIELD:
        assert error_locations.problem(row, profile.group, profile.contact_names).example


def test_the_remedies_of_the_kernel_are_of_their_code() -> None:
    """Group of codes with one limit: charge of a phase, or undriven current."""
    kernel = [code for code in REMEDIES if 30 <= code <= 58]
    assert len(kernel) == 29
    texts = [REMEDIES[code] for code in kernel]
    shared = {text for text in texts if texts.count(text) > 1}
    assert shared == {REMEDIES[errors.DENSITY], REMEDIES[errors.BLEED_PEAK]}


@pytest.mark.parametrize(
    ("words", "most", "text"),
    [
        (112, 86, "has more phases than the device can judge in time: 112 words against 86 words"),
        (2100, 2048, "exceeds its memory: 2100 words against 2048 words"),
        (0, 2048, "the table of words is empty; "),
        (15, 2048, "the table of words ends within a record, at word 15; "),
    ],
)
def test_a_refused_table_has_one_cause_with_its_own_limit(words: int, most: int, text: str) -> None:
    shown = refusals.sentence((errors.TABLE_LENGTH, 0, words, most))
    assert text in shown
    assert ("2048" in shown) == (most == 2048 and words > most)
    wrong = of_the_words("it was compiled wrongly")
    assert shown.endswith(REMEDIES[errors.TABLE_LENGTH] if words > most else wrong)


def test_an_anodic_first_phase_is_refused_with_how_it_is_written() -> None:
    (row,) = refused({"polarity": "anodic"}, PICO)
    assert row.message.startswith("anodic is not one of: cathodic, alternating; for an anodic")
    assert row.id == "word-unknown"
    assert "did you mean" not in row.message
    assert "swap the contacts" in row.message
    assert "e.g. cathodes: [E4], anodes: [E3]" in row.message
    assert refused({"cathodes": ["E4"], "anodes": ["E3"], "polarity": "cathodic"}, PICO) == ()


def test_a_rate_below_the_least_says_how_it_is_written() -> None:
    (row,) = refused({"rate": "0.2 Hz"}, PICO)
    assert row.message.startswith("0.2 Hz is below the minimum; allowed range 1 Hz to 10 kHz; ")
    assert "rate: 1 Hz with cycle: {on: 1 s, off: 4 s}" in row.message
    values = {
        "name": "x",
        "lead": "octrode-3mm",
        "programs": [BASE | {"rate": "1 Hz", "amplitude": "0.5 mA"}],
        "cycle": {"on": "1 s", "off": "4 s"},
        "ramp": {"up": "0 s", "down": "0 s"},
    }
    assert judge(Profile.from_text(yaml.safe_dump(values)), boards.board()).ok


def test_a_rate_above_the_most_says_nothing_of_slow_ones() -> None:
    (row,) = refused({"rate": "20 kHz"}, PICO)
    assert row.message.endswith("above the maximum; allowed range 1 Hz to 10 kHz; e.g. 50 Hz")
