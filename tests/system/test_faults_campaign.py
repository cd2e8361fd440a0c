"""The campaign of faults: a few runs of each kind, and a monitor that sees what it is there for.

The monitor's rows are made by hand here; that it passes a healthy session is shown too, or all of
its verdicts would be worth nothing.
"""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from safety_case import fault_branches, fault_judge, fault_session, faults, monitor, results
from safety_case.fault_branches import Plan
from safety_case.fault_kinds import KINDS, Arranged, Drawn, Spoil
from safety_case.monitor import Ceilings, Rows
from safety_case.therapies import THERAPIES

CEILINGS = {1: Ceilings(amplitude_a=2.02e-3, phase_c=0.41e-6, held_c=0.42e-6)}
PERIOD_S = 0.02


def train(
    periods: int = 100,
    amplitude_a: float = 2e-3,
    width_s: float = 200e-6,
    back_a: float = 2e-3,
) -> Rows:
    """Return symmetric pulses of 50 Hz: 2 mA for 200 us, and back at once."""
    time_s, current_a = [], []
    for number in range(periods):
        at_s = 0.01 + PERIOD_S * number
        time_s += [
            at_s,
            at_s,
            at_s + width_s,
            at_s + width_s,
            at_s + 2 * width_s,
            at_s + 2 * width_s,
        ]
        current_a += [0.0, -amplitude_a, -amplitude_a, back_a, back_a, 0.0]
    return np.array(time_s), np.array(current_a)


def excesses(
    rows: dict[int, Rows], ceilings: dict[int, Ceilings] = CEILINGS
) -> list[monitor.Excess]:
    return monitor.excesses(monitor.courses(rows, PERIOD_S), ceilings)


def bounds(rows: dict[int, Rows]) -> set[str]:
    return {excess.bound for excess in excesses(rows, CEILINGS)}


def test_a_balanced_train_within_its_ceilings_is_passed() -> None:
    assert bounds({1: train()}) == set()
    worst = monitor.worst(monitor.courses({1: train()}, PERIOD_S))
    assert worst.amplitude_a == pytest.approx(2e-3)
    assert worst.phase_c == pytest.approx(0.4e-6)
    assert worst.dc_a < 1e-12
    assert monitor.off_s({1: train()}) == pytest.approx(0.01 + 99 * 0.02 + 400e-6)


def test_a_peak_of_a_microsecond_is_seen() -> None:
    time_s, current_a = train()
    at_s = time_s[302] + np.array([0, 0, 1e-6, 1e-6])
    peak = np.array([0.0, 2.5e-3, 2.5e-3, 0.0])
    rows = (np.insert(time_s, 303, at_s[1:]), np.insert(current_a, 303, peak[1:]))
    assert [(each.bound, each.value) for each in excesses({1: rows})] == [("amplitude", 2.5e-3)]


def test_a_phase_that_lasts_too_long_is_seen() -> None:
    # 215 us of 2 mA: 0.43 uC, all of it returned
    assert "charge of a phase" in bounds({1: train(3, width_s=215e-6)})


def test_charge_that_builds_up_is_seen_and_no_phase_is_blamed() -> None:
    # 2 mA out, 1.8 mA back: 0.04 uC a period stay; 0.42 uC are exceeded in the second pulse
    assert bounds({1: train(5, back_a=1.8e-3)}) == {"charge not recovered"}


def test_a_direct_current_that_breaks_no_other_ceiling_is_seen() -> None:
    for back_a, expected in ((1.9905e-3, set()), (1.989e-3, {"net current"})):
        # 9.5 uA x 200 us = 1.9 nC a period, 95 nA; 11 uA: 2.2 nC, 110 nA
        rows = train(70, back_a=back_a)
        wide = {1: CEILINGS[1]._replace(held_c=1e-6)}
        seen = {excess.bound for excess in excesses({1: rows}, wide)}
        assert seen == expected


def test_current_at_a_contact_that_the_profile_does_not_use_is_seen() -> None:
    time_s, current_a = train(1)
    assert "amplitude" in bounds({1: train(), 5: (time_s, current_a / 100)})


# --- the judge ---------------------------------------------------------------------------------
def planted(**changes: object) -> fault_session.Played:
    """Return the healthy run of the tonic therapy with changes."""
    return fault_session.healthy("tonic")._replace(**changes)


def verdict(kind: str, played: fault_session.Played, at_s: float = 1.0) -> list[str]:
    drawn = [Drawn(kind, int(1e6 * at_s), [])]
    return fault_judge.judge(THERAPIES["tonic"], drawn, played).violations


def test_a_healthy_session_is_passed_whatever_the_kind() -> None:
    assert verdict("frame_dropped", planted()) == []


def test_output_that_outlasts_a_silent_host_is_a_violation() -> None:
    judged = verdict("frame_dropped", planted(silent_s=1.0, gate=True))
    assert judged[0] == "the gate is still closed when all is over"
    assert "after the host fell silent" in judged[1]


def test_output_that_goes_on_after_a_fault_that_must_end_it_is_a_violation() -> None:
    assert "after the fault, not within" in verdict("hung_loop", planted())[0]


def test_a_fault_without_its_state_and_a_lost_program_are_violations() -> None:
    assert verdict("frame_dropped", planted(latched=84)) == ["state 1 with the fault 84"]
    judged = verdict("frame_dropped", planted(cells={}))
    assert judged[0] == "a program that nobody touched is lost from the store"
    assert len(judged) == 3


def test_an_excess_is_a_violation_at_once_or_after_the_reaction_time() -> None:
    played = planted()
    time_s, current_a = played.rows[3]
    larger = {**played.rows, 3: (time_s, np.where(time_s > 1.0, 2 * current_a, current_a))}
    assert "charge of a phase" in verdict("late_turn", played._replace(rows=larger))[0]
    assert "s later" in verdict("word_bit", played._replace(rows=larger))[0]


# --- the campaign ------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_req_31_no_fault_makes_the_load_see_more_than_its_bound(kind: str) -> None:
    for plan in faults.plans(2, 0, 11, kind):
        done, _played = faults.run(plan)
        assert done.verdict.violations == [], done.words


def test_req_31_nor_do_two_at_once() -> None:
    for plan in faults.plans(0, 8, 11):
        done, _played = faults.run(plan)
        assert done.verdict.violations == [], done.words


def test_the_same_number_and_seed_are_the_same_run() -> None:
    plan = faults.plans(40, 0, 3)[37]
    first, second = (faults.run(plan)[0] for _ in range(2))
    assert first == second


def test_a_branch_of_one_session_ends_as_the_run_from_power_on() -> None:
    part = max(faults.walks(faults.plans(40, 20, 5)), key=len)
    branched = fault_branches.walk(part)
    alone = [faults.run(plan)[0] for plan in part]
    assert sorted(branched, key=lambda done: done.plan.number) == alone
    assert len({done.verdict.outcome for done in alone}) > 2


def test_a_run_that_ends_in_an_error_is_a_violation_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_spoil: Spoil) -> Arranged:
        return Arranged(900_000, 900_000, lambda bench: bench.act(lambda _b: 1 // 0, 900_000))

    monkeypatch.setitem(KINDS, "open", KINDS["open"]._replace(draw=broken))
    plans = [Plan(number, ((kind, 0),), 3) for number, kind in enumerate(("open", "brown_out"))]
    monkeypatch.setattr(fault_branches, "THERAPIES", dict.fromkeys(THERAPIES, THERAPIES["tonic"]))
    done = {each.plan.number: each.verdict for each in fault_branches.walk(plans)}
    assert done[0].violations == [
        "an error got out: ZeroDivisionError: integer division or modulo by zero"
    ]
    assert done[1].violations == []


def test_the_monitor_knows_nothing_of_the_firmware_or_the_simulator() -> None:
    tree = ast.parse(Path(monitor.__file__).read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert modules == {"collections.abc", "typing", "numpy", "numpy.typing"}


def test_the_command_prints_a_line_a_kind_and_writes_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    given = ["--singles", "2", "--doubles", "1", "--only", "brown_out", "--jobs", "1"]
    assert faults.main(given) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:3] == ["kind", "bound", "runs"]
    assert printed[1].split()[:3] == ["brown_out", "held", "2"]
    assert printed[2].split()[:5] == ["two", "at", "once", "both", "1"]
    written = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))
    assert written["figures"]["single faults"] == 2 and written["failures"] == []
    assert faults.main([*given, "--repeat", "1"]) == 0
    assert "START at" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--only", "openn"], "invalid choice: 'openn'"),
        (["--singles", "-1"], "invalid _count value: '-1'"),
        (["--singles", "0", "--doubles", "0"], "there is nothing to do"),
        (["--singles", "5", "--doubles", "0", "--repeat", "5"], "the runs are 0 to 4"),
    ],
)
def test_wrong_options_are_refused(
    given: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        faults.main(given)
    assert end.value.code == 2
    assert message in capsys.readouterr().err
