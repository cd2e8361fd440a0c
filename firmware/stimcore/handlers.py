"""The commands' handlers: one function per row of commands.TABLE.

Role: (device, fields) -> the reply's fields, or Refused with nothing changed.
Invariant: the state table has already let the command through; ARM and START are refused unless the
load was measured recently, at all contacts, and found as declared. Requirements: REQ-22, REQ-33,
REQ-36 to REQ-38, REQ-44 to REQ-47, REQ-56 to REQ-58, REQ-70.
"""

import binascii
import struct

from . import (
    VERSION,
    calibration,
    charge,
    checks,
    commands,
    errors,
    impedance,
    journal,
    limits,
    load_test,
    output,
    program,
    states,
    store,
)
from .errors import Refused, refuse_all

_U32 = 0xFFFFFFFF  # a count or a time that is larger goes on from 0: after 49 days in ms


def _hello(device, protocol: int) -> tuple:
    if protocol != commands.PROTOCOL:
        raise Refused(errors.BAD_VERSION, 0, protocol, commands.PROTOCOL)
    return (
        commands.PROTOCOL,
        device.digests[0],
        device.digests[1],
        device.state,
        device.hal.reset_cause(),
        device.access.kept,
        int.from_bytes(device.hal.unique_id(), "big"),
        (VERSION + " " + device.board.name).encode(),
    )


def _status(device) -> tuple:
    stopped, periods, pulses = device.counts()
    levels = b""
    if device.output is not None:
        flowing_ua, targets_ua = device.output.live_ua, device.output.train.targets_ua
        for at in range(len(targets_ua)):
            levels += struct.pack("<II", flowing_ua[at], targets_ua[at])
    code, index, value, limit = device.fault
    current, voltage = device.monitor.current_na, device.monitor.voltage_mv
    return (
        device.state,
        code,
        index,
        value,
        limit,
        device.now_ms & _U32,
        device.lease_left_ms(),
        stopped,
        periods & _U32,
        pulses & _U32,
        device.dialogue.decoder.errors & _U32,
        current[0],
        current[1],
        voltage[0],
        voltage[1],
        device.hash,
        levels,
    )


def _stage_begin(device, length: int, crc: int) -> tuple:
    if not program.blob_length(1) <= length <= program.LONGEST:
        raise Refused(errors.STAGE_RANGE, 0, length, program.LONGEST)
    device.staged = bytearray()
    device.staged_length = length
    device.staged_crc = crc
    return ()


def _stage_data(device, offset: int, piece: bytes) -> tuple:
    if offset != len(device.staged) or not piece or len(piece) > commands.PIECE_BYTES:
        raise Refused(errors.STAGE_RANGE, 0, offset, len(device.staged))
    if offset + len(piece) > device.staged_length:
        raise Refused(errors.STAGE_RANGE, 1, offset + len(piece), device.staged_length)
    device.staged.extend(piece)
    return ()


def _commit(device) -> tuple:
    blob = bytes(device.staged)
    if len(blob) != device.staged_length or not blob:
        raise Refused(errors.STAGE_RANGE, 2, len(blob), device.staged_length)
    if binascii.crc32(blob) & 0xFFFFFFFF != device.staged_crc:
        raise Refused(errors.STAGE_CRC)
    return _load(device, blob)


def _load(device, blob: bytes) -> tuple:
    """Validate a program whole and make it the loaded one; its hash and figures."""
    group = program.unpack(blob)
    checks.validate(group)
    candidate = output.Output(device.board, device.hal, group)
    figures = candidate.figures()
    device.output = candidate
    device.hash = program.digest(blob)
    device.move("commit")
    return (device.hash, _pack_figures(figures))


def _pack_figures(figures: list) -> bytes:
    return b"".join([struct.pack(commands.FIGURE, *row) for row in figures])


def _figures(device) -> tuple:
    return (_pack_figures(device.output.figures()),)


def _arm(device, digest: int) -> tuple:
    if digest != device.hash:
        raise Refused(errors.HASH_MISMATCH, 0, digest, device.hash)
    if device.unfit:
        raise Refused(*device.unfit)
    reading = _load_id(device)
    device.output.prepare()
    _record_arm(device, digest)
    device.move("arm")
    return (reading,)


def _record_arm(device, digest: int) -> None:
    """Write to the journal what is armed, before it is: a cut of the power cannot hide that."""
    book = device.journal
    if book.queue:
        book.settle()
    book.note(device.now_ms, journal.ARMED, 0, 0, digest)
    try:
        book.write()
    except Refused:
        book.queue = []
        raise


def _start(device) -> tuple:
    _load_id(device)  # again: it may have been armed long ago, and another load be there
    device.start()
    return ()


def _stop(device) -> tuple:
    device.stop(commands.STOP_COMMAND)
    return ()


def _halt(device) -> tuple:
    device.halt()  # again: it was obeyed when it came, before the commands ahead of it
    return ()


def _amplitude(device, number: int, amplitude_ua: int) -> tuple:
    out = device.output
    out.retarget(number, amplitude_ua)
    if device.state == states.ARMED:
        out.prepare()  # the stream that ARM staged was made for the old target
    device.journal.note(device.now_ms, journal.AMPLITUDE, number, 0, amplitude_ua)
    board = device.board
    codes = (amplitude_ua * 1000 + board.na_per_code // 2) // board.na_per_code
    return (codes * board.na_per_code, out.settles_in_ms(number))


def _ledger(device) -> tuple:
    book = device.book()
    sums = b""
    for index in range(limits.CONTACTS):
        driven = charge.picocoulombs(device.board, book.driven[index])
        net = charge.picocoulombs(device.board, book.net[index])
        sums += struct.pack("<qq", driven, net if book.net[index] > 0 else -net)
    return (
        book.pulses & _U32,
        book.truncated & _U32,
        book.periods & _U32,
        book.start_ms & _U32,
        book.stop_ms & _U32,
        book.output_us // 1000 & _U32,
        book.stopped,
        sums,
    )


def _clear_fault(device) -> tuple:
    device.fault = (errors.OK, 0, 0, 0)
    _forget(device)
    device.move("clear")
    return ()


def _unload(device) -> tuple:
    _forget(device)
    device.move("unload")
    return ()


def _forget(device) -> None:
    """Forget the loaded and the staged program."""
    device.output = None
    device.hash = 0
    device.staged = bytearray()


def _maintenance(device) -> tuple:
    device.leaving = True
    return ()


# --- the store -------------------------------------------------------------------------------
def _known(slot: int) -> int:
    if slot >= limits.GROUP_SLOTS:
        raise Refused(errors.SLOT_RANGE, slot, slot, limits.GROUP_SLOTS - 1)
    return slot


def _save(device, slot: int) -> tuple:
    device.output.check_program()
    store.write(device.hal, _known(slot), program.pack(device.output.group))
    return (device.hash,)


def _recall(device, slot: int) -> tuple:
    blob, damaged = store.read(device.hal, _known(slot))
    if not blob:
        raise Refused(errors.SLOT_DAMAGED if damaged else errors.SLOT_EMPTY, slot)
    return _load(device, blob)


def _slots(device) -> tuple:
    rows = b""
    for slot in range(limits.GROUP_SLOTS):
        blob, damaged = store.read(device.hal, slot)
        if blob or damaged:
            digest = program.digest(blob) if blob else 0
            rows += struct.pack(commands.SLOT, slot, int(damaged), len(blob), digest)
    return (rows,)


def _erase(device, slot: int) -> tuple:
    store.erase(device.hal, _known(slot))
    return ()


def _log(device, block: int, offset: int) -> tuple:
    if device.journal.queue:
        device.journal.settle()
    data = device.journal.block(block)
    return (journal.BLOCKS, data[offset : offset + commands.LOOK_BYTES])


# --- the sense path and the load -------------------------------------------------------------
def _load_id(device) -> int:
    """Return the load's identification; raise Refused unless it and the measurement are right."""
    if device.calibration[0] in (calibration.DAMAGED, calibration.FOREIGN):
        raise Refused(errors.CALIBRATION, device.calibration[0])
    board, load = device.board, device.load
    reading = device.hal.load_id()
    if abs(reading - board.load_id_code) > board.load_id_tolerance:
        raise Refused(errors.LOAD_ID, 0, reading, board.load_id_code)
    wanted = program.contacts_of(device.output.group)
    if load is None or wanted & ~load.contacts:
        raise Refused(errors.LOAD_UNKNOWN)
    age_ms = device.now_ms - load.at_ms
    if age_ms > limits.MEASURE_AGE_MS:
        raise Refused(errors.LOAD_OLD, 0, age_ms, limits.MEASURE_AGE_MS)
    rows = impedance.refusals(board, load.rows, wanted)
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


def _measure(device, cathodes: int, anodes: int) -> tuple:
    if not cathodes and not anodes and device.output is not None:
        wanted = load_test.pairs_of(device.output.group)
    else:
        if not cathodes and not anodes:
            cathodes, anodes = load_test.usual(device.board)
        wanted = load_test.pairs(cathodes, anodes)
    device.measure(wanted)
    return ()


def _impedance(device) -> tuple:
    load = device.load
    load_id = device.hal.load_id() if device.state not in states.OUTPUT else 0
    if load is None:
        return (0, 0, load_id, b"")
    rows = b"".join([struct.pack(commands.CONTACT, *row) for row in load.rows])
    return (1, min(device.now_ms - load.at_ms, 0xFFFFFFFF), load_id, rows)


def _calibrate(device, *values: int) -> tuple:
    calibration.keep(device.hal, device.declared, values)
    device.calibrated(calibration.restore(device.hal, device.declared))
    return ()


def _calibration(device) -> tuple:
    kept, values = device.calibration
    raw = device.load.raw if device.load is not None else (0, 0, 0)
    return (kept,) + tuple(values) + raw


# --- who may do what --------------------------------------------------------------------------
def _pair(device, key: bytes) -> tuple:
    device.access.pair(device.now_ms, key)
    return ()


def _open(device, role: int, nonce: bytes) -> tuple:
    return (device.access.open(device.now_ms, role, nonce),)


TABLE: dict = {
    commands.HELLO: _hello,
    commands.STATUS: _status,
    commands.STAGE_BEGIN: _stage_begin,
    commands.STAGE_DATA: _stage_data,
    commands.COMMIT: _commit,
    commands.ARM: _arm,
    commands.START: _start,
    commands.STOP: _stop,
    commands.HALT: _halt,
    commands.AMPLITUDE: _amplitude,
    commands.LEDGER: _ledger,
    commands.CLEAR_FAULT: _clear_fault,
    commands.FIGURES: _figures,
    commands.MAINTENANCE: _maintenance,
    commands.UNLOAD: _unload,
    commands.SAVE: _save,
    commands.RECALL: _recall,
    commands.SLOTS: _slots,
    commands.ERASE: _erase,
    commands.LOG: _log,
    commands.SCOPE_ARM: _scope_arm,
    commands.SCOPE_READ: _scope_read,
    commands.WORDS: _words,
    commands.MEASURE: _measure,
    commands.IMPEDANCE: _impedance,
    commands.CALIBRATE: _calibrate,
    commands.CALIBRATION: _calibration,
    commands.PAIR: _pair,
    commands.OPEN: _open,
}
