"""Flip a bit of what the firmware keeps in memory: integers, bytes and what holds them.

Role: finds every number that hangs on an object by its attributes, in lists, dicts and tuples, and
changes one bit of one of them. Invariant: what the chip has in ROM, in its peripherals or in flash
is not memory: the hal and everything behind it is left alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Leaf = tuple[str, Any, Callable[[Any], None]]  # its path, its value, and how it is replaced
BITS = 31  # of a small integer of MicroPython


def flip_in(device: Any, roots: tuple[str, ...], random: np.random.Generator) -> str:
    """Flip a bit below some of a device's attributes ("": all); return which and how."""
    leaves: list[Leaf] = []
    for root in roots:
        owner, name = device, root
        while "." in name and owner is not None:
            first, name = name.split(".", 1)
            owner = getattr(owner, first)
        if owner is None:
            continue  # no program is loaded
        if not name:
            leaves += _below("device", device, None, set())
        elif getattr(owner, name) is not None:
            leaves += _below(root, getattr(owner, name), _setter(owner, name), set())
    if not leaves:
        return "nothing to flip"
    owners: dict[str, list[Leaf]] = {}  # each as likely: most numbers are a board's or a table's
    for leaf in leaves:
        owners.setdefault(re.sub(r"\W\w+\W?$", "", leaf[0]), []).append(leaf)
    chosen = list(owners.values())[int(random.integers(len(owners)))]
    path, value, replace = chosen[int(random.integers(len(chosen)))]
    flipped, what = _flipped(value, random)
    replace(flipped)
    return f"{path}: {what}"


def flip_board(device: Any, random: np.random.Generator) -> str:
    """Flip a bit of the board's figures, one tuple for all that use it; return which and how."""
    before = device.board
    names = [name for name in before._fields if isinstance(getattr(before, name), int)]
    name = names[int(random.integers(len(names)))]
    flipped, what = _flipped(getattr(before, name), random)
    after = before._replace(**{name: flipped})
    for holder in _objects(device, set()):
        for attribute, value in vars(holder).items():
            if value is before:
                setattr(holder, attribute, after)
    return f"board.{name}: {what}"


def _objects(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the firmware's objects below a value, itself included."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, tuple):
        for item in value:
            yield from _objects(item, seen)
        return
    parts = list(_parts(value))
    if parts and not isinstance(value, (list, dict)):
        yield value
    for _name, item, _put in parts:
        yield from _objects(item, seen)


def flip_stored(cells: dict[int, bytearray], random: np.random.Generator) -> str:
    """Flip a bit of a random byte in flash; return which."""
    indices = [index for index, data in sorted(cells.items()) if data]
    if not indices:
        return "nothing stored"
    index = indices[int(random.integers(len(indices)))]
    at, bit = int(random.integers(len(cells[index]))), int(random.integers(8))
    cells[index][at] ^= 1 << bit
    return f"index {index}, byte {at}, bit {bit}"


def _setter(owner: Any, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(owner, name, value)


def _flipped(value: Any, random: np.random.Generator) -> tuple[Any, str]:
    if isinstance(value, bool):
        return not value, f"{value} -> {not value}"
    if isinstance(value, int):
        bit = int(random.integers(max(8, min(BITS, value.bit_length() + 4))))
        return value ^ 1 << bit, f"{value} -> {value ^ 1 << bit}"
    spoilt = bytearray(value)
    at, bit = int(random.integers(len(spoilt))), int(random.integers(8))
    spoilt[at] ^= 1 << bit
    return type(value)(spoilt), f"byte {at}, bit {bit}"


def _below(
    path: str, value: Any, replace: Callable[[Any], None] | None, seen: set[int]
) -> Iterator[Leaf]:
    """Yield the leaves of a value; `replace` puts another in its place."""
    if isinstance(value, (int, bytes, bytearray)):
        if replace is not None and (isinstance(value, int) or value):
            yield path, value, replace
    elif isinstance(value, tuple):
        yield from _in_tuple(path, value, replace, seen)
    elif id(value) not in seen:
        seen.add(id(value))
        for name, item, put in _parts(value):
            yield from _below(path + name, item, put, seen)


def _parts(value: Any) -> Iterator[Leaf]:
    """Yield what a list, a dict or an object of the firmware's holds: name, value, setter."""
    if isinstance(value, (list, dict)):
        items = enumerate(value) if isinstance(value, list) else value.items()
        for key, item in items:
            yield f"[{key}]", item, _item_setter(value, key)
    elif type(value).__module__.startswith("stimcore"):
        for name, item in vars(value).items():
            if name not in ("hal", "device"):
                yield f".{name}", item, _setter(value, name)


def _item_setter(owner: Any, key: Any) -> Callable[[Any], None]:
    def replace(value: Any) -> None:
        owner[key] = value

    return replace


def _in_tuple(
    path: str, value: tuple[Any, ...], replace: Callable[[Any], None] | None, seen: set[int]
) -> Iterator[Leaf]:
    """Yield the leaves of a tuple, each replaced together with the tuple that holds it."""
    names = getattr(value, "_fields", None)
    for at, item in enumerate(value):
        place = f"{path}.{names[at]}" if names else f"{path}[{at}]"

        def put(new: Any, at: int = at) -> None:
            if replace is not None:
                whole = [*value[:at], new, *value[at + 1 :]]
                replace(type(value)(*whole) if names else tuple(whole))

        yield from _below(place, item, put if replace is not None else None, seen)
