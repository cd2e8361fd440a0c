"""The load against DOP853 and ngspice: a short version of `make oracles`.

Kept seeds: 64 clamps within a short, 26, 59 and 113 clamp within one of DOP853's steps, 8 and 12
have every part there is.
"""

import shutil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.exploring import examples

from scs_sim.circuit.load import Demand
from scs_sim.circuit.netlist import DRIVEN, Circuit
from sim_validation import cases, reference, spice

KEPT = (8, 12, 26, 59, 64, 113)
seeds = st.integers(0, 2**32 - 1)


@examples(8)
@given(seeds)
@example(KEPT[0])
@example(KEPT[1])
@example(KEPT[2])
@example(KEPT[3])
@example(KEPT[4])
@example(KEPT[5])
def test_random_trains_equal_dop853(seed: int) -> None:
    case = cases.random_case(seed)
    assert cases.error(case, reference.integrated(case), cases.solved(case)) < 1e-9


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="no ngspice: make packages installs it")
@examples(8)
@given(seeds)
@example(KEPT[1])
@example(KEPT[2])
@example(KEPT[4])
def test_random_trains_equal_ngspice(seed: int) -> None:
    case = cases.random_case(seed)
    bound = 1e-2 if cases.bridged(case) else 3e-4
    assert cases.error(case, spice.run(case), cases.solved(case)) < bound


def test_the_reference_knows_ohm_and_the_compliance() -> None:
    # 2 mA through 500 ohm; 20 mA would take 10 V of 6
    steps = [(Demand(DRIVEN, 2e-3, 6.0), 12_500), (Demand(DRIVEN, 20e-3, 6.0), 12_500)]
    case = cases.train("by hand", Circuit(500.0), steps, 1)
    seen = reference.integrated(case)
    count = len(reference.LOOKS)
    assert seen.current_a[count : 2 * count] == pytest.approx([2e-3] * count)
    assert seen.current_a[2 * count :] == pytest.approx([12e-3] * count)
    assert seen.voltage_v[-1] == pytest.approx(6.0)


def test_a_difference_is_found_and_counted_in_full_scale() -> None:
    case = cases.random_case(1)
    seen, ours = reference.integrated(case), cases.solved(case)
    off = seen._replace(voltage_v=seen.voltage_v + 1.5e-3)
    assert cases.error(case, off, ours) == pytest.approx(1e-4, rel=1e-3)


def test_a_missing_ngspice_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(spice.Missing, match="make packages installs it"):
        spice.run(cases.random_case(0))


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="no ngspice: make packages installs it")
def test_ngspice_that_fails_is_quoted() -> None:
    broken = cases.random_case(0)._replace(circuit=Circuit(0.0))
    with pytest.raises(RuntimeError, match=r"ngspice failed on seed 0: "):
        spice.run(broken, ".nonsense [", 1e-6)
