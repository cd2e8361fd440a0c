"""Integers of which only bounds are known, so that stimcore's own code can be proven with z3.

Role: explore() calls a function with Symbols once for each way through it; a comparison that can
turn out either way is taken both ways. holds() then asks z3 for numbers that make a claim false.
Invariant: what runs is the firmware's source, not a copy; a path that z3 cannot decide in time is
a failure, never a pass. A Symbol can be no index, loop bound or key of a dict: code that needs that
is proven for each of its values.
"""

from collections.abc import Callable
from typing import Any

import z3

SMALL = 1 << 30  # MicroPython's integers of 31 bits: from -SMALL to SMALL - 1; others allocate
_TIMEOUT_MS = 20_000
_LOOK_MS = 200  # for whether a way can be gone at all


class Unproven(Exception):
    """A claim that does not hold, with numbers for which it fails; or that z3 cannot decide."""


class Paths:
    """Ways through a function: the decisions of the present one, and what they imply."""

    def __init__(self) -> None:
        self.choices: list[list[bool]] = []  # of each decision: those still to take, first the one
        self.solver = z3.Solver()
        self.solver.set("timeout", _TIMEOUT_MS)
        self.small = False  # each result must be a small integer
        self.ways = 0
        self._depth = 0
        self._known: dict[tuple[int, int], tuple[Any, Any, Any, Any]] = {}

    def begin(self) -> None:
        """Begin a way: forget what was assumed on the way before."""
        self.solver.reset()
        self.solver.set("timeout", _TIMEOUT_MS)
        self._depth = 0
        self._known = {}
        self.small = False
        self.ways += 1

    def next(self) -> bool:
        """Go on to the next way; False once all were gone."""
        while self.choices and len(self.choices[-1]) == 1:
            self.choices.pop()
        if self.choices:
            self.choices[-1].pop(0)
        return bool(self.choices)

    def decide(self, condition: z3.BoolRef) -> bool:
        """Return the truth of a condition on this way, and assume it."""
        if self._depth == len(self.choices):
            able = [side for side in (True, False) if self._possible(condition, side)]
            self.choices.append(able)
        chosen = self.choices[self._depth][0]
        self._depth += 1
        self.solver.add(condition if chosen else z3.Not(condition))
        return chosen

    def _possible(self, condition: z3.BoolRef, side: bool) -> bool:
        asked = condition if side else z3.Not(condition)
        self.solver.set("timeout", _LOOK_MS)
        answer = self.solver.check(asked)
        self.solver.set("timeout", _TIMEOUT_MS)
        return bool(answer != z3.unsat)  # unknown: gone, for its claims are proven on any way

    def named(self, name: str, least: int, most: int) -> "Symbol":
        """Return an integer between bounds."""
        term = z3.Int(name)
        self.solver.add(term >= least, term <= most)
        return Symbol(self, term)

    def holds(self, claim: Any, says: str) -> None:
        """Raise Unproven unless a claim is true for all numbers on this way."""
        term = claim.term if isinstance(claim, Truth) else z3.BoolVal(bool(claim))
        if z3.is_true(z3.simplify(term, som=True)):  # an identity of sums of products
            return
        answer = self.solver.check(z3.Not(term))
        if answer == z3.sat:
            raise Unproven(f"{says}: not with {_values(self.solver.model())}")
        if answer != z3.unsat:
            raise Unproven(f"{says}: undecided ({self.solver.reason_unknown()})")
        self.solver.add(term)

    def divided(self, above: Any, below: Any) -> tuple[Any, Any]:
        """Return quotient and remainder, rounded down as Python does."""
        self.holds(Truth(self, below > 0), "a divisor is positive")
        key = (above.get_id(), below.get_id())  # the same division has the same result
        if key not in self._known:
            number = len(self._known)
            quotient, rest = z3.Int(f"quotient {number}"), z3.Int(f"rest {number}")
            self.solver.add(above == below * quotient + rest, rest >= 0, rest < below)
            self._known[key] = quotient, rest, above, below  # kept, or their ids are given anew
        return self._known[key][:2]


class Truth:
    """Comparison of Symbols; bool() of it decides which way is gone."""

    def __init__(self, paths: Paths, term: z3.BoolRef):
        self.paths, self.term = paths, term

    def __bool__(self) -> bool:
        return self.paths.decide(self.term)


class Symbol:
    """Integer between bounds, with the operators that stimcore uses."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, paths: Paths, term: Any):
        self.paths, self.term = paths, term

    def _of(self, term: Any) -> "Symbol":
        result = Symbol(self.paths, term)
        if self.paths.small:
            inside = z3.And(term >= -SMALL, term < SMALL)
            self.paths.holds(Truth(self.paths, inside), "each result is a small integer")
        return result

    def __add__(self, other: Any) -> "Symbol":
        return self._of(self.term + _term(other))

    def __sub__(self, other: Any) -> "Symbol":
        return self._of(self.term - _term(other))

    def __mul__(self, other: Any) -> "Symbol":
        return self._of(self.term * _term(other))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> "Symbol":
        return self._of(_term(other) - self.term)

    def __neg__(self) -> "Symbol":
        return self._of(-self.term)

    def __abs__(self) -> "Symbol":
        return -self if self < 0 else self

    def __floordiv__(self, other: Any) -> "Symbol":
        return self._of(self.paths.divided(self.term, _term(other))[0])

    def __rfloordiv__(self, other: Any) -> "Symbol":
        return self._of(self.paths.divided(_term(other), self.term)[0])

    def __mod__(self, other: Any) -> "Symbol":
        return self._of(self.paths.divided(self.term, _term(other))[1])

    def __lshift__(self, bits: int) -> "Symbol":
        return self * (1 << bits)

    def __rshift__(self, bits: int) -> "Symbol":
        return self // (1 << bits)

    def __and__(self, mask: int) -> "Symbol":
        """Return the lowest bits; the mask must be all of them."""
        if mask & (mask + 1):
            raise TypeError(f"a mask of the lowest bits is needed, not {mask:#x}")
        return self % (mask + 1)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __lt__(self, other: Any) -> Truth:
        return Truth(self.paths, self.term < _term(other))

    def __le__(self, other: Any) -> Truth:
        return Truth(self.paths, self.term <= _term(other))

    def __gt__(self, other: Any) -> Truth:
        return Truth(self.paths, self.term > _term(other))

    def __ge__(self, other: Any) -> Truth:
        return Truth(self.paths, self.term >= _term(other))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(self.paths, self.term == _term(other))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(self.paths, self.term != _term(other))


def _term(value: Any) -> Any:
    return value.term if isinstance(value, Symbol) else z3.IntVal(int(value))


def _values(model: z3.ModelRef) -> str:
    """List the numbers of a counterexample that have a name of ours."""
    rows = sorted((str(name), str(model[name])) for name in model.decls())
    return ", ".join(f"{name} = {value}" for name, value in rows if " " not in name)


def explore(claim: Callable[[Paths], None]) -> int:
    """Call `claim` on each way through it; return their number. Unproven if it fails on any."""
    paths = Paths()
    while True:
        paths.begin()
        claim(paths)
        if not paths.next():
            return paths.ways
