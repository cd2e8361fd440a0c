"""Proofs of stimcore's arithmetic, of tools/safety_case; and each proof shown to fail."""

import pytest

from safety_case import proofs
from safety_case.symbolic import Paths, Unproven, explore

SLOW = {"decay"}  # `make safety` proves it


@pytest.mark.parametrize(
    "proof",
    [proof for proof in proofs.PROOFS if proof.name not in SLOW],
    ids=lambda proof: proof.name,
)
def test_the_claim_is_proven_and_a_planted_bug_is_seen(proof: proofs.Proof) -> None:
    assert proofs.failures(proof) == []


def test_a_claim_that_is_false_for_one_number_is_not_proven() -> None:
    def claim(paths: Paths) -> None:
        number = paths.named("number", 0, 1_000_000)
        if number > 10:
            paths.holds(number != 777_777, "it is another number")

    with pytest.raises(Unproven, match="it is another number: not with number = 777777"):
        explore(claim)


def test_every_way_is_gone() -> None:
    seen = []

    def claim(paths: Paths) -> None:
        number = paths.named("number", -5, 5)
        seen.append((bool(number < 0), bool(abs(number) > 3), bool(number % 2 == 0)))

    assert explore(claim) == len(set(seen)) == 8


def test_a_bug_that_cannot_be_planted_is_told() -> None:
    with pytest.raises(Unproven, match="not exactly one 'no such text'"):
        proofs.module_with("ramp", ("no such text", ""))
