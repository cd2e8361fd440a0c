"""A firmware file as it goes to MicroPython's compiler: whole numbers with a name become const().

Role: folded(), for firmware.py. MicroPython puts the value of a const() where its name stands, and
keeps a name that begins with an underscore nowhere: on a board that is memory, and time in every
loop. CPython has no const(), so the sources, which both run, do not have it either.
Invariant: what the file computes stays the same; a name that is given a value twice is left alone.
"""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.FloorDiv: operator.floordiv,
}


def folded(text: str) -> str:
    """The source with `NAME = const(value)` for each whole number that has a name of its own."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text  # MicroPython's compiler says where
    given = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    values: dict[str, int] = {}
    lines = text.splitlines(keepends=True)
    for node in tree.body:
        name = _name(node)
        if not name or given[name] != 1 or not isinstance(node, ast.Assign):
            continue
        value = _value(node.value, values)
        if value is not None and node.end_lineno is not None:
            values[name] = value
            lines[node.lineno - 1] = f"{name} = const({value})\n"
            lines[node.lineno : node.end_lineno] = [""] * (node.end_lineno - node.lineno)
    return "".join(lines)


def _name(node: ast.stmt) -> str:
    """The one name, in capitals, that a statement gives a value; else none."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return ""
    target = node.targets[0]
    found = isinstance(target, ast.Name) and _CONSTANT.fullmatch(target.id)
    return target.id if found and isinstance(target, ast.Name) else ""


def _value(node: ast.expr, known: dict[str, int]) -> int | None:
    """The whole number that an expression of numbers and known names is; None: it is none."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        below = _value(node.operand, known)
        return None if below is None else -below
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        left, right = _value(node.left, known), _value(node.right, known)
        if left is not None and right is not None:
            return int(_OPERATIONS[type(node.op)](left, right))
    return None
