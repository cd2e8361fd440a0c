"""Handlers of the commands that read the sense path and check the load.

Role: the part of handlers.py that reads the sense path. Invariant: ARM is refused unless the
load was measured recently, at all contacts, and found as declared.
Requirements: REQ-38, REQ-47, REQ-56 to REQ-58.
"""

import struct

from . import calibration, commands, errors, impedance, limits, load_test, program, states
from .errors import Refused, refuse_all


def declared(device) -> int:
    """Return the load's identification; raise Refused unless it and the measurement are right."""
    if device.calibration[0] in (calibration.DAMAGED, calibration.FOREIGN):
        raise Refused(errors.CALIBRATION, device.calibration[0])
    board, found = device.board, device.load
    reading = device.hal.load_id()
    if abs(reading - board.load_id_code) > board.load_id_tolerance:
        raise Refused(errors.LOAD_ID, 0, reading, board.load_id_code)
    wanted = program.contacts_of(device.output.group)
    if found is None or wanted & ~found.contacts:
        raise Refused(errors.LOAD_UNKNOWN)
    age_ms = device.now_ms - found.at_ms
    if age_ms > limits.MEASURE_AGE_MS:
        raise Refused(errors.LOAD_OLD, 0, age_ms, limits.MEASURE_AGE_MS)
    rows = impedance.refusals(board, found.rows, wanted)
    if rows:
        refuse_all(rows)
    return int(reading)


def _scope_arm(device, delay_us: int) -> tuple:
    if delay_us > limits.SCOPE_DELAY_MAX_US:
        raise Refused(errors.SCOPE_DELAY, 0, delay_us, limits.SCOPE_DELAY_MAX_US)
    device.captures.ask(delay_us)
    return ()


def _scope_read(device, offset: int) -> tuple:
    if not device.captures.kept:
        return (0, 0, 0, b"")
    begins_us, data, stream = device.captures.kept
    return (1, begins_us, stream.crc, data[offset : offset + commands.LOOK_BYTES])


def _words(device, offset: int) -> tuple:
    live = device.output.live
    if live is None:  # the off time of a cycle
        return (0, 0, b"")
    return (live.crc, len(live.words), live.words[offset : offset + commands.LOOK_BYTES])


def _measure(device, sources: int, returns: int) -> tuple:
    if not sources and not returns and device.output is not None:
        wanted = load_test.pairs_of(device.output.group)
    else:
        if not sources and not returns:
            sources, returns = load_test.usual(device.board)
        wanted = load_test.pairs(sources, returns)
    device.measure(wanted)
    return ()


def _impedance(device) -> tuple:
    found = device.load
    load_id = device.hal.load_id() if device.state not in states.OUTPUT else 0
    if found is None:
        return (0, 0, load_id, b"")
    rows = b"".join([struct.pack(commands.CONTACT, *row) for row in found.rows])
    return (1, min(device.now_ms - found.at_ms, 0xFFFFFFFF), load_id, rows)


def _calibrate(device, *values: int) -> tuple:
    calibration.keep(device.hal, device.declared, values)
    device.calibrated(calibration.restore(device.hal, device.declared))
    return ()


def _calibration(device) -> tuple:
    kept, values = device.calibration
    raw = device.load.raw if device.load is not None else (0, 0, 0)
    return (kept,) + tuple(values) + raw


TABLE: dict = {
    commands.SCOPE_ARM: _scope_arm,
    commands.SCOPE_READ: _scope_read,
    commands.WORDS: _words,
    commands.MEASURE: _measure,
    commands.IMPEDANCE: _impedance,
    commands.CALIBRATE: _calibrate,
    commands.CALIBRATION: _calibration,
}
