"""Electrical rule check: each rule trips on a circuit that breaks it, and the drawn ones pass."""

import pytest

from scs import resources
from scs.catalog.board_file import Catalogue
from scs.circuit import rules

BOARDS = resources.path("boards.yaml").read_text(encoding="utf-8")


def problems(*edits: tuple[str, str], stage: str = "mcp4922-8") -> list[tuple[str, str]]:
    """Return id and message of the problems of an edited boards.yaml."""
    text = BOARDS
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    named = rules.check(f"pico/{stage}/resistor-500", source=Catalogue.from_text(text))
    return [(problem.id, problem.message) for problem in named]


@pytest.mark.parametrize("board", ["pico", "pico2"])
@pytest.mark.parametrize("stage", ["mcp4922-8", "r2r-1"])
def test_the_drawn_stages_break_no_rule(board: str, stage: str) -> None:
    assert rules.check(f"{board}/{stage}/resistor-500") == []


EDITS = {
    "circuit-open-pin": ("U6.13 OE, ", "", "U6.13 OE of SN74LV595A is not connected"),
    "circuit-part": ('OPA2991, does: "current', 'OPA9, does: "current', "U4 OPA9 has no row in"),
    "circuit-alone": (
        "bleed: U12.15 D2, R23\n",
        "bleed: R23\n      loose: U12.15 D2\n",
        "U12.15 is alone in it: it leads nowhere",
    ),
    "circuit-unfed": (
        "J3.3, U3.4, U4.4,",
        "J3.3, U3.4,",
        "U4.4 V- is fed by nothing: no supply holds negative",
    ),
    "circuit-supply": ("{plus 19 V: 19 V,", "{plus 19 V: 24 V,", "U3 OPA2991 stands across 43 V"),
    "circuit-drivers": (
        "dac: U1.14 VOUTA,",
        "dac: U1.14 VOUTA, U1.10 VOUTB,",
        "U1.10 VOUTB and U1.14 VOUTA both drive it",
    ),
    "circuit-input": (
        "R20, C4, D1.3",
        "R20, C4",
        "A1.31 sense_current can be held between -19 and",
    ),
    "circuit-pull-down": ("R19: {part: 4.7 kohm,", "R19: {part: 10 kohm,", "run has no pull-down"),
    "circuit-bleed": (
        "R23: {part: 10 kohm",
        "R23: {part: 100 kohm",
        "with run low nothing bleeds the load",
    ),
}


@pytest.mark.parametrize("rule", EDITS)
def test_req_19_each_rule_names_what_breaks_it(rule: str) -> None:
    old, new, message = EDITS[rule]
    edits = [(old, new)]
    if rule == "circuit-unfed":
        edits.append(("      dac: U1.14", "      negative: U4.4\n      dac: U1.14"))
    named = problems(*edits)
    assert any(kind == rule and message in text for kind, text in named), named


def test_a_pin_that_a_part_lacks_is_named() -> None:
    named = problems(("U2.2, U3.2", "U2.2, U3.2, U2.9"), stage="r2r-1")
    message = "U2.9: SN74LVC1G3157 has no such pin; it has 1, 2, 3, 4, 5, 6"
    assert named == [("circuit-pin", message)]


def test_a_control_whose_high_is_too_low_is_found() -> None:
    """DG413 takes 2.4 V and more for high; a gate that is fed with 2 V gives no more than that."""
    fed = [
        ("U13.5 VCC, D1.2 K", "D1.2 K"),
        ("      dac: U1.14", "      low: U13.5 VCC, J3.4\n      dac: U1.14"),
    ]
    named = problems(*fed, ("outside: {", "outside: {low: 2 V, "))
    assert ("circuit-level", "U12.1 IN1 needs 2.4 V for high; connect has 2 V at most") in named, (
        named
    )


def test_req_08_a_load_without_a_blocking_capacitor_is_found() -> None:
    """C3 replaced by a wire's 0.1 ohm, on the ladder; both C1 and C2 on the pump's stage."""
    ladder = ("C3: {part: 3.3 uF film 5 %", "R32: {part: 1 ohm 5 %")
    nets = [("R24, C3\n", "R24, R32\n"), ("terminal 1: C3,", "terminal 1: R32,")]
    assert "circuit-direct-current" in dict(problems(ladder, *nets, stage="r2r-1"))
    pump = ("C1, C2: {part: 3 uF film 5 %", "R31, R32: {part: 1 ohm 5 %")
    nets = [("U12.14 S2, C1\n", "U12.14 S2, R31\n"), ("R23, C2\n", "R23, R32\n")]
    nets += [("terminal A: C1,", "terminal A: R31,"), ("terminal B: C2,", "terminal B: R32,")]
    assert "circuit-direct-current" in dict(problems(pump, *nets))


def test_a_gate_that_leaves_the_pump_at_the_load_is_found() -> None:
    """U12's first switch takes its control from `active` instead of `run` and `gate`."""
    moved = [("connect: U13.4 Y, U12.1 IN1, U12.16 IN2", "connect: U13.4 Y, U12.16 IN2")]
    moved += [("active: U12.9 IN3, U12.8 IN4,", "active: U12.9 IN3, U12.8 IN4, U12.1 IN1,")]
    named = problems(*moved)
    assert ("circuit-gate", "with gate low U4.1 OUT A still reaches the load") in named, named
