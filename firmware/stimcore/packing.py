"""Fields of the commands as bytes: little-endian, in order, a last one of any length.

Role: pack and unpack by a row of the table of commands. Invariant: nothing of another length is
unpacked. Requirements: REQ-40, REQ-41. Next: commands.py, which has the table.
"""

import struct

from . import errors
from .errors import Refused

CODES = {"u8": "B", "u16": "H", "u32": "I", "i16": "h", "i32": "i", "i64": "q", "u64": "Q"}


def pack(fields: tuple, values: tuple) -> bytes:
    """Fields in order; a last field of type bytes is appended as it is."""
    _fields, form, _size, tail = _form(fields)
    if tail:
        return struct.pack(form, *values[:-1]) + bytes(values[-1])
    return struct.pack(form, *values)


def unpack(fields: tuple, data: bytes) -> list:
    """The values of the fields; Refused(BAD_LENGTH) unless `data` is exactly as long."""
    if not fields and not data:
        return []
    _fields, form, size, tail = _form(fields)
    if len(data) < size or (len(data) > size and not tail):
        raise Refused(errors.BAD_LENGTH, 0, len(data), size)
    values = list(struct.unpack_from(form, data, 0))
    if tail:
        values.append(data[size:])
    return values


_forms: dict = {}  # by the identity of the fields, which are kept with it


def _form(fields: tuple) -> tuple:
    """(the fields, struct's form of those of fixed size, its size, whether bytes follow)."""
    known = _forms.get(id(fields))
    if known is None:
        tail = bool(fields) and fields[-1][1] == "bytes"
        fixed = fields[:-1] if tail else fields
        form = "<" + "".join([CODES[field[1]] for field in fixed])
        known = _forms[id(fields)] = (fields, form, struct.calcsize(form), tail)
    return known
