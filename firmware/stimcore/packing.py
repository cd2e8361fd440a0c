"""Fields of the commands as bytes: little-endian, in order, a last one of any length.

A row of the table of commands names them in one string, such as "offset u16, piece bytes".

Role: pack and unpack by a row of the table of commands. Invariant: nothing of another length is
unpacked. Requirements: REQ-40, REQ-41.
"""

import struct

from . import errors
from .errors import Refused

CODES = {"u8": "B", "u16": "H", "u32": "I", "i16": "h", "i32": "i", "i64": "q", "u64": "Q"}


def columns(fields: str) -> list:
    """Return (name, type) of each field."""
    return [tuple(field.split(" ")) for field in fields.split(", ")] if fields else []


def pack(fields: str, values: tuple) -> bytes:
    """Pack values in order; a last field of type bytes is appended as it is."""
    form, _size, tail = _forms.get(fields) or _form(fields)
    if tail:
        return struct.pack(form, *values[:-1]) + bytes(values[-1])
    return struct.pack(form, *values)


def unpack(fields: str, data: bytes) -> list:
    """Return the fields' values; raise Refused(BAD_LENGTH) unless `data` is exactly as long."""
    form, size, tail = _forms.get(fields) or _form(fields)
    if len(data) < size or (len(data) > size and not tail):
        raise Refused(errors.BAD_LENGTH, 0, len(data), size)
    values = list(struct.unpack_from(form, data, 0))
    if tail:
        values.append(data[size:])
    return values


_forms: dict = {}  # found once: a command comes again and again


def _form(fields: str) -> tuple:
    """Return (struct's form of the fields of fixed size, its size, True if bytes follow)."""
    kinds = [kind for _name, kind in columns(fields)]
    tail = kinds[-1:] == ["bytes"]
    form = "<" + "".join([CODES[kind] for kind in (kinds[:-1] if tail else kinds)])
    known = _forms[fields] = (form, struct.calcsize(form), tail)
    return known
